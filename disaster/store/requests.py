"""Requests, and the steps that each of them went through."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, insert, select

from agreements.request import Mode, Request
from agreements.workflow import Act, Actor, Course, Role, Step
from disaster.errors import StoreError
from disaster.store.records import Records, one, utc
from disaster.store.tables import request, step


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
            self._ledger.append(connection, "requested", row | {"made_at": utc(new.made_at)}, at=at)
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


class Steps(Records):
    """What was done with each request, by whom; a step that was taken stays."""

    def add(self, municipality: str, request_id: str, new: Step, *, at: datetime) -> Course:
        """Take a step, if it may follow those that were taken; return the course with it.

        Raises
        ------
        WorkflowError
            If it may not: `agreements.workflow` has the rules. Of two people who do the same at once, one is refused.
        StoreError
            If there is no such request.
        """
        self._require_municipality(municipality)
        with self._ledger.transaction() as connection:
            asked = one(connection, request, "request_id", request_id, municipality, lock=True)
            before = _course(connection, asked)
            course = before.next(new.act, new.actor, new.at, new.reason, new.number)
            said = {
                "municipality": municipality, "request_id": request_id, "n": len(before.steps),
                **_step_row(course.steps[-1]),
            }  # fmt: skip
            connection.execute(insert(step), said)
            self._ledger.append(connection, "step_taken", said | {"at": utc(new.at)}, at=at)
        return course

    def of(self, request_id: str, municipality: str | None = None) -> Course:
        """Return the course of a request; one of version 0001 has no steps.

        Raises
        ------
        StoreError
            If there is no such request, or several municipalities have one and none was named.
        """
        with self._database.read() as connection:
            return _course(connection, one(connection, request, "request_id", request_id, municipality))

    def all(self, municipality: str | None = None) -> Mapping[tuple[str, str], Course]:
        """Return the course of every request by municipality and request, read in two queries."""
        asked, taken = select(request.c.municipality, request.c.request_id, request.c.person), select(step)
        if municipality is not None:
            asked = asked.where(request.c.municipality == municipality)
            taken = taken.where(step.c.municipality == municipality)
        with self._database.read() as connection:
            rows = connection.execute(taken.order_by(step.c.municipality, step.c.request_id, step.c.n)).all()
            steps = {
                name: tuple(map(_step, own)) for name, own in groupby(rows, lambda r: (r.municipality, r.request_id))
            }
            return {
                (code, name): Course(name, steps.get((code, name), ()), person)
                for code, name, person in connection.execute(asked)
            }


def _request_row(new: Request) -> dict[str, Any]:
    row = {name: getattr(new, name) for name in Request.__dataclass_fields__}
    return row | {"mode": str(new.mode), "fields": None if new.fields is None else list(new.fields)}


def _request(row: Any) -> Request:
    given = {name: getattr(row, name) for name in Request.__dataclass_fields__ if name != "fields"}
    fields = row._mapping["fields"]
    return Request(**(given | {"mode": Mode(row.mode), "fields": None if fields is None else tuple(fields)}))


def _course(connection: Connection, asked: Any) -> Course:
    where = (step.c.municipality == asked.municipality, step.c.request_id == asked.request_id)
    found = connection.execute(select(step).where(*where).order_by(step.c.n))
    return Course(asked.request_id, tuple(map(_step, found)), asked.person)


def _step(row: Any) -> Step:
    return Step(Act(row.act), Actor(row.person, Role(row.role)), row.at, row.reason, row.number)


def _step_row(taken: Step) -> dict[str, Any]:
    return {
        "act": str(taken.act), "person": taken.actor.name, "role": str(taken.actor.role), "at": taken.at,
        "reason": taken.reason, "number": taken.number,
    }  # fmt: skip
