"""What all records that change by hand share: a name of their own within a municipality, and an entry in the ledger."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from disaster.errors import StoreError
from disaster.store.engine import Database
from disaster.store.ledger import Ledger

_UNKNOWN: Mapping[str, str] = {
    "assessment": "disaster.unknown_assessment",
    "event": "disaster.unknown_event",
    "request": "disaster.unknown_request",
    "provision": "disaster.unknown_provision",
}


class Records:
    """A table of records of one sort, each with a name of its own within a municipality."""

    def __init__(self, database: Database, ledger: Ledger, municipalities: Sequence[str]) -> None:
        self._database = database
        self._ledger = ledger
        self._municipalities = tuple(municipalities)

    def _require_municipality(self, municipality: str) -> None:
        if municipality not in self._municipalities:
            held = "、".join(self._municipalities)
            raise StoreError("disaster.not_of_store", municipality=municipality, held=held)


def one(
    connection: Connection, table: Table, column: str, name: str, municipality: str | None, *, lock: bool = False
) -> Any:
    """Return the only row of a name; with `lock` nobody else changes it before the transaction ends.

    Raises
    ------
    StoreError
        If there is none, or several municipalities have one and none was named.
    """
    query = select(table).where(table.c[column] == name)
    if municipality is not None:
        query = query.where(table.c.municipality == municipality)
    # SQLite knows no lock on a row and needs none: its writers come one after another
    found = connection.execute(query.with_for_update() if lock else query).all()
    if not found:
        raise StoreError(_UNKNOWN[table.name], name=name)
    if len(found) > 1:
        raise StoreError("disaster.name_in_several", name=name)
    return found[0]


def utc(time: datetime | None) -> str | None:
    """Return a time as the ledger writes it: ISO 8601 in UTC."""
    return None if time is None else time.astimezone(UTC).isoformat()
