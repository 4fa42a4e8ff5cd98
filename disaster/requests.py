"""The course of a request in the store: asked, decided, approved by another person, or judged alone in an emergency.

Every step names a person and a role and has its entry in the ledger. A step that the rights, the order or the rule of
two persons forbids changes nothing. Where a decision is due (asking, approving, break-glass) it is made anew and
recorded, a refusal with the sentence to say on the telephone.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agreements import workflow
from agreements.clock import JST, japan_date, shown
from agreements.decide import Decision
from agreements.errors import WorkflowError
from agreements.names import name_key
from agreements.request import Request
from agreements.workflow import ACTS, Act, Actor, Course, Role, State, Step
from disaster.errors import ProvideError
from disaster.lateness import document_words
from disaster.models import Side
from disaster.ruling import RefusedError, record_refusal, rule
from disaster.store import Store

#: States in which a request still waits for somebody; what was refused was answered.
WAITING = frozenset({State.REQUESTED, State.APPROVED, State.BREAK_GLASS, State.RELEASED})
#: A request's name becomes the name of a folder.
_REQUEST_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,59}")
_OUT = frozenset({State.RELEASED, State.HANDED, State.RECALLED})
#: End of the name of the post's own work list, which goes out before the municipality's pack of the same request.
WORK_LIST = "-post"
#: Who stands in the steps that a crash left out; the release's own entry in the ledger names the person.
_AFTER_CRASH = Actor("自動記録(中断の後)", Role.OFFICE)

#: Whose people work with a store: who may do something there is named from among them.
_ROLES_OF = {
    Side.POST: frozenset(Role) - {Role.MUNICIPAL_HQ, Role.PREFECTURE},
    Side.MUNICIPALITY: frozenset({Role.MUNICIPAL_HQ, Role.PROTECTION_OFFICER}),
    Side.DEMO: frozenset(Role),
}


@dataclass(frozen=True, slots=True)
class Filed:
    """A request as it stands, its course, and the last decision on it (None where none was due).

    `late` is by how much the document that was just recorded came after its time, None where it did not.
    """

    request: Request
    course: Course
    decision: Decision | None = None
    late: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Awaited:
    """A document that is to follow a request by telephone; `released` tells whether something went out on it."""

    municipality: str
    request_id: str
    due: datetime
    overdue: bool
    released: bool


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A break-glass that nobody has looked at yet."""

    municipality: str
    request_id: str
    step: Step
    due: datetime
    overdue: bool


def new_request_id(store: Store, municipality: str, *, at: datetime) -> str:
    """Return the next free request number of the day in Japan, such as ``R20260101-003``.

    For a municipality that the store does not hold, nothing is kept but the refusal: its number is the time.
    """
    if municipality not in store.municipalities:
        return f"R{at.astimezone(JST):%Y%m%d-X%H%M%S}"
    day = f"R{japan_date(at):%Y%m%d}-"
    taken = {request.request_id for request in store.requests.all(municipality)}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{day}{n:03d}") not in taken)


def require_request_id(request_id: str) -> None:
    """Refuse a request's name that can be no folder's.

    Raises
    ------
    ProvideError
        ``disaster.bad_request_id``.
    """
    if not _REQUEST_ID.fullmatch(request_id):
        raise ProvideError("disaster.bad_request_id", name=request_id[:60])


def submit(store: Store, request: Request, by: Actor, *, at: datetime) -> Filed:
    """Write a request down and decide it; one that is refused is written down as refused, one that stands stays.

    Parameters
    ----------
    by
        Who writes it down: the asking person, or whoever takes the call; the request names the asking person.

    Raises
    ------
    WorkflowError
        If the role may not ask.
    StoreError
        If another request has its number.
    ProvideError
        If its number can be no folder's name.
    """
    require_request_id(request.request_id)
    require_right(store, Act.REQUEST, by)
    asked = Course(request.request_id, asked_by=request.person).next(Act.REQUEST, by, at)
    if request.municipality not in store.municipalities:
        decision = rule(store, request, at=at).decision
        record_refusal(store, decision, by, at=at)
        return Filed(request, asked.next(Act.REFUSE, by, at, _first(decision)), decision)
    with store.writing():
        store.requests.add(request, at=at)
        course = store.steps.of(request.request_id, request.municipality)
        if course.state is not State.NEW:
            return Filed(request, course)
        take(store, request, asked.steps[-1])
        decision = _judge(store, request, by, at=at)
    return Filed(request, store.steps.of(request.request_id, request.municipality), decision)


def approve(
    store: Store, request_id: str, by: Actor, *, at: datetime, reason: str = "", municipality: str | None = None
) -> Filed:
    """Let another person than the requester approve, after deciding anew.

    Raises
    ------
    RefusedError
        If no clause opens it (any more); recorded.
    WorkflowError
        If the role may not approve, it is the requester, or the request does not wait for it.
    """
    return _allow(store, request_id, Step(Act.APPROVE, by, at, reason), municipality)


