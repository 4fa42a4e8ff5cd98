"""Kill -9 at any moment of taking in, providing or receiving: all or nothing, and the next command works."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from door_town import (
    AT,
    RECIPIENT,
    TOWN,
    Packs,
    Situation,
    agree,
    approved,
    declare,
    everything,
    forged,
    ledger_of,
    manifest_of,
    request,
)  # fmt: skip

from agreements.workflow import State
from disaster import requests
from disaster.models import Side
from disaster.pack import read_manifest, verify_files, verify_signature
from disaster.packfiles import handed_files
from disaster.store import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 and fork are POSIX")
pytest_plugins = ("door_town",)

#: Requests that are approved and wait; each lets one pack out.
TRIES = 10
#: The stations of a provision in their order; from the first of `RELEASED` on the pack is the recipient's.
PROVIDING = (
    "disaster.provide/_cut",
    "disaster.store.provisions/Provisions.create:after",
    "disaster.handover/write_files:after",
    "disaster.handover/seal",
    "disaster.handover/zip_folder:after",
    "disaster.store.subjects/_write",
    "disaster.store.subjects/Subjects.add:after",
    "disaster.store.provisions/Provisions.release",
)
RELEASED = (
    "disaster.store.provisions/Provisions.release:after",
    "disaster.handover/move:after",
    "disaster.store.provisions/Provisions.hand",
    "disaster.store.provisions/Provisions.hand:after",
)
RECEIVING = (
    "disaster.packfiles/PackFiles.copy:after",
    "disaster.receive/verify_files:after",
    "disaster.store.packs/add_received",
    "disaster.store.snapshots/pq.write_table:after",
    "disaster.store.catalogue/add:after",
)


class Doer:
    """The process of ``killed_door``: does verbs in children that are killed."""

    def __init__(self, folder: Path) -> None:
        script = Path(__file__).with_name("killed_door.py")
        scratch = folder / "scratch"
        scratch.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(scratch)},
        )
        self.url: str | None = None

    def do(self, verb: str, home: Path, **given: Any) -> tuple[int, float]:
        """Let a child do a verb, killed `after` seconds if given; return its exit code and how long it lived."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        task = {"verb": verb, "home": str(home), "url": self.url} | given
        self.process.stdin.write(json.dumps(task, default=str) + "\n")
        self.process.stdin.flush()
        code, seconds = self.process.stdout.readline().split()
        return int(code), float(seconds)

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture(scope="module")
def shared_doer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doer]:
    made = Doer(tmp_path_factory.mktemp("doer"))
    yield made
    made.close()


@pytest.fixture
def doer(shared_doer: Doer, store_url: str | None) -> Doer:
    """The process, for one engine after the other."""
    shared_doer.url = store_url
    return shared_doer


def moments(usual: float, tries: int, seed: int) -> list[float]:
    """Return random moments within the usual time, in seconds: one in each share of it, the first far from its end."""
    chance = random.Random(seed)
    return [1.1 * usual * (number + chance.random() / 2) / tries for number in range(tries)]


def tries_of(doer: Doer) -> int:
    return 8 if doer.url is None else 2


def opened(home: Path, doer: Doer) -> Store:
    """Open the store as the next command would; whatever was done, these hold."""
    store = Store.open(home, at=AT, url=doer.url)
    assert store.swept.missing == ()
    assert not store.swept.skipped
    assert store.check_snapshots() == ()
    named = {row.file for row in store.batches()}
    on_disk = {path.relative_to(home).as_posix() for path in (home / "snapshots").rglob("*") if path.is_file()}
    assert on_disk == named
    assert list(store.staging.iterdir()) == []
    assert store.provisions.pending() == ()
    assert store.ledger.verify().ok
    return store


# --- providing -------------------------------------------------------------------------------------------------------


