"""The ledger in SQL: entries are appended within the transaction that they are about, and never changed."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from disaster import audit
from disaster.audit import Entry, Head, Verdict
from disaster.errors import StoreError
from disaster.store.engine import Database
from disaster.store.heads import Heads
from disaster.store.tables import ledger, ledger_head

#: Rows fetched at a time while the chain is checked.
_STREAM = 20_000
_PENDING = "tayori_head"

# one round trip: the row of the head is locked, the link computed by the engine, the entry kept (PostgreSQL 11+)
_APPEND_POSTGRESQL = """
    WITH head AS (
        UPDATE ledger_head SET seq = seq + 1, hash = sha256(hash || int8send(seq + 1) || %(entry)s)
        WHERE id = 1 RETURNING seq, hash
    )
    INSERT INTO ledger (seq, entry, hash) SELECT seq, %(entry)s, hash FROM head RETURNING seq, hash
"""
# as bytes, whatever somebody wrote there by hand: SQLite keeps a text or a number in any column
_STREAM_SQLITE = "SELECT seq, CAST(entry AS BLOB), CAST(hash AS BLOB) FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"
_STREAM_POSTGRESQL = "SELECT seq, entry, hash FROM ledger WHERE seq > %s ORDER BY seq LIMIT %s"
_HEAD = select(ledger_head.c.seq, ledger_head.c.hash)


class Ledger:
    """Appends to the chain, reads it and checks it."""

    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._heads = Heads(home, self._holds)

    def append(self, connection: Connection, kind: str, payload: Mapping[str, Any], *, at: datetime) -> Head:
        """Append an entry within a transaction of ``Store.transaction``; it stands if that transaction stands.

        Do it last: whoever appends keeps other writers waiting until the transaction ends.
        """
        entry = audit.entry_bytes(kind, payload, at=at)
        if self._database.postgis:
            head = _append_postgresql(_driver(connection), entry)
        else:
            head = _append_sqlite(connection, entry)
        connection.info[_PENDING] = head
        return head

    def record(self, kind: str, payload: Mapping[str, Any], *, at: datetime) -> Head:
        """Append an entry in a durable transaction of its own."""
        if not self._database.postgis:
            with self.transaction() as connection:
                return self.append(connection, kind, payload, at=at)
        entry = audit.entry_bytes(kind, payload, at=at)
        with self._database.single() as driver:
            head = _append_postgresql(driver, entry)
        self._heads.note(head)
        return head

    def head(self) -> Head:
        """Return the last entry's number and hash, to be anchored outside."""
        with self._database.read() as connection:
            row = connection.execute(_HEAD).one()
        return Head(row.seq, bytes(row.hash))

    def entries(self, *, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """Yield entries in their order, from the one after number `after`."""
        with self._database.read() as connection, closing(_stream(connection, after=after, limit=limit)) as rows:
            for seq, entry, kept in rows:
                yield audit.read_entry(seq, entry, kept)

    def verify(self) -> Verdict:
        """Check the whole chain against itself, its head, and the heads kept apart, as a stream.

        Raises
        ------
        StoreError
            If a file of heads cannot be read as one.
        """
        try:
            heads = self._heads.all()
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError("disaster.heads_unreadable") from error
        with self._database.read() as connection:
            row = connection.execute(_HEAD).one_or_none()
            heads += [Head(row.seq, bytes(row.hash))] if row is not None else []
            with closing(_stream(connection)) as rows:
                return audit.verify(rows, heads)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a writing transaction; once it stands, the head of its last entry is kept apart."""
        with self._database.write() as connection:
            connection.info.pop(_PENDING, None)
            yield connection
            head: Head | None = connection.info.pop(_PENDING, None)
        if head is not None:
            self._heads.note(head)

    def close(self) -> None:
        """Give up this process's place among the heads."""
        self._heads.close()

    def _holds(self, head: Head) -> bool:
        with self._database.read() as connection:
            kept = connection.scalar(select(ledger.c.hash).where(ledger.c.seq == head.seq))
        return kept is not None and bytes(kept) == head.hash


# What follows speaks to the drivers themselves: through all layers of the library an append costs ten times as much
# while other writers wait, and a million rows twice as much.


def _stream(connection: Connection, *, after: int = 0, limit: int | None = None) -> Generator[tuple[int, bytes, bytes]]:
    """Yield number, bytes and hash of entries without holding them all."""
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        with closing(driver.execute(_STREAM_SQLITE, (after, -1 if limit is None else limit))) as cursor:
            yield from cursor
        return
    with driver.cursor(name="tayori_ledger", binary=True) as cursor:
        cursor.itersize = _STREAM
        cursor.execute(_STREAM_POSTGRESQL, (after, limit))
        yield from cursor


def _append_sqlite(connection: Connection, entry: bytes) -> Head:
    """Append where the transaction already holds the only right to write."""
    execute = _driver(connection).execute
    seq, before = execute("SELECT seq, hash FROM ledger_head WHERE id = 1").fetchone()
    head = Head(seq + 1, audit.link(before, seq + 1, entry))
    execute("INSERT INTO ledger (seq, entry, hash) VALUES (?, ?, ?)", (head.seq, entry, head.hash)).close()
    execute("UPDATE ledger_head SET seq = ?, hash = ? WHERE id = 1", (head.seq, head.hash)).close()
    return head


def _append_postgresql(driver: Any, entry: bytes) -> Head:
    with driver.cursor(binary=True) as cursor:
        seq, kept = cursor.execute(_APPEND_POSTGRESQL, {"entry": entry}, prepare=True).fetchone()
    return Head(seq, kept)


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection
