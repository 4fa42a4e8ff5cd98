"""The main job on the invented town: both sides, and the pack between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreements.agreement import Party, new_agreement_text, parse_agreement
from agreements.clock import japan_date
from agreements.request import Event, Mode, Request, Trigger, TriggerKind
from disaster.errors import DisasterError
from disaster.ingest import check_file
from disaster.intake import Intake, ingest
from disaster.models import INQUIRIES, NOUNS, Side
from disaster.progress import Step, silent
from disaster.provide import Provided, new_request_id, provide
from disaster.publish import Published, publish
from disaster.receive import Received, receive
from disaster.store import Store
from disaster.town import Town, write_town
from geo.read import Reader

TEMPLATE = "model-emergency-2026"
EVENT_ID = "KUNREN-01"
POST = ("潮見郵便局", "S001")
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
    """What the demonstration made: folders, and the counts of every step."""

    out: Path
    town: Town
    taken: Mapping[Side, Sequence[tuple[str, Intake]]]
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
        dwellings = provide(post, _request(post, town, Mode.DWELLING, at), out=out / "packs", at=at, step=step)
        match = _matched(post, town, out / "packs", reader=reader, at=at, step=step)
        received = receive(city, dwellings.zip, at=at, reader=reader, out=out / "hq", step=step)
        receive(city, match.zip, at=at, reader=reader, step=step)
        published = publish(city, town.municipality, out=out / "published", at=at, drill=True)
    return Demo(out, town, taken, dwellings, match, received, published)


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
    for store in (post, city):
        store.agreements.add(parse_agreement(text).agreement_id, town.municipality, text, at=at)
        store.events.add(event, at=at)


def _request(store: Store, town: Town, mode: Mode, at: datetime) -> Request:
    return Request(
        request_id=new_request_id(store, town.municipality, at=at), municipality=town.municipality,
        requester=f"{town.name}災害対策本部", recipient=f"{town.name}災害対策本部", purpose="safety_check",
        dataset="delivery-points", mode=mode, made_at=at, channel="document", document_no="潮災第1号",
        event_id=EVENT_ID,
    )  # fmt: skip


def _matched(post: Store, town: Town, out: Path, *, reader: Reader, at: datetime, step: Step) -> Provided:
    inquiries = check_file(
        INQUIRIES.kind,
        town.files[INQUIRIES.kind],
        municipality=town.municipality,
        side=post.side,
        reader=reader,
        gazetteer=None,
        at=at,
    )
    return provide(post, _request(post, town, Mode.MATCH, at), out=out, at=at, inquiries=inquiries, step=step)
