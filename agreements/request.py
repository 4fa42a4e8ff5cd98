"""Who asks for what and why, and the disaster that opens an agreement's clauses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from agreements.clock import require_aware, shown
from agreements.errors import RequestError
from agreements.names import is_blank, same_person

Channel = Literal["telephone", "document"]

#: A trigger written down later than this after it happened was back-dated, and somebody says why.
PROMPT = timedelta(minutes=15)


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
    EVACUATION_ORDER = "evacuation_order"  # 避難指示
    RELIEF_ACT = "relief_act"  # 災害救助法適用
    LIKELY = "likely"  # おそれ
    TELEPHONE = "telephone"  # 電話による要請
    DOCUMENT = "document"  # 文書による要請


def _said(at: datetime) -> tuple[str, str]:
    """Write a time for people, in Japanese and in English."""
    return shown(at), shown(at, "en")


@dataclass(frozen=True, slots=True)
class Trigger:
    """One recorded 発動 of an event: what, when, and by whom; `ended_at` when it was lifted (本部廃止 etc.).

    `recorded_at` is when it was written down, None for at once; both times are kept. What was written down more than
    `PROMPT` later is back-dated and needs a `note` that says why. `confirmed_by` is who called back and confirmed a
    request by telephone.

    Raises
    ------
    RequestError
        If a time has no zone, nobody is named, it ends before it begins, a call was confirmed by nobody or by the
        caller, or it is back-dated without a reason.
    """

    kind: TriggerKind
    at: datetime
    by: str
    note: str = ""
    ended_at: datetime | None = None
    recorded_at: datetime | None = None
    confirmed_by: str = ""

    def __post_init__(self) -> None:
        require_aware(self.at, "trigger.at")
        require_aware(self.ended_at, "trigger.ended_at")
        require_aware(self.recorded_at, "trigger.recorded_at")
        if is_blank(self.by):
            raise RequestError("agreements.trigger_without_name", trigger=self.kind)
        if self.ended_at is not None and self.ended_at < self.at:
            raise RequestError("agreements.ends_before_it_begins", begin=_said(self.at), end=_said(self.ended_at))
        if self.kind == TriggerKind.TELEPHONE and (is_blank(self.confirmed_by) or self._confirmed_by_caller):
            raise RequestError("agreements.call_confirmed_by_nobody", at=_said(self.at))
        if self.recorded_at is not None and self.backdated and is_blank(self.note):
            told = {"at": _said(self.at), "recorded_at": _said(self.recorded_at)}
            raise RequestError("agreements.backdated_without_reason", **told)

    @property
    def _confirmed_by_caller(self) -> bool:
        return same_person(self.confirmed_by, [self.by])

    @property
    def backdated(self) -> bool:
        """Whether it was written down more than `PROMPT` after it happened."""
        return self.recorded_at is not None and self.recorded_at - self.at > PROMPT

    def active(self, at: datetime) -> bool:
        """Whether it had happened and stood in the record at `at`, and was not lifted yet.

        So a trigger that is back-dated opens nothing for the time before it was written down.
        """
        known_from = self.at if self.recorded_at is None else max(self.at, self.recorded_at)
        return known_from <= at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True)
class EventArea:
    """An area (by its id) that a disaster was found to reach, when, and who added it.

    Raises
    ------
    RequestError
        If the time has no zone, or area or person are blank.
    """

    area_id: str
    added_at: datetime
    by: str

    def __post_init__(self) -> None:
        require_aware(self.added_at, "area.added_at")
        if is_blank(self.area_id) or is_blank(self.by):
            raise RequestError("agreements.area_without_name", area=self.area_id or "-")


@dataclass(frozen=True, slots=True)
class Event:
    """A disaster, or a drill, in one municipality (5-digit code).

    `areas` are where it is; none means the whole municipality.

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
    areas: tuple[EventArea, ...] = ()

    def __post_init__(self) -> None:
        require_aware(self.opened_at, "event.opened_at")
        require_aware(self.closed_at, "event.closed_at")
        if self.closed_at is not None and self.closed_at < self.opened_at:
            told = {"begin": _said(self.opened_at), "end": _said(self.closed_at)}
            raise RequestError("agreements.ends_before_it_begins", **told)

    def open(self, at: datetime) -> bool:
        """Whether it was opened at or before `at` and not closed yet."""
        return self.opened_at <= at and (self.closed_at is None or at < self.closed_at)

    def areas_at(self, at: datetime) -> tuple[str, ...]:
        """Return the ids of the areas added at or before `at`; none means the whole municipality."""
        return tuple(area.area_id for area in self.areas if area.added_at <= at)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for: one dataset in one mode for one purpose.

    `municipality` is the 5-digit code of the place asked about. `recipient` is who would get it: the name, code or a
    unit of a party, letter by letter; `requester` may add a section after a space. `purpose` is a code of
    ``agreements.vocabulary.PURPOSES``, `dataset` a kind of row. `fields` narrows the columns, None asks for all that
    the clause opens; `area` is an area id, None the whole municipality. `event_id` must be that of the event the
    request is decided with, None in peacetime. `reason` says why a milder mode does not serve. `person` is the human
    who asks and `role` a code of ``agreements.workflow.Role``.

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
    reason: str = ""
    person: str = ""
    role: str = ""

    def __post_init__(self) -> None:
        require_aware(self.made_at, "request.made_at")
