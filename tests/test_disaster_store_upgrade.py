"""Stores of earlier versions: a small one of each is kept here and brought to the present."""

import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import MetaData, create_engine, insert, select
from store_rows import TOWN

from agreements.agreement import parse_agreement
from agreements.request import EventArea, TriggerKind
from agreements.workflow import Act, Actor, Role, State, Step
from disaster.store import Store, migrate
from disaster.store.engine import SQLITE_FILE, Database, url_of
from disaster.store.tables import metadata

HOUR = timedelta(hours=1)
STORES = Path(__file__).with_name("stores")


@pytest.fixture
def home(tmp_path: Path, store_url: str | None) -> Path:
    """The kept store of version 0001, its tables in the engine in question."""
    with zipfile.ZipFile(STORES / "store-0001.zip") as kept:
        kept.extractall(tmp_path / "store")
    (tmp_path / "store/keys").chmod(0o700)
    for path in (tmp_path / "store/keys").iterdir():
        path.chmod(0o600)
    (tmp_path / "store/staging").mkdir()
    if store_url is not None:
        _into_postgis(tmp_path / "store" / SQLITE_FILE, store_url)
        (tmp_path / "store" / SQLITE_FILE).unlink()
    return tmp_path / "store"


def _into_postgis(file: Path, url: str) -> None:
    """Make the tables of version 0001 and fill them with the rows of the kept ones."""
    source, target = create_engine(f"sqlite:///{file}"), Database.open(url_of(file, url))
    had = MetaData()
    had.reflect(source)
    with source.begin() as old, target.write() as new:
        new.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
        command.upgrade(migrate._config(Path(migrate.__file__).with_name("migrations"), new), "0001")
        for table in (table for table in metadata.sorted_tables if table.name in had.tables):
            columns = [table.c[column.name] for column in had.tables[table.name].columns]
            rows = [dict(row._mapping) for row in old.execute(select(*columns))]
            if rows:
                new.execute(insert(table), rows)
    source.dispose()
    target.close()


@pytest.fixture
def upgraded(home: Path, store_url: str | None, now: datetime) -> Iterator[Store]:
    with Store.open(home, at=now + 2 * HOUR, url=store_url) as opened:
        yield opened


def test_a_store_of_version_0001_keeps_all_that_it_held(upgraded: Store, now: datetime) -> None:
    assert (upgraded.swept.deleted, upgraded.swept.missing) == (0, ())
    assert upgraded.check_snapshots() == ()
    assert upgraded.current("delivery-points", TOWN).table.num_rows == 5
    assert parse_agreement(upgraded.agreements.get("99301-2026-01").text).signed is not None
    event = upgraded.events.get("E1")
    assert [(each.kind, each.recorded_at) for each in event.triggers] == [
        (TriggerKind.HQ_ESTABLISHED, None),
        (TriggerKind.TELEPHONE, None),
    ]
    assert event.triggers[1].confirmed_by == "記録なし"  # it was not asked for then
    assert event.areas == ()
    request = upgraded.requests.get("R20261120-001")
    assert (request.reason, request.person, request.role, request.made_at) == ("", "", "", now + HOUR)
    verdict = upgraded.ledger.verify()
    assert verdict.ok
    assert verdict.entries == len(list(upgraded.ledger.entries())) == 8


def test_a_pack_of_version_0001_still_tells_its_recipient_and_deadline(upgraded: Store) -> None:
    pack = upgraded.provisions.get("R20261120-001-1")
    assert (pack.state, pack.recipient, pack.purpose) == ("handed", "潮見市災害対策本部", "safety_check")
    assert (pack.event_id, pack.drill, pack.manifest, pack.files) == ("E1", False, None, {})
    assert pack.expires_at is not None
    assert upgraded.subjects.unindexed(TOWN) == (pack.provision_id,)


def test_an_upgraded_store_goes_on_with_what_is_new(upgraded: Store, now: datetime) -> None:
    at = now + 2 * HOUR
    assert upgraded.steps.of("R20261120-001").state is State.NEW
    asked = Step(Act.REQUEST, Actor("情報 花子", Role.MUNICIPAL_HQ), at)
    assert upgraded.steps.add(TOWN, "R20261120-001", asked, at=at).state is State.REQUESTED
    assert upgraded.events.add_area("E1", EventArea("town:浜町", at, "情報班"), at=at)
    assert upgraded.assessments.all() == upgraded.recalls.all() == upgraded.receipts.all() == ()
    assert upgraded.ledger.verify().ok


def test_a_store_is_upgraded_once(home: Path, store_url: str | None, now: datetime) -> None:
    for _ in range(2):
        with Store.open(home, at=now, url=store_url) as opened, opened.transaction() as connection:
            assert migrate.is_current(connection)
