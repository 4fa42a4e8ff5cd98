"""Packs that were handed over and received, without their rows: what the tests of what follows a release begin with.

A plugin of the test modules that name it in ``pytest_plugins``. The stores hold an agreement with contacts, an event,
and what each test hands over or receives; nothing is written by the door, so a test costs little.

PYTEST_DONT_REWRITE: the modules import it before pytest hears of it.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from agreements.agreement import Contact, Party, new_agreement_text
from agreements.decide import Decision
from agreements.request import Event, Mode, Request, Trigger, TriggerKind
from agreements.workflow import Act, Actor, Role, Step
from disaster.models import Side
from disaster.store import Store

TOWN, NAME, HQ, POST = "99301", "潮見市", "潮見市災害対策本部", "潮見郵便局"
#: A Friday morning.
AT = datetime(2026, 11, 20, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EVENT = "E-2026-01"
CONTACTS = (
    Contact("municipality", "data", "防災課 情報係", "054-000-1001"),
    Contact("municipality", "night", "宿直室", "054-000-1999", phone_24h=True),
    Contact("post", "liaison", "総務部", "054-000-2001"),
    Contact("post", "night", "当直", "054-000-2999", phone_24h=True),
)
ASKS, GIVES, JUDGES = (
    Actor("要請 一郎", Role.MUNICIPAL_HQ),
    Actor("提供 二子", Role.OFFICE),
    Actor("承認 三郎", Role.REPRESENTATIVE_OFFICE),
)


@pytest.fixture(scope="session")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a store of each side lies, to be copied."""
    folder = tmp_path_factory.mktemp("handed")
    with _store(folder / "post", Side.POST) as post:
        _store(folder / "city", Side.MUNICIPALITY, key=post.public_key).close()
    return folder


@pytest.fixture
def giver(sides: Path, tmp_path: Path) -> Iterator[Store]:
    """Return the store of the post, which hands over."""
    shutil.copytree(sides / "post", tmp_path / "post")
    with Store.open(tmp_path / "post", at=AT) as made:
        yield made


@pytest.fixture
def taker(sides: Path, tmp_path: Path) -> Iterator[Store]:
    """Return the municipality's store under the same agreement, which names the key of `giver`."""
    shutil.copytree(sides / "city", tmp_path / "city")
    with Store.open(tmp_path / "city", at=AT) as made:
        yield made


def _store(home: Path, side: Side, *, key: str | None = None) -> Store:
    """Make a store with the agreement (of `key`, by default its own) and an event whose headquarters stands."""
    made = Store.create(home, side=side, municipalities=[TOWN], at=AT - 2 * DAY)
    day = date(2026, 10, 1)
    text = new_agreement_text(
        "model-emergency-2026", agreement_id=f"{TOWN}-2026-01", post=Party(POST, "S001", key or made.public_key),
        municipality=Party(NAME, TOWN, units=(HQ,)), signed=day, effective_from=day, contacts=CONTACTS,
    )  # fmt: skip
    made.agreements.add(f"{TOWN}-2026-01", TOWN, text, at=AT - DAY)
    trigger = Trigger(TriggerKind.HQ_ESTABLISHED, AT - HOUR, f"{NAME}長")
    made.events.add(Event(EVENT, "潮見川氾濫", TOWN, False, AT - HOUR, (trigger,)), at=AT - HOUR)
    return made


def request(number: int = 1, mode: Mode = Mode.DWELLING, **given: Any) -> Request:
    """Return a request of the headquarters."""
    made = Request(
        request_id=f"R20261120-{number:03d}", municipality=TOWN, requester=HQ, recipient=HQ, purpose="safety_check",
        dataset="delivery-points", mode=mode, made_at=AT, channel="document", document_no="潮災第1号", event_id=EVENT,
        person=ASKS.name, role=str(ASKS.role),
    )  # fmt: skip
    return replace(made, **given)


