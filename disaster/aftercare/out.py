"""What is out: each pack that was handed over, whether it is due to be deleted, and whom to call about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

from agreements.agreement import Agreement, Contact
from agreements.clock import JST
from agreements.request import PERSONAL_MODES
from agreements.terms import CONTACT_ROLES
from disaster.aftercare.documents import Caller, HashedFile
from disaster.errors import AftercareError
from disaster.store import Provision, Recall, Receipt, Store

#: When a town hall or a post office answers its telephone, Monday to Friday; holidays are not known here.
_OPENS, _CLOSES = time(8, 30), time(17, 15)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class PackOut:
    """A pack that was handed over, with its recall and its last deletion receipt, where there are any."""

    provision: Provision
    recall: Recall | None = None
    receipt: Receipt | None = None

    @property
    def pack_id(self) -> str:
        """Name of the pack."""
        return self.provision.provision_id

    @property
    def agreement_id(self) -> str:
        """The agreement whose clause opened it."""
        return str(self.provision.decision["agreement_id"])

    @property
    def provided_at(self) -> datetime:
        """When it was released."""
        return self.provision.released_at or self.provision.created_at

    @property
    def back(self) -> bool:
        """Whether the recipient declared that nothing of it is left."""
        return self.receipt is not None and self.receipt.complete

    @property
    def due(self) -> datetime | None:
        """By when the recipient deletes it: the recall's day or its expiry, whichever is first; None without either."""
        days = [self.provision.expires_at, self.recall.due_by if self.recall else None]
        return min((day for day in days if day is not None), default=None)

    @property
    def personal(self) -> bool:
        """Whether it is about homes or people."""
        return str(self.provision.decision["mode"]) in PERSONAL_MODES

    @property
    def duty(self) -> bool:
        """Whether its recipient has to delete it some day: what is nobody's secret and never expires stays."""
        return self.personal or self.due is not None

    def overdue(self, at: datetime) -> bool:
        """Whether it should be gone at `at` and no receipt says that it is."""
        return not self.back and self.due is not None and self.due <= at

    def waits(self, at: datetime) -> bool:
        """Whether it was recalled and there is still time."""
        return not self.back and self.recall is not None and not self.overdue(at)

    def files(self) -> tuple[HashedFile, ...]:
        """Return what was handed over, in order of name."""
        kept = self.provision.files
        return tuple(HashedFile(path=path, sha256=kept[path] or None) for path in sorted(kept))


def packs_out(store: Store, municipality: str | None = None) -> tuple[PackOut, ...]:
    """Return every pack that was handed over, the first one first."""
    recalls = {(one.municipality, one.pack_id): one for one in store.recalls.all(municipality)}
    receipts = {(one.municipality, one.pack_id): one for one in store.receipts.all(municipality)}
    handed = [one for one in store.provisions.all(municipality) if one.state == "handed"]
    keys = [(one.municipality, one.provision_id) for one in handed]
    made = [PackOut(one, recalls.get(key), receipts.get(key)) for one, key in zip(handed, keys, strict=True)]
    return tuple(sorted(made, key=lambda one: (one.provided_at, one.pack_id)))


def pack_out(store: Store, pack_id: str, *, municipality: str | None = None) -> PackOut:
    """Return one pack that was handed over.

    Raises
    ------
    AftercareError
        If this store handed over none of that name.
    """
    for one in packs_out(store, municipality):
        if one.pack_id == pack_id:
            return one
    raise AftercareError("disaster.pack_not_out", pack=pack_id)


def agreements_of(store: Store, municipality: str | None = None) -> dict[str, Agreement]:
    """Return the agreements that the store keeps, by their id."""
    return {record.agreement_id: record.agreement for record in store.agreements.all(municipality)}


def calls(agreement: Agreement | None, recipient: str, at: datetime) -> tuple[Caller, ...]:
    """Return whom to call at the recipient, who answers at this hour first; nobody for one outside the agreement."""
    if agreement is None:
        return ()
    sides = {"municipality": agreement.municipality, "post": agreement.post}
    side = next((name for name, party in sides.items() if party.asks_as(recipient)), None)
    return callers((one for one in agreement.contacts if one.side == side), at)


def callers(contacts: Iterable[Contact], at: datetime) -> tuple[Caller, ...]:
    """Return contacts as people to call; at night and at weekends those who answer then come first."""
    found = [
        Caller(role=CONTACT_ROLES.get(one.role, one.role), name=one.name, phone=one.phone, at_night=one.phone_24h)
        for one in contacts
    ]
    return tuple(sorted(found, key=lambda one: not one.at_night) if after_hours(at) else found)


def after_hours(at: datetime) -> bool:
    """Whether offices in Japan are closed at an aware time: nights and weekends."""
    here = at.astimezone(JST)
    return here.weekday() >= _SATURDAY or not _OPENS <= here.time() < _CLOSES
