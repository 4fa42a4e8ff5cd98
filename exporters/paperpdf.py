"""Paper as PDF, set by typst in IPAexGothic; the same paper at the same time gives the same bytes.

The text goes to typst as JSON, never as markup. A character that the font lacks is printed as 〓 with its code point,
so that nothing is shown as an empty box; the last line of the paper says so.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import typst
from fontTools.ttLib import TTFont

from agreements.schedules import Grid
from exporters.errors import ExportError
from exporters.paper import Block, Line, PageBreak, Paper, Sign, printed, printed_lines

#: Ideographic variation and emoji selectors change a glyph's shape, not which character it is.
_SELECTORS: Final = frozenset({*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x200B, 0x200D, 0xFEFF})


def pdf_bytes(paper: Paper, *, at: datetime) -> bytes:
    """Return the paper as a PDF of A4 pages with page numbers.

    Parameters
    ----------
    at
        Time of making, aware: the date of the document.

    Raises
    ------
    ExportError
        ``exporters.no_font`` where the font's package is not installed.
    """
    result = typst.compile(
        files("exporters").joinpath("paper.typ").read_bytes(),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"paper": json.dumps(_as_data(paper, at), ensure_ascii=False)},
        timestamp=at.astimezone(UTC).replace(microsecond=0),
    )
    if not isinstance(result, bytes):
        raise TypeError("typst made several files of one paper")
    return result


@cache
def font_file() -> Path:
    """Return the font's file; its package is never imported, because that would load a whole plotting library.

    Raises
    ------
    ExportError
        ``exporters.no_font``.
    """
    found = find_spec("matplotlib_fontja")
    path = Path(found.origin).parent / "fonts" / "ipaexg.ttf" if found and found.origin else None
    if path is None or not path.is_file():
        raise ExportError("exporters.no_font")
    return path


@cache
def _fonts() -> typst.Fonts:
    """Return the one font, read once: whatever else the machine has changes nothing."""
    folder = font_file().parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


@cache
def _known() -> frozenset[int]:
    """Return the code points that the font draws."""
    with TTFont(font_file(), lazy=True) as font:
        return frozenset(font.getBestCmap()) | {10}


def drawable(text: str, lacking: set[str]) -> str:
    """Replace characters that the font lacks by 〓 and their code point, and collect them."""
    known = _known()
    if all(ord(sign) in known for sign in text):
        return text
    made: list[str] = []
    for sign in text:
        if ord(sign) in known:
            made.append(sign)
        elif ord(sign) not in _SELECTORS:
            code = _code(sign)
            lacking.add(code)
            made.append(f"〓({code})")
    return "".join(made)


def _code(sign: str) -> str:
    """Return the code point of a character; of the picture of a control character, that of the control itself."""
    number = ord(sign)
    return f"U+{number - 0x2400 if 0x2400 <= number < 0x2420 else number:04X}"


def _as_data(paper: Paper, at: datetime) -> dict[str, Any]:
    lacking: set[str] = set()

    def shown(text: str) -> str:
        return drawable(printed_lines(text), lacking)

    blocks = [_block(block, shown) for block in paper.blocks]
    said: dict[str, Any] = {name: shown(printed(getattr(paper, name))) for name in ("title", "banner", "footer")}
    if lacking:
        blocks.append(_block(Line(_note(lacking), "small"), shown=str))
    day = at.astimezone(UTC)
    return {**said, "blocks": blocks, "date": [day.year, day.month, day.day]}


def _note(lacking: Iterable[str]) -> str:
    same = "制御文字のほかは、同じ書類のDOCXに元の文字のまま入っています。"
    return f"〓の印は、このPDFの書体に無い文字です（文字の番号 {'、'.join(sorted(lacking))}）。{same}"


def _block(block: Block, shown: Callable[[str], str]) -> dict[str, Any]:
    if isinstance(block, Line):
        return {"kind": "line", "style": block.style, "mark": shown(block.mark), "text": shown(block.text),
                "indent": block.indent, "keep": block.keep}  # fmt: skip
    if isinstance(block, Grid):
        rows = [[shown(cell) for cell in row] for row in block.rows]
        return {"kind": "grid", "title": shown(block.title), "headings": [shown(h) for h in block.headings],
                "rows": rows, "shares": list(block.shares), "large": block.large}  # fmt: skip
    if isinstance(block, Sign):
        return {"kind": "sign", "mark": shown(block.mark), "rows": [[shown(k), shown(v)] for k, v in block.rows]}
    if isinstance(block, PageBreak):
        return {"kind": "break"}
    raise TypeError(block)
