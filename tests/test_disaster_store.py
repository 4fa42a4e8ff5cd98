"""Making and opening a store: its side, its keys, its tables, who may write."""

import base64
import json
import os
import stat
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from store_rows import TOWN, batch_of, delivery_points, shelters

from disaster.audit import Break
from disaster.errors import StoreError
from disaster.models import Side
from disaster.store import Store
from disaster.store.engine import Database, url_of
from disaster.store.tables import metadata

Opener = Callable[[], Store]
posix = pytest.mark.skipif(os.name != "posix", reason="rights of other users exist on POSIX only")


@pytest.fixture
def made(tmp_path: Path, store_url: str | None, now: datetime) -> Opener:
    """A store of the post, made and closed; call it to open it."""
    Store.create(tmp_path / "home", side=Side.POST, municipalities=[TOWN], at=now, url=store_url).close()
    return lambda: Store.open(tmp_path / "home", at=now, url=store_url, wait_seconds=0.2)


def database(home: Path, url: str | None) -> Database:
    return Database.open(url_of(home, url))


def test_a_store_remembers_its_side_its_municipalities_and_its_key(made: Opener) -> None:
    with made() as one, made() as other:
        assert one.side is Side.POST
        assert one.municipalities == (TOWN,)
        assert one.store_id == other.store_id
        assert one.public_key == other.public_key
        signature = one.signing_key.sign(b"manifest")
        other.signing_key.public_key().verify(signature, b"manifest")
        assert len(base64.b64decode(one.public_key)) == 32


def test_a_store_is_made_once(tmp_path: Path, store_url: str | None, made: Opener, now: datetime) -> None:
    with made() as before:
        name = before.store_id
    with pytest.raises(StoreError) as refused:
        Store.create(tmp_path / "home", side=Side.MUNICIPALITY, municipalities=[TOWN], at=now, url=store_url)
    assert refused.value.code == "disaster.store_exists"
    with made() as after:
        assert (after.side, after.store_id) == (Side.POST, name)


def test_a_store_that_was_interrupted_while_being_made_is_finished_by_making_it_again(
    tmp_path: Path, store_url: str | None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with monkeypatch.context() as patch:
        patch.setattr("disaster.store.store._write_meta", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            Store.create(home, side=Side.POST, municipalities=[TOWN], at=now, url=store_url)
    with pytest.raises(StoreError) as refused:
        Store.open(home, at=now, url=store_url)
    assert refused.value.code == "disaster.no_database"
    with Store.create(home, side=Side.POST, municipalities=[TOWN], at=now, url=store_url) as store:
        assert store.add_batch(batch_of("shelters", shelters(2), as_of=now), at=now).unchanged is False


def test_where_there_is_no_store_the_sentence_says_how_to_make_one(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path, at=now)
    assert refused.value.code == "disaster.no_store"
    assert "tayori init" in refused.value.sentence("ja")


def test_the_database_of_another_store_is_refused(
    tmp_path: Path, made: Opener, store_url: str | None, now: datetime
) -> None:
    other = tmp_path / "other"
    Store.create(other, side=Side.POST, municipalities=[TOWN], at=now).close()
    asked = store_url or f"sqlite:///{tmp_path / 'home' / 'tayori.sqlite3'}"
    with pytest.raises(StoreError) as refused:
        Store.open(other, at=now, url=asked)
    assert refused.value.code == "disaster.other_store"


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path, made: Opener, store_url: str | None) -> None:
    tables = database(tmp_path / "home", store_url)
    with tables.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError) as refused:
        made()
    assert refused.value.code == "disaster.store_newer"
    with tables.read() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    tables.close()


def test_a_folder_of_a_newer_version_is_left_alone(tmp_path: Path, now: datetime) -> None:
    Store.create(tmp_path / "home", side=Side.POST, municipalities=[TOWN], at=now).close()
    file = tmp_path / "home/store.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"version": 2}), encoding="utf-8")
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path / "home", at=now)
    assert refused.value.code == "disaster.store_newer"


@posix
@pytest.mark.parametrize("name", ["keys", "keys/wrap.key", "keys/sign.key"])
def test_a_key_that_others_can_read_keeps_the_store_closed(tmp_path: Path, now: datetime, name: str) -> None:
    Store.create(tmp_path / "home", side=Side.POST, municipalities=[TOWN], at=now).close()
    (tmp_path / "home" / name).chmod(0o750)
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path / "home", at=now)
    assert refused.value.code == "disaster.key_open_to_others"


