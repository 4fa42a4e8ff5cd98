"""Particulars of a request: its area's name, the lateness of its document, what a decision becomes for the store."""

from dataclasses import replace
from datetime import datetime, timedelta

from agreements.agreement import Agreement
from agreements.clock import shown
from agreements.decide import Decision, Reason
from agreements.request import Event, Mode, Request
from agreements.workflow import Act, Course
from disaster.models import AREAS
from disaster.store import Store

#: How the reason of a document's step begins where the document came late; a reason that somebody types comes after
#: `_WHY` and cannot look like it.
_LATE, _WHY = "期限", "理由: "


def document_words(due: datetime | None, came: datetime, at: datetime, reason: str) -> str:
    """Return what the step of a document keeps: by how much it came late, when it was written down, and why."""
    words = [
        f"{_LATE}({shown(due)})を{overrun(came - due)[0]}過ぎて届きました。" if due is not None and came > due else "",
        f"記録は{shown(at)}。" if came != at else "",
        f"{_WHY}{reason.strip()}" if reason.strip() else "",
    ]
    return "".join(words)


def overrun(late: timedelta) -> tuple[str, str]:
    """Say how much time it was, to the minute, in Japanese and in English."""
    minutes = int(late.total_seconds()) // 60
    parts = ((minutes // 1440, "日", "d"), (minutes // 60 % 24, "時間", "h"), (minutes % 60, "分", "min"))
    told = [part for part in parts if part[0]]
    if not told:
        return "1分足らず", "less than a minute"
    return "".join(f"{n}{ja}" for n, ja, _ in told), " ".join(f"{n} {en}" for n, _, en in told)


def said_late(course: Course) -> str:
    """Return what the course says of a document that came late; empty where none did."""
    taken = (step.reason for step in course.steps if step.act is Act.DOCUMENT)
    return next((reason.split("。")[0] for reason in taken if reason.startswith(_LATE)), "")


def area_name(store: Store, request: Request) -> str:
    """Return the name of a request's area; empty where it has none, or the store does not hold it."""
    if request.area is None or request.municipality not in store.municipalities:
        return ""
    events = store.events.all(request.municipality)
    return _areas(store, request, next((one for one in events if one.event_id == request.event_id), None)).get(
        request.area, ""
    )


def area_held(store: Store, request: Request, event: Event | None) -> bool:
    """Tell whether the store knows the asked area as one of that municipality's: decide() cannot look it up."""
    return request.area is None or request.area in _areas(store, request, event)


def _areas(store: Store, request: Request, event: Event | None) -> dict[str, str]:
    """Return the names of the areas of a request's municipality by their ids, in a drill the drill's."""
    drill = event is not None and event.drill
    held = store.current(AREAS.kind, request.municipality, columns=["area_id", "name"], drill=drill).table
    return dict(zip(held.column("area_id").to_pylist(), held.column("name").to_pylist(), strict=True))


def without(decision: Decision, reason: Reason) -> Decision:
    """Turn a grant into a refusal for a reason that only the store can know."""
    return replace(
        decision, granted=False, agreement_id=None, clause_id=None, article="", columns=(), expires_at=None,
        conditions=(), reasons=(reason,), milder=None, milder_why=None, basis_id=None, basis_article="",
        assessment_id=None, document_due=None,
    )  # fmt: skip


def opened(agreements: tuple[Agreement, ...], request: Request, mode: Mode) -> bool:
    """Tell whether some clause opens a mode for the purpose, whatever else it asks."""
    own = (one for one in agreements if request.municipality in one.area)
    clauses = (clause for one in own for clause in one.clauses if request.purpose in clause.purposes)
    return any(clause.data_format(request.dataset, mode) is not None for clause in clauses)
