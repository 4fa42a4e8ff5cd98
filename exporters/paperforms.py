"""Forms on paper: the written request (要請書), and the answer to it (提供書, or the notice of a refusal).

A form without a request is blank, for the day on which only a pen works. The wording that the parties agreed may want
other forms; these hold everything that the decision and the ledger need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agreements.articles import BLANK_DAY
from agreements.clock import japan_date, shown, shown_day
from agreements.decision import Decision, spoken_params
from agreements.legal import legal_basis
from agreements.request import Event, Request
from agreements.schedules import Grid
from agreements.terms import Agreement
from agreements.vocabulary import CHANNELS, DATASETS, EXCLUSIONS, MODES, PURPOSES, TRIGGERS
from agreements.wording import column_words, dataset_words, labels
from agreements.workflow import ROLES
from exporters.about import DRILL_SENTENCE
from exporters.cells import DRILL
from exporters.paper import Block, Line, PageBreak, Paper, Sign
from geo.faults import words

_BLANK_TIME = f"{BLANK_DAY}　　時　　分"
_SHARES = (3, 9)
#: The triggers that somebody declares; how the request itself comes is a row of its own.
_DECLARED = tuple(kind for kind in TRIGGERS if kind not in ("telephone", "document"))


@dataclass(frozen=True, slots=True)
class HandedFile:
    """A file of a release: its name, how many rows, its SHA-256 as hexadecimal digits."""

    name: str
    rows: int
    sha256: str


def request_form(
    request: Request | None, *, agreement: Agreement | None, event: Event | None = None, at: datetime
) -> Paper:
    """Return the written request; blank where there is none yet.

    Parameters
    ----------
    agreement
        The agreement that it is based on: names of both sides; None leaves them open.
    at
        Time of making, aware.
    """
    return Paper("情報提供要請書", tuple(_asking(request, agreement, event)), _banner(event), _footer(request, at))


def _asking(request: Request | None, agreement: Agreement | None, event: Event | None) -> Iterator[Block]:
    yield Line(f"文書番号　{(request.document_no if request else '') or '　　　　　　　　'}", "right")
    yield Line(_day(request), "right")
    yield Line(f"{agreement.post.name if agreement else '　' * 12}　御中")
    yield Line("情報提供要請書", "title")
    yield from _drill(event)
    title = f"「{agreement.title}」" if agreement else "「　　　　　　　　　　　　　　　　　　　　」"
    yield Line(f"　{title}に基づき、次のとおり情報の提供を要請します。")
    yield Grid(("事項", "内容"), tuple(_asked(request, event)), _SHARES, large=True)
    yield Line("提供を受けた情報は、上の目的のほかに使わず、期限までに写しとともに消去し、消去を報告します。")
    name = request.requester if request else (agreement.municipality.name if agreement else "")
    yield Sign("", (("要請者", name), ("職・氏名", _person(request))))


def _day(request: Request | None) -> str:
    return shown_day(japan_date(request.made_at)) if request else BLANK_DAY


def _person(request: Request | None) -> str:
    if request is None:
        return ""
    role = next((names[0] for role, names in ROLES.items() if role == request.role), request.role)
    return f"{role}　{request.person}".strip("　")


def _asked(request: Request | None, event: Event | None) -> list[tuple[str, str]]:
    """Return what is asked for, row by row; a blank form offers the choices to mark."""
    if request is None:
        return [
            ("要請の番号", ""), ("要請の日時", _BLANK_TIME),
            ("連絡の方法", "□文書　□電話（折り返して確認した人：　　　　　　　　）"),
            ("災害の名", ""), ("発動", f"{_boxes([TRIGGERS[kind][0] for kind in _DECLARED])}\n日時："),
            ("情報の種類", _boxes([one.label for one in DATASETS.values()])),
            ("形", _boxes([names[0] for names in MODES.values()])),
            ("項目", "□協定の項目のすべて　□次の項目に限る："),
            ("利用の目的", _boxes([names[0] for names in PURPOSES.values()])),
            ("区域", "□市区町村の全域　□次の区域："), ("提供先（受け取る部署）", ""),
            ("より強い形を求める理由", "（氏名などを求めるとき）"), ("担当者・電話番号", ""),
        ]  # fmt: skip
    fields = "協定の項目のすべて" if request.fields is None else column_words(request.dataset, request.fields)
    by_telephone = f"電話（折り返して確認した人：{request.confirmed_by or '―'}）"
    return [
        ("要請の番号", request.request_id), ("要請の日時", shown(request.made_at)),
        ("連絡の方法", by_telephone if request.channel == "telephone" else "文書"),
        ("災害の名", f"{event.name}（{event.event_id}）" if event else "平常時"),
        ("情報の種類", dataset_words(request.dataset)), ("形", labels((request.mode,), MODES)), ("項目", fields),
        ("利用の目的", labels((request.purpose,), PURPOSES)), ("区域", _where(request.area, request)),
        ("提供先（受け取る部署）", request.recipient), ("より強い形を求める理由", request.reason or "―"),
    ]  # fmt: skip


def _where(area: str | None, request: Request) -> str:
    return f"区域 {area}" if area else f"市区町村コード {request.municipality} の全域"


def _boxes(choices: Sequence[str]) -> str:
    """Return choices to mark, three on a line, so that no box stands apart from its word."""
    lines = [choices[n : n + 3] for n in range(0, len(choices), 3)]
    return "\n".join("　".join(f"□{choice}" for choice in line) for line in lines)


def release_form(
    decision: Decision,
    *,
    agreement: Agreement | None,
    event: Event | None = None,
    files: Sequence[HandedFile] = (),
    provider: str = "",
    pack_id: str = "",
    at: datetime,
) -> Paper:
    """Return the answer to a request: what is provided on which conditions, or why nothing is.

    Parameters
    ----------
    agreement
        The one whose clause grants; None where none does.
    files
        What is handed over with it.
    provider
        Who gives, where it is not the agreement's post: a municipality passes on what it received.
    pack_id
        The number of what is handed over, by which it is called back and receipted.
    at
        Time of making, aware.
    """
    title = "情報提供書" if decision.granted else "情報を提供できない旨の通知書"
    blocks: list[Block] = [
        Line(shown_day(japan_date(at)), "right"),
        Line(f"{decision.request.recipient}　御中"),
        Line(title, "title"),
        *_drill(event),
        *(_granted(decision, agreement, pack_id) if decision.granted else _refused(decision)),
        Sign("", (("提供する側", provider or (agreement.post.name if agreement else "")), ("職・氏名", ""))),
    ]
    if decision.granted:
        blocks += [*_receipt(decision, pack_id), *_listed(files)]
    return Paper(title, tuple(blocks), _banner(event), _footer(decision.request, at))


def _granted(decision: Decision, agreement: Agreement | None, pack_id: str) -> Iterator[Block]:
    yield Line(f"　{_asked_when(decision)}について、次のとおり情報を提供します。")
    yield Grid(("事項", "内容"), (*_numbered(pack_id), *_given(decision, agreement)), _SHARES)
    yield from _duties(decision)


def _numbered(pack_id: str) -> tuple[tuple[str, str], ...]:
    return (("提供する情報の番号", pack_id),) if pack_id else ()


def _listed(files: Sequence[HandedFile]) -> Iterator[Block]:
    """Return the files with their hashes, on a page of their own: people sign before it, programs compare it."""
    if files:
        rows = tuple((one.name, f"{one.rows:,}" if one.rows else "―", one.sha256) for one in files)
        yield PageBreak()
        yield Grid(("ファイル", "件数", "SHA-256"), rows, (4, 1, 7), "渡すファイル")


def _refused(decision: Decision) -> Iterator[Block]:
    yield Line(f"　{_asked_when(decision)}については、次の理由により提供できません。")
    yield Grid(("事項", "内容"), tuple(_subject(decision)), _SHARES, large=True)
    yield Line("理由", "heading")
    for n, reason in enumerate(decision.reasons, start=1):  # without the advice, which is for our own staff
        yield Line(words(reason.code, spoken_params(reason.params, "ja")), mark=f"({n})")
    if decision.milder:
        yield Line(f"より穏やかな形「{labels((decision.milder,), MODES)}」であれば提供できます。", "notice")


def _receipt(decision: Decision, pack_id: str) -> Iterator[Block]:
    """Return the slip that the receiving side signs and gives back."""
    yield PageBreak()
    yield Line("受領書", "title")
    yield Line(
        f"　要請の番号 {decision.request.request_id} の情報を、提供書に記された条件と責務を承知して受け取りました。"
    )
    yield Grid(("事項", "内容"), (*_numbered(pack_id), *_subject(decision)), _SHARES, large=True)
    yield Sign("", (("受領の日時", _BLANK_TIME), ("部署・職", ""), ("氏　名", "")))


def _asked_when(decision: Decision) -> str:
    return f"{shown(decision.request.made_at)}の要請（番号 {decision.request.request_id}）"


def _subject(decision: Decision) -> list[tuple[str, str]]:
    request = decision.request
    return [
        ("情報の種類", dataset_words(decision.dataset)),
        ("形", labels((decision.mode,), MODES)),
        ("利用の目的", labels((request.purpose,), PURPOSES)),
        ("区域", _where(decision.area, request)),  # what is passed on covers no more than what was received
        ("提供先", request.recipient),
        ("判断の日時", shown(decision.decided_at)),
    ]


def _given(decision: Decision, agreement: Agreement | None) -> list[tuple[str, str]]:
    basis = legal_basis(decision.basis_id) if decision.basis_id else None
    rows = [
        *_subject(decision),
        ("根拠の条項", f"{agreement.title if agreement else decision.agreement_id}　{decision.article}"),
        ("根拠となる法令", f"{basis.cited}（{basis.title}）" if basis else decision.basis_article),
        ("郵便法8条の検討", decision.assessment_id or ""),
        ("項目", column_words(decision.dataset, decision.columns) or "なし（件数だけを知らせる）"),
        ("除いたもの", labels(decision.excludes, EXCLUSIONS)),
        ("利用の期限", f"{shown(decision.expires_at)}まで" if decision.expires_at else ""),
        ("渡し方", labels((decision.channel,), CHANNELS) if decision.channel else ""),
        ("条件", "\n".join(reason.sentence() for reason in decision.binding)),
    ]
    return [row for row in rows if row[1]]


def _duties(decision: Decision) -> Iterator[Block]:
    yield Line("受け取った側の責務", "heading")
    until = f"{shown(decision.expires_at)}までに" if decision.expires_at else "利用を終えたときは"
    for n, duty in enumerate((
        "上の目的のほかに使わず、協定が認める者のほかに知らせないこと。",
        f"{until}写しとともに消去し、消去した日時と担当者を報告すること。",
        "漏えい、紛失又はその疑いがあるときは、直ちに提供する側に知らせること。",
    ), start=1):  # fmt: skip
        yield Line(duty, mark=f"({n})")


def _drill(event: Event | None) -> Iterator[Block]:
    if event is not None and event.drill:
        yield Line(DRILL_SENTENCE, "notice")


def _banner(event: Event | None) -> str:
    return DRILL if event is not None and event.drill else ""


def _footer(request: Request | None, at: datetime) -> str:
    number = f"要請 {request.request_id}　" if request else ""
    return f"{number}{shown_day(japan_date(at))}作成"
