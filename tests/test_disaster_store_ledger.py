"""The ledger in SQL, on both engines."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from store_rows import TOWN

from disaster import audit
from disaster.audit import Break, Head
from disaster.errors import StoreError
from disaster.models import Side
from disaster.store import Store

pytest_plugins = ("prepared_store",)


@pytest.fixture
def store(tmp_path: Path, prepared_url: str | None, now: datetime) -> Iterator[Store]:
    with Store.create(tmp_path / "post", side=Side.POST, municipalities=[TOWN], at=now, url=prepared_url) as opened:
        for n in range(6):
            opened.ledger.record("noted", {"n": n, "語": "協定第3条"}, at=now)
        yield opened


def run(store: Store, *statements: str) -> None:
    with store.transaction() as connection:
        for statement in statements:
            connection.execute(text(statement))


def verdict(store: Store) -> tuple[int | None, Break | None]:
    found = store.ledger.verify()
    return found.first_bad, found.what


def test_entries_come_back_in_their_order(store: Store, now: datetime) -> None:
    entries = list(store.ledger.entries())
    assert [entry.seq for entry in entries] == list(range(1, 8))
    assert (entries[3].kind, entries[3].at, entries[3].payload) == ("noted", now, {"n": 2, "語": "協定第3条"})
    assert [entry.seq for entry in store.ledger.entries(after=4, limit=2)] == [5, 6]
    assert store.ledger.head() == Head(7, entries[-1].hash)


def test_both_engines_link_as_the_pure_function_does(store: Store) -> None:
    with store.transaction() as connection:
        rows = connection.execute(text("SELECT seq, entry, hash FROM ledger ORDER BY seq")).all()
    previous = audit.GENESIS
    for seq, entry, kept in rows:
        previous = audit.link(previous, seq, bytes(entry))
        assert bytes(kept) == previous
    assert verdict(store) == (None, None)


def test_an_entry_stands_only_if_what_it_is_about_stands(store: Store, now: datetime) -> None:
    def interrupted() -> None:
        with store.transaction() as connection:
            store.ledger.append(connection, "never", {}, at=now)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.ledger.head().seq == 7
    store.ledger.record("after", {}, at=now)
    assert (store.ledger.head().seq, verdict(store)) == (8, (None, None))


def test_several_entries_of_one_transaction_follow_each_other(store: Store, now: datetime) -> None:
    with store.transaction() as connection:
        heads = [store.ledger.append(connection, "one of many", {"n": n}, at=now) for n in range(3)]
    assert [head.seq for head in heads] == [8, 9, 10]
    assert (store.ledger.verify().head, verdict(store)) == (heads[-1], (None, None))


def test_an_entry_edited_in_the_database_is_named(store: Store) -> None:
    with store.transaction() as connection:
        entry = bytes(connection.scalar(text("SELECT entry FROM ledger WHERE seq = 4")))  # type: ignore[arg-type]
        connection.execute(text("UPDATE ledger SET entry = :e WHERE seq = 4"), {"e": entry.replace(b'"n":2', b'"n":9')})
    assert verdict(store) == (4, Break.EDITED)


def test_an_entry_deleted_in_the_database_is_named(store: Store) -> None:
    run(store, "DELETE FROM ledger WHERE seq = 3")
    assert verdict(store) == (3, Break.DELETED)


def test_entries_renumbered_over_a_deleted_one_are_named(store: Store) -> None:
    run(
        store,
        "DELETE FROM ledger WHERE seq = 3",
        *(f"UPDATE ledger SET seq = {n} WHERE seq = {n + 1}" for n in range(3, 7)),
    )
    assert verdict(store)[0] == 3


def test_entries_that_changed_places_are_named(store: Store) -> None:
    run(store, *(f"UPDATE ledger SET seq = {new} WHERE seq = {old}" for old, new in ((2, 99), (5, 2), (99, 5))))
    assert verdict(store) == (2, Break.REORDERED)


def test_a_tail_that_was_cut_is_found(store: Store) -> None:
    run(store, "DELETE FROM ledger WHERE seq > 5")
    assert verdict(store) == (6, Break.CUT)
    run(store, "UPDATE ledger_head SET seq = 5, hash = (SELECT hash FROM ledger WHERE seq = 5)")
    assert verdict(store) == (6, Break.CUT)  # by the heads kept beside the database
    run(store, "DELETE FROM ledger")
    assert verdict(store) == (1, Break.CUT)


def test_many_writers_make_one_chain(store: Store, tmp_path: Path, prepared_url: str | None, now: datetime) -> None:
    def write(shared: Store, name: str) -> None:
        for n in range(25):
            shared.ledger.record("noted", {"by": name, "n": n}, at=now)

    with Store.open(store.home, at=now, url=prepared_url) as other:
        writers = [
            threading.Thread(target=write, args=(one, str(n))) for n, one in enumerate((store, store, other, other))
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        places = sorted(path.name for path in (store.home / "heads").glob("*.json"))
    assert (store.ledger.head().seq, verdict(store)) == (107, (None, None))
    assert places == ["0.json", "1.json"]


def test_the_place_of_a_writer_that_is_gone_is_used_again(
    store: Store, prepared_url: str | None, now: datetime
) -> None:
    for n in range(3):
        with Store.open(store.home, at=now, url=prepared_url) as other:
            other.ledger.record("noted", {"n": n}, at=now)
    heads = {path.name: json.loads(path.read_text(encoding="ascii")) for path in (store.home / "heads").glob("*.json")}
    assert {name: int(head["seq"]) for name, head in heads.items()} == {"0.json": 7, "1.json": 10}
    assert heads["1.json"]["hash"] == store.ledger.head().hash.hex()


def test_heads_that_somebody_wrote_into_are_reported(store: Store) -> None:
    (store.home / "heads/5.json").write_text("{}", encoding="ascii")
    with pytest.raises(StoreError) as refused:
        store.ledger.verify()
    assert refused.value.code == "disaster.heads_unreadable"


def test_a_break_in_the_middle_leaves_the_database_usable(store: Store, now: datetime) -> None:
    run(store, "DELETE FROM ledger WHERE seq = 3")
    for _ in range(12):  # more often than there are connections
        assert verdict(store) == (3, Break.DELETED)
    store.ledger.record("noted", {}, at=now)
    assert next(store.ledger.entries()).seq == 1