@pytest.fixture
def post_home(situation: Situation, doer: Doer, tmp_path: Path) -> Path:
    """A post's store from which little is provided at a time."""
    home = tmp_path / "post"
    if doer.url is None:
        store = situation.post(home)
    else:
        store = Store.create(home, side=Side.POST, municipalities=[TOWN], at=AT, url=doer.url)
        with situation.post(tmp_path / "source") as source:
            everything(source, store, ("boundaries", "delivery-points", "protection"))
    with store:
        agree(store, clauses=("dwelling",))
        declare(store)
        for name in (*(f"R{number}" for number in range(TRIES)), "R-FIRST", "R-LAST"):
            approved(store, request(request_id=name))
    return home


def provided_whole(home: Path, out: Path, doer: Doer) -> set[str]:
    """Open the store after the deed and return the packs that are out; none is half."""
    with opened(home, doer) as store:
        present = {path.name for path in out.iterdir()} if out.exists() else set()
        assert not [name for name in present if name.startswith(".")]
        released = {entry["provision_id"]: entry["sha256"] for entry in ledger_of(store, "released")}
        ended = [entry["provision_id"] for entry in ledger_of(store, "handed", "failed")]
        assert present == set(released) == {entry["provision_id"] for entry in ledger_of(store, "handed")}
        assert len(set(ended)) == len(ended) == len(store.provisions.all())
        for name in present:
            with handed_files(out / name) as files:
                manifest, content = read_manifest(files)
                verify_signature(files, content, store.public_key)
                verify_files(files, manifest)
        return present


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("stops", [PROVIDING, RELEASED], ids=["before its release", "from its release on"])
def test_killed_at_each_step_of_providing_a_pack_is_out_whole_or_not_at_all(
    doer: Doer, post_home: Path, tmp_path: Path, stops: tuple[str, ...]
) -> None:
    out, before = tmp_path / "out", set[str]()
    for number, stop in enumerate(stops):
        code, _ = doer.do("provide", post_home, request=f"R{number}", out=out, stop=stop)
        assert code == -signal.SIGKILL, stop
        after = provided_whole(post_home, out, doer)
        assert (len(after) > len(before)) == (stop in RELEASED), stop
        before = after
    assert doer.do("provide", post_home, request="R-LAST", out=out)[0] == 0
    assert len(provided_whole(post_home, out, doer)) == len(before) + 1


def random_provisions(doer: Doer, home: Path, out: Path, tries: int, seed: int) -> None:
    usual = doer.do("provide", home, request="R-FIRST", out=out)[1]
    codes = []
    for number, after in enumerate(moments(usual, tries, seed)):
        codes.append(doer.do("provide", home, request=f"R{number}", out=out, after=after)[0])
        present = provided_whole(home, out, doer)
        if codes[-1] == 0:
            assert any(name.startswith(f"R{number}-") for name in present)
    assert -signal.SIGKILL in codes
    assert set(codes) <= {0, -signal.SIGKILL}
    assert doer.do("provide", home, request="R-LAST", out=out)[0] == 0
    assert any(name.startswith("R-LAST-") for name in provided_whole(home, out, doer))
    with opened(home, doer) as store:  # the command that came last put the steps of the killed ones in order
        out_of_hand = {pack.request_id for pack in store.provisions.all() if pack.state == "handed"}
        for one in requests.all_filed(store):
            assert (one.course.state is State.HANDED) == (one.request.request_id in out_of_hand)


@pytest.mark.long
def test_killed_at_random_moments_of_providing_a_pack_is_out_whole_or_not_at_all(
    doer: Doer, post_home: Path, tmp_path: Path
) -> None:
    random_provisions(doer, post_home, tmp_path / "out", tries_of(doer), 1)


# --- receiving -------------------------------------------------------------------------------------------------------


@pytest.fixture
def city_home(packs: Packs, doer: Doer, tmp_path: Path) -> Path:
    home = tmp_path / "city"
    with Store.create(home, side=Side.MUNICIPALITY, municipalities=[TOWN], at=AT, url=doer.url) as store:
        agree(store, key=packs.post.public_key)
    return home


