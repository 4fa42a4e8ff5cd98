"""Verbs about paper: an agreement as a document, two side by side, what is wrong with one, and the forms."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from agreements.agreement import Agreement, parse_agreement
from agreements.diff import compare
from agreements.review import LEVELS, Level, review
from agreements.schedules import OfficeLine
from disaster import papers
from disaster.cli.options import Municipality, RequestId, read_text, request_id_of
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, table
from disaster.errors import StoreError

Given = Annotated[str, typer.Argument(help="協定のTOML、または登録した協定のID / agreement: file or id")]
Out = Annotated[Path, typer.Option(help="書き出すファイル(.docx .pdf) / file to write")]


def agreement_render(shell: Shell, *, agreement: Given, out: Out) -> Answer:
    """協定を条文・別表・記名欄のある文書にする / Print an agreement as DOCX or PDF."""
    one = _agreement(shell, agreement)
    paper = papers.agreement_as_paper(one, offices=_offices(shell, one), at=shell.at)
    return _written(shell, out, papers.write_paper(paper, out, at=shell.at))


def agreement_diff(
    shell: Shell,
    *,
    before: Given,
    after: Given,
    out: Annotated[Path | None, typer.Option(help="書き出すファイル(.docx .pdf) / file to write")] = None,
) -> Answer:
    """二つの協定の違い: それぞれの側が得るものと失うもの / What each side gains or loses."""
    difference = compare(_agreement(shell, before), _agreement(shell, after))
    if out is not None:
        papers.write_paper(papers.difference_as_paper(difference), out, at=shell.at)
    if not difference.changes:
        return Answer("agreement-diff", difference.to_dict(), difference.in_words(shell.lang))
    counts = [shell.say("■ まとめ", "■ Summary"), *(f"・{line}" for line in difference.counts(shell.lang))]
    lines = [*counts, *difference.in_words(shell.lang), _where_the_table_is(shell, out)]
    return Answer("agreement-diff", difference.to_dict(), lines)


def _where_the_table_is(shell: Shell, out: Path | None) -> str:
    """Say where before and after stand side by side: the screen is too narrow for that."""
    if out is not None:
        return shell.say(f"前と後を並べた表を {out} に書きました。", f"{out} shows before and after side by side.")
    return shell.say(
        "前と後を並べた表は、--out 比較.docx（または .pdf）で書き出せます。--json にもすべて出ます。",
        "--out FILE.docx (or .pdf) writes before and after side by side; --json has all of it, too.",
    )


def agreement_check(shell: Shell, agreement: Given) -> Answer:
    """協定の矛盾と不足を調べる / Look for contradictions and gaps."""
    one = _agreement(shell, agreement)
    findings = review(one, at=shell.at, offices=_offices(shell, one), served_by=_served_by(shell, one))
    number = shell.lang == "en"
    rows = [(LEVELS[f.level][number], f.place, f.sentence(shell.lang)) for f in findings]
    counts = {level: sum(f.level is level for f in findings) for level in Level}
    headings = shell.headings("重さ/level", "場所/place", "内容と対応/finding")
    line = shell.say("、", ", ").join(f"{LEVELS[level][number]} {count}" for level, count in counts.items())
    document = {
        "agreement_id": one.agreement_id,
        "counts": {level.value: count for level, count in counts.items()},
        "findings": [finding.to_dict() for finding in findings],
    }
    made = [table(shell.say(f"「{one.title}」の点検", "Review"), headings, rows)] if rows else []
    return Answer("agreement-check", document, [line], made, code=REFUSED if counts[Level.ERROR] else DONE)


def request_form(
    shell: Shell,
    *,
    out: Out,
    request_id: Annotated[
        str | None, typer.Argument(help="要請ID(省くと記入用の白紙) / request id, default a blank form")
    ] = None,
    municipality: Municipality = None,
) -> Answer:
    """要請書を作る / Print the written request."""
    with shell.store() as store:
        if request_id is None:
            agreements = [record.agreement for record in store.agreements.all(municipality)]
            paper = papers.blank_request(agreements[0] if len(agreements) == 1 else None, at=shell.at)
        else:
            number = request_id_of(store, request_id, municipality)
            paper = papers.request_as_paper(store, number, municipality=municipality, at=shell.at)
    return _written(shell, out, papers.write_paper(paper, out, at=shell.at))


def release_form(shell: Shell, *, request_id: RequestId, out: Out, municipality: Municipality = None) -> Answer:
    """提供書(提供できないときはその通知書)を作る / Print the answer to a request."""
    with shell.store() as store:
        number = request_id_of(store, request_id, municipality)
        paper = papers.release_as_paper(store, number, municipality=municipality, at=shell.at)
    return _written(shell, out, papers.write_paper(paper, out, at=shell.at))


def _written(shell: Shell, out: Path, size: int) -> Answer:
    document: dict[str, Any] = {"file": str(out), "bytes": size}
    return Answer("paper", document, [shell.say(f"{out} を書きました。", f"Wrote {out}.")])


def _agreement(shell: Shell, given: str) -> Agreement:
    """Return the agreement of a file, else the one that is registered under that id."""
    path = Path(given)
    if path.is_file() or path.suffix.lower() == ".toml":
        return parse_agreement(read_text(path))
    with shell.store_if_any() as store:
        if store is None:
            raise StoreError("disaster.agreement_not_kept", name=given)
        return store.agreements.get(given).agreement


def _offices(shell: Shell, agreement: Agreement) -> Mapping[str, OfficeLine]:
    """Return what the store knows of post offices; nothing where there is no store."""
    with shell.store_if_any() as store:
        return papers.known_offices(store, agreement.area, at=shell.at) if store else {}


def _served_by(shell: Shell, agreement: Agreement) -> Mapping[str, tuple[str, ...]]:
    with shell.store_if_any() as store:
        return papers.delivering_offices(store, agreement.area, at=shell.at) if store else {}