def break_glass(
    store: Store, request_id: str, by: Actor, *, at: datetime, reason: str, municipality: str | None = None
) -> Filed:
    """Let one person alone open a request, with a reason; a review by another person falls due.

    The clause, the legal basis and the assessment are needed all the same: only the second person is spared.

    Raises
    ------
    RefusedError
        If no clause opens it; recorded.
    WorkflowError
        If the role may not, no reason is given, or the request does not wait for it.
    """
    return _allow(store, request_id, Step(Act.BREAK_GLASS, by, at, reason), municipality)


def reject(
    store: Store, request_id: str, by: Actor, *, at: datetime, reason: str, municipality: str | None = None
) -> Filed:
    """Turn a request down for a reason of the judging person."""
    return _plain(store, request_id, Step(Act.REJECT, by, at, reason), municipality)


def withdraw(
    store: Store, request_id: str, by: Actor, *, at: datetime, reason: str, municipality: str | None = None
) -> Filed:
    """Record that the asking side needs it no more."""
    return _plain(store, request_id, Step(Act.WITHDRAW, by, at, reason), municipality)


def document(
    store: Store, request_id: str, by: Actor, *, at: datetime, number: str, received_at: datetime | None = None,
    reason: str = "", municipality: str | None = None,
) -> Filed:  # fmt: skip
    """Record the document that follows a request by telephone; one that came late says so for ever in its step.

    Parameters
    ----------
    at
        Time of the record; the ledger's entry and, where it differs, the step's reason keep it.
    received_at
        When it came, the time of the step; None for `at`.
    reason
        Why it came late, or was written down late.

    Raises
    ------
    ProvideError
        ``disaster.document_ahead`` if it would come only later.
    """
    came = at if received_at is None else received_at
    if came > at:
        raise ProvideError("disaster.document_ahead", when=shown(came))
    require_right(store, Act.DOCUMENT, by)
    with store.writing():
        found = filed(store, request_id, municipality=municipality)
        request = found.request
        due = None if request.document_no else _document_due(store, found, came)
        late = came - due if due is not None and came > due else None
        step = Step(Act.DOCUMENT, by, came, document_words(due, came, at, reason), number)
        store.steps.add(request.municipality, request.request_id, step, at=at)
    return replace(filed(store, request_id, municipality=request.municipality), late=late)


def close_review(
    store: Store, request_id: str, by: Actor, *, at: datetime, reason: str, municipality: str | None = None
) -> Filed:
    """Record what another person found about a break-glass."""
    return _plain(store, request_id, Step(Act.REVIEW, by, at, reason), municipality)


def filed(store: Store, request_id: str, *, municipality: str | None = None) -> Filed:
    """Return a request as it stands now, with the number of the document that followed, and its course.

    Raises
    ------
    StoreError
        If there is none of that number, or several municipalities have one and none was named.
    """
    request = store.requests.get(request_id, municipality=municipality)
    return _as_it_stands(request, store.steps.of(request_id, request.municipality))


def all_filed(store: Store, municipality: str | None = None) -> tuple[Filed, ...]:
    """Return every request with its course, the last made first."""
    kept = store.requests.all(municipality)
    courses = store.steps.all(municipality)  # read after them: no request is without one
    return tuple(_as_it_stands(one, courses[one.municipality, one.request_id]) for one in kept)


def releasable(
    store: Store, request_id: str, by: Actor, *, at: datetime, municipality: str | None = None
) -> tuple[Request, Course]:
    """Return a request that may go out by the door in the hands of a person; the door decides it once more.

    Raises
    ------
    ProvideError
        If somebody of the asking side would let it out of the post's store.
    WorkflowError
        If it was not approved (or is out already), or the role may not release.
    """
    if store.side is Side.POST and by.role is Role.MUNICIPAL_HQ:
        raise ProvideError("disaster.released_by_asking_side")
    require_right(store, Act.RELEASE, by)
    found = filed(store, request_id, municipality=municipality)
    found.course.next(Act.RELEASE, by, at)
    return found.request, found.course


def released(store: Store, request: Request, by: Actor, *, at: datetime, number: str) -> Course:
    """Record that a pack (its number) of a request is out of hand; the door calls it once the ledger has the hash."""
    return take(store, request, Step(Act.RELEASE, by, at, number=number))


def handed(store: Store, request: Request, by: Actor, *, at: datetime, number: str) -> Course:
    """Record that the pack lies where it is handed over."""
    return take(store, request, Step(Act.HAND, by, at, number=number))


def take(store: Store, request: Request, step: Step) -> Course:
    """Add a step to the course of a request.

    Raises
    ------
    WorkflowError
        If the rights, the order or the rule of two persons forbid it.
    """
    return store.steps.add(request.municipality, request.request_id, step, at=step.at)


