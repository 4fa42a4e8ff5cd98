"""An agreement as paper: title, preamble, articles, signatures, annexes."""

import re
from collections.abc import Iterator
from datetime import datetime

from agreements.articles import AgreementPaper, Article, SignatureBlock
from agreements.clock import japan_date, shown_day
from agreements.schedules import Schedule
from exporters.paper import Block, Line, PageBreak, Paper, Sign

#: A line of an annex that begins with its own number.
_NUMBERED = re.compile(r"(\d{1,2}|\(\d{1,2}\))[ .　]+(.+)")


def agreement_document(agreement: AgreementPaper, *, at: datetime) -> Paper:
    """Return the paper of an agreement, made at an aware time; a draft says so on every page."""
    return Paper(
        title=agreement.title,
        blocks=tuple(_blocks(agreement)),
        banner="案" if agreement.draft else "",
        footer=f"{agreement.reference}　{shown_day(japan_date(at))}作成",
    )


def _blocks(agreement: AgreementPaper) -> Iterator[Block]:
    yield Line(agreement.title, "title")
    yield Line(f"　{agreement.preamble}")
    for article in agreement.articles:
        yield from _article(article)
    yield Line("")
    yield Line(f"　{agreement.closing}", keep=True)
    yield Line("", keep=True)
    yield Line(agreement.signed, indent=1, keep=True)
    yield from map(_sign, agreement.signatures)
    for before, schedule in zip((None, *agreement.schedules), agreement.schedules, strict=False):
        if before is None or before.long or schedule.long:
            yield PageBreak()
        yield from _schedule(schedule)


def _article(article: Article) -> Iterator[Block]:
    yield Line(article.title, "heading", article.number)
    for paragraph in article.paragraphs:
        text = paragraph.text if paragraph.number else f"　{paragraph.text}"
        yield Line(text, mark=paragraph.number)
        for item in paragraph.items:
            yield Line(item.text, mark=item.number, indent=1)


def _sign(one: SignatureBlock) -> Sign:
    return Sign(one.mark, (("所在地", ""), ("名　称", one.name), (one.representative, "")))


def _schedule(schedule: Schedule) -> Iterator[Block]:
    yield Line(schedule.title, "chapter", schedule.number)
    for text in schedule.text.splitlines():
        numbered = _NUMBERED.fullmatch(text)
        yield Line(numbered[2], mark=numbered[1]) if numbered else Line(f"　{text}")
    for part in schedule.parts:
        if part.heading:
            yield Line(part.heading, "heading")
        yield from part.grids
