"""May this be provided? One question, all agreements, one answer with its reasons.

Nothing is allowed that no clause allows: a request is granted when one clause of one agreement covers all of it, and
two clauses never add up, neither of one agreement nor of several (包括連携, 防災, 見守り, lease). Personal data pass
two more gates, a basis in law and a weighing under 郵便法8条, and go in the mildest mode that serves unless somebody
says why not. Every refusal names what is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agreements.assessment import Assessment
from agreements.checks import CHECKS, SUBJECT, Case, Question, wrong_from_the_start
from agreements.clauses import Clause
from agreements.clock import require_aware
from agreements.decision import Decision, Reason
from agreements.legal import LegalBasis, legal_bases
from agreements.names import is_blank
from agreements.request import PERSONAL_MODES, Event, Mode, Request
from agreements.terms import Agreement

__all__ = ["Decision", "Reason", "decide"]

_Pairs = Sequence[tuple[Agreement, Clause]]


def decide(
    agreements: Iterable[Agreement],
    request: Request,
    *,
    event: Event | None,
    at: datetime,
    assessments: Iterable[Assessment] = (),
    bases: Iterable[LegalBasis] | None = None,
) -> Decision:
    """Decide whether a request may be met at a time; pure, and refused unless one clause covers all of it.

    A drill passes the same gates as a real event: it practises them.

    Parameters
    ----------
    agreements
        All agreements that the store knows; those of other municipalities are passed over.
    event
        The disaster or drill that `request.event_id` names; None in peacetime.
    at
        Time of the decision, aware.
    assessments
        The weighings under 郵便法8条 on record; without one that permits, no personal data are granted.
    bases
        The legal bases; those that come with the package where None.

    Raises
    ------
    RequestError
        If `at` has no zone.
    """
    require_aware(at, "at")
    in_law = {basis.id: basis for basis in (legal_bases() if bases is None else bases)}
    question = Question(request, event, at, in_law, tuple(assessments))
    wrong = wrong_from_the_start(question)
    if wrong is not None:
        return _refused(question, (wrong,), None)
    known = sorted(agreements, key=lambda one: (one.agreement_id, one.effective_from, one.title))
    own = [agreement for agreement in known if request.municipality in agreement.area]
    pairs = [(agreement, clause) for agreement in own for clause in agreement.clauses if clause.formats]
    opening = [(agreement, clause) for agreement, clause in pairs if request.dataset in clause.datasets]
    milder, case = _mildest(opening, question), _first_that_covers(opening, question)
    if case is None:
        return _refused(question, _elsewhere(known, own, request) or _missing_of_nearest(pairs, question), milder)
    if milder is not None and is_blank(request.reason):
        unexplained = case.reason("stronger_without_reason", mode=request.mode, milder=milder.request.mode)
        return _refused(question, (unexplained,), milder)
    return _granted(case, milder)


def _first_that_covers(pairs: _Pairs, question: Question) -> Case | None:
    for agreement, clause in pairs:
        case = Case(agreement, clause, question)
        if all(check(case) is None for check in CHECKS):
            return case
    return None


def _mildest(pairs: _Pairs, question: Question) -> Case | None:
    """Return what would grant the mildest personal mode below the asked one for the same purpose, or None."""
    request = question.request
    if request.mode not in PERSONAL_MODES:
        return None
    for mode in PERSONAL_MODES[: PERSONAL_MODES.index(request.mode)]:
        asked = replace(question, request=replace(request, mode=mode, fields=None))
        case = _first_that_covers(pairs, asked)
        if case is not None:
            return case
    return None


def _why(milder: Case | None) -> Reason | None:
    """Say why the milder mode is proposed: what it keeps from leaving."""
    if milder is None:
        return None
    codes = {
        Mode.FORWARD: "agreements.milder_forward",
        Mode.MATCH: "agreements.milder_match",
        Mode.DWELLING: "agreements.milder_dwelling",
    }
    told = {"article": milder.clause.article, "purpose": milder.request.purpose}
    return Reason(codes[milder.request.mode], told)


def _granted(case: Case, milder: Case | None) -> Decision:
    request, clause, terms, at = case.request, case.clause, case.terms, case.question.at
    asked = terms.columns if request.fields is None else request.fields
    basis, assessment = (case.basis, case.assessment) if case.question.personal else (None, None)
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
        conditions=_conditions(case, basis),
        reasons=(case.reason("granted"),),
        milder=milder.request.mode if milder else None,
        drill=_is_drill(case.question),
        decided_at=at,
        excludes=clause.excludes,
        precision=terms.precision,
        basis_id=basis.id if basis else None,
        basis_article=basis.cited if basis else "",
        assessment_id=assessment.assessment_id if assessment else None,
        channel=clause.channel,
        list_limit=clause.list_limit,
        document_due=case.document_due if case.lacks_document else None,
        milder_why=_why(milder),
    )


def _refused(question: Question, reasons: tuple[Reason, ...], milder: Case | None) -> Decision:
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
        milder=milder.request.mode if milder else None,
        drill=_is_drill(question),
        decided_at=question.at,
        milder_why=_why(milder),
    )


def _is_drill(question: Question) -> bool:
    return question.event is not None and question.event.drill


def _conditions(case: Case, basis: LegalBasis | None) -> tuple[Reason, ...]:
    clause = case.clause
    conditions: list[Reason] = []
    if case.lacks_document:
        conditions.append(case.reason("condition_document", due=case.document_due, hours=clause.document_due_hours))
    if clause.requires_consent:
        conditions.append(case.reason("condition_consent"))
    if clause.excludes:
        conditions.append(case.reason("condition_excludes", excludes=clause.excludes))
    if basis is not None and basis.to_confirm:
        conditions.append(case.reason("condition_lawyer", basis=basis.cited, to_confirm=basis.to_confirm))
    return tuple(conditions)


def _elsewhere(known: Sequence[Agreement], own: Sequence[Agreement], request: Request) -> tuple[Reason, ...]:
    """Say that the place is not covered, or that who asks has an agreement, but not for that place."""
    mine = [one for one in known if one.municipality.asks_as(request.requester)]
    if mine and not any(one in own for one in mine):
        told = {"agreement": mine[0].title, "requester": request.requester, "municipality": request.municipality}
        return (Reason("agreements.other_municipality", told),)
    return () if own else (Reason("agreements.no_agreement", {"municipality": request.municipality}),)


def _missing_of_nearest(pairs: _Pairs, question: Question) -> tuple[Reason, ...]:
    """Return what the clause lacks that comes nearest: first by its subject, then by how little is missing.

    Where even the subject is another, its further lacks would only mislead; then the first one is told alone.
    """
    cases = [Case(agreement, clause, question) for agreement, clause in pairs]
    subjects = [tuple(check(case) for check in SUBJECT) for case in cases]
    if not cases:
        return (Reason("agreements.no_clause", {"dataset": question.request.dataset}),)
    nearest = max(_fits(reasons) for reasons in subjects)
    if not all(nearest):
        reasons = next(reasons for reasons in subjects if _fits(reasons) == nearest)
        return (next(reason for reason in reasons if reason is not None),)
    near = [case for case, reasons in zip(cases, subjects, strict=True) if all(_fits(reasons))]
    found = [[(n, reason) for n, check in enumerate(CHECKS) if (reason := check(case))] for case in near]
    return tuple(reason for _, reason in min(found, key=lambda lacks: (len(lacks), -lacks[0][0])))


def _fits(reasons: Iterable[Reason | None]) -> tuple[bool, ...]:
    return tuple(reason is None for reason in reasons)
