"""The overdue list: what the other side should have deleted, and whom to call; what we should have, or still owe."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from disaster.aftercare.documents import Caller
from disaster.aftercare.out import PackOut, agreements_of, calls, packs_out
from disaster.requests import Awaited, OpenReview, awaited_documents, open_reviews
from disaster.store import Store


@dataclass(frozen=True, slots=True)
class Theirs:
    """A pack that its recipient should delete, or should have: `overdue` if its day is past."""

    pack: PackOut
    overdue: bool
    calls: tuple[Caller, ...]


@dataclass(frozen=True, slots=True)
class Ours:
    """A received pack that expired or was recalled and is still in this store, where nobody reads it any more."""

    pack_id: str
    provider: str
    due: datetime
    recalled: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What is due on either side, the longest overdue first.

    `documents` that follow a call and `reviews` of a break-glass are listed from the first day: somebody is to see to
    them before they are late.
    """

    theirs: tuple[Theirs, ...]
    ours: tuple[Ours, ...]
    documents: tuple[Awaited, ...] = ()
    reviews: tuple[OpenReview, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "theirs": [
                {
                    "pack_id": one.pack.pack_id, "recipient": one.pack.provision.recipient, "due": one.pack.due,
                    "overdue": one.overdue, "recalled": one.pack.recall is not None,
                    "partly_deleted": one.pack.receipt is not None,
                    "calls": [call.model_dump() for call in one.calls],
                }
                for one in self.theirs
            ],
            "ours": [
                {"pack_id": one.pack_id, "provider": one.provider, "due": one.due, "recalled": one.recalled}
                for one in self.ours
            ],
            **{
                name: [{"request_id": one.request_id, "due": one.due, "overdue": one.overdue} for one in found]
                for name, found in (("documents", self.documents), ("reviews", self.reviews))
            },
        }  # fmt: skip


def due_list(store: Store, *, at: datetime, municipality: str | None = None) -> Due:
    """Return the packs past their expiry, or recalled, that no receipt says are gone; documents and reviews awaited."""
    agreements = agreements_of(store, municipality)
    theirs = [
        Theirs(one, one.overdue(at), calls(agreements.get(one.agreement_id), one.provision.recipient, at))
        for one in packs_out(store, municipality)
        if one.overdue(at) or one.waits(at)
    ]
    return Due(
        tuple(sorted(theirs, key=_day)),
        _ours_due(store, at=at, municipality=municipality),
        awaited_documents(store, at=at, municipality=municipality),
        open_reviews(store, at=at, municipality=municipality),
    )


def _ours_due(store: Store, *, at: datetime, municipality: str | None = None) -> tuple[Ours, ...]:
    """Return the received packs that we no longer use but have not destroyed yet."""
    active = {
        (row.municipality, row.pack_id) for row in store.batches(municipality=municipality) if row.state == "active"
    }
    recalls = {(one.municipality, one.pack_id): one.due_by for one in store.recalls.all(municipality)}
    found = []
    for pack in store.received.all(municipality):
        key = (pack.municipality, pack.pack_id)
        expired = pack.expires_at if pack.expires_at is not None and pack.expires_at <= at else None
        days = [day for day in (expired, recalls.get(key)) if day is not None]
        if key in active and days:
            found.append(Ours(pack.pack_id, pack.provider, min(days), key in recalls))
    return tuple(sorted(found, key=lambda one: (one.due, one.pack_id)))


def _day(one: Theirs) -> tuple[datetime, str]:
    day = one.pack.due
    return (day if day is not None else one.pack.provided_at), one.pack.pack_id
