"""Verbs about requests: who asks, who approves, what followed; each answer says what to type next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from agreements.names import name_key, same_person
from agreements.plain import plain
from agreements.workflow import Actor, Role, State
from disaster import requests
from disaster.aftercare.out import agreements_of, calls
from disaster.cli.areas import Areas
from disaster.cli.asking import Area, Fields, Number, Recipient, Requester, Tel, Wanted, Why, Wish, draft
from disaster.cli.nextsteps import next_commands
from disaster.cli.options import (
    By,
    Dataset,
    EventOption,
    Municipality,
    Purpose,
    Reason,
    RequestId,
    RoleOption,
    japan_time,
    moment,
    request_id_of,
    who,
)
from disaster.cli.paper import release_form, request_form
from disaster.cli.saying import asked, facts, people_to_call, spoken, state, steps
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, add_noun, table
from disaster.errors import DisasterError
from disaster.lateness import overrun
from disaster.requests import Awaited, Filed
from disaster.ruling import RefusedError, rule
from disaster.store import Store

#: What the list shows by itself: what waits, and what was refused and may be asked about again.
_LISTED = requests.WAITING | {State.REFUSED}
_ASKING = (Role.MUNICIPAL_HQ, Role.PREFECTURE)
Person = Annotated[str, typer.Option(help="要請した人の名(省くと --by) / the person who asks, default --by")]
PersonRole = Annotated[
    str, typer.Option(help="要請した人の役割 / role of the person who asks, such as municipal_hq, prefecture")
]
DocumentNo = Annotated[str, typer.Option(help="受け取った文書の番号 / number of the document")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_noun(
        app,
        "request",
        "要請から承認まで / Requests and their approval",
        {
            "new": request_new,
            "list": request_list,
            "show": request_show,
            "document": request_document,
            "approve": request_approve,
            "reject": request_reject,
            "withdraw": request_withdraw,
            "break-glass": request_break_glass,
            "review": request_review,
            "form": request_form,
            "release-form": release_form,
        },
    )


def request_new(
    shell: Shell,
    *,
    purpose: Purpose,
    by: By,
    role: RoleOption = str(Role.OFFICE),
    person: Person = "",
    person_role: PersonRole = str(Role.MUNICIPAL_HQ),
    tel: Tel = "",
    number: Number = "",
    dataset: Dataset = "delivery-points",
    mode: Wanted = None,
    reason: Why = "",
    area: Area = None,
    field: Fields = None,
    recipient: Recipient = "",
    requester: Requester = "",
    event: EventOption = None,
    own_id: Annotated[
        str | None, typer.Option("--id", help="要請ID(省くと採番) / request id, default a new number")
    ] = None,
    municipality: Municipality = None,
) -> Answer:
    """要請を記録し、提供できるかを判断する / Write a request down and decide it."""
    actor = who(by, role)
    asking = _asking(actor, person, person_role)
    wish = Wish(
        dataset, purpose, mode, recipient, requester, event, municipality, tel, number, area, reason,
        tuple(field or ()), asking.name, str(asking.role),
    )  # fmt: skip
    with shell.store() as store, store.writing():  # the number that is free now must be free when it is used
        request = draft(shell, store, wish)
        filed = requests.submit(store, replace(request, request_id=own_id or request.request_id), actor, at=shell.at)
        seen, calling = _seen(shell, store, filed), _to_call_back(shell, store, filed, actor)
    name = filed.request.request_id
    line = shell.say(
        f"要請 {name} を記録しました({state(shell, filed)}): {asked(shell, filed)}",
        f"Recorded the request {name} ({state(shell, filed)}): {asked(shell, filed)}",
    )
    return _answer(shell, filed, line, *calling, seen=seen)


def _to_call_back(shell: Shell, store: Store, filed: Filed, by: Actor) -> list[str]:
    """Say whom to call back about a call, who answers at this hour first, and when one person did both."""
    request = filed.request
    if request.channel != "telephone":
        return []
    lines = []
    named = filed.decision.agreement_id if filed.decision else None
    found = [
        calls(one, request.recipient, shell.at)
        for key, one in agreements_of(store, request.municipality).items()
        if named in (None, key)
    ]
    people = dict.fromkeys(each for some in found for each in some)
    lines.append(shell.say("折り返しの電話: ", "Call back: ") + people_to_call(shell, people))
    if same_person(by.name, [request.confirmed_by]):
        lines.append(
            shell.say("注意: 記録した人と、折り返して確かめた人が同じです。できれば別の人が折り返してください。",
                      "Note: who wrote it down also called back; let another person call where you can.")
        )  # fmt: skip
    return lines


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an approver has to see: the facts of a request, and the decision in sentences; areas have their names."""

    tables: Sequence[Table] = ()
    lines: Sequence[str] = ()