@posix
def test_nobody_else_can_read_what_a_store_keeps(tmp_path: Path, now: datetime) -> None:
    with Store.create(tmp_path / "home", side=Side.POST, municipalities=[TOWN], at=now) as store:
        store.add_batch(batch_of("delivery-points", delivery_points(3), as_of=now), at=now)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    kept = [*(tmp_path / "home/keys").iterdir(), *(tmp_path / "home/snapshots").rglob("*.parquet")]
    kept.append(tmp_path / "home/tayori.sqlite3")
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert len(kept) == 4


def test_a_key_from_the_environment_is_never_written_down(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAYORI_KEY", base64.b64encode(os.urandom(32)).decode())
    with Store.create(tmp_path / "home", side=Side.POST, municipalities=[TOWN], at=now) as store:
        store.add_batch(batch_of("delivery-points", delivery_points(3), as_of=now), at=now)
    assert [path.name for path in (tmp_path / "home/keys").iterdir()] == ["sign.key"]
    with Store.open(tmp_path / "home", at=now) as store:
        assert store.current("delivery-points", TOWN).table.num_rows == 3
    monkeypatch.setenv("TAYORI_KEY", base64.b64encode(os.urandom(32)).decode())
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path / "home", at=now)
    assert refused.value.code == "disaster.key_does_not_fit"
    monkeypatch.delenv("TAYORI_KEY")
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path / "home", at=now)
    assert refused.value.code == "disaster.key_missing"


