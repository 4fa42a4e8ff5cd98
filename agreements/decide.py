"""May this be provided? One question, all agreements, one answer with its reasons.

Nothing is allowed that no clause allows: a request is granted when one clause of one agreement covers all of it, and
two clauses never add up. Every refusal names what is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agreements.checks import CHECKS, SUBJECT, Case, Question, wrong_from_the_start
from agreements.clock import require_aware
from agreements.decision import Decision, Reason
from agreements.request import PERSONAL_MODES, Event, Mode, Request
from agreements.template import Clause
from agreements.terms import Agreement

__all__ = ["Decision", "Reason", "decide"]

_Pairs = Sequence[tuple[Agreement, Clause]]


def decide(agreements: Iterable[Agreement], request: Request, *, event: Event | None, at: datetime) -> Decision:
    """Decide whether a request may be met at a time; pure, and refused unless one clause covers all of it.

    Parameters
    ----------
    agreements
        All agreements that the store knows; those of other municipalities are passed over.
    event
        The disaster or drill that `request.event_id` names; None in peacetime.
    at
        Time of the decision, aware.

    Raises
    ------
    RequestError
        If `at` has no zone.
    """
    require_aware(at, "at")
    question = Question(request, event, at)
    wrong = wrong_from_the_start(question)
    if wrong is not None:
        return _refused(question, (wrong,), None)
    own = [agreement for agreement in agreements if request.municipality in agreement.area]
    own.sort(key=lambda agreement: (agreement.agreement_id, agreement.effective_from, agreement.title))
    pairs = [(agreement, clause) for agreement in own for clause in agreement.clauses if clause.formats]
    milder = _milder(pairs, question)
    case = _first_that_covers(pairs, question)
    if case is not None:
        return _granted(case, milder)
    missing = _missing_of_nearest(pairs, question)
    if not own:
        missing = (Reason("agreements.no_agreement", {"municipality": request.municipality}),)
    return _refused(question, missing, milder)


def _first_that_covers(pairs: _Pairs, question: Question) -> Case | None:
    for agreement, clause in pairs:
        case = Case(agreement, clause, question)
        if all(check(case) is None for check in CHECKS):
            return case
    return None


def _milder(pairs: _Pairs, question: Question) -> Mode | None:
    """Return the mildest personal mode, milder than the requested one, that would be granted for the same purpose."""
    request = question.request
    if request.mode not in PERSONAL_MODES:
        return None
    for mode in PERSONAL_MODES[: PERSONAL_MODES.index(request.mode)]:
        asked = replace(question, request=replace(request, mode=mode, fields=None))
        if _first_that_covers(pairs, asked) is not None:
            return mode
    return None


def _granted(case: Case, milder: Mode | None) -> Decision:
    request, clause, terms, at = case.request, case.clause, case.terms, case.question.at
    asked = terms.columns if request.fields is None else request.fields
    return Decision(
        granted=True,
        dataset=request.dataset,
        mode=request.mode,
        request=request,
        agreement_id=case.agreement.agreement_id,
        clause_id=clause.id,
        article=clause.article,
        columns=tuple(name for name in terms.columns if name in asked),
        area=request.area,
        expires_at=at + timedelta(days=clause.retention_days),
        conditions=_conditions(case),
        reasons=(case.reason("granted"),),
        milder=milder,
        drill=_is_drill(case.question),
        decided_at=at,
        excludes=clause.excludes,
        precision=terms.precision,
    )


def _refused(question: Question, reasons: tuple[Reason, ...], milder: Mode | None) -> Decision:
    request = question.request
    return Decision(
        granted=False,
        dataset=request.dataset,
        mode=request.mode,
        request=request,
        agreement_id=None,
        clause_id=None,
        article="",
        columns=(),
        area=request.area,
        expires_at=None,
        conditions=(),
        reasons=reasons,
        milder=milder,
        drill=_is_drill(question),
        decided_at=question.at,
    )


def _is_drill(question: Question) -> bool:
    return question.event is not None and question.event.drill


def _conditions(case: Case) -> tuple[Reason, ...]:
    clause = case.clause
    conditions: list[Reason] = []
    if clause.requires_document and not case.request.document_no.strip():
        conditions.append(case.reason("condition_document", due=case.document_due, hours=clause.document_due_hours))
    if clause.requires_consent:
        conditions.append(case.reason("condition_consent"))
    if clause.excludes:
        conditions.append(case.reason("condition_excludes", excludes=clause.excludes))
    return tuple(conditions)


def _missing_of_nearest(pairs: _Pairs, question: Question) -> tuple[Reason, ...]:
    """Return what the clause lacks that comes nearest: first by its subject, then by how little is missing.

    Where even the subject is another, its further lacks would only mislead; then the first one is told alone.
    """
    best: tuple[tuple[tuple[bool, ...], int, int], list[Reason]] | None = None
    for agreement, clause in pairs:
        case = Case(agreement, clause, question)
        found = [(index, reason) for index, check in enumerate(CHECKS) if (reason := check(case)) is not None]
        lacks = {index for index, _ in found}
        subject = tuple(index not in lacks for index in range(len(SUBJECT)))
        rank = (subject, -len(found), found[0][0])
        if best is None or rank > best[0]:
            best = rank, [reason for _, reason in found]
    if best is None:
        return (Reason("agreements.no_clause", {"dataset": question.request.dataset}),)
    return tuple(best[1]) if all(best[0][0]) else (best[1][0],)