def decision(asked: Request, *, days: int | None) -> Decision:
    """Return what would have been decided."""
    names = ("addressee",) if asked.mode is Mode.PERSON else ()
    return Decision(
        granted=True, dataset=asked.dataset, mode=asked.mode, request=asked, agreement_id=f"{TOWN}-2026-01",
        clause_id="dwelling-extract", article="第5条第2項", columns=("address", "status", *names), area=None,
        expires_at=None if days is None else AT + days * DAY, conditions=(), reasons=(), milder=None, drill=False,
        decided_at=AT, basis_id="pipa-27-1-2", basis_article="個人情報保護法第27条第1項第2号",
    )  # fmt: skip


def manifest(
    pack_id: str, made: Decision, *, sources: Sequence[str] | None = (), recipient: str = HQ
) -> dict[str, Any]:
    """Return what a pack says of itself, as far as anything after the release reads it."""
    said = {} if sources is None else {"source_pack_ids": list(sources)}
    files = ("READ_ME_FIRST.txt", "csv/dwellings.csv", "map.html", "situation.xlsx")
    return said | {
        "pack_id": pack_id, "request_id": made.request.request_id, "municipality": TOWN,
        "agreement_id": made.agreement_id,
        "provider": {"name": POST, "code": "S001"}, "recipient": {"name": recipient, "code": TOWN},
        "event": {"id": EVENT, "name": "潮見川氾濫"}, "drill": made.drill, "area": None, "as_of": AT.isoformat(),
        "provided_at": AT.isoformat(), "expires_at": made.expires_at.isoformat() if made.expires_at else None,
        "files": [{"path": path, "sha256": hashlib.sha256(f"{pack_id}{path}".encode()).hexdigest()} for path in files],
    }  # fmt: skip


def hand(
    of: Store,
    number: int = 1,
    *,
    mode: Mode = Mode.DWELLING,
    days: int | None = 7,
    people: Sequence[tuple[str, str]] = (),
    homes: Sequence[tuple[str, str]] = (),
    sources: Sequence[str] | None = (),
    recipient: str = HQ,
    at: datetime = AT,
) -> str:
    """Take a request through its course and its pack out of the store; return the pack's name.

    `people` are names with addresses, `homes` addresses with delivery points: what the door would index.
    """
    asked = request(number, mode)
    pack_id, made = f"{asked.request_id}-{number}", decision(asked, days=days)
    said = manifest(pack_id, made, sources=sources, recipient=recipient)
    of.requests.add(asked, at=at)
    _take(of, asked, Step(Act.REQUEST, ASKS, at)), _take(of, asked, Step(Act.APPROVE, JUDGES, at))
    with of.writing():
        of.provisions.create(
            asked.request_id, decision=made.to_dict(), staging=of.home / "x", final=of.home / "y", at=at,
            provision_id=pack_id,
        )  # fmt: skip
        subjects = of.subjects
        names, addresses = [one for one, _ in people], [one for _, one in people]
        keys = [subjects.persons(names, addresses), subjects.addresses([*addresses, *(one for one, _ in homes)])]
        keys.append(subjects.points([one for _, one in homes]))
        subjects.add(pack_id, np.concatenate(keys), municipality=TOWN)
        digest = hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
        zipped = {f"{pack_id}.zip": hashlib.sha256(b"zip").hexdigest()}
        of.provisions.release(pack_id, sha256=digest, payload={"handed": zipped}, at=at, manifest=said)
        _take(of, asked, Step(Act.RELEASE, GIVES, at, number=pack_id))
        of.provisions.hand(pack_id, at=at)
        _take(of, asked, Step(Act.HAND, GIVES, at, number=pack_id))
    return pack_id


def _take(of: Store, asked: Request, step: Step) -> None:
    of.steps.add(TOWN, asked.request_id, step, at=step.at)


def take_in(of: Store, provider: Store, pack_id: str) -> None:
    """Receive a pack of one row on the other side."""
    said = provider.provisions.get(pack_id).manifest
    assert said is not None
    rows = pa.table({"address": ["潮見市浜町一丁目2番3号"], "status": ["served"]})
    kept = {**said, "provider": POST, "event_id": EVENT}
    of.add_received(kept, {"dwellings": rows}, at=AT + HOUR)