def test_what_is_no_key_is_refused(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(StoreError) as refused:
        Store.create(tmp_path / "home", side=Side.POST, municipalities=[TOWN], at=now, key="合言葉")
    assert refused.value.code == "disaster.key_malformed"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://u@127.0.0.1/d", "disaster.database_kind"),
        ("sqlite://", "disaster.database_kind"),
        ("これは住所ではない", "disaster.database_address"),
        ("postgresql://u:secretword@127.0.0.1:9/d", "disaster.database_away"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_words(tmp_path: Path, now: datetime, url: str, code: str) -> None:
    with pytest.raises(StoreError) as refused:
        Store.create(tmp_path / "home", side=Side.POST, municipalities=[TOWN], at=now, url=url)
    assert refused.value.code == code
    assert "secretword" not in refused.value.sentence("ja")


def test_a_demo_store_takes_invented_municipalities_only(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(StoreError) as refused:
        Store.create(tmp_path / "a", side=Side.DEMO, municipalities=[TOWN, "22212"], at=now)
    assert refused.value.code == "disaster.demo_is_invented"
    with Store.create(tmp_path / "b", side=Side.DEMO, municipalities=[TOWN], at=now) as store:
        assert store.add_batch(batch_of("delivery-points", delivery_points(3), as_of=now), at=now).batch_id


@pytest.mark.parametrize("code", ["", "2221", "222127", "２２２１２", "2221a"])
def test_what_is_no_municipality_code_is_refused(tmp_path: Path, now: datetime, code: str) -> None:
    with pytest.raises(StoreError) as refused:
        Store.create(tmp_path / "a", side=Side.POST, municipalities=[code], at=now)
    assert refused.value.code == "disaster.municipality_code"


def test_while_one_writes_the_other_is_told_so(made: Opener) -> None:
    with made() as one, made() as other, one.writing():
        with pytest.raises(StoreError) as refused, other.writing():
            pass
        assert refused.value.code == "disaster.store_busy"
        with one.writing():  # the same command may go on
            pass


def test_two_threads_of_one_service_do_not_write_at_once(made: Opener) -> None:
    codes: list[str] = []

    def write(store: Store) -> None:
        try:
            with store.writing():
                codes.append("wrote")
        except StoreError as error:
            codes.append(error.code)

    with made() as store, store.writing():
        thread = threading.Thread(target=write, args=(store,))
        thread.start()
        thread.join()
    assert codes == ["disaster.store_busy"]


def test_whoever_opens_while_another_writes_sweeps_nothing(tmp_path: Path, made: Opener) -> None:
    unfinished = tmp_path / "home/snapshots/shelters/99301/now.parquet.tmp"
    with made() as writer, writer.writing():
        unfinished.parent.mkdir(parents=True)
        unfinished.touch()
        with made() as reader:
            assert reader.swept.skipped
        assert unfinished.exists()
    with made() as later:
        assert later.swept.deleted == 1
    assert not unfinished.exists()


def test_the_migrations_make_the_tables_that_the_code_knows(
    tmp_path: Path, made: Opener, store_url: str | None
) -> None:
    tables = database(tmp_path / "home", store_url)

    def ours(thing: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
        on_postgresql_only = kind == "index" and name == "ix_feature_geometry" and store_url is None
        return not on_postgresql_only and (kind != "table" or name in metadata.tables)

    with tables.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
        for table in metadata.sorted_tables:
            named = {check["name"] for check in inspect(connection).get_check_constraints(table.name)}
            assert {c.name for c in table.constraints if c.__visit_name__ == "check_constraint"} <= named, table.name
    tables.close()


def test_the_wheel_would_carry_the_migrations() -> None:
    folder = files("disaster.store.migrations")
    assert folder.joinpath("env.py").is_file()
    assert [each.name for each in folder.joinpath("versions").iterdir() if each.name.startswith("0001")] != []


def test_sqlite_is_set_up_to_keep_writers_apart_and_to_lose_nothing(tmp_path: Path) -> None:
    tables = database(tmp_path, None)
    with tables.read() as connection:
        found = {
            pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    tables.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_a_stock_of_ten_is_never_handed_out_twice(tmp_path: Path, made: Opener, store_url: str | None) -> None:
    tables = database(tmp_path / "home", store_url)
    with tables.write() as connection:
        connection.execute(text("CREATE TABLE stock (units INTEGER)"))
        connection.execute(text("INSERT INTO stock VALUES (10)"))
    taken: list[int] = []
    lock = " FOR UPDATE" if store_url else ""

    def take() -> None:
        for _ in range(5):
            with tables.write() as connection:
                units = connection.scalar(text(f"SELECT units FROM stock{lock}"))
                if units:
                    connection.execute(text("UPDATE stock SET units = :left"), {"left": units - 1})
                    taken.append(units)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tables.close()
    assert sorted(taken) == list(range(1, 11))


@pytest.mark.postgis
def test_after_the_server_dropped_our_connections_the_store_goes_on(
    tmp_path: Path, postgis_url: str, now: datetime
) -> None:
    home = tmp_path / "home"
    Store.create(home, side=Side.POST, municipalities=[TOWN], at=now, url=postgis_url).close()
    with Store.open(home, at=now, url=postgis_url) as store, Store.open(home, at=now, url=postgis_url) as other:
        assert store.agreements.all() == ()
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with other.transaction() as connection:
            assert connection.scalar(text(f"SELECT count(pg_terminate_backend(pid)) {others}")) > 0
            while connection.scalar(text(f"SELECT count(*) {others}")):
                connection.execute(text("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)"))
        time.sleep(0.05)
        assert store.agreements.all() == ()


def test_times_without_a_zone_are_never_kept(made: Opener, now: datetime) -> None:
    with made() as store:
        naive = now.replace(tzinfo=None)
        with pytest.raises(ValueError, match="aware"):
            store.add_batch(batch_of("shelters", shelters(1), as_of=now), at=naive)
        with pytest.raises(ValueError, match="aware"):
            store.add_batch(batch_of("shelters", shelters(1), as_of=naive), at=now)
        assert store.batches() == ()


def test_times_come_back_in_utc_to_the_microsecond(made: Opener, now: datetime) -> None:
    moment = now + timedelta(microseconds=1)
    with made() as store:
        store.add_batch(batch_of("shelters", shelters(1), as_of=moment), at=moment)
        row = store.batches()[0]
    assert (row.as_of, row.ingested_at) == (moment, moment)
    assert row.as_of.utcoffset() == timedelta(0)


def test_a_chain_cut_in_the_database_is_found_by_the_heads_beside_it(
    tmp_path: Path, made: Opener, store_url: str | None, now: datetime
) -> None:
    with made() as store:
        for n in range(5):
            store.ledger.record("noted", {"n": n}, at=now)
        whole = store.ledger.verify()
        assert whole.ok
    tables = database(tmp_path / "home", store_url)
    with tables.write() as connection:
        connection.execute(text("DELETE FROM ledger WHERE seq > 3"))
        connection.execute(text("UPDATE ledger_head SET seq = 3, hash = (SELECT hash FROM ledger WHERE seq = 3)"))
    tables.close()
    with made() as store:
        verdict = store.ledger.verify()
        assert (verdict.first_bad, verdict.what) == (4, Break.CUT)
        # whoever goes on writing does not wipe out the trace
        for n in range(9):
            store.ledger.record("noted", {"n": n}, at=now)
        verdict = store.ledger.verify()
        assert (verdict.first_bad, verdict.what) == (whole.entries, Break.REWRITTEN)
