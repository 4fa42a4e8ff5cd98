"""What a clause asks of a request: one check each, run in the order of `CHECKS`.

A check returns None where the clause covers the request in that respect, else the reason why it does not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agreements.clock import japan_date
from agreements.decision import Reason
from agreements.format import DataFormat
from agreements.request import Event, Request
from agreements.template import Clause
from agreements.terms import Agreement, in_force, last_day

#: The terms of a clause that does not open what is asked.
NOTHING = DataFormat("", 0, "", "", ())


@dataclass(frozen=True, slots=True)
class Question:
    """A request with all that it is judged by, apart from agreements."""

    request: Request
    event: Event | None
    at: datetime


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
    def document_due(self) -> datetime:
        """Until when a request by telephone holds without a document."""
        return self.request.made_at + timedelta(hours=self.clause.document_due_hours)

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
    """Take the recipient's side as the direction; `_recipient` speaks of somebody who is no party."""
    direction, name = case.clause.direction, case.request.recipient
    to_city, to_post = case.agreement.municipality.goes_by(name), _is_post(case.agreement, name)
    covered = {"both": True, "post_to_city": to_city, "city_to_post": to_post}.get(direction, False)
    if covered or not (to_city or to_post):
        return None
    return case.reason("other_direction", dataset=case.request.dataset, recipient=name)


def _is_post(agreement: Agreement, name: str) -> bool:
    return agreement.post.goes_by(name) or name in agreement.offices


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
    name = case.request.recipient
    if case.agreement.municipality.goes_by(name) or _is_post(case.agreement, name):
        return None
    return case.reason("recipient_no_party", recipient=name)


def _requester(case: Case) -> Reason | None:
    agreement, name = case.agreement, case.request.requester
    if agreement.municipality.asks_as(name) or agreement.post.asks_as(name) or name in agreement.offices:
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


def _telephone(case: Case) -> Reason | None:
    request = case.request
    if request.channel != "telephone" or request.confirmed_by.strip():
        return None
    return case.reason("telephone_unconfirmed")


def _document(case: Case) -> Reason | None:
    request, clause = case.request, case.clause
    if not clause.requires_document or request.document_no.strip():
        return None
    if request.channel == "document":
        return case.reason("document_without_number")
    if clause.document_due_hours == 0:
        return case.reason("document_first")
    if case.question.at > case.document_due:
        return case.reason("document_overdue", due=case.document_due, hours=clause.document_due_hours)
    return None


Check = Callable[[Case], Reason | None]
#: What the clause is about; where one of these fails, it is another clause's matter.
SUBJECT: tuple[Check, ...] = (_opened, _mode, _direction)
#: All checks in the order in which a refusal names what is missing.
CHECKS: tuple[Check, ...] = (
    *SUBJECT, _in_force, _recipient, _requester, _purpose, _fields, _trigger, _telephone, _document,
)  # fmt: skip
