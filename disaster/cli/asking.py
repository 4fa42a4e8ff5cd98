"""What is asked for, as it is typed: from options with good defaults to a request; and the verb decide."""

import re
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from agreements.agreement import in_force
from agreements.request import Event, Mode, Request
from agreements.vocabulary import PURPOSES
from disaster import requests
from disaster.cli.areas import Areas, area_typed
from disaster.cli.options import (
    MODES_IN_WORDS,
    PURPOSES_IN_WORDS,
    Dataset,
    EventOption,
    Municipality,
    Purpose,
    open_event,
    typed_purpose,
)
from disaster.cli.saying import spoken
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, add_verbs
from disaster.errors import DisasterError
from disaster.ruling import area_names, mildest, rule
from disaster.store import Store

Wanted = Annotated[
    Mode | None,
    typer.Option(
        metavar="match", help="形(省くと、目的にかなう最も穏やかな形) / mode, default the mildest: " + MODES_IN_WORDS
    ),
]
Recipient = Annotated[str, typer.Option(help="提供先(省くと協定の市区町村) / recipient")]
Requester = Annotated[str, typer.Option(help="要請した組織・係(省くと提供先) / who requests")]
Tel = Annotated[
    str, typer.Option(help="電話の要請: 折り返して確かめた人の名 / by telephone: who called back and confirmed")
]
Number = Annotated[str, typer.Option(help="文書の要請: 文書番号 / by document: its number")]
Area = Annotated[str | None, typer.Option(help="区域の名またはID(省くと全域。災害の区域が一つならそれ) / area")]
Why = Annotated[str, typer.Option(help="より強い形が必要な理由 / why a milder mode does not serve")]
Fields = Annotated[list[str] | None, typer.Option("--field", help="項目(繰り返し可、省くと全部) / columns")]


def add_to(app: typer.Typer) -> None:
    """Register the verb of this module."""
    add_verbs(app, {"decide": decide})


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options say, before defaults are filled in from the store; the words are those of `Request`."""

    dataset: str
    purpose: str
    mode: Mode | None
    recipient: str
    requester: str
    event: str | None
    municipality: str | None
    tel: str
    number: str
    area: str | None
    reason: str
    fields: tuple[str, ...] = ()
    person: str = ""
    role: str = ""


def decide(
    shell: Shell,
    *,
    dataset: Dataset = "delivery-points",
    purpose: Purpose,
    mode: Wanted = None,
    recipient: Recipient = "",
    requester: Requester = "",
    event: EventOption = None,
    municipality: Municipality = None,
    tel: Tel = "",
    number: Number = "",
    area: Area = None,
    reason: Why = "",
    field: Fields = None,
) -> Answer:
    """提供できるかを判断する(記録しない) / Decide without recording."""
    wish = Wish(
        dataset, purpose, mode, recipient, requester, event, municipality, tel, number, area, reason,
        tuple(field or ()),
    )  # fmt: skip
    with shell.store() as store:
        decision = rule(store, draft(shell, store, wish), at=shell.at).decision
        said = spoken(shell, Areas(store).said(decision))
    return Answer("decide", decision.to_dict(), said, code=DONE if decision.granted else REFUSED)


def draft(shell: Shell, store: Store, wish: Wish) -> Request:
    """Build a request from a wish: the open event, its only area, the agreement's municipality, the mildest mode.

    Raises
    ------
    DisasterError
        If neither a confirmed call nor a document is named, or it cannot be told which event or area is meant.
    """
    _require_channel(wish)
    code = _municipality(shell, store, wish.municipality)
    found = open_event(shell, store, code, wish.event)
    whom = wish.recipient or _city(shell, store, code)
    request = Request(
        request_id=requests.new_request_id(store, code, at=shell.at), municipality=code,
        requester=wish.requester or whom, recipient=whom, purpose=typed_purpose(wish.purpose), dataset=wish.dataset,
        mode=wish.mode or Mode.DWELLING, made_at=shell.at, channel="telephone" if wish.tel.strip() else "document",
        confirmed_by=wish.tel, document_no=wish.number, event_id=found.event_id if found else None,
        fields=wish.fields or None, area=_area(shell, store, code, found, wish.area), reason=wish.reason,
        person=wish.person, role=wish.role,
    )  # fmt: skip
    return request if wish.mode else replace(request, mode=mildest(store, request, at=shell.at))


def _require_channel(wish: Wish) -> None:
    """Refuse a wish of which it is not said how it came; an unknown purpose is told with it, not only the next time."""
    if bool(wish.tel.strip()) != bool(wish.number.strip()):
        return
    if typed_purpose(wish.purpose) in PURPOSES:
        raise DisasterError("disaster.call_or_document")
    raise DisasterError("disaster.channel_and_purpose", purpose=wish.purpose, known=PURPOSES_IN_WORDS)


def _municipality(shell: Shell, store: Store, given: str | None) -> str:
    """Return the municipality asked about; that of another store is no mistake to stop at: it is refused on record."""
    if given is not None and re.fullmatch("[0-9]{5}", given):
        return given
    return shell.municipality(store, given)


def _area(shell: Shell, store: Store, code: str, event: Event | None, given: str | None) -> str | None:
    """Return the id of the area that is meant, else the event's only one; an unknown one is refused on record."""
    if not given:
        reached = event.areas_at(shell.at) if event else ()
        return reached[0] if len(reached) == 1 else None
    return area_typed(area_names(store, code, drill=event is not None and event.drill), given) or given


def _city(shell: Shell, store: Store, code: str) -> str:
    """Return the municipality's name as its agreements have it, first those in force; for a foreign one, our own's."""
    kept = [record.agreement for record in store.agreements.all(code) or store.agreements.all()]
    kept.sort(key=lambda one: not in_force(one, shell.at))
    return kept[0].municipality.name if kept else code
