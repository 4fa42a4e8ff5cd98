"""The store: made once with a side, opened by every command."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select

from disaster.audit import GENESIS
from disaster.batch import Batch
from disaster.errors import StoreError
from disaster.models import NOUNS, Side
from disaster.store import catalogue, features, migrate, packs
from disaster.store.batches import Batches, Current, Damaged
from disaster.store.catalogue import BatchRow
from disaster.store.engine import Database, url_of
from disaster.store.entry import Stored, add_batches
from disaster.store.events import Events
from disaster.store.features import Bbox, Features
from disaster.store.home import FORMAT, STAGING, VERSION, Home, Identity, Swept
from disaster.store.keys import Keys
from disaster.store.ledger import Ledger
from disaster.store.packs import Received, StoredPack
from disaster.store.provisions import Provisions, Settled
from disaster.store.recalls import Recalls, Receipts
from disaster.store.requests import Requests, Steps
from disaster.store.subjects import Subjects
from disaster.store.tables import ledger_head, meta
from disaster.store.texts import Agreements, Assessments

#: Prefecture numbers above this one do not exist (JIS X 0401): codes of invented municipalities.
_LAST_PREFECTURE = 47
_WAIT_SECONDS = 10.0


class Store:
    """A store with a side for life; a context manager that closes its connections.

    Attributes
    ----------
    home
        Its folder: ``store.json``, ``tayori.sqlite3`` (unless PostgreSQL), ``snapshots/``, ``keys/``, ``heads/``,
        ``staging/``.
    side, municipalities, store_id
        Whose it is, which municipalities (5-digit codes) it holds, and its name.
    swept, settled
        What opening it cleared away.
    agreements, assessments, events, requests, steps, provisions, subjects, recalls, receipts, received, ledger
        What it keeps besides batches.
    """

    def __init__(
        self, home: Home, database: Database, keys: Keys, identity: Identity, municipalities: tuple[str, ...]
    ) -> None:
        self.home = home.path
        self.side, self.store_id = identity.side, identity.store_id
        self.municipalities = municipalities
        self.swept, self.settled = Swept(skipped=True), Settled()
        self._home, self._database, self._keys = home, database, keys
        self.ledger = Ledger(database, home.path)
        kept = (database, self.ledger, municipalities)
        self.agreements, self.assessments = Agreements(*kept), Assessments(*kept)
        self.events = Events(*kept)
        self.requests, self.steps = Requests(*kept), Steps(*kept)
        self.provisions = Provisions(*kept, home)
        self.subjects = Subjects(*kept, home, keys)
        self.recalls, self.receipts = Recalls(*kept), Receipts(*kept)
        self.received = Received(database)
        self._batches = Batches(home, database, self.ledger, keys, self.store_id, self.side, municipalities)

    @classmethod
    def create(
        cls, home: Path, *, side: Side, municipalities: Sequence[str], at: datetime, url: str | None = None,
        key: str | None = None, wait_seconds: float = _WAIT_SECONDS,
    ) -> Self:  # fmt: skip
        """Make a store and open it.

        Parameters
        ----------
        side
            ``demo`` takes invented municipalities only: real data have no place in it.
        url
            SQLAlchemy URL of a PostgreSQL database with PostGIS; None keeps everything in `home`.
        key
            Key-encryption key, 32 bytes in base64; None takes ``TAYORI_KEY`` of the environment, or makes a key file.

        Raises
        ------
        StoreError
            If there is a store already, a demo store is asked for a real municipality, or the database cannot be used.
        """
        _require_aware(at)
        _require_municipalities(side, municipalities)
        folder = Home(home, wait_seconds=wait_seconds)
        home.mkdir(parents=True, mode=0o700, exist_ok=True)
        with folder.writing():
            database = Database.open(url_of(home, url))
            try:
                _require_new(database, folder)
                identity = folder.make(side)
                keys = Keys.create(home, given=key, environment=os.environ)
                with database.write() as connection:
                    migrate.upgrade(connection)
                    _write_meta(connection, identity, tuple(municipalities), keys, at)
            except BaseException:
                database.close()
                raise
        store = cls(folder, database, keys, identity, tuple(municipalities))
        store.ledger.record("created", {"side": str(side), "municipalities": list(municipalities)}, at=at)
        store._tidy(at)
        return store

    @classmethod
    def open(
        cls, home: Path, *, at: datetime, url: str | None = None, key: str | None = None,
        wait_seconds: float = _WAIT_SECONDS,
    ) -> Self:  # fmt: skip
        """Open a store, bring its tables up to date, and clear away what a killed command left.

        Raises
        ------
        StoreError
            If there is no store, a newer version made it, a key does not fit or others can read it, or the database
            is another store's or cannot be reached.
        """
        _require_aware(at)
        folder = Home(home, wait_seconds=wait_seconds)
        identity = folder.identity()
        if identity is None:
            raise StoreError("disaster.no_store", folder=str(home))
        address = url_of(home, url)
        if address.get_backend_name() == "sqlite" and not Path(str(address.database)).is_file():
            raise StoreError("disaster.no_database", folder=str(home))
        database = Database.open(address)
        try:
            row = _read_meta(database, folder)
            if row.store_id != identity.store_id or row.side != identity.side:
                raise StoreError("disaster.other_store", folder=str(home))
            keys = Keys.load(home, given=key, environment=os.environ)
            if keys.check != row.key_check:
                raise StoreError("disaster.key_does_not_fit")
        except BaseException:
            database.close()
            raise
        store = cls(folder, database, keys, identity, tuple(row.municipalities))
        store._tidy(at)
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.ledger.close()
        self._database.close()

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """What the store signs its packs with."""
        return self._keys.signing

    @property
    def public_key(self) -> str:
        """What others check the store's signatures with: 32 bytes in base64."""
        return self._keys.public

    @property
    def staging(self) -> Path:
        """Where unfinished things may lie while `writing` is held; what is left there is cleared away."""
        return self.home / STAGING

    def writing(self) -> AbstractContextManager[None]:
        """Hold the right to write files of this store; reentrant within a thread.

        Raises
        ------
        StoreError
            If another command holds it for longer than the store waits.
        """
        return self._home.writing()

    def transaction(self) -> AbstractContextManager[Connection]:
        """Give a durable writing transaction for ``ledger.append`` and what it is about."""
        return self.ledger.transaction()

    def add_batch(self, batch: Batch, *, at: datetime) -> Stored:
        """Store the accepted rows of a file: its snapshot first, then catalogue, rows in SQL and ledger in one step.

        The same sources with the same rows change nothing.

        Raises
        ------
        StoreError
            If the kind may not enter a store of this side, the municipality is not one of the store's, or another
            dataset of the kind holds rows of the same key.
        """
        return self.add_batches([batch], at=at)[0]

    def add_batches(self, batches: Sequence[Batch], *, at: datetime) -> tuple[Stored, ...]:
        """Store several batches in one step, in their order: all of them or, if one is refused, none.

        Raises
        ------
        StoreError
            As `add_batch`.
        """
        for moment in (at, *(batch.as_of for batch in batches)):
            _require_aware(moment)
        return add_batches(self._batches, batches, at=at)

    def add_received(self, manifest: Mapping[str, Any], tables: Mapping[str, pa.Table], *, at: datetime) -> StoredPack:
        """Store the tables of a checked pack as kinds ``received/<name>``, encrypted, in one step.

        Parameters
        ----------
        manifest
            Needs ``pack_id``, ``municipality``, ``provider`` and ``as_of`` (ISO 8601 with zone); may have
            ``expires_at``, ``event_id``, ``drill`` and ``area``. All of it is kept.
        tables
            By dataset (lower-case words joined by hyphens), with ``lon`` and ``lat`` or ``geometry`` in EPSG:6668.

        Raises
        ------
        ReceiveError
            If the manifest lacks something, or another pack of that name was received before.
        StoreError
            If the municipality is not one of the store's.
        """
        _require_aware(at)
        return packs.add_received(self._batches, manifest, tables, at=at)

    def current(
        self, kind: str, municipality: str, *, at: datetime | None = None, columns: Sequence[str] | None = None,
        drill: bool = False, event_id: str = "",
    ) -> Current:  # fmt: skip
        """Return the present rows of a kind: the newest active batch of every dataset.

        Parameters
        ----------
        at
            As the store stood at that time; packs that had expired by then are left out. Needed for received kinds.
        columns
            Only these, in this order; None returns the noun's columns and its place (``lon``, ``lat`` in degrees or
            ``geometry`` as WKB, EPSG:6668).
        drill
            Rows of a drill if the kind has any, else the real ones; without it never a row of a drill.
        event_id
            Of a received kind: only what packs of that event brought.
        """
        return self._batches.current(kind, municipality, at=at, columns=columns, drill=drill, event_id=event_id)

    def features(
        self, kind: str, municipality: str, *, bbox: Bbox | None = None, limit: int = 1_000,
        at: datetime | None = None, drill: bool = False,
    ) -> Features:  # fmt: skip
        """Return present rows of a small kind within a box.

        Parameters
        ----------
        bbox
            West, south, east, north in degrees (EPSG:6668); rows that touch it count; rows without a place do not.

        Raises
        ------
        StoreError
            If the kind is kept in snapshots only.
        """
        noun = NOUNS.get(kind)
        if noun is None or noun.bulk or noun.personal:
            raise StoreError("disaster.no_features", kind=kind)
        rows, of_drill = self._batches.present(kind, municipality, at=at, drill=drill)
        with self._database.read() as connection:
            table, more = features.find(connection, noun, rows, bbox=bbox, limit=limit)
        as_of = min((row.as_of for row in rows), default=None)
        return Features(table, as_of, more, of_drill, catalogue.credit(rows))

    def batches(self, kind: str | None = None, municipality: str | None = None) -> tuple[BatchRow, ...]:
        """Return the catalogue, the newest arrival first, purged batches too."""
        with self._database.read() as connection:
            return tuple(catalogue.listed(connection, kind=kind, municipality=municipality))

    def purge(self, batch_id: str, *, at: datetime, reason: str = "") -> bool:
        """Destroy a batch: its key, its rows in SQL and its file; False if that was done before."""
        _require_aware(at)
        with self._database.read() as connection:
            row = catalogue.by_id(connection, batch_id)
        return self._batches.purge([row], at=at, reason=reason) > 0

    def purge_received(self, pack_id: str, *, at: datetime, reason: str = "") -> int:
        """Destroy every batch of a pack; return how many there were."""
        _require_aware(at)
        pack = self.received.get(pack_id)
        with self._database.read() as connection:
            rows = catalogue.of_pack(connection, pack.municipality, pack_id)
        return self._batches.purge(rows, at=at, reason=reason)

    def check_snapshots(self) -> tuple[Damaged, ...]:
        """Compare every snapshot, and every index of who was in a pack, with the SHA-256 that was recorded of it."""
        indexes = (Damaged(*found) for found in self.subjects.damaged())
        return (*self._batches.check(), *indexes)

    def _tidy(self, at: datetime) -> None:
        """Clear away leftovers, unless somebody is writing: then they may be no leftovers."""
        if not self._home.try_writing():
            return
        try:
            self.swept = self._batches.sweep()
            self.settled = self.provisions.settle(at=at)
            self.subjects.sweep()
        finally:
            self._home.stop_writing()


