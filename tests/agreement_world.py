"""Agreements, events, requests and weighings of the invented town 潮見市 99301, for the tests of the decision."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from agreements.agreement import Agreement, Party, new_agreement_text, parse_agreement
from agreements.assessment import Assessment
from agreements.clock import JST
from agreements.decide import Decision, decide
from agreements.request import PERSONAL_MODES, Event, Mode, Request, Trigger, TriggerKind
from agreements.vocabulary import PURPOSES

TOWN = "99301"
POST = Party("潮見郵便局", "S001")
CITY = Party("潮見市", TOWN)
HQ = "潮見市災害対策本部"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=JST)
ONE_SECOND = timedelta(seconds=1)
ONE_HOUR = timedelta(hours=1)

PERMITTED = Assessment(
    assessment_id="A-1",
    municipality=TOWN,
    dataset="delivery-points",
    modes=tuple(PERSONAL_MODES),
    purposes=tuple(PURPOSES),
    outcome="permits",
    guideline="郵便事業分野における個人情報保護に関するガイドラインの解説",
    guideline_version="架空版1",
    weighed_by="個人情報保護の責任者",
    office="架空支社",
    weighed_at=datetime(2026, 4, 1, 9, tzinfo=JST),
    grounds="生命を守る利益が、知られる不利益を上回る。",
)


def agreement(template: str, **changes: Any) -> Agreement:
    """Return an agreement of a template with all its clauses, in force from 2026-04-01 to 2027-03-31."""
    text = new_agreement_text(
        template,
        agreement_id=f"99301-{template}",
        post=POST,
        municipality=CITY,
        offices=["S001", "S002"],
        signed=date(2026, 4, 1),
        effective_from=date(2026, 4, 1),
        effective_to=date(2027, 3, 31),
    )
    return replace(parse_agreement(text), **changes)


OLD = agreement("common-2015")
NEW = agreement("model-emergency-2026")


def request(**changes: Any) -> Request:
    """Return a request by document for homes, with the reason why no milder mode serves."""
    base = Request(
        request_id="R1",
        municipality=TOWN,
        requester=HQ,
        recipient=HQ,
        purpose="safety_check",
        dataset="delivery-points",
        mode=Mode.DWELLING,
        made_at=NOON,
        channel="document",
        document_no="潮防第12号",
        reason="名簿に無い家を回るため",
    )
    return replace(base, **changes)


#: A request that needs neither an event nor a gate, made long before.
PEACE = request(dataset="risk-spots", mode=Mode.LAYER, purpose="planning", made_at=datetime(2026, 1, 1, tzinfo=JST))


def trigger(kind: str, at: datetime = NOON - ONE_HOUR, **changes: Any) -> Trigger:
    """Return a trigger, confirmed where it is a call."""
    return Trigger(TriggerKind(kind), at, "市長", confirmed_by="夜間窓口" if kind == "telephone" else "", **changes)


def event(word: str = "hq_established") -> Event:
    """Return the event that a word means: a kind of trigger, "nothing" for none, and what is odd after a slash."""
    kind, _, change = word.partition("/")
    hour_ago = NOON - ONE_HOUR
    at = NOON + ONE_SECOND if change == "later" else hour_ago
    ended = NOON if change == "ended" else None
    return Event(
        "E1",
        "大雨",
        "99302" if change == "elsewhere" else TOWN,
        change == "drill",
        NOON + ONE_SECOND if change == "future" else hour_ago,
        () if kind == "nothing" else (trigger(kind, at, ended_at=ended),),
        NOON if change == "closed" else None,
    )


def judged(agreements: list[Agreement] | Agreement, asked: Request, **changes: Any) -> Decision:
    """Decide at noon in the event of a headquarters set up, with a weighing that permits, unless changed."""
    given: dict[str, Any] = {"event": event(), "at": NOON, "assessments": [PERMITTED]} | changes
    happened = given["event"]
    named = asked if asked.event_id else replace(asked, event_id=happened.event_id if happened else None)
    return decide([agreements] if isinstance(agreements, Agreement) else agreements, named, **given)


def codes(decision: Decision) -> list[str]:
    """Return the codes of its reasons, without the room's name."""
    return [reason.code.removeprefix("agreements.") for reason in decision.reasons]