_NOTHING = _Seen()


def _seen(shell: Shell, store: Store, filed: Filed) -> _Seen:
    areas = Areas(store)
    heads = shell.headings("確かめること/what", "内容/value")
    title = f"{filed.request.request_id} {state(shell, filed)}"
    shown = table(title, heads, facts(shell, filed, areas.asked(filed.request)))
    return _Seen([shown], spoken(shell, areas.said(filed.decision)) if filed.decision else [])


def _asking(actor: Actor, person: str, role: str) -> Actor:
    """Return the person who asks; where somebody of the post writes it down, that person has a name of its own."""
    if name_key(person):
        return who(person, role)
    if actor.role not in _ASKING:
        raise DisasterError("disaster.request_without_person")
    return actor


def request_list(
    shell: Shell,
    *,
    everything: Annotated[bool, typer.Option("--all", help="終わったものも / closed ones too")] = False,
    municipality: Municipality = None,
) -> Answer:
    """要請の一覧 / List the requests that wait for somebody."""
    with shell.store() as store:
        found = [
            one
            for one in requests.all_filed(store, municipality)
            if everything or one.course.state in _LISTED or one.course.review_due is not None
        ]
        areas = Areas(store)
        rows = [_row(shell, one, areas.asked(one.request)) for one in found]
        first = [replace(one, decision=rule(store, one.request, at=shell.at).decision) for one in found[:1]]
    headings = shell.headings("ID/id", "状態/state", "求めるもの/asked", "提供先/recipient", "区域/area", "日時/time")
    made = table(shell.say("要請", "Requests"), headings, rows)
    lines = [line for one in first for line in next_commands(shell, one)]
    return Answer("requests", {"requests": [_document(one) for one in found]}, lines, [made])


def _row(shell: Shell, one: Filed, area: str | None) -> tuple[str, ...]:
    where, when = area or shell.say("全域", "all"), shell.when(one.request.made_at)
    return one.request.request_id, state(shell, one), asked(shell, one), one.request.recipient, where, when


def request_show(shell: Shell, request_id: RequestId, municipality: Municipality = None) -> Answer:
    """要請の経過と、いまの判断を見る / Show the course of a request and how it would be decided now."""
    with shell.store() as store:
        name = request_id_of(store, request_id, municipality)
        filed = requests.filed(store, name, municipality=municipality)
        decision = rule(store, filed.request, at=shell.at).decision
        late = requests.overdue_documents(store, at=shell.at, municipality=filed.request.municipality)
        filed = replace(filed, decision=decision)
        seen = _seen(shell, store, filed)
    heads = shell.headings("日時/time", "行い/act", "人/person", "役割/role", "番号・理由/why")
    title = f"{filed.request.request_id} {state(shell, filed)}: {asked(shell, filed)}"
    seen = replace(seen, tables=[*seen.tables, table(title, heads, steps(shell, filed))])
    return _answer(shell, filed, *_flagged(shell, name, late), seen=seen, showing=True)


def _flagged(shell: Shell, name: str, late: tuple[Awaited, ...]) -> list[str]:
    """Say that the document of this request did not come in time."""
    due = [shell.when(one.due) for one in late if one.request_id == name]
    return [
        shell.say(f"【期限切れ】文書の期限は{when}でした。", f"OVERDUE: the document was due {when}.") for when in due
    ]


def request_document(
    shell: Shell,
    request_id: RequestId,
    *,
    number: DocumentNo,
    by: By,
    role: RoleOption = str(Role.OFFICE),
    when: Annotated[
        datetime | None, moment("受け取った日時(日本時間。省くと今) / when it came, in Japan, default now")
    ] = None,
    reason: Annotated[str, typer.Option(help="遅れて届いた、または遅れて記録する理由 / why it is late")] = "",
    municipality: Municipality = None,
) -> Answer:
    """電話の要請の後に届いた文書を記録する / Record the document that followed a call."""
    with shell.store() as store:
        name = request_id_of(store, request_id, municipality)
        filed = requests.document(
            store, name, who(by, role), at=shell.at, number=number, received_at=japan_time(when, shell), reason=reason,
            municipality=municipality,
        )  # fmt: skip
    lines = [shell.say(f"文書 {number} を記録しました。", f"Recorded the document {number}.")]
    if filed.late is not None:
        ja, en = overrun(filed.late)
        lines.append(shell.say(f"期限を{ja}過ぎて届きました。", f"It came {en} after it was due."))
    return _answer(shell, filed, *lines)


