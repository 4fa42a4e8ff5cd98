"""The index of who was in a released pack."""

import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_rows import TOWN

from agreements.request import Mode, Request
from disaster.errors import StoreError
from disaster.models import Side
from disaster.store import Store
from disaster.store.subjects import KEY

pytest_plugins = ("prepared_store",)

NAMES = ["潮見 太郎", "潮見 花子", "潮見 次郎"]
HOMES = ["架空県潮見市浜町1丁目2番3号", "架空県潮見市浜町1丁目2番3号", "架空県潮見市港町二丁目4"]


@pytest.fixture
def store(tmp_path: Path, prepared_url: str | None, now: datetime) -> Iterator[Store]:
    codes = [TOWN, "99302"]
    with Store.create(tmp_path / "post", side=Side.POST, municipalities=codes, at=now, url=prepared_url) as opened:
        for code in codes:
            asked = Request("R-1", code, "a", "b", "safety_check", "delivery-points", Mode.PERSON, now, "document")
            opened.requests.add(asked, at=now)
        yield opened


def stage(store: Store, name: str, now: datetime, *, code: str = TOWN, mode: str = "person") -> None:
    out = store.home.parent / "out"
    store.provisions.create(
        "R-1", decision={"mode": mode}, staging=out / f".{code}-{name}", final=out / f"{code}-{name}", at=now,
        provision_id=name, municipality=code,
    )  # fmt: skip


def release(store: Store, name: str, now: datetime, keys: np.ndarray, *, code: str = TOWN) -> None:
    with store.writing():
        stage(store, name, now, code=code)
        store.subjects.add(name, keys, municipality=code)
        store.provisions.release(name, sha256="a", payload={}, at=now, municipality=code)
        store.provisions.hand(name, at=now, municipality=code)


def test_a_person_is_found_in_each_pack_however_name_and_address_are_written(store: Store, now: datetime) -> None:
    release(store, "P1", now, store.subjects.persons(NAMES, HOMES))
    release(store, "P2", now, store.subjects.persons(pa.chunked_array([NAMES[1:]]), pa.array(HOMES[1:])))
    asked = store.subjects.persons(["潮見\u3000花子"], ["架空県潮見市浜町１丁目２－３"])
    assert store.subjects.packs_of(asked, municipality=TOWN) == ("P1", "P2")
    assert store.subjects.packs_of(store.subjects.persons(NAMES[:1], HOMES[:1]), municipality=TOWN) == ("P1",)
    assert store.subjects.packs_of(store.subjects.persons(NAMES[:1], HOMES[2:]), municipality=TOWN) == ()
    assert store.subjects.packs_of(asked, municipality="99302") == ()


def test_a_person_a_home_and_a_delivery_point_never_stand_for_one_another(store: Store, now: datetime) -> None:
    release(store, "P1", now, store.subjects.addresses(HOMES))
    release(store, "P2", now, store.subjects.points(["P-1"]))
    for keys, packs in (
        (store.subjects.addresses(HOMES[:1]), ("P1",)),
        (store.subjects.points(["P-1"]), ("P2",)),
        (store.subjects.points(HOMES), ()),
        (store.subjects.persons(NAMES, HOMES), ()),
        (np.concatenate([store.subjects.addresses(HOMES), store.subjects.points(["P-1"])]), ("P1", "P2")),
        (np.empty(0, KEY), ()),
    ):
        assert store.subjects.packs_of(keys, municipality=TOWN) == packs


def test_rows_without_a_name_or_an_address_have_no_key(store: Store) -> None:
    assert len(store.subjects.persons(["太郎", None, "  ", "花子"], [None, *HOMES[:1], *HOMES[:2]])) == 1
    assert len(store.subjects.addresses([None, "", HOMES[0]])) == 1
    assert len(store.subjects.points([])) == 0
    assert len(store.subjects.rows(pa.nulls(3), pa.array(HOMES), ["P-1", "P-2", None])) == 4  # two homes, two points


def test_the_files_hold_keys_of_this_store_alone_and_nobody_else_can_read_them(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    keys = store.subjects.persons(NAMES, HOMES)
    release(store, "P1", now, np.concatenate([keys, keys]))
    path = store.home / "subjects" / TOWN / "P1.keys"
    assert path.stat().st_size == 16 * 3  # each once
    if os.name == "posix":
        rights = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)]
        assert rights == [0o600, 0o700, 0o700]
    with Store.create(tmp_path / "other", side=Side.POST, municipalities=[TOWN], at=now) as other:
        assert not np.isin(other.subjects.persons(NAMES, HOMES), keys).any()
    told = [entry for entry in store.ledger.entries() if entry.kind == "released"]
    assert len(told[0].payload["subjects_sha256"]) == 64


