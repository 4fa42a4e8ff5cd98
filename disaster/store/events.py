"""Disasters and drills: what was declared in them and where they reach."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from agreements.names import is_blank
from agreements.request import Event, EventArea, Trigger, TriggerKind
from disaster.errors import StoreError
from disaster.store.records import Records, one, utc
from disaster.store.tables import event, event_area, trigger


class Events(Records):
    """Disasters and drills with what was declared in them.

    When something was written down is the store's to say: `at` is kept beside the time that is stated, so that nothing
    is back-dated unseen.
    """

    def add(self, new: Event, *, at: datetime) -> None:
        """Open an event.

        Raises
        ------
        StoreError
            If the municipality has an event of that name, or it has none.
        RequestError
            If a trigger is back-dated without a reason.
        """
        self._require_municipality(new.municipality)
        if is_blank(new.event_id) or is_blank(new.name):
            raise StoreError("disaster.event_without_name")
        with self._ledger.transaction() as connection:
            where = (event.c.municipality == new.municipality, event.c.event_id == new.event_id)
            if connection.execute(select(event.c.name).where(*where)).one_or_none() is not None:
                raise StoreError("disaster.event_exists", name=new.event_id)
            row = {"municipality": new.municipality, "event_id": new.event_id, "name": new.name, "drill": new.drill}
            times = {"opened_at": new.opened_at, "closed_at": new.closed_at}
            connection.execute(insert(event), row | times)
            said = row | {name: utc(time) for name, time in times.items()}
            said["triggers"] = [_keep_trigger(connection, row, each, at) for each in new.triggers]
            said["areas"] = [_keep_area(connection, row, each, at) for each in new.areas]
            self._ledger.append(connection, "event_opened", said, at=at)

    def add_trigger(self, event_id: str, new: Trigger, *, at: datetime, municipality: str | None = None) -> None:
        """Record what was declared or asked.

        Raises
        ------
        RequestError
            If it is back-dated without a reason.
        """
        with self._ledger.transaction() as connection:
            of = _name(connection, event_id, municipality)
            said = of | _keep_trigger(connection, of, new, at)
            self._ledger.append(connection, "trigger_recorded", said, at=at)

    def end_trigger(
        self, event_id: str, kind: TriggerKind, *, ended_at: datetime, by: str, at: datetime,
        municipality: str | None = None,
    ) -> None:  # fmt: skip
        """Record that a trigger was lifted, and by whom; the name is in the ledger.

        Raises
        ------
        StoreError
            If no trigger of that kind is in force, or nobody is named.
        RequestError
            If it would end before it began.
        """
        _require_name(by, event_id)
        with self._ledger.transaction() as connection:
            of = _name(connection, event_id, municipality)
            where = (
                trigger.c.municipality == of["municipality"], trigger.c.event_id == event_id,
                trigger.c.kind == str(kind), trigger.c.ended_at.is_(None),
            )  # fmt: skip
            if connection.execute(update(trigger).where(*where).values(ended_at=ended_at)).rowcount == 0:
                raise StoreError("disaster.no_such_trigger", name=event_id, kind=str(kind))
            _require_sound(connection, of)
            said = of | {"kind": str(kind), "ended_at": utc(ended_at), "by": by}
            self._ledger.append(connection, "trigger_ended", said, at=at)

    def add_area(self, event_id: str, new: EventArea, *, at: datetime, municipality: str | None = None) -> bool:
        """Record that the event reaches an area too; False if that is known already."""
        with self._ledger.transaction() as connection:
            of = _name(connection, event_id, municipality)
            if any(area.area_id == new.area_id for area in _areas(connection, of)):
                return False
            self._ledger.append(connection, "area_added", of | _keep_area(connection, of, new, at), at=at)
        return True

    def close(
        self, event_id: str, *, closed_at: datetime, by: str, at: datetime, municipality: str | None = None
    ) -> None:
        """Record the end of an event and who closed it; one that lies ahead may be moved, what is over stays over.

        Raises
        ------
        StoreError
            If it is closed already, or nobody is named.
        RequestError
            If it would close before it opened.
        """
        _require_name(by, event_id)
        with self._ledger.transaction() as connection:
            of = _name(connection, event_id, municipality)
            ended = one(connection, event, "event_id", event_id, of["municipality"]).closed_at
            if ended is not None and ended <= at:
                raise StoreError("disaster.event_over", name=event_id)
            where = (event.c.municipality == of["municipality"], event.c.event_id == event_id)
            connection.execute(update(event).where(*where).values(closed_at=closed_at))
            _require_sound(connection, of)
            self._ledger.append(connection, "event_closed", of | {"closed_at": utc(closed_at), "by": by}, at=at)

    def get(self, event_id: str, *, municipality: str | None = None) -> Event:
        """Return an event with its triggers and areas in order of time."""
        with self._database.read() as connection:
            return _event(connection, one(connection, event, "event_id", event_id, municipality))

    def all(self, municipality: str | None = None) -> tuple[Event, ...]:
        """Return the events, the last opened first."""
        query = select(event).order_by(event.c.opened_at.desc(), event.c.municipality, event.c.event_id)
        if municipality is not None:
            query = query.where(event.c.municipality == municipality)
        with self._database.read() as connection:
            return tuple(_event(connection, row) for row in connection.execute(query).all())


def _require_name(by: str, event_id: str) -> None:
    if is_blank(by):
        raise StoreError("disaster.event_change_without_name", name=event_id)


def _name(connection: Connection, event_id: str, municipality: str | None) -> dict[str, str]:
    """Return the whole name of an event that is about to change."""
    row = one(connection, event, "event_id", event_id, municipality, lock=True)
    return {"municipality": row.municipality, "event_id": row.event_id}


def _require_sound(connection: Connection, of: Mapping[str, str]) -> None:
    """Read an event back before its change is kept: what contradicts itself could never be read again."""
    _event(connection, one(connection, event, "event_id", of["event_id"], of["municipality"]))


def _keep_trigger(connection: Connection, of: Mapping[str, Any], given: Trigger, at: datetime) -> dict[str, Any]:
    """Keep a trigger with the time at which it was written down; return what the ledger says of it."""
    late = at > given.at and (given.recorded_at is None or at > given.recorded_at)
    new = replace(given, recorded_at=at) if late else given
    where = (trigger.c.municipality == of["municipality"], trigger.c.event_id == of["event_id"])
    last = connection.scalar(select(func.max(trigger.c.n)).where(*where))
    name = {"municipality": of["municipality"], "event_id": of["event_id"], "n": 0 if last is None else last + 1}
    said = {"kind": str(new.kind), "by": new.by, "note": new.note, "confirmed_by": new.confirmed_by}
    times = {"at": new.at, "ended_at": new.ended_at, "recorded_at": new.recorded_at}
    connection.execute(insert(trigger), name | said | times)
    return said | {name: utc(time) for name, time in times.items()}


def _keep_area(connection: Connection, of: Mapping[str, Any], new: EventArea, at: datetime) -> dict[str, Any]:
    """Keep an area, added no earlier than it was written down; return what the ledger says of it."""
    name = {"municipality": of["municipality"], "event_id": of["event_id"]}
    added_at = max(new.added_at, at)
    said = {"area_id": new.area_id, "by": new.by}
    connection.execute(insert(event_area), name | said | {"added_at": added_at})
    return said | {"added_at": utc(added_at)}


def _areas(connection: Connection, of: Mapping[str, Any]) -> tuple[EventArea, ...]:
    where = (event_area.c.municipality == of["municipality"], event_area.c.event_id == of["event_id"])
    found = connection.execute(select(event_area).where(*where).order_by(event_area.c.added_at, event_area.c.area_id))
    return tuple(EventArea(row.area_id, row.added_at, row.by) for row in found)


def _event(connection: Connection, row: Any) -> Event:
    where = (trigger.c.municipality == row.municipality, trigger.c.event_id == row.event_id)
    found = connection.execute(select(trigger).where(*where).order_by(trigger.c.at, trigger.c.n))
    triggers = tuple(
        Trigger(TriggerKind(t.kind), t.at, t.by, t.note, t.ended_at, t.recorded_at, t.confirmed_by) for t in found
    )
    areas = _areas(connection, row._mapping)
    return Event(row.event_id, row.name, row.municipality, row.drill, row.opened_at, triggers, row.closed_at, areas)
