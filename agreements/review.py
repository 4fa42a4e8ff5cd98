"""Contradictions and gaps of one agreement, each with its place and what to do (``agreement check``).

Reading an agreement refuses what cannot be meant; this finds what can be meant but will fail or surprise on the day:
a term that ran out, nobody to call at night, a clause that the law does not carry, an office that is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from agreements.clausereview import clause_findings
from agreements.clock import japan_date, require_aware
from agreements.decision import Reason
from agreements.finding import LEVELS, Finding, Level
from agreements.schedules import OfficeLine
from agreements.template import template_versions
from agreements.terms import Agreement, last_day
from agreements.vocabulary import PARTIES

__all__ = ["LEVELS", "Finding", "Level", "review"]

#: How long before its end a term without renewal is worth a warning.
ENDS_SOON = timedelta(days=60)


def review(
    agreement: Agreement,
    *,
    at: datetime,
    offices: Mapping[str, OfficeLine] | None = None,
    served_by: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Finding, ...]:
    """Return the contradictions and gaps of an agreement at an aware time, gravest first; pure.

    Parameters
    ----------
    offices
        The post offices that a store knows, by code; the annex is held against them.
    served_by
        Names of the delivery offices by 5-digit municipality code, as tables of large recipients give them.

    Raises
    ------
    RequestError
        If `at` has no zone.
    """
    require_aware(at, "at")
    found = [
        *_term(agreement, at),
        *clause_findings(agreement, at=at),
        *_parties(agreement),
        *_contacts(agreement),
        *_annex(agreement, offices or {}, served_by or {}),
        *_template(agreement),
    ]
    return tuple(sorted(found, key=lambda finding: list(Level).index(finding.level)))


def _found(level: Level, place: str, name: str, **params: object) -> Finding:
    return Finding(level, place, Reason(f"agreements.{name}", params))


def _term(agreement: Agreement, at: datetime) -> Iterator[Finding]:
    day, last = japan_date(at), last_day(agreement)
    if agreement.effective_to is not None and agreement.effective_to < agreement.effective_from:
        days = {"first": agreement.effective_from, "last": agreement.effective_to}
        yield _found(Level.ERROR, "term", "review_term_ends_first", **days)
    if agreement.signed is None:
        yield _found(Level.WARNING, "signed", "review_not_signed")
    first = max(agreement.signed or agreement.effective_from, agreement.effective_from)
    if last is not None and last < day:
        yield _found(Level.ERROR, "term.effective_to", "review_expired", last=last)
    elif last is not None and last - day <= ENDS_SOON:
        yield _found(Level.WARNING, "term.effective_to", "review_ends_soon", last=last)
    if day < first:
        yield _found(Level.NOTE, "term.effective_from", "review_not_begun", first=first)


def _parties(agreement: Agreement) -> Iterator[Finding]:
    own = agreement.municipality
    if not agreement.clauses:
        yield _found(Level.ERROR, "clauses", "review_no_clause")
    if own.code not in agreement.area:
        yield _found(Level.WARNING, "area", "review_area_without_own", city=own.name, code=own.code)
    if not any("災害対策本部" in name for name in (own.name, *own.units)):
        yield _found(Level.NOTE, "municipality.units", "review_no_headquarters", city=own.name)
    sends = any(c.formats and c.from_post for c in agreement.clauses)
    if sends and not agreement.post.signing_key:
        yield _found(Level.WARNING, "post.signing_key", "review_no_signing_key")


def _contacts(agreement: Agreement) -> Iterator[Finding]:
    """Look for somebody to call on each side, at night too; a clause for disasters makes the night matter."""
    by_side = {side: [contact for contact in agreement.contacts if contact.side == side] for side in PARTIES}
    for side, own in by_side.items():
        if not own:
            yield _found(Level.WARNING, "contacts", "review_no_contact", side=side)
        elif any(contact.phone_24h for contact in own):
            continue
        elif any(contact.role == "night" for contact in own):
            yield _found(Level.WARNING, "contacts", "review_night_not_24h", side=side)
        else:
            yield _found(Level.WARNING, "contacts", "review_no_night_contact", side=side)
    phones = [{contact.phone for contact in own} for own in by_side.values()]
    for phone in sorted(set.intersection(*phones)):
        yield _found(Level.WARNING, "contacts", "review_same_phone", phone=phone)


def _annex(
    agreement: Agreement, offices: Mapping[str, OfficeLine], served_by: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """Hold the annex against the offices that are known to deliver into the area."""
    area, listed = set(agreement.area), set(agreement.offices)
    if not listed:
        yield _found(Level.WARNING, "offices", "review_no_offices")
    told: set[str] = {_plain_name(offices[code].name) for code in listed if code in offices}
    told.add(_plain_name(agreement.post.name))
    for code, office in offices.items():
        served = sorted(area & {*office.serves, *((office.municipality,) if office.delivers else ())})
        if served and code not in listed:
            told.add(_plain_name(office.name))
            said = {"office": f"{office.name}（{code}）", "area": "、".join(served)}
            yield _found(Level.WARNING, "offices", "review_office_missing", **said)
        elif code in listed and not served and office.municipality not in area:
            said = {"office": f"{office.name}（{code}）", "area": "、".join(agreement.area)}
            yield _found(Level.NOTE, "offices", "review_office_outside", **said)
    for code in agreement.offices if offices else ():
        if code not in offices:
            yield _found(Level.WARNING, "offices", "review_office_unknown", office=code)
    for municipality in agreement.area:
        for name in served_by.get(municipality, ()):
            if _plain_name(name) not in told:
                said = {"office": name, "area": municipality}
                yield _found(Level.WARNING, "offices", "review_office_missing", **said)


def _plain_name(name: str) -> str:
    """Return an office's name without the word for post office: tables give it with and without."""
    return name.strip().removesuffix("郵便局")


def _template(agreement: Agreement) -> Iterator[Finding]:
    newest = max(template_versions(agreement.template_id), default=agreement.template_version)
    if agreement.template_version < newest:
        said = {"template": agreement.template_id, "newest": newest}
        yield _found(Level.NOTE, "template_version", "review_newer_template", **said)
