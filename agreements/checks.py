"""What a clause asks of a request: one check each, run in the order of `CHECKS`.

A check returns None where the clause covers the request in that respect, else the reason why it does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from agreements.assessment import Assessment, latest
from agreements.clauses import Clause
from agreements.clock import japan_date
from agreements.decision import Reason
from agreements.format import DataFormat
from agreements.legal import LegalBasis
from agreements.names import is_blank, same_person
from agreements.request import Event, Request
from agreements.terms import Agreement, in_force, last_day
from agreements.vocabulary import DATASETS, RECIPIENTS_OF, third_party

#: The terms of a clause that does not open what is asked.
NOTHING = DataFormat("", 0, "", "", ())


@dataclass(frozen=True, slots=True)
class Question:
    """A request with all that it is judged by, apart from agreements."""

    request: Request
    event: Event | None
    at: datetime
    bases: Mapping[str, LegalBasis]
    assessments: tuple[Assessment, ...] = ()

    @property
    def personal(self) -> bool:
        """Whether it is about a dataset with people in it; an unknown one is taken for such."""
        dataset = DATASETS.get(self.request.dataset)
        return dataset is None or dataset.personal

    @property
    def weighings(self) -> tuple[Assessment, ...]:
        """The assessments of just this: place, dataset, mode and purpose."""
        request = self.request
        return tuple(
            one
            for one in self.assessments
            if one.about(
                municipality=request.municipality, dataset=request.dataset, mode=request.mode, purpose=request.purpose
            )
        )


@dataclass(frozen=True, slots=True)
class Case:
    """One clause held against one question."""

    agreement: Agreement
    clause: Clause
    question: Question

    @property
    def request(self) -> Request:
        """The request of the question."""
        return self.question.request

    @property
    def terms(self) -> DataFormat:
        """What the clause lets go of the asked dataset in the asked mode; a format without columns for nothing."""
        return self.clause.data_format(self.request.dataset, self.request.mode) or NOTHING

    @property
    def lacks_document(self) -> bool:
        """Whether the clause wants a written request of which no number is known."""
        return self.clause.requires_document and is_blank(self.request.document_no)

    @property
    def document_due(self) -> datetime:
        """Until when a request by telephone holds without a document."""
        return self.request.made_at + timedelta(hours=self.clause.document_due_hours)

    @property
    def recipient(self) -> str | None:
        """What kind of recipient the request names (a code of ``RECIPIENTS``); None for somebody unknown."""
        agreement, name = self.agreement, self.request.recipient
        if agreement.municipality.goes_by(name):
            return "municipality"
        if agreement.post.goes_by(name) or name in agreement.offices:
            return "post"
        return third_party(name)

    @property
    def basis(self) -> LegalBasis | None:
        """The first basis in law that the clause names and that allows all of this on the day."""
        request, bases = self.request, self.question.bases
        for basis in (bases[name] for name in self.clause.legal_bases if name in bases):
            if basis.in_force(self.question.at) and basis.allows(
                dataset=request.dataset,
                mode=request.mode,
                purpose=request.purpose,
                direction=self.clause.direction,
                recipient=self.recipient or "",
            ):
                return basis
        return None

    @property
    def assessment(self) -> Assessment | None:
        """The weighing that counts for this request; None where nobody weighed it."""
        return latest(self.question.weighings, self.question.at)

    def reason(self, name: str, **params: object) -> Reason:
        """Return a reason that names the clause and its agreement."""
        told = {"agreement": self.agreement.title, "article": self.clause.article, **params}
        return Reason(f"agreements.{name}", told)


def wrong_from_the_start(question: Question) -> Reason | None:
    """Find what no agreement could heal: a request of tomorrow, or one that does not belong to the event."""
    request, event = question.request, question.event
    if request.made_at > question.at:
        return Reason("agreements.request_in_future", {"made_at": request.made_at})
    if request.event_id != (event.event_id if event else None):
        return Reason(
            "agreements.other_event", {"asked": request.event_id or "-", "given": event.event_id if event else "-"}
        )
    if event is not None and event.municipality != request.municipality:
        return Reason("agreements.event_elsewhere", {"event": event.name, "municipality": event.municipality})
    if request.channel not in ("telephone", "document"):
        return Reason("agreements.unknown_channel", {"channel": request.channel})
    return None


def _opened(case: Case) -> Reason | None:
    dataset = case.request.dataset
    return None if dataset in case.clause.datasets else Reason("agreements.no_clause", {"dataset": dataset})


def _mode(case: Case) -> Reason | None:
    if case.terms is not NOTHING:
        return None
    return Reason("agreements.no_clause_for_mode", {"dataset": case.request.dataset, "mode": case.request.mode})


def _direction(case: Case) -> Reason | None:
    """Take the kind of recipient as the direction; `_recipient` speaks of somebody whom nobody knows."""
    kind = case.recipient
    if kind is None or kind in RECIPIENTS_OF.get(case.clause.direction, ()):
        return None
    return case.reason("other_direction", dataset=case.request.dataset, recipient=case.request.recipient)


def _in_force(case: Case) -> Reason | None:
    agreement, at = case.agreement, case.question.at
    if in_force(agreement, at):
        return None
    if agreement.signed is None:
        return case.reason("not_signed")
    first = max(agreement.signed, agreement.effective_from)
    if japan_date(at) < first:
        return case.reason("not_yet_in_force", first=first)
    return case.reason("expired", last=last_day(agreement))


def _recipient(case: Case) -> Reason | None:
    if case.recipient is None:
        return case.reason("recipient_no_party", recipient=case.request.recipient)
    if case.recipient in case.clause.receivers:
        return None
    return case.reason("other_recipient", recipient=case.request.recipient, recipients=case.clause.recipients)


def _requester(case: Case) -> Reason | None:
    agreement, name = case.agreement, case.request.requester
    if agreement.municipality.asks_as(name) or agreement.post.asks_as(name) or name in agreement.offices:
        return None
    kind = third_party(name) if case.clause.onward else None
    if kind is not None and kind == case.recipient:
        return None
    return case.reason("requester_no_party", requester=name)


def _purpose(case: Case) -> Reason | None:
    purpose, allowed = case.request.purpose, case.clause.purposes
    return None if purpose in allowed else case.reason("other_purpose", purpose=purpose, purposes=allowed)


def _fields(case: Case) -> Reason | None:
    asked, allowed = case.request.fields, case.terms.columns
    if asked is None:
        return None
    if not asked:
        return case.reason("no_fields")
    beyond = tuple(name for name in asked if name not in allowed)
    return case.reason("other_columns", dataset=case.request.dataset, columns=beyond) if beyond else None


def _area(case: Case) -> Reason | None:
    """Keep personal data to where the disaster is; an event without areas is in the whole municipality."""
    question = case.question
    areas = question.event.areas_at(question.at) if question.event and question.personal else ()
    if not areas or question.request.area in areas:
        return None
    if question.request.area is None:
        return case.reason("area_needed", areas=areas)
    return case.reason("outside_areas", area=question.request.area, areas=areas)


def _trigger(case: Case) -> Reason | None:
    kinds, event, at = case.clause.triggers, case.question.event, case.question.at
    if not kinds:
        return None
    if event is None or at < event.opened_at:
        return case.reason("no_trigger", triggers=kinds)
    if event.closed_at is not None and at >= event.closed_at:
        return case.reason("event_closed", event=event.name, closed_at=event.closed_at)
    wanted = [trigger for trigger in event.triggers if trigger.kind in kinds]
    if any(trigger.active(at) for trigger in wanted):
        return None
    ended = [trigger.ended_at for trigger in wanted if trigger.ended_at is not None and trigger.ended_at <= at]
    if ended:
        return case.reason("trigger_ended", ended_at=max(ended), triggers=kinds)
    return case.reason("no_trigger", triggers=kinds)


def _basis(case: Case) -> Reason | None:
    if not case.question.personal or case.basis is not None:
        return None
    bases, request = case.question.bases, case.request
    cited = tuple(bases[name].cited if name in bases else name for name in case.clause.legal_bases)
    asked = {"dataset": request.dataset, "mode": request.mode, "purpose": request.purpose}
    return case.reason("no_legal_basis", bases=cited or "-", **asked)


def _assessment(case: Case) -> Reason | None:
    if not case.question.personal:
        return None
    request, at, counting = case.request, case.question.at, case.assessment
    if counting is None:
        return case.reason("no_assessment", dataset=request.dataset, mode=request.mode, purpose=request.purpose)
    if counting.outcome != "permits":
        return case.reason("assessment_forbids", weighed_by=counting.weighed_by, weighed_at=counting.weighed_at)
    return case.reason("assessment_ended", last=counting.valid_until) if counting.run_out(at) else None


def _telephone(case: Case) -> Reason | None:
    request = case.request
    if request.channel != "telephone":
        return None
    caller = [] if is_blank(request.person) else [request.person]
    if not is_blank(request.confirmed_by) and not same_person(request.confirmed_by, caller):
        return None
    return case.reason("telephone_unconfirmed")


def _document(case: Case) -> Reason | None:
    hours = case.clause.document_due_hours
    if not case.lacks_document:
        return None
    if case.request.channel == "document":
        return case.reason("document_without_number")
    if hours == 0:
        return case.reason("document_first")
    if case.question.at > case.document_due:
        return case.reason("document_overdue", due=case.document_due, hours=hours)
    return None


Check = Callable[[Case], Reason | None]
#: What the clause is about; where one of these fails, it is another clause's matter.
SUBJECT: tuple[Check, ...] = (_opened, _direction, _mode)
#: All checks in the order in which a refusal names what is missing.
CHECKS: tuple[Check, ...] = (
    *SUBJECT, _in_force, _recipient, _requester, _purpose, _fields, _trigger, _area, _basis, _assessment, _telephone,
    _document,
)  # fmt: skip
