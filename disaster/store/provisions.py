"""Provisions on their way out: staged, released (with their hash in the ledger), handed over, or failed."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from sqlalchemy import Connection, insert, select, update

from disaster.errors import StoreError
from disaster.store.engine import Database
from disaster.store.home import Home, move, remove
from disaster.store.ledger import Ledger
from disaster.store.records import Records, one
from disaster.store.tables import provision, request, subjects


@dataclass(frozen=True, slots=True)
class Provision:
    """One provision; `state` is staging, released, handed or failed; `ended_at` is when it was handed or failed.

    `manifest` is the whole of what the released pack says of itself, None before and for packs of version 0001.
    """

    municipality: str
    provision_id: str
    request_id: str
    state: str
    staging: Path
    final: Path
    sha256: str | None
    decision: Mapping[str, Any]
    reason: str | None
    created_at: datetime
    released_at: datetime | None
    ended_at: datetime | None
    manifest: Mapping[str, Any] | None = None

    @property
    def recipient(self) -> str:
        """Who got it, by name."""
        if self.manifest is not None:
            return str(self.manifest["recipient"]["name"])
        return str(self._request["recipient"])

    @property
    def purpose(self) -> str:
        """What for: a code of ``agreements.vocabulary.PURPOSES``."""
        return str(self._request["purpose"])

    @property
    def event_id(self) -> str | None:
        """The event under which it was released, None in peacetime."""
        event: str | None = self._request["event_id"]
        return event

    @property
    def expires_at(self) -> datetime | None:
        """Until when the recipient may keep it, None where nothing bounds it."""
        said = self.decision["expires_at"] if self.manifest is None else self.manifest["expires_at"]
        return None if said is None else datetime.fromisoformat(said)

    @property
    def drill(self) -> bool:
        """Whether it is of a drill."""
        return bool(self.decision["drill"])

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 (hex) of each file of the pack by its path; none where the store kept no manifest."""
        return {} if self.manifest is None else {file["path"]: file["sha256"] for file in self.manifest["files"]}

    @property
    def _request(self) -> Mapping[str, Any]:
        asked: Mapping[str, Any] = self.decision["request"]
        return asked


