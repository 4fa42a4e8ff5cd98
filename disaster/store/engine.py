"""The two engines: SQLite inside the folder of the store, PostgreSQL with PostGIS in service."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError, OperationalError

from disaster.errors import StoreError

SQLITE_FILE = "tayori.sqlite3"
#: How long a writer of SQLite waits for another.
BUSY_MILLISECONDS = 30_000
_WRITES = "tayori_writes"


def url_of(home: Path, url: str | None) -> URL:
    """Return where the tables are: the given PostgreSQL database, or the file inside `home`.

    Raises
    ------
    StoreError
        If the address is none, or names another kind of database.
    """
    if url is None:
        return URL.create("sqlite", database=str(home / SQLITE_FILE))
    try:
        asked = make_url(url)
    except ArgumentError as error:
        raise StoreError("disaster.database_address") from error
    if asked.get_backend_name() == "postgresql":
        return asked.set(drivername="postgresql+psycopg")
    if asked.get_backend_name() == "sqlite" and asked.database not in (None, "", ":memory:"):
        return asked
    raise StoreError("disaster.database_kind", kind=asked.get_backend_name())


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _set_up_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # the driver's own BEGIN comes too late to keep two writers apart
        for pragma in (
            "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {BUSY_MILLISECONDS}",
            "secure_delete = ON",  # a destroyed key must not stay behind in a free page
        ):  # fmt: skip
            dbapi.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "checkout")
    def _still_there(dbapi: Any, _record: Any, _proxy: Any) -> None:
        # a look at what the server has sent tells that it went away, without the round trip of a ping
        try:
            dbapi.pgconn.consume_input()  # the server's farewell, if any
            dbapi.pgconn.consume_input()  # the end of the connection
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


class Database:
    """An engine that begins every writing transaction at once, and says in words when it cannot."""

    def __init__(self, engine: Engine, single: Engine | None = None) -> None:
        self.engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})
        self._single = single or engine
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.OperationalError

    @classmethod
    def open(cls, url: URL) -> Self:
        """Prepare the engine; no connection is made yet.

        Raises
        ------
        StoreError
            If the driver for PostgreSQL is not installed.
        """
        options: dict[str, Any] = {"hide_parameters": True, "json_serializer": _dumps}
        if url.get_backend_name() == "sqlite":
            path = Path(url.database or "")
            if not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            engine = create_engine(url, **options)
            _set_up_sqlite(engine)
            return cls(engine)
        try:
            engine = create_engine(url, **options)
            # for single statements that are transactions by themselves: nothing to begin, to commit or to reset
            single = create_engine(url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **options)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise StoreError("disaster.database_driver") from error
        for each in (engine, single):
            _set_up_postgresql(each)
        return cls(engine, single)

    @property
    def postgis(self) -> bool:
        """Whether geometry is the engine's own."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading."""
        with self._in_words(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction that holds the right to write from its first moment (SQLite)."""
        with self._in_words(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def single(self) -> Iterator[Any]:
        """Give the driver's own connection, for one statement that is a durable transaction by itself."""
        with self._in_words():
            held = self._single.raw_connection()
            try:
                yield held.dbapi_connection
            finally:
                held.close()

    def forget(self) -> None:
        """Rub out what deleted values left behind in the engine's files."""
        with self.single() as driver:
            driver.execute("VACUUM batch" if self.postgis else "PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Close every connection."""
        self._single.dispose()
        self.engine.dispose()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Say that the database is busy or away; never its address, its password or a row."""
        try:
            yield
        except OperationalError as error:
            raise StoreError(_what_is_wrong(error.orig)) from error
        except self._driver_error as error:
            raise StoreError(_what_is_wrong(error)) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise StoreError("disaster.database_away") from error
            raise


def _what_is_wrong(error: BaseException | None) -> str:
    said = str(error)
    if "locked" in said or "busy" in said:
        return "disaster.database_busy"
    if "disk is full" in said or "No space left" in said:
        return "disaster.disk_full"
    return "disaster.database_away"