def named(packs: Packs, folder: Path, name: str) -> Path:
    """Return a pack under a name of its own."""
    folder.mkdir(exist_ok=True)
    return forged(packs.vehicles.folder, folder / name, packs.post, lambda document: document.update(pack_id=name))


def received_whole(home: Path, doer: Doer, packs: Packs) -> set[str]:
    """Open the store after the deed and return the packs that are in; none is half."""
    counts = dict(packs.vehicles.counts)
    with opened(home, doer) as store:
        held = {pack.pack_id for pack in store.received.all()}
        told = {entry["pack_id"] for entry in ledger_of(store, "received")}
        assert held == told
        for name in held:
            rows = {row.kind.removeprefix("received/"): row.accepted for row in store.batches() if row.pack_id == name}
            assert rows == counts, name
        assert {row.pack_id for row in store.batches()} == held
        return held


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_killed_at_each_step_of_receiving_a_pack_is_in_whole_or_not_at_all(
    doer: Doer, city_home: Path, packs: Packs, tmp_path: Path
) -> None:
    for number, stop in enumerate(RECEIVING):
        pack = named(packs, tmp_path / "packs", f"P{number}")
        code, _ = doer.do("receive", city_home, pack=pack, stop=stop)
        assert code == -signal.SIGKILL, stop
        assert received_whole(city_home, doer, packs) == set(), stop
    assert doer.do("receive", city_home, pack=tmp_path / "packs/P0")[0] == 0
    assert received_whole(city_home, doer, packs) == {"P0"}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_killed_while_it_purges_a_pack_is_destroyed_whole_or_not_at_all(
    doer: Doer, city_home: Path, packs: Packs, tmp_path: Path
) -> None:
    assert doer.do("receive", city_home, pack=named(packs, tmp_path / "packs", "P0"))[0] == 0
    for stop, state in (
        ("disaster.store.catalogue/purge:after", "active"),
        ("disaster.store.batches/Batches.purge:after", "purged"),
        ("disaster.store.ledger/Ledger.record", "purged"),
    ):
        assert doer.do("purge", city_home, pack="P0", stop=stop)[0] == -signal.SIGKILL, stop
        with Store.open(city_home, at=AT, url=doer.url) as store:
            rows = store.batches()
            assert {row.state for row in rows} == {state}, stop
            assert {(city_home / row.file).exists() for row in rows} == {state == "active"}, stop
            assert {row.wrapped_key is None for row in rows if row.personal} == {state == "purged"}, stop
            assert store.ledger.verify().ok
    assert doer.do("purge", city_home, pack="P0")[0] == 0
    with Store.open(city_home, at=AT, url=doer.url) as store:
        assert len(ledger_of(store, "deletion_reported")) == 1


def random_receipts(doer: Doer, home: Path, packs: Packs, folder: Path, *, tries: int, seed: int) -> None:
    usual = doer.do("receive", home, pack=named(packs, folder, "FIRST"))[1]
    codes = []
    for number, after in enumerate(moments(usual, tries, seed)):
        pack = named(packs, folder, f"P{number}")
        codes.append(doer.do("receive", home, pack=pack, after=after)[0])
        held = received_whole(home, doer, packs)
        assert codes[-1] != 0 or f"P{number}" in held
    assert -signal.SIGKILL in codes
    assert set(codes) <= {0, -signal.SIGKILL}
    assert doer.do("receive", home, pack=folder / "P0")[0] == 0
    assert "P0" in received_whole(home, doer, packs)


@pytest.mark.long
def test_killed_at_random_moments_of_receiving_a_pack_is_in_whole_or_not_at_all(
    doer: Doer, city_home: Path, packs: Packs, tmp_path: Path
) -> None:
    random_receipts(doer, city_home, packs, tmp_path / "packs", tries=tries_of(doer), seed=2)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_killed_while_it_makes_the_map_the_headquarters_has_the_rows_and_no_half_map(
    doer: Doer, city_home: Path, packs: Packs, tmp_path: Path
) -> None:
    pack, out = named(packs, tmp_path / "packs", "P0"), tmp_path / "hq"
    for stop in ("disaster.publish/write_files:after", "disaster.newfolder/move"):
        assert doer.do("receive", city_home, pack=pack, out=out, stop=stop)[0] == -signal.SIGKILL
        assert received_whole(city_home, doer, packs) == {"P0"}
        assert not out.exists()
    assert doer.do("receive", city_home, pack=pack, out=out)[0] == 0
    assert (out / "map.html").is_file()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


