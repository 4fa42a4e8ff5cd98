"""Destroying our own personal batches by kind and age: what goes, what stays, and the proof."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from handed_town import AT, DAY, EVENT, TOWN

from disaster.aftercare.checklist import checklist
from disaster.aftercare.purge import Held, Keep, held, purge_held
from disaster.batch import Batch, Source
from disaster.errors import AftercareError
from disaster.models import NOUNS
from disaster.store import Store
from disaster.store.snapshots import schema_of
from geo.faults import Faults

pytest_plugins = ("handed_town",)


def take(store: Store, kind: str, at: datetime, *, dataset: str = "town", drill: bool = False, **row: Any) -> str:
    """Take in a batch of one row; return its name."""
    schema = schema_of(NOUNS[kind])
    table = schema.empty_table().from_pylist([{**dict.fromkeys(schema.names), "municipality": TOWN, **row}], schema)
    source = Source("invented.csv", hashlib.sha256(repr(row).encode()).hexdigest(), "utf-8")
    batch = Batch(kind, TOWN, dataset, table, Faults(), 1, 0, (source,), at, {}, drill)
    return store.add_batch(batch, at=at).batch_id


def home(store: Store, at: datetime, number: int = 1, **given: Any) -> str:
    row = {
        "point_id": f"D-{number:03d}",
        "address": f"潮見市浜町{number}番",
        "point_kind": "dwelling",
        "status": "served",
    }
    return take(store, "delivery-points", at, **row, office_code="S001", **given)


def protected(store: Store, at: datetime, name: str = "高橋 ミナ") -> str:
    return take(store, "protection", at, protected_name=name, protected_address="潮見市浜町1番")


def kept(found: tuple[Held, ...]) -> dict[str, Keep | None]:
    return {one.batch_id: one.keep for one in found}


def test_what_a_newer_batch_replaced_can_go_and_the_present_stays(giver: Store) -> None:
    old, new = home(giver, AT, 1), home(giver, AT + DAY, 2)
    assert kept(held(giver, at=AT + 2 * DAY)) == {old: None, new: Keep.PRESENT}
    assert kept(held(giver, at=AT + 2 * DAY, present=True)) == {old: None, new: None}


def test_the_list_of_protected_people_is_never_destroyed_by_age(giver: Store) -> None:
    old, new = protected(giver, AT), protected(giver, AT + DAY, "高橋 ソラ")
    found = held(giver, at=AT + 900 * DAY, present=True)
    assert kept(found) == {old: None, new: Keep.PROTECTION}
    purge_held(giver, found, by="消去 四郎", reason="保存期間の終了", at=AT + 900 * DAY)
    assert giver.current("protection", TOWN).table.column("protected_name").to_pylist() == ["高橋 ソラ"]


def test_the_closing_checklist_says_how_long_ago_what_can_go_came_in(giver: Store) -> None:
    home(giver, AT, 1)
    home(giver, AT + timedelta(hours=1), 2)

    def said(at: datetime) -> tuple[str, ...]:
        (line,) = (one for one in checklist(giver, EVENT, at=at) if one.key == "batches")
        assert "古い" not in line.title[0]
        return line.missing

    assert said(AT + timedelta(hours=2)) == ("配達先 1件(取り込みから1日未満)",)
    assert said(AT + 3 * DAY) == ("配達先 1件(取り込みから3日)",)


def test_age_is_counted_from_the_taking_in_to_the_second(giver: Store) -> None:
    old = home(giver, AT, 1)
    home(giver, AT + DAY, 2)
    almost = AT + 30 * DAY - timedelta(seconds=1)
    assert held(giver, at=almost, older_than_days=30) == ()
    (one,) = held(giver, at=AT + 30 * DAY, older_than_days=30)
    assert (one.batch_id, one.days, one.rows) == (old, 30, 1)


def test_a_list_destroys_nothing_and_the_purge_destroys_key_and_file_with_proof(giver: Store) -> None:
    old, new = home(giver, AT, 1), home(giver, AT + DAY, 2)
    files = {row.batch_id: giver.home / row.file for row in giver.batches()}
    found = held(giver, at=AT + 2 * DAY)
    assert files[old].exists()
    gone = purge_held(giver, found, by="消去 四郎", reason="保存期間の終了", at=AT + 2 * DAY)
    assert [one.batch_id for one in gone] == [old]
    assert not files[old].exists()
    assert files[new].exists()
    (row,) = [one for one in giver.batches() if one.batch_id == old]
    assert (row.state, row.wrapped_key, row.content_sha256, row.sources) == ("purged", None, None, ())
    (entry,) = [one for one in giver.ledger.entries() if one.kind == "purged"]
    assert entry.payload["batch_id"] == old
    assert entry.payload["reason"] == "消去 四郎: 保存期間の終了"
    assert giver.ledger.verify().ok
    assert purge_held(giver, found, by="消去 四郎", reason="再度", at=AT + 2 * DAY) == ()


def test_only_what_points_at_homes_or_people_is_listed(giver: Store) -> None:
    row = {"office_code": "S001", "name": "潮見郵便局", "address": "潮見市浜町1番", "lon": 138.6, "lat": 34.5}
    take(giver, "offices", AT, **row)
    assert held(giver, at=AT + 900 * DAY, present=True) == ()
    with pytest.raises(AftercareError) as caught:
        held(giver, at=AT, kind="offices")
    assert caught.value.code == "disaster.not_personal"
    assert "delivery-points" in caught.value.sentence()


def test_of_drills_alone_means_no_real_person(giver: Store) -> None:
    real, drilled = home(giver, AT, 1), home(giver, AT, 2, dataset="drill", drill=True)
    found = held(giver, at=AT + DAY, present=True, drill=True)
    assert kept(found) == {drilled: None}
    purge_held(giver, found, by="消去 四郎", reason="訓練の終了", at=AT + DAY)
    assert kept(held(giver, at=AT + DAY)) == {real: Keep.PRESENT}


def test_nobody_destroys_without_a_name(giver: Store) -> None:
    home(giver, AT, 1), home(giver, AT + DAY, 2)
    found = held(giver, at=AT + 2 * DAY)
    with pytest.raises(AftercareError):
        purge_held(giver, found, by=" ", reason="x", at=AT + 2 * DAY)
    assert held(giver, at=AT + 2 * DAY) == found


def test_an_older_file_that_came_later_is_not_taken_for_the_present(giver: Store) -> None:
    present = home(giver, AT, 1)
    schema_row = {"point_id": "D-002", "address": "潮見市浜町2番", "point_kind": "dwelling", "status": "served"}
    schema = schema_of(NOUNS["delivery-points"])
    row = {**dict.fromkeys(schema.names), "municipality": TOWN, "office_code": "S001", **schema_row}
    source = Source("old.csv", "0" * 64, "utf-8")
    table = schema.empty_table().from_pylist([row], schema)
    batch = Batch("delivery-points", TOWN, "town", table, Faults(), 1, 0, (source,), AT - DAY, {}, drill=False)
    late = giver.add_batch(batch, at=AT + DAY).batch_id
    assert kept(held(giver, at=AT + 2 * DAY)) == {present: Keep.PRESENT, late: None}
