"""Paper: a document as blocks, printed alike as DOCX and as PDF.

The blocks hold text, never markup: what a name or a clause contains comes out as it was written.
"""

import re
from dataclasses import dataclass
from typing import Literal

from agreements.schedules import Grid
from exporters.clean import visible

Style = Literal["title", "chapter", "heading", "body", "center", "right", "small", "notice"]
_BREAKS = re.compile("[\r\n\t\v\f\u0085\u2028\u2029]+")
#: Code points that no text of XML or Unicode may hold alone.
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph; `mark` hangs before it (第1条, (3)), `indent` is in widths of a character.

    `keep` leaves it on the page of what follows.
    """

    text: str
    style: Style = "body"
    mark: str = ""
    indent: int = 0
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """Where somebody signs: rows of label and value over a line, the last with the place of a seal."""

    mark: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Line | Grid | Sign | PageBreak


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of A4 pages; `banner` stands above every page (案, 訓練), `footer` below, beside the page number."""

    title: str
    blocks: tuple[Block, ...]
    banner: str = ""
    footer: str = ""


def printed(text: str) -> str:
    """Return a text as one printed line: breaks become a blank, control characters a sign that can be seen."""
    return _SURROGATES.sub("\ufffd", visible(_BREAKS.sub(" ", text)))


def printed_lines(text: str) -> str:
    """Return a text of a cell, whose own line breaks stay."""
    return "\n".join(printed(line) for line in text.splitlines()) if text else ""