def test_an_index_is_written_while_its_pack_is_staged_and_never_after(store: Store, now: datetime) -> None:
    keys = store.subjects.points(["P-1"])
    with pytest.raises(RuntimeError, match="writing"):
        store.subjects.add("P1", keys, municipality=TOWN)
    release(store, "P1", now, keys)
    for name, code in (("P1", "disaster.provision_state"), ("P9", "disaster.unknown_provision"),
                       ("../P1", "disaster.unknown_provision")):  # fmt: skip
        with store.writing(), pytest.raises(StoreError) as refused:
            store.subjects.add(name, keys, municipality=TOWN)
        assert refused.value.code == code


def test_the_index_of_a_pack_that_was_never_released_is_swept_and_that_of_a_lost_one_stays(
    store: Store, prepared_url: str | None, now: datetime
) -> None:
    keys = store.subjects.points(["P-1"])
    with store.writing():
        for name in ("failed", "killed", "lost"):
            stage(store, name, now)
            store.subjects.add(name, keys, municipality=TOWN)
        store.provisions.fail("failed", reason="staging", at=now)
        store.provisions.release("lost", sha256="a", payload={}, at=now)  # out, as far as anybody knows
    folder = store.home / "subjects" / TOWN
    (folder / "cut.keys.tmp").write_bytes(b"x")
    assert store.subjects.packs_of(keys, municipality=TOWN) == ("lost",)
    with Store.open(store.home, at=now, url=prepared_url) as again:
        assert [path.name for path in folder.iterdir()] == ["lost.keys"]
        assert again.subjects.packs_of(keys, municipality=TOWN) == ("lost",)
        assert again.check_snapshots() == ()


def test_a_missing_cut_or_altered_index_is_told_and_never_an_answer(store: Store, now: datetime) -> None:
    keys = store.subjects.points([f"P-{n}" for n in range(9)])
    for name in ("P1", "P2", "P3"):
        release(store, name, now, keys)
    folder = store.home / "subjects" / TOWN
    whole = (folder / "P1.keys").read_bytes()
    (folder / "P1.keys").write_bytes(whole[:-16])
    with pytest.raises(StoreError) as refused:
        store.subjects.packs_of(keys, municipality=TOWN)
    assert refused.value.code == "disaster.subjects_missing"
    (folder / "P2.keys").write_bytes(bytes(len(whole)))
    (folder / "P3.keys").unlink()
    found = {damaged.batch_id: damaged.missing for damaged in store.check_snapshots()}
    assert found == {"P1": False, "P2": False, "P3": True}


def test_packs_about_people_without_an_index_are_named(store: Store, now: datetime) -> None:
    with store.writing():
        for name, mode in (("old", "dwelling"), ("open", "layer"), ("unreleased", "person")):
            stage(store, name, now, mode=mode)
        for name in ("old", "open"):
            store.provisions.release(name, sha256="a", payload={}, at=now)
    release(store, "nobody", now, np.empty(0, KEY))
    assert store.subjects.unindexed(TOWN) == ("old",)
    assert store.subjects.packs_of(store.subjects.points(["P-1"]), municipality=TOWN) == ()


def test_the_same_pack_name_in_two_municipalities_has_two_indexes(store: Store, now: datetime) -> None:
    release(store, "P1", now, store.subjects.points(["a"]))
    release(store, "P1", now, store.subjects.points(["b"]), code="99302")
    assert store.subjects.packs_of(store.subjects.points(["a"]), municipality="99302") == ()
    assert store.subjects.packs_of(store.subjects.points(["b"]), municipality="99302") == ("P1",)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("subjects") / "post"
    with Store.create(home, side=Side.POST, municipalities=[TOWN], at=now) as opened:
        asked = Request("R-1", TOWN, "a", "b", "safety_check", "delivery-points", Mode.PERSON, now, "document")
        opened.requests.add(asked, at=now)
        yield opened


@given(inside=st.sets(st.text(min_size=1), max_size=9), outside=st.sets(st.text(min_size=1), max_size=9))
def test_exactly_those_who_were_in_a_pack_are_found_in_it(
    shared: Store, now: datetime, inside: set[str], outside: set[str]
) -> None:
    name = f"P{len(shared.provisions.all()) + 1}"
    release(shared, name, now, shared.subjects.points(sorted(inside)))
    for text in inside | outside:
        packs = shared.subjects.packs_of(shared.subjects.points([text]), municipality=TOWN)
        assert (name in packs) == (text in inside)
