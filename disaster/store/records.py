"""What changes by hand: agreements, events with their triggers, requests. Each change has its entry in the ledger."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from agreements.request import Event, Mode, Request, Trigger, TriggerKind
from disaster.errors import StoreError
from disaster.store.engine import Database
from disaster.store.ledger import Ledger
from disaster.store.tables import agreement, event, request, trigger

_UNKNOWN: Mapping[str, str] = {
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


def one(connection: Connection, table: Table, column: str, name: str, municipality: str | None) -> Any:
    """Return the only row of a name.

    Raises
    ------
    StoreError
        If there is none, or several municipalities have one and none was named.
    """
    query = select(table).where(table.c[column] == name)
    if municipality is not None:
        query = query.where(table.c.municipality == municipality)
    found = connection.execute(query).all()
    if not found:
        raise StoreError(_UNKNOWN[table.name], name=name)
    if len(found) > 1:
        raise StoreError("disaster.name_in_several", name=name)
    return found[0]


@dataclass(frozen=True, slots=True)
class AgreementText:
    """A signed text as it was kept: `number` counts the texts of one agreement, the last is the present one."""

    municipality: str
    agreement_id: str
    number: int
    text: str
    sha256: str
    added_at: datetime


class Agreements(Records):
    """The signed texts; each text that was ever in force stays."""

    def add(self, agreement_id: str, municipality: str, text: str, *, at: datetime) -> bool:
        """Keep a text; False if it is the one that is kept already.

        Parameters
        ----------
        text
            The agreement in TOML as it was signed, byte for byte.
        """
        self._require_municipality(municipality)
        digest = hashlib.sha256(text.encode()).hexdigest()
        where = (agreement.c.municipality == municipality, agreement.c.agreement_id == agreement_id)
        with self._ledger.transaction() as connection:
            last = connection.execute(
                select(agreement.c.number, agreement.c.sha256)
                .where(*where)
                .order_by(agreement.c.number.desc())
                .limit(1)
            ).one_or_none()
            if last is not None and last.sha256 == digest:
                return False
            number = 1 if last is None else last.number + 1
            name = {"municipality": municipality, "agreement_id": agreement_id, "number": number}
            connection.execute(insert(agreement), name | {"text": text, "sha256": digest, "added_at": at})
            self._ledger.append(connection, "agreement_added", name | {"sha256": digest}, at=at)
        return True

    def get(self, agreement_id: str, *, municipality: str | None = None) -> AgreementText:
        """Return the present text of an agreement.

        Raises
        ------
        StoreError
            If there is none, or several municipalities have one and none was named.
        """
        found = [kept for kept in self.all(municipality) if kept.agreement_id == agreement_id]
        if not found:
            raise StoreError("disaster.agreement_not_kept", name=agreement_id)
        if len(found) > 1:
            raise StoreError("disaster.name_in_several", name=agreement_id)
        return found[0]

    def all(self, municipality: str | None = None) -> tuple[AgreementText, ...]:
        """Return the present text of every agreement, in order of municipality and name."""
        query = select(agreement).order_by(agreement.c.municipality, agreement.c.agreement_id, agreement.c.number)
        if municipality is not None:
            query = query.where(agreement.c.municipality == municipality)
        with self._database.read() as connection:
            texts = [AgreementText(**row._mapping) for row in connection.execute(query)]
        return tuple({(kept.municipality, kept.agreement_id): kept for kept in texts}.values())


class Events(Records):
    """Disasters and drills with what was declared in them."""

    def add(self, new: Event, *, at: datetime) -> None:
        """Open an event.

        Raises
        ------
        StoreError
            If the municipality has an event of that name.
        """
        self._require_municipality(new.municipality)
        with self._ledger.transaction() as connection:
            where = (event.c.municipality == new.municipality, event.c.event_id == new.event_id)
            if connection.execute(select(event.c.name).where(*where)).one_or_none() is not None:
                raise StoreError("disaster.event_exists", name=new.event_id)
            row = {"municipality": new.municipality, "event_id": new.event_id, "name": new.name, "drill": new.drill}
            times = {"opened_at": new.opened_at, "closed_at": new.closed_at}
            connection.execute(insert(event), row | times)
            said = row | {"opened_at": _utc(new.opened_at), "closed_at": _utc(new.closed_at)}
            said["triggers"] = [self._keep(connection, row, each) for each in new.triggers]
            self._ledger.append(connection, "event_opened", said, at=at)

    def add_trigger(self, event_id: str, new: Trigger, *, at: datetime, municipality: str | None = None) -> None:
        """Record what was declared or asked."""
        with self._ledger.transaction() as connection:
            of = self._name(connection, event_id, municipality)
            self._ledger.append(connection, "trigger_recorded", of | self._keep(connection, of, new), at=at)

    def end_trigger(
        self, event_id: str, kind: TriggerKind, *, ended_at: datetime, at: datetime, municipality: str | None = None
    ) -> None:
        """Record that a trigger was lifted.

        Raises
        ------
        StoreError
            If no trigger of that kind is in force.
        """
        with self._ledger.transaction() as connection:
            of = self._name(connection, event_id, municipality)
            where = (
                trigger.c.municipality == of["municipality"], trigger.c.event_id == event_id,
                trigger.c.kind == str(kind), trigger.c.ended_at.is_(None),
            )  # fmt: skip
            if connection.execute(update(trigger).where(*where).values(ended_at=ended_at)).rowcount == 0:
                raise StoreError("disaster.no_such_trigger", name=event_id, kind=str(kind))
            said = of | {"kind": str(kind), "ended_at": _utc(ended_at)}
            self._ledger.append(connection, "trigger_ended", said, at=at)

    def close(self, event_id: str, *, closed_at: datetime, at: datetime, municipality: str | None = None) -> None:
        """Record the end of an event."""
        with self._ledger.transaction() as connection:
            of = self._name(connection, event_id, municipality)
            where = (event.c.municipality == of["municipality"], event.c.event_id == event_id)
            connection.execute(update(event).where(*where).values(closed_at=closed_at))
            self._ledger.append(connection, "event_closed", of | {"closed_at": _utc(closed_at)}, at=at)

    def get(self, event_id: str, *, municipality: str | None = None) -> Event:
        """Return an event with its triggers in order of time."""
        with self._database.read() as connection:
            return _event(connection, one(connection, event, "event_id", event_id, municipality))

    def all(self, municipality: str | None = None) -> tuple[Event, ...]:
        """Return the events, the last opened first."""
        query = select(event).order_by(event.c.opened_at.desc(), event.c.municipality, event.c.event_id)
        if municipality is not None:
            query = query.where(event.c.municipality == municipality)
        with self._database.read() as connection:
            return tuple(_event(connection, row) for row in connection.execute(query).all())

    def _name(self, connection: Connection, event_id: str, municipality: str | None) -> dict[str, str]:
        row = one(connection, event, "event_id", event_id, municipality)
        return {"municipality": row.municipality, "event_id": row.event_id}

    def _keep(self, connection: Connection, of: Mapping[str, Any], new: Trigger) -> dict[str, Any]:
        where = (trigger.c.municipality == of["municipality"], trigger.c.event_id == of["event_id"])
        last = connection.scalar(select(func.max(trigger.c.n)).where(*where))
        row = {"kind": str(new.kind), "at": new.at, "by": new.by, "note": new.note, "ended_at": new.ended_at}
        name = {"municipality": of["municipality"], "event_id": of["event_id"], "n": 0 if last is None else last + 1}
        connection.execute(insert(trigger), name | row)
        return row | {"at": _utc(new.at), "ended_at": _utc(new.ended_at)}


def _event(connection: Connection, row: Any) -> Event:
    where = (trigger.c.municipality == row.municipality, trigger.c.event_id == row.event_id)
    found = connection.execute(select(trigger).where(*where).order_by(trigger.c.at, trigger.c.n))
    triggers = tuple(Trigger(TriggerKind(t.kind), t.at, t.by, t.note, t.ended_at) for t in found)
    return Event(row.event_id, row.name, row.municipality, row.drill, row.opened_at, triggers, row.closed_at)


class Requests(Records):
    """Who asked for what and why."""

    def add(self, new: Request, *, at: datetime) -> bool:
        """Keep a request; False if the very same is kept already.

        Raises
        ------
        StoreError
            If another request has that name.
        """
        self._require_municipality(new.municipality)
        row = _request_row(new)
        with self._ledger.transaction() as connection:
            where = (request.c.municipality == new.municipality, request.c.request_id == new.request_id)
            kept = connection.execute(select(request).where(*where)).one_or_none()
            if kept is not None:
                if _request(kept) != new:
                    raise StoreError("disaster.request_exists", name=new.request_id)
                return False
            connection.execute(insert(request), row | {"added_at": at})
            self._ledger.append(connection, "requested", row | {"made_at": _utc(new.made_at)}, at=at)
        return True

    def get(self, request_id: str, *, municipality: str | None = None) -> Request:
        """Return a request."""
        with self._database.read() as connection:
            return _request(one(connection, request, "request_id", request_id, municipality))

    def all(self, municipality: str | None = None) -> tuple[Request, ...]:
        """Return the requests, the last made first."""
        query = select(request).order_by(request.c.made_at.desc(), request.c.municipality, request.c.request_id)
        if municipality is not None:
            query = query.where(request.c.municipality == municipality)
        with self._database.read() as connection:
            return tuple(_request(row) for row in connection.execute(query))


def _request_row(new: Request) -> dict[str, Any]:
    row = {name: getattr(new, name) for name in Request.__dataclass_fields__}
    return row | {"mode": str(new.mode), "fields": None if new.fields is None else list(new.fields)}


def _request(row: Any) -> Request:
    given = {name: getattr(row, name) for name in Request.__dataclass_fields__ if name != "fields"}
    fields = row._mapping["fields"]
    return Request(**(given | {"mode": Mode(row.mode), "fields": None if fields is None else tuple(fields)}))


def _utc(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()
