"""Who asks for what and why, and the disaster that opens an agreement's clauses."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from agreements.clock import require_aware
from agreements.errors import RequestError

Channel = Literal["telephone", "document"]


class Mode(StrEnum):
    """In what form something is provided; the personal ones from the mildest to the widest."""

    FORWARD = "forward"  # 代行送付: the post mails the city's notice, no address leaves
    MATCH = "match"  # 照会回答: the city's list comes back with hits and misses
    DWELLING = "dwelling"  # homes without names
    PERSON = "person"  # homes with the names on the delivery register
    LAYER = "layer"  # nobody's personal data


#: The modes that touch personal data, mildest first.
PERSONAL_MODES: tuple[Mode, ...] = (Mode.FORWARD, Mode.MATCH, Mode.DWELLING, Mode.PERSON)


class TriggerKind(StrEnum):
    """What was declared or asked; peacetime (平時) is the absence of an event."""

    HQ_ESTABLISHED = "hq_established"  # 災害対策本部設置
    RELIEF_ACT = "relief_act"  # 災害救助法適用
    LIKELY = "likely"  # おそれ
    TELEPHONE = "telephone"  # 電話による要請
    DOCUMENT = "document"  # 文書による要請


@dataclass(frozen=True, slots=True)
class Trigger:
    """One recorded 発動 of an event: what, when, and by whom; `ended_at` when it was lifted (本部廃止 etc.).

    Raises
    ------
    RequestError
        If a time has no zone, nobody is named, or it ends before it begins.
    """

    kind: TriggerKind
    at: datetime
    by: str
    note: str = ""
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        require_aware(self.at, "trigger.at")
        require_aware(self.ended_at, "trigger.ended_at")
        if not self.by.strip():
            raise RequestError("agreements.trigger_without_name", trigger=self.kind)
        if self.ended_at is not None and self.ended_at < self.at:
            raise RequestError("agreements.ends_before_it_begins", what="trigger", begin=self.at, end=self.ended_at)

    def active(self, at: datetime) -> bool:
        """Whether it was recorded at or before `at` and not lifted yet."""
        return self.at <= at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True)
class Event:
    """A disaster, or a drill, in one municipality (5-digit code).

    Raises
    ------
    RequestError
        If a time has no zone or it closes before it opens.
    """

    event_id: str
    name: str
    municipality: str
    drill: bool
    opened_at: datetime
    triggers: tuple[Trigger, ...] = ()
    closed_at: datetime | None = None

    def __post_init__(self) -> None:
        require_aware(self.opened_at, "event.opened_at")
        require_aware(self.closed_at, "event.closed_at")
        if self.closed_at is not None and self.closed_at < self.opened_at:
            raise RequestError(
                "agreements.ends_before_it_begins", what="event", begin=self.opened_at, end=self.closed_at
            )

    def open(self, at: datetime) -> bool:
        """Whether it was opened at or before `at` and not closed yet."""
        return self.opened_at <= at and (self.closed_at is None or at < self.closed_at)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for: one dataset in one mode for one purpose.

    `municipality` is the 5-digit code of the place asked about. `recipient` is who would get it: the name, code or a
    unit of a party, letter by letter; `requester` may add a section after a space. `purpose` is a code of
    ``agreements.vocabulary.PURPOSES``, `dataset` a kind of row. `fields` narrows the columns, None asks for all that
    the clause opens; `area` is an area id, None the whole municipality. `event_id` must be that of the event the
    request is decided with, None in peacetime.

    Raises
    ------
    RequestError
        If `made_at` has no zone.
    """

    request_id: str
    municipality: str
    requester: str
    recipient: str
    purpose: str
    dataset: str
    mode: Mode
    made_at: datetime
    channel: Channel
    confirmed_by: str = ""
    document_no: str = ""
    event_id: str | None = None
    fields: tuple[str, ...] | None = None
    area: str | None = None

    def __post_init__(self) -> None:
        require_aware(self.made_at, "request.made_at")
