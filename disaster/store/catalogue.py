"""The catalogue in SQL: which batches there are, which of them is the present, and what their files must be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from disaster.errors import StoreError
from disaster.layouts import publisher
from disaster.store.tables import batch, feature, recall, received

#: Batches of a received pack have kinds of their own, so that they never pass for what the store took in itself.
RECEIVED = "received/"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One row of the catalogue.

    `number` counts arrivals within the municipality; `file` is below the store's folder, `size` its bytes.
    """

    municipality: str
    batch_id: str
    number: int
    kind: str
    dataset: str
    drill: bool
    sources: tuple[Mapping[str, Any], ...]
    content_sha256: str | None
    read: int
    accepted: int
    refused: int
    set_aside: Mapping[str, int]
    as_of: datetime
    ingested_at: datetime
    expires_at: datetime | None
    pack_id: str | None
    file: str
    size: int
    sha256: str
    personal: bool
    wrapped_key: bytes | None
    state: str
    purged_at: datetime | None

    @property
    def source_hashes(self) -> list[str]:
        """The SHA-256 of the files it came from, in order of value."""
        return sorted(str(source["sha256"]) for source in self.sources)

    @property
    def credits(self) -> tuple[str, ...]:
        """Who is to be named with the rows (出典), where whoever took them in said so; each once."""
        return tuple(dict.fromkeys(str(source["credit"]) for source in self.sources if source.get("credit")))

    def values(self) -> dict[str, Any]:
        """Return the row as the table wants it."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"sources": list(self.sources)}


def credit(rows: Iterable[BatchRow]) -> str:
    """Say who is to be named with the rows of these batches (出典), each once; "" where nobody is.

    Open data may be passed on only with its publisher's name (CC BY 4.0, 国土数値情報の利用規約): what was said when
    the file was taken in, else the publisher of the known layout that it has, where only that publisher makes such
    files. Headings that any city may use name nobody, and invented rows of a drill are nobody's publication.
    """
    return "、".join(dict.fromkeys(name for row in rows for name in _credited(row)))


def _credited(row: BatchRow) -> Iterator[str]:
    for source in row.sources:
        name = source.get("credit") or ("" if row.drill else publisher(str(source.get("layout"))))
        if name:
            yield str(name)


def _row(found: Any) -> BatchRow:
    values = dict(found._mapping)
    values["sources"] = tuple(values["sources"])
    values["wrapped_key"] = None if values["wrapped_key"] is None else bytes(values["wrapped_key"])
    return BatchRow(**values)


def listed(connection: Connection, *, kind: str | None = None, municipality: str | None = None) -> list[BatchRow]:
    """Return the catalogue, the newest arrival first."""
    query = select(batch).order_by(batch.c.number.desc(), batch.c.municipality)
    if kind is not None:
        query = query.where(batch.c.kind == kind)
    if municipality is not None:
        query = query.where(batch.c.municipality == municipality)
    return [_row(found) for found in connection.execute(query)]


def by_id(connection: Connection, batch_id: str) -> BatchRow:
    """Return one batch.

    Raises
    ------
    StoreError
        If there is none of that name.
    """
    found = connection.execute(select(batch).where(batch.c.batch_id == batch_id)).one_or_none()
    if found is None:
        raise StoreError("disaster.unknown_batch", batch=batch_id)
    return _row(found)


def of_pack(connection: Connection, municipality: str, pack_id: str) -> list[BatchRow]:
    """Return the batches that came with a pack, in the order in which they were stored."""
    query = select(batch).where(batch.c.municipality == municipality, batch.c.pack_id == pack_id)
    return [_row(found) for found in connection.execute(query.order_by(batch.c.number))]


def present(
    connection: Connection, kind: str, municipality: str, *, at: datetime | None, drill: bool, event_id: str = ""
) -> list[BatchRow]:
    """Return the newest active batch of each dataset, in order of the datasets' names.

    Newest is by as-of time, then by arrival. With `at`: as the store stood then, without packs that had expired or were
    recalled. With `event_id`: only what packs of that event brought.
    """
    query = select(batch).where(
        batch.c.municipality == municipality,
        batch.c.kind == kind,
        batch.c.drill == drill,
        batch.c.state == "active",
    )
    if at is not None:
        query = query.where(batch.c.ingested_at <= at, (batch.c.expires_at.is_(None)) | (batch.c.expires_at > at))
        recalled = select(recall.c.pack_id).where(recall.c.municipality == municipality, recall.c.at <= at)
        query = query.where((batch.c.pack_id.is_(None)) | (batch.c.pack_id.not_in(recalled)))
    if event_id:
        of_event = select(received.c.pack_id).where(
            received.c.municipality == municipality, received.c.event_id == event_id
        )
        query = query.where(batch.c.pack_id.in_(of_event))
    newest: dict[str, BatchRow] = {}
    for found in connection.execute(query.order_by(batch.c.as_of, batch.c.number)):
        newest[found.dataset] = _row(found)
    return [newest[dataset] for dataset in sorted(newest)]


def same_again(rows: Iterable[BatchRow], new: BatchRow, newest: BatchRow | None) -> BatchRow | None:
    """Return the batch that `new` would only repeat.

    The present of its dataset if sources and rows are equal, or an older one that says the same of the same moment.
    Equal sources that gave other rows (a gazetteer was added since) or name another publisher are no repetition.
    """

    def equal(other: BatchRow) -> bool:
        return (other.source_hashes, other.credits, other.content_sha256) == (
            new.source_hashes,
            new.credits,
            new.content_sha256,
        )

    if newest is not None and equal(newest):
        return newest
    return next((row for row in rows if row.as_of == new.as_of and equal(row)), None)


def is_beside(one: BatchRow, other: BatchRow) -> bool:
    """Whether two batches are of the same kind, municipality and drill mark: their rows are seen together."""
    return (one.kind, one.municipality, one.drill) == (other.kind, other.municipality, other.drill)


def series(connection: Connection, new: BatchRow) -> list[BatchRow]:
    """Return the active batches of the same kind, municipality, dataset and drill mark."""
    query = select(batch).where(
        batch.c.municipality == new.municipality,
        batch.c.kind == new.kind,
        batch.c.dataset == new.dataset,
        batch.c.drill == new.drill,
        batch.c.state == "active",
    )
    return [_row(found) for found in connection.execute(query.order_by(batch.c.as_of, batch.c.number))]


def add(connection: Connection, new: Sequence[BatchRow]) -> None:
    """Write catalogue rows, numbered in their order of arrival."""
    for row in new:
        last = connection.scalar(select(func.max(batch.c.number)).where(batch.c.municipality == row.municipality))
        connection.execute(insert(batch), row.values() | {"number": (last or 0) + 1})


def purge(connection: Connection, row: BatchRow, *, at: datetime) -> None:
    """Destroy the key of a batch, its rows in SQL, and what could tell what was in its files."""
    forgotten: dict[str, Any] = {"sources": [], "content_sha256": None} if row.personal else {}
    where = (batch.c.municipality == row.municipality, batch.c.batch_id == row.batch_id)
    connection.execute(update(batch).where(*where).values(state="purged", purged_at=at, wrapped_key=None, **forgotten))
    connection.execute(
        delete(feature).where(feature.c.municipality == row.municipality, feature.c.batch_id == row.batch_id)
    )


def active_files(connection: Connection) -> dict[str, BatchRow]:
    """Return every file that readers may open, by its path below the store's folder."""
    query = select(batch).where(batch.c.state == "active")
    return {found.file: _row(found) for found in connection.execute(query)}
