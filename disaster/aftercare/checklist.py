"""The closing checklist of an event: each line done or not, and the command that gets it done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from agreements.request import Event
from agreements.vocabulary import TRIGGERS
from agreements.workflow import STATES
from disaster.aftercare.out import PackOut, packs_out
from disaster.aftercare.purge import held
from disaster.commands import command
from disaster.lateness import said_late
from disaster.models import Side
from disaster.requests import WAITING, Awaited, Filed, OpenReview, all_filed, awaited_documents, open_reviews
from disaster.store import Store

#: Names shown in one line; the rest is counted.
_SHOWN = 3
_Owed = TypeVar("_Owed", Awaited, OpenReview)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what is to be done, whether it is, what is missing, and the command to type (empty where done).

    `note` is what stays to be said of it even when it is done.
    """

    key: str
    title: tuple[str, str]
    missing: tuple[str, ...] = ()
    command: str = ""
    note: str = ""

    @property
    def done(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def shown(self) -> str:
        """Return what is missing in a few words."""
        rest = len(self.missing) - _SHOWN
        missing = "、".join(self.missing[:_SHOWN]) + (f" ほか{rest}件" if rest > 0 else "")
        return " ".join(filter(None, (missing, self.note)))


def checklist(store: Store, event_id: str, *, at: datetime, municipality: str | None = None) -> tuple[Line, ...]:
    """Return what is left to do before an event is closed for good, in the order in which it is best done.

    Raises
    ------
    StoreError
        If there is no such event.
    """
    event = store.events.get(event_id, municipality=municipality)
    filed = [one for one in all_filed(store, event.municipality) if one.request.event_id == event.event_id]
    return (
        _requests(store, event, filed),
        _documents(store, event, filed, at),
        _reviews(store, event, filed, at),
        _packs(store, event),
        *(() if store.side is Side.POST else (_received(store, event),)),
        _batches(store, event, at),
        _triggers(event, at),
        _closed(event, at),
        _ledger(store),
    )


def _requests(store: Store, event: Event, filed: Sequence[Filed]) -> Line:
    out = {pack.provision.request_id for pack in packs_out(store, event.municipality)}
    waiting = [one for one in filed if one.course.state in WAITING and one.request.request_id not in out]
    missing = [f"{one.request.request_id}({STATES[one.course.state][0]})" for one in waiting]
    to_type = command("request", "show", waiting[0].request.request_id) if waiting else ""
    return Line("requests", ("要請の処理", "requests"), tuple(missing), to_type)


def _documents(store: Store, event: Event, filed: Sequence[Filed], at: datetime) -> Line:
    awaited = _of_these(filed, awaited_documents(store, at=at, municipality=event.municipality))
    to_type = _by("request", "document", awaited[0].request_id, "--number", "文書番号") if awaited else ""
    late = [f"{one.request.request_id}({said})" for one in filed if (said := said_late(one.course))]
    return Line("documents", ("要請文書の受領", "documents"), _by_number(awaited), to_type, "、".join(late))


def _reviews(store: Store, event: Event, filed: Sequence[Filed], at: datetime) -> Line:
    found = _of_these(filed, open_reviews(store, at=at, municipality=event.municipality))
    to_type = _by("request", "review", found[0].request_id, "--reason", "確認した内容") if found else ""
    return Line("reviews", ("緊急時の一人判断の事後確認", "reviews of break-glass"), _by_number(found), to_type)


def _of_these(filed: Sequence[Filed], owed: Iterable[_Owed]) -> list[_Owed]:
    """Keep what is owed on these requests."""
    numbers = {one.request.request_id for one in filed}
    return [one for one in owed if one.request_id in numbers]


def _by_number(owed: Iterable[Awaited | OpenReview]) -> tuple[str, ...]:
    return tuple(f"{one.request_id}{'(期限超過)' if one.overdue else ''}" for one in owed)


def _packs(store: Store, event: Event) -> Line:
    """Return the line of packs that are out: recalled first, since before its expiry a pack need not be deleted."""
    out = [one for one in packs_out(store, event.municipality) if one.provision.event_id == event.event_id]
    left = [one for one in out if one.duty and not one.back]
    missing = tuple(f"{one.pack_id}({_where(one)})" for one in left)
    return Line("packs", ("渡した情報の削除の確認", "deletion of packs handed over"), missing, _back(left))


def _where(pack: PackOut) -> str:
    if pack.receipt is not None:
        return "一部を削除"
    return "回収中" if pack.recall else f"{pack.provision.recipient}が保有"


def _back(left: Sequence[PackOut]) -> str:
    if not left:
        return ""
    first = next((one for one in left if one.recall is None), None)
    if first is None:
        return command("due")
    return _by("recall", "issue", first.pack_id, "--reason", "災害対応の終了", "--out", "回収通知")


def _received(store: Store, event: Event) -> Line:
    """Return the line of packs that this side received and still reads."""
    active = {row.pack_id for row in store.batches(municipality=event.municipality) if row.state == "active"}
    held_packs = [
        pack.pack_id
        for pack in store.received.all(event.municipality)
        if pack.event_id == event.event_id and pack.pack_id in active
    ]
    to_type = _by("purge", "pack", held_packs[0], "--out", "削除の報告") if held_packs else ""
    return Line("received", ("受け取った情報の削除と報告", "deletion of packs received"), tuple(held_packs), to_type)


def _batches(store: Store, event: Event, at: datetime) -> Line:
    """Return the line of our own personal batches: what newer ones replaced, and in a drill everybody invented."""
    found = held(store, at=at, municipality=event.municipality, present=event.drill, drill=event.drill)
    left = [one for one in found if one.keep is None]
    missing = tuple(f"{one.title} {one.rows}件({_age(one.days)})" for one in left)
    drill = ("--drill",) if event.drill else ()
    return Line(
        "batches",
        ("使い終わった個人情報の消去", "personal batches no longer needed"),
        missing,
        command("purge", "own", *drill) if left else "",
    )


def _age(days: int) -> str:
    return f"取り込みから{days}日" if days else "取り込みから1日未満"


def _triggers(event: Event, at: datetime) -> Line:
    going = [one for one in event.triggers if one.ended_at is None or one.ended_at > at]
    missing = tuple(TRIGGERS[str(one.kind)][0] for one in going)
    to_type = _by("event", "end", event.event_id, str(going[0].kind)) if going else ""
    return Line("triggers", ("発動の終了", "triggers ended"), missing, to_type)


def _closed(event: Event, at: datetime) -> Line:
    missing = (event.name,) if event.open(at) else ()
    to_type = _by("event", "close", event.event_id) if missing else ""
    return Line("event", ("災害の終了", "event closed"), missing, to_type)


def _ledger(store: Store) -> Line:
    verdict = store.ledger.verify()
    missing = () if verdict.ok else (f"第{verdict.first_bad}号",)
    return Line("ledger", ("台帳の検証", "ledger verified"), missing, command("audit", "verify") if missing else "")


def _by(*words: str) -> str:
    return command(*words, "--by", "氏名")
