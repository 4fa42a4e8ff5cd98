"""The weighing under 郵便法8条 as a record: who weighed what, on which guideline version, when, with what outcome."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from agreements.clock import JST, japan_date
from agreements.documents import Table, head, listed, quoted, read_document
from agreements.errors import LegalTextError
from agreements.request import PERSONAL_MODES
from agreements.vocabulary import DATASETS, MODES, PURPOSES

FORMAT = "tayori-assessment"
VERSION = 1
ASSESSMENT_ID = r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}"
_CODE5 = r"[0-9]{5}"
Outcome = Literal["permits", "forbids"]
#: What a weighing may end with.
OUTCOMES = {"permits": "提供してよい", "forbids": "提供してはならない"}


@dataclass(frozen=True, slots=True)
class Assessment:
    """One weighing of a dataset in some modes for some purposes in one municipality (5-digit code).

    `guideline` and `guideline_version` name what it was weighed on; `weighed_by` is a person or a body, `office` their
    place in the post. `valid_until` is the last day on which it counts, None until another weighing.
    """

    assessment_id: str
    municipality: str
    dataset: str
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    outcome: Outcome
    guideline: str
    guideline_version: str
    weighed_by: str
    office: str
    weighed_at: datetime
    grounds: str
    valid_until: date | None = None

    def about(self, *, municipality: str, dataset: str, mode: str, purpose: str) -> bool:
        """Whether it weighed that dataset there, in that mode and for that purpose."""
        there = (self.municipality, self.dataset) == (municipality, dataset)
        return there and mode in self.modes and purpose in self.purposes

    def run_out(self, at: datetime) -> bool:
        """Whether its last day in Japan is over."""
        return self.valid_until is not None and japan_date(at) > self.valid_until


def latest(assessments: Iterable[Assessment], at: datetime) -> Assessment | None:
    """Return the weighing that counts at a time: the last one made by then, run out or not.

    A later weighing replaces an earlier one for good; of two at the same moment the one that forbids counts.
    """
    return max((one for one in assessments if one.weighed_at <= at), key=_weight, default=None)


def _weight(one: Assessment) -> tuple[datetime, bool, str]:
    return one.weighed_at, one.outcome == "forbids", one.assessment_id


def parse_assessment(toml_text: str) -> Assessment:
    """Read an assessment.

    Raises
    ------
    LegalTextError
        ``agreements.assessment_refused`` with every fault and its place; nothing of the text is used then.
    """
    return read_document(toml_text, _assessment, LegalTextError, "agreements.assessment_refused")


def _assessment(top: Table) -> Assessment:
    head(top, FORMAT, VERSION)
    weighed_at, last = top.moment("weighed_at"), top.day("valid_until", required=False)
    if weighed_at and last and last < japan_date(weighed_at):
        top.fault("term_ends_first", "valid_until", last, begin=japan_date(weighed_at))
    personal = [kind for kind, dataset in DATASETS.items() if dataset.personal]
    return Assessment(
        assessment_id=top.text("assessment_id", pattern=ASSESSMENT_ID, example="99301-2026-A1"),
        municipality=top.text("municipality", pattern=_CODE5, example="99301"),
        dataset=top.text("dataset", choices=personal),
        modes=top.texts("modes", required=True, choices=PERSONAL_MODES),
        purposes=top.texts("purposes", required=True, choices=PURPOSES),
        outcome="permits" if top.text("outcome", choices=OUTCOMES) == "permits" else "forbids",
        guideline=top.text("guideline"),
        guideline_version=top.text("guideline_version"),
        weighed_by=top.text("weighed_by"),
        office=top.text("office"),
        weighed_at=weighed_at or datetime.max.replace(tzinfo=JST),
        grounds=top.text("grounds"),
        valid_until=last,
    )


def new_assessment_text(
    *,
    assessment_id: str,
    municipality: str,
    dataset: str,
    modes: Sequence[str],
    purposes: Sequence[str],
    outcome: Outcome,
    guideline: str,
    guideline_version: str,
    weighed_by: str,
    office: str,
    weighed_at: datetime,
    grounds: str,
    valid_until: date | None = None,
) -> str:
    """Write an assessment as commented TOML; ``parse_assessment`` reads the same one back.

    Raises
    ------
    LegalTextError
        If ``parse_assessment`` would refuse the text, for instance for blank grounds.
    """
    until = (
        f"valid_until = {valid_until}" if valid_until else "# valid_until = 2027-03-31  （書かなければ次の検討まで）"
    )
    spoken = "、".join(f"{mode}={MODES[mode][0]}" for mode in PERSONAL_MODES)
    lines = [
        "# 郵便法第8条にもとづく検討の記録。この記録が無いと、個人の情報は提供できません。",
        "# 何を比べて、どのガイドラインのどの版によって、誰が、いつ決めたかを残します。",
        f'format = "{FORMAT}"',
        f"version = {VERSION}",
        f"assessment_id = {quoted(assessment_id)}",
        f"municipality = {quoted(municipality)}",
        "# 何を、どの形で、何のために（ここに書いたものだけに効きます）",
        f"# {spoken}",
        f"dataset = {quoted(dataset)}",
        f"modes = {listed(modes)}",
        f"purposes = {listed(purposes)}",
        "# permits（提供してよい）か forbids（提供してはならない）",
        f"outcome = {quoted(outcome)}",
        "# 検討に使ったガイドラインの名と版",
        f"guideline = {quoted(guideline)}",
        f"guideline_version = {quoted(guideline_version)}",
        "# 検討した人または会議、その所属、日時（末尾は時差）",
        f"weighed_by = {quoted(weighed_by)}",
        f"office = {quoted(office)}",
        f"weighed_at = {weighed_at.isoformat()}",
        "# 信書の秘密と、守ろうとする生命や身体とを、どう比べたか",
        f"grounds = {quoted(grounds)}",
        "# この検討が効く最後の日（日本時間のその日の終わりまで）",
        until,
    ]
    text = "\n".join(lines) + "\n"
    parse_assessment(text)
    return text
