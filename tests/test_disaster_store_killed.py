"""Kill -9 at any moment of an import: all or nothing."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from killed_writer import AT, manifest_like, write
from store_rows import TOWN

from agreements.request import Mode, Request
from disaster.models import Side
from disaster.store import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 and fork are POSIX")

#: Every step of the way into the store, in order; ``:after`` dies when it has just been done.
STEPS = (
    "disaster.store.snapshots/pq.write_table",
    "disaster.store.snapshots/pq.write_table:after",
    "disaster.store.snapshots/sync_folder",
    "disaster.store.catalogue/add",
    "disaster.store.catalogue/add:after",
    "disaster.store.ledger/Ledger.append",
    "disaster.store.ledger/Ledger.append:after",
    "disaster.store.heads/Heads.note",
    "disaster.store.heads/Heads.note:after",
)
RECORDED = ("disaster.store.heads/Heads.note", "disaster.store.heads/Heads.note:after")

#: The step at which it dies decides, not the engine: PostGIS has its turn in the long run.
on_each_engine = pytest.mark.parametrize(
    "store_url", ["sqlite", pytest.param("postgis", marks=[pytest.mark.postgis, pytest.mark.long])], indirect=True
)


class Writer:
    """The process of ``killed_writer``."""

    def __init__(self, home: Path, url: str | None) -> None:
        script = Path(__file__).with_name("killed_writer.py")
        self.home, self.url = home, url
        self.process = subprocess.Popen(
            [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, kind: str, rows: int, *, stop: str = "", after: float | None = None) -> tuple[int, float]:
        """Let a child write; kill it `after` seconds if given; return its exit code and how long it lived."""
        task = {"home": str(self.home), "url": self.url, "kind": kind, "rows": rows, "stop": stop, "after": after}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        code, lived = json.loads(self.process.stdout.readline())
        return code, lived

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture
def writer(tmp_path: Path, store_url: str | None, now: datetime) -> Iterator[Writer]:
    Store.create(tmp_path / "demo", side=Side.DEMO, municipalities=[TOWN], at=now, url=store_url).close()
    made = Writer(tmp_path / "demo", store_url)
    yield made
    made.close()


def stored_whole(writer: Writer, kind: str, rows: int) -> bool:
    """Open the store after the deed, check that nothing is half, and say whether the write stands."""
    with Store.open(writer.home, at=AT, url=writer.url) as store:
        assert store.swept.missing == ()
        assert not store.swept.skipped
        assert store.check_snapshots() == ()
        named = {row.file for row in store.batches()}
        on_disk = {p.relative_to(store.home).as_posix() for p in (store.home / "snapshots").rglob("*") if p.is_file()}
        assert on_disk == named
        verdict = store.ledger.verify()
        assert verdict.ok, verdict
        told: set[str] = set()
        for entry in store.ledger.entries():
            told |= {entry.payload["batch_id"]} if entry.kind == "ingested" else set(entry.payload.get("batches", ()))
        assert told == {row.batch_id for row in store.batches()}
        return _stands(store, kind, rows)


def _stands(store: Store, kind: str, rows: int) -> bool:
    if kind == "pack":
        packs = {pack.pack_id for pack in store.received.all()}
        counts = {row.kind: row.accepted for row in store.batches() if row.pack_id == f"P-{rows}"}
        stands = f"P-{rows}" in packs
        assert counts == ({"received/dwellings": rows, "received/shelters": rows} if stands else {})
        return stands
    found = [row for row in store.batches(kind) if row.accepted == rows]
    if found and kind == "shelters":
        assert store.features(kind, TOWN, limit=100_000).table.num_rows == rows
    if found:
        assert store.current(kind, TOWN).table.num_rows == rows
    return bool(found)


@on_each_engine
def test_killed_at_each_step_of_the_way_all_or_nothing_is_stored(writer: Writer) -> None:
    kinds = ("shelters", "delivery-points", "pack") if writer.url is None else ("shelters",)
    for kind in kinds:
        for rows, stop in enumerate(STEPS, start=20):
            code, _ = writer.run(kind, rows, stop=stop)
            assert code == -signal.SIGKILL, (kind, stop)
            assert stored_whole(writer, kind, rows) == (stop in RECORDED), (kind, stop)
        assert writer.run(kind, 40)[0] == 0  # and then undisturbed
        assert stored_whole(writer, kind, 40)


@pytest.mark.long
def test_killed_at_random_moments_all_or_nothing_is_stored(writer: Writer) -> None:
    chance = random.Random(20261120)
    tries = 15 if writer.url is None else 6
    kinds = ("shelters", "delivery-points", "pack")
    usual = {kind: writer.run(kind, 1_000)[1] for kind in kinds}
    codes, outcomes = [], []
    for n in range(tries):
        kind, rows = kinds[n % 3], 1_001 + n
        codes.append(writer.run(kind, rows, after=chance.uniform(0.02, 1.1 * usual[kind]))[0])
        outcomes.append(stored_whole(writer, kind, rows))
        if codes[-1] == 0:
            assert outcomes[-1]
    assert set(codes) <= {0, -signal.SIGKILL}
    assert -signal.SIGKILL in codes
    with Store.open(writer.home, at=AT, url=writer.url) as store:  # whatever happened, the next command works
        for n, stands in enumerate(outcomes):
            task: dict[str, Any] = {"kind": kinds[n % 3], "rows": 1_001 + n}
            before = len(store.batches())
            write(store, task)
            assert (len(store.batches()) == before) == stands


@on_each_engine
def test_killed_at_each_step_of_a_release_who_is_in_the_pack_is_known_if_it_went_out(
    writer: Writer, now: datetime
) -> None:
    steps = (
        "disaster.store.subjects/_write:after",
        "disaster.store.subjects/Subjects.add:after",
        "disaster.store.provisions/Provisions.release:after",
    )
    asked = Request("R-1", TOWN, "a", "b", "safety_check", "delivery-points", Mode.DWELLING, now, "document")
    with Store.open(writer.home, at=AT, url=writer.url) as store:
        store.requests.add(asked, at=AT)
    for n, stop in enumerate(steps if writer.url is None else steps[1:]):
        assert writer.run("index", n, stop=stop)[0] == -signal.SIGKILL, stop
        with Store.open(writer.home, at=AT, url=writer.url) as store:
            out = {each.provision_id for each in store.provisions.all() if each.state == "handed"}
            assert (f"P-{n}" in out) == ("release" in stop), stop
            assert {path.stem for path in (store.home / "subjects").rglob("*.keys*")} == out, stop
            found = store.subjects.packs_of(store.subjects.points([f"P-{n}"]), municipality=TOWN)
            assert found == ((f"P-{n}",) if "release" in stop else ()), stop
            assert store.check_snapshots() == ()
            assert store.ledger.verify().ok


def test_the_pack_of_the_test_is_one_that_the_store_takes(tmp_path: Path, now: datetime) -> None:
    with Store.create(tmp_path, side=Side.DEMO, municipalities=[TOWN], at=now) as store:
        write(store, {"kind": "pack", "rows": 3})
        assert store.received.get("P-3").manifest == manifest_like(3)
        assert store.received.get("P-3").as_of - now < timedelta(hours=1)
