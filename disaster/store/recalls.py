"""What follows a release: recalls of packs and receipts for their deletion."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import Connection, Table, insert, select

from disaster.errors import StoreError
from disaster.store.records import Records, utc
from disaster.store.tables import provision, recall, receipt, received


@dataclass(frozen=True, slots=True)
class Recall:
    """A pack was asked back: why, by whom, until when it is to be deleted, and which files.

    `files` is the SHA-256 (hex) of each by its path.
    """

    municipality: str
    recall_id: str
    pack_id: str
    reason: str
    by: str
    at: datetime
    due_by: datetime
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A pack was deleted where it had gone: when, by whom and how (消去の方法); `recorded_at` when that was told.

    Not `complete`: copies, or what was passed on, are still out.
    """

    municipality: str
    receipt_id: str
    pack_id: str
    deleted_at: datetime
    by: str
    how: str
    recorded_at: datetime
    complete: bool = True


Note = TypeVar("Note", Recall, Receipt)


class _Notes(Records, Generic[Note]):
    """Notes about packs that this store released or received."""

    _of: ClassVar[type[Any]]
    _table: ClassVar[Table]
    _name: ClassVar[str]
    _time: ClassVar[str]
    _kind: ClassVar[str]

    def add(self, new: Note) -> bool:
        """Keep a note; False if the very same is kept already.

        Raises
        ------
        StoreError
            If the store released and received no such pack, or another note has that name.
        """
        self._require_municipality(new.municipality)
        row = {field.name: getattr(new, field.name) for field in fields(new)}
        name, at = row[self._name], row[self._time]
        where = (self._table.c.municipality == new.municipality, self._table.c[self._name] == name)
        with self._ledger.transaction() as connection:
            kept = connection.execute(select(self._table).where(*where)).one_or_none()
            if kept is not None:
                if self._of(**kept._mapping) != new:
                    raise StoreError("disaster.note_exists", name=name)
                return False
            _require_pack(connection, new.municipality, new.pack_id)
            connection.execute(insert(self._table), row)
            said = {key: utc(value) if isinstance(value, datetime) else value for key, value in row.items()}
            self._ledger.append(connection, self._kind, said, at=at)
        return True

    def of(self, pack_id: str, *, municipality: str | None = None) -> tuple[Note, ...]:
        """Return the notes about a pack, the oldest first."""
        return tuple(note for note in self.all(municipality) if note.pack_id == pack_id)

    def all(self, municipality: str | None = None) -> tuple[Note, ...]:
        """Return the notes, the oldest first."""
        query = select(self._table).order_by(self._table.c[self._time], self._table.c[self._name])
        if municipality is not None:
            query = query.where(self._table.c.municipality == municipality)
        with self._database.read() as connection:
            return tuple(self._of(**row._mapping) for row in connection.execute(query))


class Recalls(_Notes[Recall]):
    """The recalls of a store."""

    _of, _table, _name, _time, _kind = Recall, recall, "recall_id", "at", "recalled"


class Receipts(_Notes[Receipt]):
    """The deletion receipts of a store."""

    _of, _table, _name, _time, _kind = Receipt, receipt, "receipt_id", "recorded_at", "deletion_receipted"


def _require_pack(connection: Connection, municipality: str, pack_id: str) -> None:
    """Refuse a note about a pack that never went out from here or came in here."""
    released = select(provision.c.provision_id).where(
        provision.c.municipality == municipality,
        provision.c.provision_id == pack_id,
        provision.c.released_at.is_not(None),
    )
    came = select(received.c.pack_id).where(received.c.municipality == municipality, received.c.pack_id == pack_id)
    if connection.execute(released.union_all(came)).first() is None:
        raise StoreError("disaster.unknown_release", pack=pack_id)
