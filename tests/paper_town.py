"""Agreements of the invented town for the tests of paper: each test changes what it is about."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from agreements.agreement import Agreement, Contact, Party, Renewal, new_agreement_text, parse_agreement
from agreements.clauses import Clause
from agreements.schedules import OfficeLine

AT = datetime(2026, 11, 22, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
MODEL, OLDER, OLDEST = "model-emergency-2026", "common-2015", "common-1998"
OFFICES = {
    "S001": OfficeLine("潮見郵便局", "架空県潮見市本町1-1", "delivery", "99301", ("99301",)),
    "S002": OfficeLine("潮見港郵便局", "架空県潮見市港1-2", "no_delivery", "99301"),
}
NIGHT = (
    Contact("post", "night", "潮見郵便局 宿直", "099-000-0001", phone_24h=True),
    Contact("municipality", "night", "危機管理課 宿直", "099-000-0002", phone_24h=True),
)


def agreement(template: str = MODEL, **changes: Any) -> Agreement:
    """Return an agreement of the town with all clauses of a template, in force on `AT`, with nothing to find fault."""
    given: dict[str, Any] = {
        "agreement_id": "99301-2026-01", "post": Party("潮見郵便局", "S001", "A" * 43 + "="),
        "municipality": Party("潮見市", "99301", units=("潮見市災害対策本部",)), "effective_from": date(2026, 4, 1),
        "effective_to": date(2027, 3, 31), "signed": date(2026, 4, 1), "offices": ("S001", "S002"),
        "renewal": Renewal(auto=True), "contacts": NIGHT,
    }  # fmt: skip
    return parse_agreement(new_agreement_text(template, **(given | changes)))


def with_clause(of: Agreement, clause_id: str, **changes: Any) -> Agreement:
    """Return the agreement with one clause changed."""
    clauses = tuple(replace(c, **changes) if c.id == clause_id else c for c in of.clauses)
    return replace(of, clauses=clauses)


def clause(of: Agreement, clause_id: str) -> Clause:
    """Return a clause of an agreement."""
    return next(c for c in of.clauses if c.id == clause_id)