def _require_aware(at: datetime) -> None:
    if at.utcoffset() is None:
        raise ValueError("the store keeps aware times only")


def _require_municipalities(side: Side, municipalities: Sequence[str]) -> None:
    if not municipalities:
        raise StoreError("disaster.no_municipality")
    for code in municipalities:
        if len(code) != 5 or not code.isascii() or not code.isdigit():
            raise StoreError("disaster.municipality_code", municipality=code)
        if side is Side.DEMO and int(code[:2]) <= _LAST_PREFECTURE:
            raise StoreError("disaster.demo_is_invented", municipality=code)


def _require_new(database: Database, folder: Home) -> None:
    """Refuse to make a store where one was finished before."""
    with database.read() as connection:
        if migrate.revision(connection) is None:
            return
        finished = connection.execute(select(meta.c.store_id)).one_or_none()
    if finished is not None:
        raise StoreError("disaster.store_exists", folder=str(folder.path))


def _write_meta(
    connection: Connection, identity: Identity, municipalities: tuple[str, ...], keys: Keys, at: datetime
) -> None:
    """Finish the store: from this row on it exists."""
    connection.execute(insert(ledger_head), {"id": 1, "seq": 0, "hash": GENESIS})
    connection.execute(
        insert(meta),
        {
            "id": 1, "format": FORMAT, "version": VERSION, "store_id": identity.store_id, "side": str(identity.side),
            "municipalities": list(municipalities), "key_check": keys.check, "public_key": keys.public,
            "created_at": at,
        },
    )  # fmt: skip


def _read_meta(database: Database, folder: Home) -> Any:
    """Bring the tables up to date and return what they say of the store."""
    with database.read() as connection:
        if migrate.revision(connection) is None:
            raise StoreError("disaster.no_database", folder=str(folder.path))
        current = migrate.is_current(connection)
    if not current:
        with folder.writing(), database.write() as connection:
            migrate.upgrade(connection)
    with database.read() as connection:
        row = connection.execute(select(meta)).one_or_none()
    if row is None:
        raise StoreError("disaster.no_database", folder=str(folder.path))
    if row.version > VERSION:
        raise StoreError("disaster.store_newer", version=row.version, known=VERSION)
    return row
