"""Options that several verbs about agreements, events and requests share, and what is read from them."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agreements.clock import JST
from agreements.request import Event, Mode
from agreements.vocabulary import DATASETS, PURPOSES
from agreements.workflow import ROLES, Actor, Role
from disaster.cli.shell import Shell
from disaster.errors import DisasterError, StoreError
from disaster.smalltext import read_small
from disaster.store import Store

_LAST_NUMBER = re.compile(r"[0-9]+$")

Municipality = Annotated[str | None, typer.Option(help="市区町村コード(5桁) / municipality code")]
EventId = Annotated[str, typer.Argument(help="災害ID / event id")]
EventOption = Annotated[
    str | None, typer.Option(help="災害ID(省くと、いま開いている災害) / event, default the open one")
]
RequestId = Annotated[str, typer.Argument(help="要請ID(末尾の番号だけでもよい) / request id, or its last number")]
By = Annotated[str, typer.Option(help="誰が(人の名) / who, a person's name")]
RoleOption = Annotated[
    str, typer.Option(help="役割 / role: " + ", ".join(f"{role}({ja})" for role, (ja, _) in ROLES.items()))
]
Reason = Annotated[str, typer.Option(help="理由 / reason")]
When = Annotated[datetime | None, typer.Option(help="日時(日本時間。省くと今) / time in Japan, default now")]
Dataset = Annotated[str, typer.Option(help="情報の種類 / dataset: " + ", ".join(DATASETS))]
Purpose = Annotated[
    str, typer.Option(help="目的 / purpose: " + ", ".join(f"{code}({ja})" for code, (ja, _) in PURPOSES.items()))
]
ModeOption = Annotated[Mode, typer.Option(help="形 / mode")]


def japan_time(given: datetime | None, shell: Shell) -> datetime:
    """Read a time of the command line as Japan's; none means now."""
    return given.replace(tzinfo=JST) if given is not None else shell.at


def who(by: str, role: str) -> Actor:
    """Return the person and the role, which may be given as its code or in Japanese.

    Raises
    ------
    DisasterError
        If there is no such role.
    """
    named = {str(code): code for code in Role} | {ja: code for code, (ja, _) in ROLES.items()}
    if role.strip() not in named:
        known = "、".join(f"{code}({ja})" for code, (ja, _) in ROLES.items())
        raise DisasterError("disaster.unknown_role", role=role, known=known)
    return Actor(by, named[role.strip()])


def open_event(shell: Shell, store: Store, municipality: str, given: str | None) -> Event | None:
    """Return the event that is meant: the named one, else the only one that is open, else none (peacetime).

    Raises
    ------
    StoreError
        If it is not known, or several are open and none was named.
    """
    if given is not None:
        return store.events.get(given, municipality=municipality)
    found = [event for event in store.events.all(municipality) if event.open(shell.at)]
    if len(found) > 1:
        known = "、".join(f"{event.event_id}({event.name})" for event in found)
        raise StoreError("disaster.which_event", known=known)
    return found[0] if found else None


def request_id_of(store: Store, given: str, municipality: str | None) -> str:
    """Return the whole number of a request of which the last digits were typed.

    Raises
    ------
    StoreError
        If they fit several; one that fits none is returned as it is, for the store to say so.
    """
    names = {request.request_id for request in store.requests.all(municipality)}
    if given in names or not given.isdecimal():
        return given
    ends = {name: _LAST_NUMBER.search(name) for name in names}
    found = sorted(name for name, end in ends.items() if end is not None and int(end[0]) == int(given))
    if len(found) > 1:
        raise StoreError("disaster.which_request", given=given, known="、".join(found))
    return found[0] if found else given


def read_text(file: Path) -> str:
    """Read a small text file of the command line.

    Raises
    ------
    DisasterError
        If it cannot be read as UTF-8.
    """
    try:
        return read_small(file)
    except (OSError, ValueError) as error:
        raise DisasterError("disaster.unreadable_text", file=file.name) from error
