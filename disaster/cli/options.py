"""Options that several verbs share, and what is read from them."""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from agreements.clock import JST
from agreements.request import Event
from agreements.vocabulary import DATASETS, MODES, PURPOSES, TRIGGERS
from agreements.workflow import ROLES, Actor, Role
from disaster.cli.shell import Shell
from disaster.errors import DisasterError, StoreError
from disaster.models import NOUNS, kind_of
from disaster.smalltext import read_small
from disaster.store import Store


def _codes(words: Iterable[tuple[str, str]]) -> str:
    """List codes with their Japanese words; with blanks, where alone a line of help can break."""
    return ", ".join(f"{code}({ja})" for code, ja in words)


KINDS_IN_WORDS = _codes((kind, noun.title) for kind, noun in NOUNS.items())
MODES_IN_WORDS = _codes((code, ja) for code, (ja, _) in MODES.items())
PURPOSES_IN_WORDS = _codes((code, ja) for code, (ja, _) in PURPOSES.items())
TRIGGERS_IN_WORDS = _codes((code, ja) for code, (ja, _) in TRIGGERS.items())
_ROLES_IN_WORDS = _codes((code, ja) for code, (ja, _) in ROLES.items())
_DATASETS_IN_WORDS = _codes((kind, one.label) for kind, one in DATASETS.items())
_LAST_NUMBER = re.compile(r"[0-9]+$")


def moment(words: str, *names: str, example: str = "2026-04-01T09:30") -> Any:
    """Return the option for a day or a time as ISO 8601 writes it; `example` shows how it is typed."""

    def read(text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is not written like {example}") from error

    return typer.Option(*names, parser=read, metavar=example, help=words)


def day(words: str, *names: str) -> Any:
    """Return the option for a day."""
    return moment(words, *names, example="2026-04-01")


OutFolder = Annotated[Path, typer.Option(help="書き出すフォルダ / output folder")]
Municipality = Annotated[str | None, typer.Option(help="市区町村コード(5桁) / municipality code")]
EventId = Annotated[str, typer.Argument(help="災害ID / event id")]
EventOption = Annotated[
    str | None, typer.Option(help="災害ID(省くと、いま開いている災害) / event, default the open one")
]
RequestId = Annotated[str, typer.Argument(help="要請ID(末尾の番号だけでもよい) / request id, or its last number")]
By = Annotated[str, typer.Option(help="誰が(人の名) / who, a person's name")]
RoleOption = Annotated[str, typer.Option(help="役割 / role: " + _ROLES_IN_WORDS)]
Reason = Annotated[str, typer.Option(help="理由 / reason")]
When = Annotated[datetime | None, moment("日時(日本時間。省くと今) / time in Japan, default now")]
Dataset = Annotated[str, typer.Option(help="情報の種類 / dataset: " + _DATASETS_IN_WORDS)]
Purpose = Annotated[str, typer.Option(help="目的 / purpose: " + PURPOSES_IN_WORDS)]


def typed_kind(word: str | None) -> str | None:
    """Take a kind as it is typed, by its name or its Japanese title."""
    return None if word is None else kind_of(word)


def typed_purpose(word: str) -> str:
    """Take a purpose as it is typed, by its code or in Japanese; what is unknown stays for others to refuse."""
    return {ja: code for code, (ja, _) in PURPOSES.items()}.get(word.strip(), word)


def free_path(path: Path) -> Path:
    """Return the path, with a number where it is taken: what stands there is never written over."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def japan_time(given: datetime | None, shell: Shell) -> datetime:
    """Read a time of the command line as Japan's, unless it names its own zone; none means now."""
    if given is None:
        return shell.at
    return given if given.tzinfo else given.replace(tzinfo=JST)


def who(by: str, role: str) -> Actor:
    """Return the person and the role, which may be given as its code or in Japanese.

    Raises
    ------
    DisasterError
        If there is no such role.
    """
    named = {str(code): code for code in Role} | {ja: code for code, (ja, _) in ROLES.items()}
    if role.strip() not in named:
        raise DisasterError("disaster.unknown_role", role=role, known=_ROLES_IN_WORDS)
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
