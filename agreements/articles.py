"""An agreement as the paper that both sides sign: numbered articles, annexes, signatures.

The numbers are those of the template, because decisions and refusals cite them: a clause that is switched off keeps
its number and says so. What only the instance knows (area, offices, term) becomes articles after the last one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from agreements.clauses import Clause, Template
from agreements.schedules import OfficeLine, Schedule, schedules
from agreements.template import load_template
from agreements.terms import Agreement

_PLACE = re.compile(r"第(\d+)条(?:の(\d+))?(?:第(\d+)項)?(?:第(\d+)号)?")
_SCHEDULED = "別表に定める条件を満たし、かつ、別表に掲げる項目である場合に限り、提供することができる。"
_NOT_AGREED = "（この協定では定めない。）"
_LEAD = "甲及び乙は、次の各号に掲げる事項について、それぞれ当該各号に定めるところにより協力する。"
#: A day to be filled in with a pen.
BLANK_DAY = "令和　　年　　月　　日"
#: Title of the provision by which one side can end an agreement.
TERMINATION = "解約"
#: First day and name of the eras in which agreements of this kind are dated (元号法, 政令).
_ERAS = ((date(2019, 5, 1), "令和"), (date(1989, 1, 8), "平成"))


@dataclass(frozen=True, slots=True)
class Item:
    """One 号 of a paragraph; `number` as printed, such as ``(3)``."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One 項 of an article; `number` is "" for the first one, as is usual."""

    number: str
    text: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One 条."""

    number: str
    title: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """Where one side signs: 甲 or 乙, its name, and who represents it."""

    mark: str
    name: str
    representative: str


@dataclass(frozen=True, slots=True)
class AgreementPaper:
    """All that stands on the paper of an agreement, in the order in which it is read."""

    title: str
    draft: bool
    preamble: str
    articles: tuple[Article, ...]
    closing: str
    signed: str
    signatures: tuple[SignatureBlock, ...]
    schedules: tuple[Schedule, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A text of the template at its place: article, branch (第3条の2), paragraph, item; 0 where it has none."""

    place: tuple[int, int, int, int]
    title: str
    text: str
    clause: Clause | None = None


def agreement_paper(agreement: Agreement, offices: Mapping[str, OfficeLine] | None = None) -> AgreementPaper:
    """Return an agreement as numbered articles with annexes and signature blocks, in Japanese.

    Parameters
    ----------
    offices
        Names and addresses of post offices by code, for the annex; codes stand alone without them.

    Raises
    ------
    UnknownTemplateError
        If the package does not know the agreement's template.
    """
    template = load_template(agreement.template_id, agreement.template_version)
    annexes = schedules(agreement, template, offices or {})
    entries = _entries(agreement, template)
    numbered = [_article(list(group)) for _, group in groupby(entries, key=lambda entry: entry.place[:2])]
    last = max((entry.place[0] for entry in entries), default=0)
    return AgreementPaper(
        title=agreement.title,
        draft=agreement.signed is None,
        preamble=_preamble(agreement),
        articles=(*numbered, *_own_articles(agreement, annexes, last)),
        closing="この協定の締結を証するため、本書2通を作成し、甲乙記名押印の上、各自その1通を保有する。",
        signed=era_day(agreement.signed) if agreement.signed else BLANK_DAY,
        signatures=_signatures(agreement),
        schedules=annexes,
        reference=f"協定 {agreement.agreement_id}（ひな形 {template.template_id} 第{template.template_version}版）",
    )


def era_day(day: date) -> str:
    """Write a day as agreements are dated: in the Japanese era, the first year as 元年."""
    for first, name in _ERAS:
        if day >= first:
            year = day.year - first.year + 1
            return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"


def _entries(agreement: Agreement, template: Template) -> list[_Entry]:
    """Return every text of the template, the agreement's own clauses in place of the template's, by place."""
    switched_on = {clause.id: clause for clause in agreement.clauses}
    found = [_Entry(_place(p.article), p.title, p.text) for p in template.provisions]
    for clause in template.clauses:
        own = switched_on.get(clause.id)
        found.append(_Entry(_place(clause.article), clause.title, own.text if own else _NOT_AGREED, clause))
    return sorted(found, key=lambda entry: (entry.place, entry.clause is not None))


