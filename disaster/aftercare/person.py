"""To whom was this person's data given? Answered from keyed hashes, without exposing anyone else.

The index keeps no name: a question is hashed as the rows were when they left, so it can be answered after everything
was purged, and only for one name and address (or delivery point) at a time. Who asks, as whom and how the asking person
was checked stands in the ledger; the name, the address and their hashes do not. The answer for a protected person
(支援措置) and for one who was never there is the same by itself: neither was ever in a list of names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np

from agreements.clock import shown
from agreements.request import Mode
from agreements.vocabulary import DATASETS, MODES, PURPOSES
from agreements.workflow import ROLES, Actor, Role
from disaster.aftercare.out import PackOut, agreements_of, packs_out
from disaster.aftercare.spellings import spellings
from disaster.errors import AftercareError
from disaster.models import GAZETTEER
from disaster.store import Store
from geo.faults import Lang

#: Who may ask: those who answer to the person for the protection of the data, on either side, and nobody at a counter.
MAY_ASK = frozenset({Role.PROTECTION_OFFICER, Role.JP_HQ})


class Met(StrEnum):
    """How a pack was found: what stood in it."""

    PERSON = "person"  # this name at this address
    HOME = "home"  # the home, by its address or delivery point; nobody is named there


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a question is about: name and address as the asking person writes them, with or without a building.

    Width, case, variant kanji, prefecture and municipality do not matter. Tried too: 丁目 written as a hyphen, and the
    address up to the house number, since a register writes the building here or there. The delivery point, where it is
    known, finds the home however its address is written.
    """

    name: str = field(repr=False)
    address: str = field(repr=False)
    point_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Given:
    """One pack in which the person or the home was; not `sure` where the address was written otherwise than asked."""

    pack: PackOut
    met: Met
    sure: bool = True

    @property
    def mode(self) -> Mode:
        """In what form."""
        return Mode(str(self.pack.provision.decision["mode"]))

    @property
    def clause(self) -> str:
        """Agreement, article and, where the decision names one, the legal basis."""
        said = self.pack.provision.decision
        basis = said.get("basis_article")
        return f"{said['agreement_id']} {said['article']}" + (f"(根拠 {basis})" if basis else "")

    @property
    def columns(self) -> tuple[str, ...]:
        """Labels of the columns that the clause opened."""
        said = self.pack.provision.decision
        known = DATASETS[str(said["dataset"])].columns
        return tuple(known[name].label for name in said["columns"] if name in known)

    def form(self, lang: Lang) -> str:
        """Say the form in words: for a home, that no name was in it."""
        return MODES[str(self.mode)][lang == "en"]

    def state(self, at: datetime) -> tuple[str, str]:
        """Say where it stands now."""
        if self.pack.back and self.pack.receipt is not None:
            when = self.pack.receipt.deleted_at
            return f"{shown(when)}に削除", f"deleted {shown(when, 'en')}"
        if self.pack.recall is not None:
            return "回収中", "recalled"
        due = self.pack.due
        if due is None:
            return "提供先が保有(期限なし)", "held, no end"
        if due <= at:
            return "期限切れ(削除の報告なし)", "expired, not receipted"
        return f"提供先が保有({shown(due)}まで)", f"held until {shown(due, 'en')}"

    def to_dict(self, at: datetime) -> dict[str, object]:
        """Return it for JSON."""
        of = self.pack.provision
        return {
            "pack_id": self.pack.pack_id, "met": str(self.met), "sure": self.sure, "provided_at": self.pack.provided_at,
            "recipient": of.recipient, "purpose": of.purpose, "mode": str(self.mode), "clause": self.clause,
            "columns": list(self.columns), "event_id": of.event_id, "drill": of.drill, "expires_at": of.expires_at,
            "state": self.state(at)[0],
        }  # fmt: skip

    def purpose(self, lang: Lang) -> str:
        """Say what it was for."""
        code = self.pack.provision.purpose
        return PURPOSES.get(code, (code, code))[lang == "en"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the index can tell, and what it cannot: packs of an earlier version have no index."""

    given: tuple[Given, ...]
    searched: int
    unindexed: tuple[str, ...]


def given_to(store: Store, subject: Subject, *, by: Actor, checked: str, at: datetime, municipality: str) -> Answer:
    """Tell to whom the data of a person, or the home, were given, when and under which clause.

    Parameters
    ----------
    by
        Who looks; a protection officer or the headquarters of the post.
    checked
        How it was made sure that the asking person is this person or may act for it; it goes into the ledger.

    Raises
    ------
    AftercareError
        If the role may not ask, nothing says how the person was checked, or name or address is missing.
    """
    _require_may_ask(by, checked)
    if not subject.name.strip() or not (subject.address.strip() or subject.point_id.strip()):
        raise AftercareError("disaster.person_incomplete")
    found = _found(store, subject, municipality, at)
    packs = packs_out(store, municipality)
    given = tuple(Given(pack, *found[pack.pack_id]) for pack in packs if pack.pack_id in found)
    unindexed = tuple(store.subjects.unindexed(municipality))
    said = {"municipality": municipality, "by": by.name.strip(), "role": str(by.role), "checked": checked.strip()}
    store.ledger.record("person_asked", said, at=at)
    searched = [pack for pack in packs if pack.personal and pack.pack_id not in unindexed]
    return Answer(given, len(searched), unindexed)


def _require_may_ask(by: Actor, checked: str) -> None:
    if by.role not in MAY_ASK:
        roles = "、".join(_role(role) for role in Role if role in MAY_ASK)
        raise AftercareError("disaster.may_not_ask", role=_role(by.role), roles=roles)
    if not by.name.strip() or not checked.strip():
        raise AftercareError("disaster.person_unchecked")


def _role(role: Role) -> str:
    return f"{ROLES[role][0]}({role})"


def _found(store: Store, subject: Subject, municipality: str, at: datetime) -> Mapping[str, tuple[Met, bool]]:
    """Return the packs that are met: the strongest thing that stands in each, and whether the place is surely meant."""
    subjects = store.subjects
    found: dict[str, tuple[Met, bool]] = {}

    def look(keys: np.ndarray, met: Met, *, sure: bool) -> None:
        for pack_id in subjects.packs_of(keys, municipality=municipality) if len(keys) else ():
            found.setdefault(pack_id, (met, sure))

    place = _place(store, municipality, at)
    ways = sorted(spellings(subject.address, **place), key=lambda one: not one.sure)
    for way in ways:
        look(subjects.persons([subject.name], [way.text]), Met.PERSON, sure=way.sure)
    look(subjects.points([subject.point_id.strip() or None]), Met.HOME, sure=True)
    for way in ways:
        look(subjects.addresses([way.text]), Met.HOME, sure=way.sure)
    return found


def _place(store: Store, municipality: str, at: datetime) -> dict[str, str]:
    """Return how the municipality and its prefecture are written, as far as the store knows."""
    towns = store.current(GAZETTEER.kind, municipality, at=at, columns=["pref", "city"]).table.slice(0, 1).to_pylist()
    if towns:
        return {name: towns[0][name] or "" for name in ("pref", "city")}
    named = (one.municipality.name for one in agreements_of(store, municipality).values())
    return {"pref": "", "city": next(named, "")}
