"""What an agreement is: its parties, the municipalities it covers, its term and the clauses switched on."""

import calendar
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from agreements.clauses import Clause
from agreements.clock import japan_date

CONTACT_ROLES = {"head": "責任者", "liaison": "連絡担当", "data": "情報の提供・受領の担当", "night": "夜間・休日"}


@dataclass(frozen=True, slots=True)
class Party:
    """One side of an agreement.

    `code` is the 5-digit municipality code or the office code. `units` are further names under which the party asks
    and receives, such as 災害対策本部. `signing_key` is the Ed25519 public key (base64) with which the party signs
    what it provides; a municipality signs what it passes on and may leave it out.
    """

    name: str
    code: str
    signing_key: str = ""
    units: tuple[str, ...] = ()

    def goes_by(self, name: str) -> bool:
        """Whether `name` is the party's name, code or one of its units, letter by letter."""
        return name in (self.name, self.code, *self.units)

    def asks_as(self, name: str) -> bool:
        """Whether `name` is the party or one of its units, with or without a section after a space."""
        return self.goes_by(name) or name.startswith(
            tuple(f"{own}{space}" for own in (self.name, *self.units) for space in (" ", "\u3000"))
        )


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call: `side` is "post" or "municipality", `phone_24h` whether somebody answers at any hour."""

    side: str
    role: str
    name: str
    phone: str
    phone_24h: bool = False


@dataclass(frozen=True, slots=True)
class Renewal:
    """How the term goes on: by `months` again and again, unless notice is given `notice_days` before an end."""

    auto: bool = False
    months: int = 12
    notice_days: int = 30
    notice_given_on: date | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """What an agreement sets for a clause in place of the template; None keeps the template's word."""

    retention_days: int | None = None
    document_due_hours: int | None = None
    list_limit: int | None = None
    channel: str | None = None
    cost_rule: str | None = None

    def given(self) -> dict[str, Any]:
        """Return those that are set, by name."""
        values = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in values if value is not None}

    def applied(self, clause: Clause) -> Clause:
        """Return the clause with these parameters."""
        return replace(clause, **self.given())


@dataclass(frozen=True, slots=True)
class Agreement:
    """A copy of a signed agreement; `clauses` are those switched on, with the agreement's own parameters.

    `area` holds the 5-digit codes of the municipalities that it covers, `offices` the codes of the annex (別表).
    `signed` is None for a draft, which is never in force. `effective_to` None means without end.
    """

    agreement_id: str
    title: str
    template_id: str
    template_version: int
    post: Party
    municipality: Party
    area: tuple[str, ...]
    offices: tuple[str, ...]
    signed: date | None
    effective_from: date
    effective_to: date | None
    renewal: Renewal
    clauses: tuple[Clause, ...]
    contacts: tuple[Contact, ...] = ()


def duplicates(a: Agreement, b: Agreement) -> bool:
    """Whether two agreements are the same one: same template, same parties, same period.

    Several agreements between the same parties hold beside each other (包括連携, 防災, 見守り, 賃貸借); only a second
    copy of one of them would leave open which of the two holds. Neither id, title nor template version matter.
    """

    def identity(one: Agreement) -> tuple[object, ...]:
        period = (one.effective_from, one.effective_to)
        return (one.template_id, one.post.code, one.municipality.code, *period)

    return identity(a) == identity(b)


def in_force(agreement: Agreement, at: datetime) -> bool:
    """Whether the agreement holds at an aware time: whole days of Japan, first and last day included."""
    day = japan_date(at)
    if agreement.signed is None or day < max(agreement.signed, agreement.effective_from):
        return False
    last = last_day(agreement)
    return last is None or day <= last


def last_day(agreement: Agreement) -> date | None:
    """Return the last day of the term, or None while nothing ends it.

    With automatic renewal the term goes on until an end that a notice precedes by `notice_days`; a notice that comes
    too late for one end counts for the next.
    """
    first_end, renewal = agreement.effective_to, agreement.renewal
    if first_end is None or not renewal.auto:
        return first_end
    if renewal.notice_given_on is None:
        return None
    needed = renewal.notice_given_on + timedelta(days=renewal.notice_days)
    periods, end = 0, first_end
    while end < needed:
        periods += 1
        end = _later(first_end, periods * renewal.months)
    return end


def _later(last: date, months: int) -> date:
    """Return the last day of a term so many months later; a term to the end of a month stays so."""
    following = last + timedelta(days=1)
    years, month = divmod(following.month - 1 + months, 12)
    year = following.year + years
    day = min(following.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) - timedelta(days=1)