def _place(article: str) -> tuple[int, int, int, int]:
    found = _PLACE.fullmatch(article)
    if found is None:
        return (0, 0, 0, 0)
    one, branch, paragraph, item = (int(part) if part else 0 for part in found.groups())
    return (one, branch, paragraph, item)


def _article(entries: Sequence[_Entry]) -> Article:
    """Set one article: its own text first, then paragraphs with their items."""
    number, branch = entries[0].place[:2]
    whole = next((entry for entry in entries if entry.place[2:] == (0, 0)), None)
    heading = whole or (entries[0] if len(entries) == 1 else None)
    by_paragraph = groupby(entries, key=lambda entry: max(entry.place[2], 1))
    return Article(
        number=f"第{number}条" + (f"の{branch}" if branch else ""),
        title=heading.title if heading else "協力の内容",
        paragraphs=tuple(_paragraph(n, list(group), alone=heading) for n, group in by_paragraph),
    )


def _paragraph(number: int, entries: Sequence[_Entry], *, alone: _Entry | None) -> Paragraph:
    """Set one paragraph; `alone` is the text whose title is the article's already."""
    leads = [entry for entry in entries if entry.place[3] == 0]
    items = [entry for entry in entries if entry.place[3]]
    lead = "".join(entry.text if entry is alone else f"（{entry.title}）{entry.text}" for entry in leads)
    return Paragraph(
        number="" if number == 1 else str(number),
        text=lead or _LEAD,
        items=tuple(Item(f"({entry.place[3]})", f"{entry.title}　{entry.text}") for entry in items),
    )


def _preamble(agreement: Agreement) -> str:
    return (
        f"{agreement.municipality.name}（以下「甲」という。）と{agreement.post.name}（以下「乙」という。）は、"
        "次のとおり協定を締結する。本文及び別表において、「市区町村」とあるのは甲を、「郵便局」とあるのは乙をいい、"
        "「双方」とあるのは甲及び乙をいう。"
    )


def _own_articles(agreement: Agreement, annexes: Sequence[Schedule], last: int) -> list[Article]:
    """Return the articles that the instance adds, numbered on from the last of the template."""
    part = f"{'、'.join(annex.number for annex in annexes)}は、この協定の一部とする。"
    opens = any(clause.formats for clause in agreement.clauses)
    own = [
        ("対象とする区域", _area_text(agreement)),
        ("有効期間", term_text(agreement)),
        ("別表", f"{part}情報は、{_SCHEDULED}" if opens else part),
    ]
    return [Article(f"第{last + n}条", title, (Paragraph("", text),)) for n, (title, text) in enumerate(own, start=1)]


def _area_text(agreement: Agreement) -> str:
    own = agreement.municipality
    named = [f"{own.name}（コード{code}）" if code == own.code else f"コード{code}" for code in agreement.area]
    return f"この協定の対象とする区域は、{'、'.join(named)}の区域とする（コードは全国地方公共団体コードの上5桁）。"


def term_text(agreement: Agreement) -> str:
    """Say from when until when the agreement holds, and how the term goes on."""
    begin, end, renewal = era_day(agreement.effective_from), agreement.effective_to, agreement.renewal
    if end is None:
        ended = _termination(agreement)
        until = f"{ended}により終了するまで効力を有する" if ended else "双方の合意により終了するまで効力を有する"
        return f"期間の定めなし。この協定は、{begin}から効力を生じ、{until}。"
    text = f"この協定の有効期間は、{begin}から{era_day(end)}までとする。"
    if not renewal.auto:
        return f"{text}期間の満了により終了し、自動の更新は行わない。"
    text += (
        f"ただし、期間の満了する日の{renewal.notice_days}日前までに甲又は乙から更新しない旨の申出がないときは、"
        f"同じ条件で更に{renewal.months}か月間更新するものとし、以後も同様とする。"
    )
    given = renewal.notice_given_on
    return text + (f"（{era_day(given)}に更新しない旨の申出があった。）" if given else "")


def _termination(agreement: Agreement) -> str:
    """Return the article of the template by which the agreement can be ended; "" where it has none."""
    template = load_template(agreement.template_id, agreement.template_version)
    return next((f"{p.article}（{p.title}）" for p in template.provisions if p.title == TERMINATION), "")


def _signatures(agreement: Agreement) -> tuple[SignatureBlock, ...]:
    return (
        SignatureBlock("甲", agreement.municipality.name, "代表者"),
        SignatureBlock("乙", agreement.post.name, "代表者"),
    )
