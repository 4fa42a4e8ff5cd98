"""The main job on the invented town: both sides, and the pack between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreements.agreement import Party, new_agreement_text, parse_agreement
from agreements.assessment import new_assessment_text
from agreements.clock import japan_date
from agreements.request import PERSONAL_MODES, Event, Mode, Request, Trigger, TriggerKind
from agreements.workflow import Actor, Role
from disaster import requests
from disaster.batch import Batch
from disaster.case import Attached
from disaster.errors import DisasterError
from disaster.ingest import check_file
from disaster.intake import Intake, ingest
from disaster.models import INQUIRIES, NOUNS, Side
from disaster.progress import Step, silent
from disaster.provide import Provided, provide
from disaster.publish import Published, publish
from disaster.receive import Received, receive
from disaster.store import Store
from disaster.town import Town, write_town
from exporters.paper import Line, Paper
from exporters.paperpdf import pdf_bytes
from geo.read import Reader

TEMPLATE = "model-emergency-2026"
EVENT_ID = "KUNREN-01"
POST = ("潮見郵便局", "S001")
#: Who does what in the demonstration: nobody approves what he or she asked for.
ASKS = Actor("危機管理課 係員", Role.MUNICIPAL_HQ)
APPROVES = Actor("窓口局 局長", Role.REPRESENTATIVE_OFFICE)
GIVES = Actor("潮見郵便局 担当", Role.OFFICE)
#: Why the headquarters asks for more than answers to its list.
REASON = "避難の呼びかけと安否の確認に、一覧にない住居も一軒ずつ回る必要があるため"
#: What each side takes in, the town table first because addresses are placed with it.
_BOTH = ("gazetteer", "boundaries", "roads", "areas")
_POST = (
    *_BOTH,
    "shelters",
    "offices",
    "vehicles",
    "delivery-points",
    "protection",
    "stockpiles",
    "damage-points",
    "risk-spots",
)
_CITY = (*_BOTH, "shelters", "openings", "emergency-sites")


@dataclass(frozen=True, slots=True, eq=False)
class Demo:
    """What the demonstration made: folders, and the counts of every step, the mildest mode first."""

    out: Path
    town: Town
    taken: Mapping[Side, Sequence[tuple[str, Intake]]]
    forward: Provided
    dwellings: Provided
    match: Provided
    received: Received
    published: Published


def run_demo(out: Path, *, households: int = 2_000, seed: int = 1, at: datetime, step: Step = silent) -> Demo:
    """Run the whole flow on the invented town: files in, decision, pack out, pack in, map.

    Parameters
    ----------
    out
        A folder that does not exist yet.
    at
        When it all happens (aware); the same values give the same rows.

    Raises
    ------
    DisasterError
        If `out` exists.
    """
    if out.exists():
        raise DisasterError("disaster.out_exists", folder=out.name)
    step("架空の町を作っています")
    town = write_town(out / "town", households=households, seed=seed, at=at)
    with (
        Reader() as reader,
        Store.create(out / "post", side=Side.POST, municipalities=(town.municipality,), at=at) as post,
        Store.create(out / "city", side=Side.MUNICIPALITY, municipalities=(town.municipality,), at=at) as city,
    ):
        taken = {
            Side.POST: _take_in(post, town, _POST, reader=reader, at=at, step=step),
            Side.MUNICIPALITY: _take_in(city, town, _CITY, reader=reader, at=at, step=step),
        }
        _agree(out, town, post, city, at)
        packs = out / "packs"
        forward = _provided(post, town, Mode.FORWARD, packs, at=at, step=step, notice=_notice(town, at))
        asked = _asked(post, town, reader, at)
        match = _provided(post, town, Mode.MATCH, packs, at=at, step=step, inquiries=asked)
        dwellings = _provided(post, town, Mode.DWELLING, packs, at=at, step=step)
        received = receive(city, dwellings.folder, at=at, reader=reader, out=out / "hq", step=step)
        receive(city, match.folder, at=at, reader=reader, step=step)
        published = publish(city, town.municipality, out=out / "published", at=at, drill=True)
    return Demo(out, town, taken, forward, dwellings, match, received, published)


def _take_in(
    store: Store, town: Town, kinds: Sequence[str], *, reader: Reader, at: datetime, step: Step
) -> list[tuple[str, Intake]]:
    """Take in the town's files of the given kinds; the traps in them are refused row by row, and counted."""
    taken = []
    for kind in (kind for kind in kinds if kind in town.files):
        step(f"{NOUNS[kind].title}を取り込んでいます")
        done = ingest(
            store,
            kind,
            town.files[kind],
            municipality=town.municipality,
            reader=reader,
            at=at,
            drill=True,
            max_refused="20%",
        )
        taken += [(kind, one) for one in done]
    return taken


