"""Verbs about disasters and drills: what was declared, when, where, and until when."""

from typing import Annotated

import typer

from agreements.clock import japan_date
from agreements.request import Event, EventArea, Trigger, TriggerKind
from agreements.vocabulary import TRIGGERS
from disaster.aftercare.checklist import checklist
from disaster.cli.areas import Areas, areas_typed
from disaster.cli.options import (
    TRIGGERS_IN_WORDS,
    By,
    EventId,
    EventOption,
    Municipality,
    When,
    japan_time,
    open_event,
)
from disaster.cli.saying import next_command
from disaster.cli.shell import Answer, Shell, add_noun, table
from disaster.commands import shell_word
from disaster.models import AREAS
from disaster.ruling import area_names
from disaster.store import Store

Note = Annotated[str, typer.Option(help="メモ。さかのぼって記録するときはその理由 / note; why it is back-dated")]
ConfirmedBy = Annotated[
    str, typer.Option(help="電話を折り返して確かめた人(telephone のとき) / who called back and confirmed")
]
Drill = Annotated[bool, typer.Option("--drill", help="訓練 / drill")]
Kind = Annotated[TriggerKind, typer.Argument(help="発動の種類 / trigger: " + TRIGGERS_IN_WORDS)]
Reached = Annotated[list[str], typer.Argument(help="区域の名またはID(繰り返し可) / areas, by name or id")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_noun(
        app,
        "event",
        "災害と発動を記録する / Record events and triggers",
        {
            "open": event_open,
            "trigger": event_trigger,
            "end": event_end,
            "area": event_area,
            "areas": event_areas,
            "close": event_close,
            "list": event_list,
        },
    )


def event_open(
    shell: Shell,
    *,
    event_id: Annotated[str | None, typer.Argument(help="災害ID(省くと採番) / event id, default a new number")] = None,
    name: Annotated[str, typer.Option(help="災害の名 / name")],
    by: By,
    trigger: Annotated[
        TriggerKind, typer.Option(metavar="evacuation_order", help="発動の種類 / trigger: " + TRIGGERS_IN_WORDS)
    ] = TriggerKind.HQ_ESTABLISHED,
    when: When = None,
    confirmed_by: ConfirmedBy = "",
    drill: Drill = False,
    municipality: Municipality = None,
    note: Note = "",
    area: Annotated[
        list[str] | None, typer.Option(help="区域の名またはID(繰り返し可、省くと全域) / areas, default everywhere")
    ] = None,
) -> Answer:
    """災害(または訓練)を開く / Open an event with its first trigger."""
    at = japan_time(when, shell)
    first = Trigger(trigger, at, by, note, recorded_at=shell.at, confirmed_by=confirmed_by)
    with shell.store() as store:
        code = shell.municipality(store, municipality)
        new_id = event_id or _new_id(shell, store, code, drill=drill)
        reached = areas_typed(area_names(store, code, drill=drill), area) if area else ()
        areas = tuple(EventArea(one, shell.at, by) for one in reached)
        made = Event(new_id, name, code, drill, at, (first,), areas=areas)
        store.events.add(made, at=shell.at)
    said = shell.say(f"{name}を記録しました({made.event_id})。", f"Recorded {name} ({made.event_id}).")
    after = next_command(shell, "request", "new", "--help", stored=False)
    return _answer(made.event_id, said, *_backdated(shell, first), after)


def event_trigger(
    shell: Shell,
    *,
    event_id: EventId,
    kind: Kind,
    by: By,
    when: When = None,
    confirmed_by: ConfirmedBy = "",
    note: Note = "",
    municipality: Municipality = None,
) -> Answer:
    """発動を加える / Add a trigger to an event."""
    new = Trigger(kind, japan_time(when, shell), by, note, recorded_at=shell.at, confirmed_by=confirmed_by)
    with shell.store() as store:
        code = _municipality_of(shell, store, municipality)
        store.events.add_trigger(event_id, new, at=shell.at, municipality=code)
    return _answer(event_id, shell.say("発動を記録しました。", "Recorded the trigger."), *_backdated(shell, new))


def event_end(
    shell: Shell, event_id: EventId, kind: Kind, *, by: By, when: When = None, municipality: Municipality = None
) -> Answer:
    """発動が解かれたことを記録する(本部の廃止など) / Record that a trigger was lifted."""
    with shell.store() as store:
        code = _municipality_of(shell, store, municipality)
        ended = japan_time(when, shell)
        store.events.end_trigger(event_id, kind, ended_at=ended, by=by, at=shell.at, municipality=code)
    return _answer(event_id, shell.say("発動の終わりを記録しました。", "Recorded the end of the trigger."))


def event_area(shell: Shell, event_id: EventId, areas: Reached, *, by: By, municipality: Municipality = None) -> Answer:
    """災害の区域を加える / Add areas to an event: requests for personal data then name one of them."""
    with shell.store() as store:
        code = _municipality_of(shell, store, municipality)
        event = store.events.get(event_id, municipality=code)
        reached = areas_typed(area_names(store, event.municipality, drill=event.drill), areas)
        new = [
            one
            for one in reached
            if store.events.add_area(event_id, EventArea(one, shell.at, by), at=shell.at, municipality=code)
        ]
    line = shell.say(f"区域を{len(new)}件加えました。", f"Added {len(new)} area(s).")
    return _answer(event_id, line)


def event_areas(
    shell: Shell, *, event: EventOption = None, drill: Drill = False, municipality: Municipality = None
) -> Answer:  # fmt: skip
    """区域の名とIDの一覧 / List the areas that requests and events can name."""
    with shell.store() as store:
        code = shell.municipality(store, municipality)
        found = open_event(shell, store, code, event)
        known = _areas_to_name(store, code, drill=found.drill if found else drill or None)
    reached = found.areas_at(shell.at) if found else ()
    areas = [
        {"area_id": area, "name": name, "reached": area in reached, "drill": of_drill} for area, name, of_drill in known
    ]
    document = {"municipality": code, "event_id": found.event_id if found else None, "areas": areas}
    if not areas:
        return Answer("areas", document, _none_held(shell, found))
    held, practised = shell.say("対象", "reached"), shell.say("訓練", "drill")
    rows = [
        (name, area, held if area in reached else "", practised if of_drill else "") for area, name, of_drill in known
    ]
    headings = shell.headings("名/name", "ID/id", "災害の区域/event", "訓練/drill")
    return Answer("areas", document, [], [table(shell.say("区域", "Areas"), headings, rows)])


def _areas_to_name(store: Store, code: str, *, drill: bool | None) -> list[tuple[str, str, bool]]:
    """Return ids and names of areas and whether they are a drill's: of an event, or all where none says which."""
    real = [(area, name, False) for area, name in area_names(store, code, drill=False).items()]
    if drill is False or not store.current(AREAS.kind, code, columns=["area_id"], drill=True).drill:
        return real  # a drill without areas of its own has the real ones
    practised = [(area, name, True) for area, name in area_names(store, code, drill=True).items()]
    return practised if drill else real + practised


def _none_held(shell: Shell, event: Event | None) -> list[str]:
    """Say that there is nothing to name yet, and how it is taken in."""
    real = event is not None and not event.drill
    none = shell.say(
        f"{'訓練でない災害で使える' if real else ''}区域は、まだ一つも取り込まれていません。",
        f"No area{' that a real event could use' if real else ''} was taken in yet.",
    )
    return [none, next_command(shell, "ingest", "areas", shell.say("ファイル", "FILE"))]


def event_close(
    shell: Shell, event_id: EventId, *, by: By, when: When = None, municipality: Municipality = None
) -> Answer:
    """災害を閉じ、まだ残っていることを並べる / Close an event, and list what is still open."""
    with shell.store() as store:
        code = _municipality_of(shell, store, municipality)
        store.events.close(event_id, closed_at=japan_time(when, shell), by=by, at=shell.at, municipality=code)
        left = [one for one in checklist(store, event_id, at=shell.at, municipality=code) if not one.done]
    open_lines = [
        shell.say(f"まだ残っています: {one.title[0]}: {one.shown()}", f"Still open: {one.title[1]}: {one.shown()}")
        for one in left
    ]
    after = [next_command(shell, "checklist", shell_word(event_id))] if left else []
    document = {
        "event_id": event_id, "done": True, "left": [{"key": one.key, "missing": list(one.missing)} for one in left],
    }  # fmt: skip
    return Answer("event", document, [shell.say("災害を閉じました。", "Closed the event."), *open_lines, *after])


def event_list(shell: Shell) -> Answer:
    """災害の一覧 / List the events."""
    with shell.store() as store:
        events, areas = store.events.all(), Areas(store)
        rows = [_row(shell, one, areas.reached(one)) for one in events]
    headings = shell.headings(
        "ID/id", "名/name", "市区町村/municipality", "訓練/drill", "開始/opened", "終了/closed", "発動/triggers",
        "区域/areas",
    )  # fmt: skip
    document = {"events": [_document(one) for one in events]}
    return Answer("events", document, [], [table(shell.say("災害", "Events"), headings, rows)])


def _document(one: Event) -> dict[str, object]:
    triggers = [
        {"kind": t.kind, "at": t.at, "by": t.by, "note": t.note, "ended_at": t.ended_at, "recorded_at": t.recorded_at,
         "confirmed_by": t.confirmed_by, "backdated": t.backdated}
        for t in one.triggers
    ]  # fmt: skip
    areas = [{"area_id": area.area_id, "added_at": area.added_at, "by": area.by} for area in one.areas]
    return {
        "event_id": one.event_id, "name": one.name, "municipality": one.municipality, "drill": one.drill,
        "opened_at": one.opened_at, "closed_at": one.closed_at, "triggers": triggers, "areas": areas,
    }  # fmt: skip


def _row(shell: Shell, one: Event, areas: list[str]) -> tuple[str, ...]:
    return (
        one.event_id,
        one.name,
        one.municipality,
        shell.say("訓練", "drill") if one.drill else "",
        shell.when(one.opened_at),
        shell.when(one.closed_at) if one.closed_at else "",
        shell.say("、", ", ").join(_trigger_words(shell, trigger) for trigger in one.triggers),
        shell.say("、", ", ").join(areas) or shell.say("全域", "all"),
    )


def _trigger_words(shell: Shell, one: Trigger) -> str:
    """Say a trigger; one that is lifted or back-dated says so."""
    ended = shell.say("(終了)", " (ended)") if one.ended_at else ""
    back = shell.say("(後から記録)", " (back-dated)") if one.backdated else ""
    return shell.say(*TRIGGERS[one.kind]) + ended + back


def _backdated(shell: Shell, one: Trigger) -> list[str]:
    """Say what back-dating means: both times are kept, and nothing earlier becomes lawful by it."""
    if not one.backdated:
        return []
    line = shell.say(
        f"起きたのは{shell.when(one.at)}、記録は{shell.when(one.recorded_at)}です。両方を残します。"
        "記録より前の提供の根拠にはなりません。",
        f"It happened {shell.when(one.at)}, was recorded {shell.when(one.recorded_at)}; both are kept."
        " It opens nothing before it was recorded.",
    )
    return [line]


def _answer(event_id: str, *lines: str) -> Answer:
    return Answer("event", {"event_id": event_id, "done": True}, list(lines))


def _municipality_of(shell: Shell, store: Store, given: str | None) -> str | None:
    """Return the named municipality, checked; where none was named the store finds it by the event's name."""
    return None if given is None else shell.municipality(store, given)


def _new_id(shell: Shell, store: Store, municipality: str, *, drill: bool) -> str:
    """Return the next free number of the year, such as ``E2026-01`` (K for 訓練)."""
    stem = f"{'K' if drill else 'E'}{japan_date(shell.at).year}-"
    taken = {event.event_id for event in store.events.all(municipality)}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{stem}{n:02d}") not in taken)