def settle(store: Store, *, at: datetime) -> None:
    """Add the steps that a crash left out of courses whose pack is handed over (idempotent).

    Every provision begins with this, so that only the newest can have been cut off.
    """
    packs = [pack for pack in store.provisions.all() if pack.state == "handed"]
    for pack in packs:
        if pack.created_at != packs[0].created_at or pack.provision_id.endswith(WORK_LIST):
            continue
        found = filed(store, pack.request_id, municipality=pack.municipality)
        course = found.course
        if course.releasable:
            course = released(store, found.request, _AFTER_CRASH, at=at, number=pack.provision_id)
        if course.state is State.RELEASED:
            handed(store, found.request, _AFTER_CRASH, at=at, number=pack.provision_id)


def awaited_documents(store: Store, *, at: datetime, municipality: str | None = None) -> tuple[Awaited, ...]:
    """Return the documents that are still to follow requests by telephone, the earliest due first."""
    found = []
    for one in all_filed(store, municipality):
        state = one.course.state
        due = _document_due(store, one, at) if state in WAITING | _OUT and not one.request.document_no else None
        if due is not None:
            found.append(Awaited(one.request.municipality, one.request.request_id, due, due < at, state in _OUT))
    return tuple(sorted(found, key=lambda each: (each.due, each.request_id)))


def overdue_documents(store: Store, *, at: datetime, municipality: str | None = None) -> tuple[Awaited, ...]:
    """Return the documents that did not come in time: what was released on them is flagged until they do."""
    return tuple(one for one in awaited_documents(store, at=at, municipality=municipality) if one.overdue)


def open_reviews(store: Store, *, at: datetime, municipality: str | None = None) -> tuple[OpenReview, ...]:
    """Return every break-glass that waits for another person's look, the earliest due first."""
    found = []
    for one in all_filed(store, municipality):
        due, step = one.course.review_due, one.course.last(Act.BREAK_GLASS)
        if due is not None and step is not None:
            found.append(OpenReview(one.request.municipality, one.request.request_id, step, due, due < at))
    return tuple(sorted(found, key=lambda each: (each.due, each.request_id)))


def _allow(store: Store, request_id: str, step: Step, municipality: str | None) -> Filed:
    """Take a step that opens the door, once it is decided anew; who may not take it learns nothing of the decision."""
    require_right(store, step.act, step.actor)
    with store.writing():
        found = filed(store, request_id, municipality=municipality)
        found.course.next(step.act, step.actor, step.at, step.reason)
        decision = _judge(store, found.request, step.actor, at=step.at)
        if not decision.granted:
            raise RefusedError(decision)
        return replace(found, course=take(store, found.request, step), decision=decision)


def _plain(store: Store, request_id: str, step: Step, municipality: str | None) -> Filed:
    require_right(store, step.act, step.actor)
    with store.writing():
        found = filed(store, request_id, municipality=municipality)
        take(store, found.request, step)
    return filed(store, request_id, municipality=found.request.municipality)


def require_right(store: Store, act: Act, by: Actor) -> None:
    """Refuse an actor without a name, and what a role may not do, whatever the course of a request says.

    Raises
    ------
    WorkflowError
        Naming the roles of this side that may.
    """
    if not name_key(by.name):
        raise WorkflowError("agreements.step_without_name", act=ACTS[act])
    workflow.require_right(act, by.role, among=_ROLES_OF[store.side])


def _as_it_stands(request: Request, course: Course) -> Filed:
    """Return a request with the number of the document that followed it."""
    return Filed(replace(request, document_no=course.document_no or request.document_no), course)


def _judge(store: Store, request: Request, by: Actor, *, at: datetime) -> Decision:
    """Decide and record it; a refusal is a step of the course too."""
    decision = rule(store, request, at=at).decision
    if decision.granted:
        said = {"decision": decision.to_dict(), "by": by.name, "role": str(by.role)}
        store.ledger.record("decided", said, at=at)
    else:
        record_refusal(store, decision, by, at=at)
        take(store, request, Step(Act.REFUSE, by, at, _first(decision)))
    return decision


def _first(decision: Decision) -> str:
    return decision.reasons[0].sentence("ja")


def _document_due(store: Store, one: Filed, at: datetime) -> datetime | None:
    """Return until when a document was to follow: as the release was decided, else as it would be decided now.

    Where nothing is open any more (the event was closed), the document is owed all the same, as it was after the call.
    """
    request = one.request
    if request.channel != "telephone":
        return None
    if one.course.state in _OUT:
        packs = (p for p in store.provisions.all(request.municipality) if p.request_id == request.request_id)
        told = [due for p in packs if p.state != "failed" and (due := p.decision.get("document_due"))]
        return datetime.fromisoformat(told[0]) if told else None
    for when in (at, *(step.at for step in one.course.steps[:1])):
        decision = rule(store, request, at=when).decision
        lacks = [r.params["due"] for r in decision.reasons if r.code == "agreements.document_overdue"]
        due = lacks[0] if lacks else decision.document_due
        if isinstance(due, datetime):
            return due
    return None