def request_approve(
    shell: Shell,
    request_id: RequestId,
    *,
    by: By,
    role: RoleOption = str(Role.REPRESENTATIVE_OFFICE),
    reason: Reason = "",
    municipality: Municipality = None,
) -> Answer:
    """要請を承認する(要請した人・記録した人はできない) / Approve a request; not by who asked."""
    said = ("{} を承認しました: {}", "Approved {}: {}")
    return _take(shell, requests.approve, request_id, who(by, role), said, reason=reason, municipality=municipality)


def request_break_glass(
    shell: Shell,
    request_id: RequestId,
    *,
    by: By,
    reason: Reason,
    role: RoleOption = str(Role.OFFICE),
    municipality: Municipality = None,
) -> Answer:
    """誰にも連絡がつかないとき一人で認める(後でほかの人が確かめる) / Allow alone; another person reviews it."""
    said = (
        "{} を一人の判断で認めました。ほかの人の事後確認が必要です。",
        "Allowed {} on one person's judgement; another person must review it.",
    )
    return _take(shell, requests.break_glass, request_id, who(by, role), said, reason=reason, municipality=municipality)


def request_reject(
    shell: Shell,
    request_id: RequestId,
    *,
    by: By,
    reason: Reason,
    role: RoleOption = str(Role.REPRESENTATIVE_OFFICE),
    municipality: Municipality = None,
) -> Answer:
    """要請を却下する / Turn a request down."""
    said = ("{} を却下しました。", "Rejected {}.")
    return _take(shell, requests.reject, request_id, who(by, role), said, reason=reason, municipality=municipality)


def request_withdraw(
    shell: Shell,
    request_id: RequestId,
    *,
    by: By,
    reason: Reason,
    role: RoleOption = str(Role.OFFICE),
    municipality: Municipality = None,
) -> Answer:
    """要請の取下げを記録する / Record that a request is withdrawn."""
    said = ("{} の取下げを記録しました。", "Recorded the withdrawal of {}.")
    return _take(shell, requests.withdraw, request_id, who(by, role), said, reason=reason, municipality=municipality)


def request_review(
    shell: Shell,
    request_id: RequestId,
    *,
    by: By,
    reason: Reason,
    role: RoleOption = str(Role.PROTECTION_OFFICER),
    municipality: Municipality = None,
) -> Answer:
    """一人で認めた要請を、ほかの人が後で確かめる / Review what one person allowed alone."""
    said = ("{} の事後確認を記録しました。", "Recorded the review of {}.")
    return _take(
        shell, requests.close_review, request_id, who(by, role), said, reason=reason, municipality=municipality
    )


def _take(
    shell: Shell, act: Callable[..., Filed], request_id: str, by: Actor, said: tuple[str, str], *, reason: str,
    municipality: str | None,
) -> Answer:  # fmt: skip
    """Take a step; one that opens the door shows what was approved, or why a new decision refuses it.

    Parameters
    ----------
    act
        The function of ``disaster.requests`` that takes it.
    said
        What to say of it, in Japanese and in English, with places for the request's number and what it asks for.
    """
    with shell.store() as store:
        name = request_id_of(store, request_id, municipality)
        try:
            filed = act(store, name, by, at=shell.at, reason=reason, municipality=municipality)
        except RefusedError as error:
            return _refused(shell, store, error)
        seen = _seen(shell, store, filed) if filed.decision else _NOTHING
    return _answer(shell, filed, shell.say(*said).format(name, asked(shell, filed)), seen=seen)


def _refused(shell: Shell, store: Store, error: RefusedError) -> Answer:
    """Say why an approval was refused by a new decision, with the sentence for the telephone."""
    if shell.json:
        raise error
    asked_for = error.decision.request
    found = requests.filed(store, asked_for.request_id, municipality=asked_for.municipality)
    found = replace(found, decision=error.decision)
    return _answer(shell, found, seen=_seen(shell, store, found))


def _answer(
    shell: Shell, filed: Filed, *first: str, seen: _Seen = _NOTHING, showing: bool = False
) -> Answer:  # fmt: skip
    """Say what was done, the decision if one was made, and what to type next; `showing` a refusal is no refusal."""
    decision = filed.decision
    lines = [*first, *seen.lines, *next_commands(shell, filed)]
    refused = decision is not None and not decision.granted and not showing
    return Answer("request", _document(filed), lines, seen.tables, code=REFUSED if refused else DONE)


def _document(filed: Filed) -> dict[str, Any]:
    decision = filed.decision.to_dict() if filed.decision else None
    return {"request": plain(filed.request), "course": filed.course.to_dict(), "decision": decision}
