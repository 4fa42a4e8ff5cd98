"""One small invented situation for the tests of the door: the town's files in a store of each side, checked once.

A plugin of the test modules that name it in ``pytest_plugins``. The stores lie in a folder that all workers of a run
share; a test works on copies. No agreement is registered and no event is open in them: each test says what it needs.

PYTEST_DONT_REWRITE: the modules import it before pytest hears of it.
"""

import hashlib
import html
import json
import os
import re
import shutil
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import shapely
from filelock import FileLock

from agreements.agreement import Parameters, Party, new_agreement_text
from agreements.assessment import new_assessment_text
from agreements.request import PERSONAL_MODES, Event, Mode, Request, Trigger, TriggerKind
from agreements.template import load_template
from agreements.vocabulary import PURPOSES
from agreements.workflow import Actor, Role
from disaster import requests
from disaster.batch import Batch, Source
from disaster.case import Attached
from disaster.ingest import check_file, check_files
from disaster.intake import boundary_of, gazetteer_of
from disaster.models import INQUIRIES, NOUNS, Side
from disaster.provide import Provided, RefusedError, provide
from disaster.store import Store
from disaster.store.snapshots import schema_of
from disaster.town import write_town
from geo.faults import Faults
from geo.read import Reader

TOWN, NAME = "99301", "潮見市"
#: The same moment as the fixture ``now``.
AT = datetime(2026, 11, 20, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
HOUSEHOLDS = 300
MODEL, OLDER = "model-emergency-2026", "common-2015"
RECIPIENT = "潮見市災害対策本部"
EVENT, DRILL = "E-2026-01", "K-2026-01"
#: Who asks, approves and lets out: three persons.
ASKS = Actor("危機管理課 係員", Role.MUNICIPAL_HQ)
APPROVES = Actor("窓口局 局長", Role.REPRESENTATIVE_OFFICE)
GIVES = Actor("潮見郵便局 担当", Role.OFFICE)
#: What the city has the post bring to the homes.
NOTICE = Attached("notice.pdf", b"%PDF-1.7\n% invented\n")
#: An area of the post's store that holds a part of the homes.
AREA = "T-PART"
_POST = ("gazetteer", "boundaries", "areas", "offices", "vehicles", "stockpiles", "damage-points", "delivery-points",
         "protection")  # fmt: skip
_CITY = ("gazetteer", "boundaries", "shelters", "openings", "emergency-sites")


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the stores of the run lie; `files` is the town's folder, `inquiries` its list with the answers."""

    folder: Path

    @property
    def files(self) -> Path:
        return self.folder / "town"

    @property
    def inquiries(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads((self.folder / "inquiries.json").read_text(encoding="utf-8"))
        return found

    def post(self, home: Path) -> Store:
        """Return a copy of the post's store, opened."""
        return _copied(self.folder / "post", home)

    def city(self, home: Path) -> Store:
        """Return a copy of the municipality's store, opened."""
        return _copied(self.folder / "city", home)


def _copied(of: Path, home: Path) -> Store:
    shutil.copytree(of, home)
    return Store.open(home, at=AT)


@pytest.fixture(scope="session")
def situation(tmp_path_factory: pytest.TempPathFactory) -> Situation:
    """The town in two stores, made by whichever worker needs it first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "door-town"
    with FileLock(shared / "door-town.lock"):
        if not (folder / "inquiries.json").exists():
            _make(folder)
    return Situation(folder)


class Packs:
    """Packs of one post's store, each made when first asked for; tests read them and work on copies.

    `drills` is a copy of the store in which everybody is invented for a drill.
    """

    def __init__(self, situation: Situation, folder: Path, reader: Reader) -> None:
        self.situation, self.reader, self.out = situation, reader, folder / "packs"
        self.post, self.drills = situation.post(folder / "post"), situation.post(folder / "drills")
        for store in (self.post, self.drills):
            agree(store)
            declare(store)
            declare(store, DRILL, drill=True)
        register = self.post.current("delivery-points", TOWN).table.slice(0, 40)
        self.drills.add_batch(batch_of("delivery-points", register, dataset="drill", drill=True), at=AT)

    @cached_property
    def forward(self) -> Provided:
        asked = request(Mode.FORWARD, 7, purpose="notice")
        return granted(self.post, asked, out=self.out, at=AT, notice=NOTICE)

    @cached_property
    def dwelling(self) -> Provided:
        return granted(self.post, request(), out=self.out, at=AT)

    @cached_property
    def person(self) -> Provided:
        return granted(self.post, request(Mode.PERSON, 2), out=self.out, at=AT)

    @cached_property
    def match(self) -> Provided:
        asked = asked_people(self.situation, self.reader)
        return granted(self.post, request(Mode.MATCH, 3), out=self.out, at=AT, inquiries=asked)

    @cached_property
    def part(self) -> Provided:
        return granted(self.post, request(Mode.DWELLING, 4, area=AREA), out=self.out, at=AT)

    @cached_property
    def vehicles(self) -> Provided:
        asked = request(Mode.LAYER, 5, dataset="vehicles", purpose="rescue")
        return granted(self.post, asked, out=self.out, at=AT)

    @cached_property
    def drill(self) -> Provided:
        return granted(self.drills, request(Mode.PERSON, 6, event_id=DRILL), out=self.out, at=AT)

    def close(self) -> None:
        self.post.close()
        self.drills.close()


@pytest.fixture(scope="session")
def packs(situation: Situation, tmp_path_factory: pytest.TempPathFactory, reader: Reader) -> Iterator[Packs]:
    """The packs that several tests look at."""
    made = Packs(situation, tmp_path_factory.mktemp("door"), reader)
    yield made
    made.close()


@pytest.fixture
def post(situation: Situation, tmp_path: Path) -> Iterator[Store]:
    """The post's store under the model agreement, a real event and a drill open."""
    with situation.post(tmp_path / "post") as store:
        agree(store)
        declare(store)
        declare(store, DRILL, drill=True)
        yield store


@pytest.fixture
def city(situation: Situation, post: Store, tmp_path: Path) -> Iterator[Store]:
    """The municipality's store under the same agreement."""
    with situation.city(tmp_path / "city") as store:
        agree(store, key=post.public_key)
        declare(store)
        yield store


def _make(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    town = write_town(folder / "town", households=HOUSEHOLDS, seed=1, at=AT)
    asked = [
        {"reference": q.reference, "name": q.name, "address": q.address, "answer": q.answer} for q in town.inquiries
    ]
    files = {**town.files, "areas": (town.folder / "municipality/towns.geojson",)}
    with Reader() as reader:
        for side, kinds in ((Side.POST, _POST), (Side.MUNICIPALITY, _CITY)):
            home = folder / ("post" if side is Side.POST else "city")
            with Store.create(home, side=side, municipalities=[TOWN], at=AT) as store:
                for kind in kinds:
                    for batch in _checked(store, kind, files[kind], reader):
                        store.add_batch(batch, at=AT)
                if side is Side.POST:
                    store.add_batch(_part(store), at=AT)
    (folder / "inquiries.json").write_text(json.dumps(asked, ensure_ascii=False), encoding="utf-8")


def _checked(store: Store, kind: str, paths: Sequence[Path], reader: Reader) -> Sequence[Batch]:
    return check_files(
        kind, paths, municipality=TOWN, side=store.side, reader=reader, at=AT,
        gazetteer=gazetteer_of(store, TOWN, at=AT), boundary=boundary_of(store, TOWN, at=AT),
    )  # fmt: skip


def _part(store: Store) -> Batch:
    """Return an area of the town's western half."""
    lon = store.current("delivery-points", TOWN, columns=["lon"]).table.column("lon")
    middle = sorted(value for value in lon.to_pylist() if value is not None)[len(lon) // 2]
    half = shapely.to_wkb(shapely.box(138.0, 34.0, middle, 35.0))
    row = {"area_id": AREA, "name": "西半分", "area_kind": "disaster", "geometry": half}
    return rows_of("areas", [row], dataset="part")


def rows_of(kind: str, rows: Sequence[Mapping[str, Any]], **given: Any) -> Batch:
    """Return a batch of hand-written rows, with nulls where nothing is said."""
    schema = schema_of(NOUNS[kind])
    filled = [{**dict.fromkeys(schema.names), "municipality": TOWN, **row} for row in rows]
    table = pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in filled], schema=schema)
    return batch_of(kind, table, **given)


def batch_of(kind: str, table: pa.Table, *, dataset: str = "town", drill: bool = False, as_of: datetime = AT) -> Batch:
    """Return a batch of a table as ``Store.current`` gives it."""
    told = Source("invented.csv", hashlib.sha256(repr(table.to_pylist()).encode()).hexdigest(), "utf-8")
    return Batch(kind, TOWN, dataset, table, Faults(), table.num_rows, 0, (told,), as_of, {}, drill)


def everything(source: Store, target: Store, kinds: Sequence[str], *, drill: bool = False) -> None:
    """Take the present rows of kinds over into another store."""
    for kind in kinds:
        target.add_batch(batch_of(kind, source.current(kind, TOWN).table, drill=drill), at=AT)


def agreement(
    template: str = MODEL,
    *,
    key: str = "",
    number: int = 1,
    since: date | None = None,
    clauses: Sequence[str] | None = None,
) -> str:
    """Return the text of a signed agreement between 潮見郵便局 and 潮見市."""
    day = since or (AT - timedelta(days=30)).date()
    # names go in the open here, so that every file of a pack can be looked into
    plain = Parameters(channel="plain")
    known = [clause.id for clause in load_template(template).clauses] if clauses is None else clauses
    parameters = {name: plain for name in ("person", "onward-names") if name in known}
    return new_agreement_text(
        template, agreement_id=f"{TOWN}-2026-{number:02d}", post=Party("潮見郵便局", "S001", key),
        municipality=Party(NAME, TOWN, units=(RECIPIENT,)), signed=day, effective_from=day, clauses=clauses,
        parameters=parameters,
    )  # fmt: skip


def agree(store: Store, template: str = MODEL, *, key: str | None = None, **given: Any) -> None:
    """Register an agreement that names `key`, by default the store's own."""
    text = agreement(template, key=store.public_key if key is None else key, **given)
    store.agreements.add(f"{TOWN}-2026-{given.get('number', 1):02d}", TOWN, text, at=AT)
    assess(store)


def assess(store: Store, **given: Any) -> None:
    """Record the weighing under the postal law, by default one that permits every mode for every purpose."""
    told: dict[str, Any] = {
        "assessment_id": "KENTO-01", "municipality": TOWN, "dataset": "delivery-points", "modes": PERSONAL_MODES,
        "purposes": tuple(PURPOSES), "outcome": "permits", "guideline": "試験用のガイドライン",
        "guideline_version": "第1版", "weighed_by": "個人情報保護管理者", "office": "支社",
        "weighed_at": AT - timedelta(days=1), "grounds": "試験のための記録",
    }  # fmt: skip
    store.assessments.add(new_assessment_text(**told | given), at=AT)


def granted(store: Store, asked: Request, *, out: Path, at: datetime = AT, **given: Any) -> Provided:
    """Submit a request, let another person approve it, and let it out.

    Raises
    ------
    RefusedError
        If no clause opens it.
    """
    approved(store, asked, at=at)
    return provide(store, asked.request_id, municipality=asked.municipality, out=out, at=at, by=GIVES, **given)


def approved(store: Store, asked: Request, *, at: datetime = AT) -> str:
    """Submit a request and let another person approve it; return its number."""
    decision = requests.submit(store, asked, ASKS, at=at).decision
    if decision is not None and not decision.granted:
        raise RefusedError(decision)
    requests.approve(store, asked.request_id, APPROVES, at=at, municipality=asked.municipality)
    return asked.request_id


def declare(store: Store, event_id: str = EVENT, *, drill: bool = False) -> None:
    """Open an event whose headquarters has been set up."""
    name = "潮見川氾濫(訓練)" if drill else "潮見川氾濫"
    trigger = Trigger(TriggerKind.HQ_ESTABLISHED, AT, f"{NAME}長")
    store.events.add(Event(event_id, name, TOWN, drill, AT, (trigger,)), at=AT)


def request(mode: Mode = Mode.DWELLING, number: int = 1, **given: Any) -> Request:
    """Return a request of 潮見市災害対策本部 for the delivery register."""
    asked = Request(
        request_id=f"R20261120-{number:03d}", municipality=TOWN, requester=RECIPIENT, recipient=RECIPIENT,
        purpose="safety_check", dataset="delivery-points", mode=mode, made_at=AT, channel="document",
        document_no="潮災第1号", event_id=EVENT, person=ASKS.name, role=str(ASKS.role),
        reason="一覧にない住居も一軒ずつ回るため",
    )  # fmt: skip
    return replace(asked, **given)


def asked_people(situation: Situation, reader: Reader) -> Batch:
    """Return the city's list, checked."""
    path = situation.files / "municipality/inquiries.csv"
    return check_file(INQUIRIES.kind, [path], municipality=TOWN, side=Side.POST, reader=reader, gazetteer=None, at=AT)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every file below a folder as text, the parts of ZIP and XLSX files too, escaped signs as what they mean."""
    for path, content in files_of(folder).items():
        if path.endswith((".zip", ".xlsx")):
            with zipfile.ZipFile(folder / path) as archive:
                for name in archive.namelist():
                    if not name.endswith((".zip", ".xlsx")):
                        yield f"{path}/{name}", _plain(archive.read(name))
        else:
            yield path, _plain(content)


def _plain(content: bytes) -> str:
    text = content.decode("utf-8", errors="replace")
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return html.unescape(text) if "&" in text else text


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest of a pack."""
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def layer_rows(pack: Path, layer: str) -> list[dict[str, Any]]:
    """Return the attributes of a layer's rows in a pack, with their place as ``at``."""
    document = json.loads((pack / f"geojson/{layer}.geojson").read_bytes())
    return [{**each["properties"], "at": each["geometry"]} for each in document["features"]]


def ledger_of(store: Store, *kinds: str) -> list[Mapping[str, Any]]:
    """Return the payloads of the ledger's entries of these kinds."""
    return [entry.payload for entry in store.ledger.entries() if entry.kind in kinds]


def forged(pack: Path, target: Path, signer: Store, change: Callable[[dict[str, Any]], object]) -> Path:
    """Copy a pack, change its manifest, and sign it anew with the store's own key: what no outsider can do."""
    shutil.copytree(pack, target, ignore=shutil.ignore_patterns("*.zip"))
    document = manifest_of(target)
    changed = change(document)
    resign(target, signer, document if changed is None else changed)
    return target


def resign(pack: Path, signer: Store, document: object) -> None:
    """Write a manifest into a pack and sign it."""
    content = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    (pack / "manifest.json").write_bytes(content)
    (pack / "manifest.sig").write_bytes(b64encode(signer.signing_key.sign(content)) + b"\n")


def rehash(pack: Path, document: dict[str, Any]) -> None:
    """Write the hashes of the files as they are into the manifest."""
    for file in document["files"]:
        content = (pack / file["path"]).read_bytes()
        file["sha256"], file["bytes"] = hashlib.sha256(content).hexdigest(), len(content)


def zipped(folder: Path, target: Path, *, name: str | None = None) -> Path:
    """Pack a folder as the door does."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files_of(folder).items():
            archive.writestr(f"{name or folder.name}/{path}", content)
    return target