class _Where(TypedDict):
    at: datetime
    municipality: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What was left over.

    Staged and never released (`deleted`), released and now in place (`finished`), or released and lost (`failed`).
    """

    deleted: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class Provisions(Records):
    """The provisions of a store.

    A provision is made while its command holds ``Store.writing()`` from `create` to `hand`: whoever opens the store
    meanwhile would otherwise take it for a leftover.
    """

    def __init__(self, database: Database, ledger: Ledger, municipalities: Sequence[str], home: Home) -> None:
        super().__init__(database, ledger, municipalities)
        self._home = home

    def create(
        self, request_id: str, *, decision: Mapping[str, Any], staging: Path, final: Path, at: datetime,
        provision_id: str | None = None, municipality: str | None = None,
    ) -> Provision:  # fmt: skip
        """Register a provision before its first byte is written.

        Parameters
        ----------
        staging, final
            Where it is made and where it goes, on one file system: it is renamed in one step.
        """
        if not self._home.is_writing:
            raise RuntimeError("a provision is made within `with store.writing()`")
        name = provision_id or f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(6)}"
        with self._ledger.transaction() as connection:
            asked = one(connection, request, "request_id", request_id, municipality)
            connection.execute(
                insert(provision),
                {
                    "municipality": asked.municipality, "provision_id": name, "request_id": request_id,
                    "state": "staging", "staging": str(staging.absolute()), "final": str(final.absolute()),
                    "decision": dict(decision), "created_at": at,
                },
            )  # fmt: skip
            return _provision(one(connection, provision, "provision_id", name, asked.municipality))

    def release(
        self, provision_id: str, *, sha256: str, payload: Mapping[str, Any], at: datetime,
        manifest: Mapping[str, Any] | None = None, municipality: str | None = None,
    ) -> None:  # fmt: skip
        """Record in one transaction that the staged files, known by their hash, go out.

        Parameters
        ----------
        sha256
            Of the signed manifest, which holds the hashes of the files.
        payload
            What the ledger says besides: no row, and nothing about the size of the source.
        manifest
            The manifest itself, kept whole: what recall, deadlines and the answer to a person are told from.
        """
        with self._ledger.transaction() as connection:
            values = {"sha256": sha256, "released_at": at, "manifest": None if manifest is None else dict(manifest)}
            row = self._step(connection, provision_id, municipality, "staging", state="released", **values)
            said = _name(row)
            index = connection.scalar(
                select(subjects.c.sha256).where(
                    subjects.c.municipality == row.municipality, subjects.c.pack_id == provision_id
                )
            )
            said |= {"sha256": sha256, "subjects_sha256": index}
            self._ledger.append(connection, "released", {**payload, **said}, at=at)

    def hand(self, provision_id: str, *, at: datetime, municipality: str | None = None) -> None:
        """Record that the files are in their place."""
        with self._ledger.transaction() as connection:
            row = self._step(connection, provision_id, municipality, "released", state="handed", ended_at=at)
            said = _name(row)
            self._ledger.append(connection, "handed", said | {"sha256": row.sha256}, at=at)

    def fail(self, provision_id: str, *, reason: str, at: datetime, municipality: str | None = None) -> None:
        """Record that nothing was handed over, and why."""
        with self._ledger.transaction() as connection:
            row = self._step(connection, provision_id, municipality, None, state="failed", reason=reason, ended_at=at)
            said = _name(row)
            self._ledger.append(connection, "failed", said | {"reason": reason}, at=at)

    def get(self, provision_id: str, *, municipality: str | None = None) -> Provision:
        """Return a provision."""
        with self._database.read() as connection:
            return _provision(one(connection, provision, "provision_id", provision_id, municipality))

    def all(self, municipality: str | None = None) -> tuple[Provision, ...]:
        """Return the provisions, the last made first."""
        query = select(provision).order_by(provision.c.created_at.desc(), provision.c.provision_id)
        if municipality is not None:
            query = query.where(provision.c.municipality == municipality)
        with self._database.read() as connection:
            return tuple(_provision(row) for row in connection.execute(query))

    def pending(self) -> tuple[Provision, ...]:
        """Return the provisions that are neither handed over nor failed, the oldest first."""
        query = select(provision).where(provision.c.state.in_(("staging", "released")))
        with self._database.read() as connection:
            return tuple(_provision(row) for row in connection.execute(query.order_by(provision.c.created_at)))

    def settle(self, *, at: datetime) -> Settled:
        """Put in order what killed commands left: nothing staged stays, everything released is finished or failed."""
        with self._home.writing():
            deleted, finished, failed = [], [], []
            for each in self.pending():
                where: _Where = {"at": at, "municipality": each.municipality}
                if each.state == "staging":
                    remove(each.staging)
                    self.fail(each.provision_id, reason="interrupted_before_release", **where)
                    deleted.append(each.provision_id)
                elif _put_in_place(each):
                    self.hand(each.provision_id, **where)
                    finished.append(each.provision_id)
                else:
                    self.fail(each.provision_id, reason="files_lost_after_release", **where)
                    failed.append(each.provision_id)
            self._home.sweep_staging(set())
        return Settled(tuple(deleted), tuple(finished), tuple(failed))

    def _step(
        self, connection: Connection, provision_id: str, municipality: str | None, before: str | None, **values: Any
    ) -> Any:
        """Move a provision on from a state that allows it; return its row."""
        row = one(connection, provision, "provision_id", provision_id, municipality)
        allowed = (before,) if before else ("staging", "released")
        where = (
            provision.c.municipality == row.municipality, provision.c.provision_id == provision_id,
            provision.c.state.in_(allowed),
        )  # fmt: skip
        if connection.execute(update(provision).where(*where).values(**values)).rowcount != 1:
            raise StoreError("disaster.provision_state", name=provision_id, state=row.state)
        return row


def _name(row: Any) -> dict[str, Any]:
    """Return how the ledger names a provision."""
    return {"provision_id": row.provision_id, "request_id": row.request_id, "municipality": row.municipality}


def _put_in_place(each: Provision) -> bool:
    """Finish the rename that a released provision was killed before; False if its files are nowhere.

    Both places taken means that the final one belongs to somebody else: nothing is overwritten.
    """
    if not each.staging.exists():
        return each.final.exists()
    if each.final.exists():
        return False
    try:
        move(each.staging, each.final)
    except OSError:
        return False
    return True


def _provision(row: Any) -> Provision:
    values = dict(row._mapping)
    return Provision(**(values | {"staging": Path(row.staging), "final": Path(row.final)}))