def _agree(out: Path, town: Town, post: Store, city: Store, at: datetime) -> None:
    """Sign the model agreement on both sides and declare the headquarters set up, as a drill."""
    text = new_agreement_text(
        TEMPLATE, agreement_id=f"{town.municipality}-2026-01", post=Party(*POST, post.public_key),
        municipality=Party(town.name, town.municipality, units=(f"{town.name}災害対策本部",)),
        signed=japan_date(at), effective_from=japan_date(at),
    )  # fmt: skip
    (out / "agreement.toml").write_text(text, encoding="utf-8")
    trigger = Trigger(TriggerKind.HQ_ESTABLISHED, at, f"{town.name}長")
    event = Event(EVENT_ID, f"{town.story.name}(訓練)", town.municipality, True, at, (trigger,))
    post.assessments.add(_assessment(town, at), at=at)
    for store in (post, city):
        store.agreements.add(parse_agreement(text).agreement_id, town.municipality, text, at=at)
        store.events.add(event, at=at)


def _assessment(town: Town, at: datetime) -> str:
    """Return the recorded weighing under the postal law, the second gate beside the law on personal data."""
    return new_assessment_text(
        assessment_id="KENTO-01", municipality=town.municipality, dataset="delivery-points", modes=PERSONAL_MODES,
        purposes=("safety_check", "rescue", "relief_delivery", "notice"), outcome="permits",
        guideline="郵便事業分野における個人情報保護に関するガイドライン", guideline_version="訓練用",
        weighed_by="個人情報保護管理者", office="支社", weighed_at=at,
        grounds="訓練のための記録です。実際には、誰が、どの版のガイドラインで、何を比べて決めたかを書きます。",
    )  # fmt: skip


def _provided(
    post: Store, town: Town, mode: Mode, out: Path, *, at: datetime, step: Step,
    inquiries: Batch | None = None, notice: Attached | None = None,
) -> Provided:  # fmt: skip
    """Ask, approve by another person, and let it out."""
    asked = _request(post, town, mode, at)
    requests.submit(post, asked, ASKS, at=at)
    requests.approve(post, asked.request_id, APPROVES, at=at)
    return provide(post, asked.request_id, out=out, at=at, by=GIVES, inquiries=inquiries, notice=notice, step=step)


def _request(store: Store, town: Town, mode: Mode, at: datetime) -> Request:
    return Request(
        request_id=requests.new_request_id(store, town.municipality, at=at), municipality=town.municipality,
        requester=f"{town.name}災害対策本部", recipient=f"{town.name}災害対策本部",
        purpose="notice" if mode is Mode.FORWARD else "safety_check", dataset="delivery-points", mode=mode, made_at=at,
        channel="document", document_no="潮災第1号", event_id=EVENT_ID, person=ASKS.name, role=str(ASKS.role),
        reason=REASON if mode is Mode.DWELLING else "",
    )  # fmt: skip


def _asked(post: Store, town: Town, reader: Reader, at: datetime) -> Batch:
    """Return the city's list, checked."""
    return check_file(
        INQUIRIES.kind, town.files[INQUIRIES.kind], municipality=town.municipality, side=post.side, reader=reader,
        gazetteer=None, at=at,
    )  # fmt: skip


def _notice(town: Town, at: datetime) -> Attached:
    """Return the notice of the city that the post brings to the homes."""
    paper = Paper(
        f"{town.name}からのお知らせ",
        (
            Line(f"{town.name}からのお知らせ", "title"),
            Line(f"{town.story.name}により、避難所と給水所を開いています。"),
            Line("お困りのことは、災害対策本部へお電話ください。"),
        ),
        banner="訓練",
        footer=f"{town.name}災害対策本部",
    )
    return Attached("notice.pdf", pdf_bytes(paper, at=at))