# --- taking in -------------------------------------------------------------------------------------------------------

ROWS = 400


@pytest.fixture
def demo_home(doer: Doer, tmp_path: Path) -> Path:
    home = tmp_path / "demo"
    Store.create(home, side=Side.DEMO, municipalities=[TOWN], at=AT, url=doer.url).close()
    return home


def shelters(folder: Path, number: int) -> Path:
    """Write a list of shelters that differs from every other."""
    folder.mkdir(exist_ok=True)
    path = folder / f"shelters_{number}.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["避難所ID", "市区町村コード", "名称", "区分", "経度", "緯度"])
        for row in range(ROWS):
            name = f"第{row}小学校{number}"
            lines.writerow([f"H{row:04d}", TOWN, name, "指定避難所", 138.55 + row * 1e-4, 34.5 + row * 1e-4])
    return path


def taken_whole(home: Path, doer: Doer) -> set[str]:
    """Open the store after the deed and return the lists that it has taken in; none is half."""
    with opened(home, doer) as store:
        batches = store.batches("shelters")
        told = {entry["batch_id"] for entry in ledger_of(store, "ingested")}
        assert told == {row.batch_id for row in batches}
        assert {row.accepted for row in batches} <= {ROWS}
        shown = store.features("shelters", TOWN, limit=10 * ROWS).table.num_rows
        assert shown == store.current("shelters", TOWN).table.num_rows == (ROWS if batches else 0)
        return {str(row.sources[0]["file"]) for row in batches}


def random_intakes(doer: Doer, home: Path, folder: Path, *, tries: int, seed: int) -> None:
    usual = doer.do("ingest", home, kind="shelters", file=shelters(folder, 1_000))[1]
    codes = []
    for number, after in enumerate(moments(usual, tries, seed)):
        path = shelters(folder, number)
        codes.append(doer.do("ingest", home, kind="shelters", file=path, after=after)[0])
        held = taken_whole(home, doer)
        assert codes[-1] != 0 or path.name in held
    assert -signal.SIGKILL in codes
    assert set(codes) <= {0, -signal.SIGKILL}
    assert doer.do("ingest", home, kind="shelters", file=shelters(folder, 2_000))[0] == 0
    assert "shelters_2000.csv" in taken_whole(home, doer)


@pytest.mark.long
def test_killed_at_random_moments_of_taking_in_a_file_is_in_whole_or_not_at_all(
    doer: Doer, demo_home: Path, tmp_path: Path
) -> None:
    random_intakes(doer, demo_home, tmp_path / "files", tries=tries_of(doer), seed=3)


# --- many more -------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_killed_often_while_providing(doer: Doer, post_home: Path, tmp_path: Path, seed: int) -> None:
    random_provisions(doer, post_home, tmp_path / "out", 10, 100 + seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_killed_often_while_receiving(doer: Doer, city_home: Path, packs: Packs, tmp_path: Path, seed: int) -> None:
    random_receipts(doer, city_home, packs, tmp_path / "packs", tries=10, seed=200 + seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_killed_often_while_taking_in(doer: Doer, demo_home: Path, tmp_path: Path, seed: int) -> None:
    random_intakes(doer, demo_home, tmp_path / "files", tries=10, seed=300 + seed)


def test_the_pack_of_these_tests_is_one_for_the_city(packs: Packs) -> None:
    assert manifest_of(packs.vehicles.folder)["recipient"]["name"] == RECIPIENT
    assert packs.vehicles.counts["vehicles"] > 0
