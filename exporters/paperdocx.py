"""Paper as DOCX, in the fonts that a Japanese Windows has, so that it can be changed in Word and printed there."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import docx
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from agreements.schedules import Grid
from exporters.paper import Block, Line, PageBreak, Paper, Sign, printed, printed_lines

MINCHO: Final = "ＭＳ 明朝"
GOTHIC: Final = "ＭＳ ゴシック"
_TEXT_WIDTH_MM: Final = 163  # A4 less the margins
_SIGN_WIDTHS_MM: Final = (10, 24, 74, 14)
_EM: Final = Pt(10.5)


def docx_bytes(paper: Paper, *, at: datetime) -> bytes:
    """Return the paper as a DOCX of A4 pages with page numbers; the same paper and time give the same bytes.

    Parameters
    ----------
    at
        Time of making, aware: the date in the document's properties.
    """
    document = docx.Document()
    _set_page(document, paper)
    _set_properties(document, paper, at)
    for before, block in zip((None, *paper.blocks), paper.blocks, strict=False):
        _add(document, block, fresh=isinstance(before, PageBreak))
    made = io.BytesIO()
    document.save(made)
    return _dated(made.getvalue(), at)


def _set_page(document: Document, paper: Paper) -> None:
    """Set A4, the fonts, the banner above and the page number below."""
    normal = document.styles["Normal"]
    normal.font.size, normal.font.name = _EM, MINCHO
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(name), MINCHO)
    normal.element.get_or_add_rPr().append(_element("lang", val="ja-JP", eastAsia="ja-JP"))
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(22)
    section.top_margin, section.bottom_margin = Mm(25), Mm(22)
    if paper.banner:
        head = section.header.paragraphs[0]
        head.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _run(head, f"【{printed(paper.banner)}】", size=11, gothic=True)
    _footer(section.footer.paragraphs[0], paper)


def _footer(foot: Paragraph, paper: Paper) -> None:
    foot.paragraph_format.tab_stops.clear_all()
    foot.paragraph_format.tab_stops.add_tab_stop(Mm(_TEXT_WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)
    _run(foot, printed(paper.footer) + "\t", size=8)
    for instruction, between in (("PAGE", " / "), ("NUMPAGES", "")):
        field = _element("fldSimple", instr=instruction)
        foot._p.append(field)
        shown = Run(_element("r"), foot)
        shown.text, shown.font.size = "1", Pt(8)
        field.append(shown._r)
        _run(foot, between, size=8)


def _set_properties(document: Document, paper: Paper, at: datetime) -> None:
    properties = document.core_properties
    moment = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    properties.title, properties.author, properties.comments = printed(paper.title)[:255], "", ""
    properties.created = properties.modified = moment
    properties.language = "ja-JP"


def _add(document: Document, block: Block, *, fresh: bool) -> None:
    """Add a block, on a fresh page where a page break stands before it."""
    if isinstance(block, Line):
        _line(document, block, fresh=fresh)
        return
    if fresh:
        document.add_paragraph().paragraph_format.page_break_before = True
    if isinstance(block, Grid):
        _grid(document, block)
    elif isinstance(block, Sign):
        _sign(document, block)


def _line(document: Document, line: Line, *, fresh: bool) -> None:
    paragraph = document.add_paragraph()
    form = paragraph.paragraph_format
    form.space_after, form.line_spacing, form.page_break_before = Pt(3), 1.25, fresh
    form.keep_with_next = line.keep
    text, mark = printed(line.text), printed(line.mark)
    if line.style == "title":
        paragraph.alignment, form.space_after = WD_ALIGN_PARAGRAPH.CENTER, Pt(18)
        _run(paragraph, text, size=16, gothic=True)
    elif line.style in ("chapter", "heading"):
        form.keep_with_next, form.space_before = True, Pt(12 if line.style == "heading" or fresh else 24)
        size = 13 if line.style == "chapter" else 10.5
        _run(paragraph, _heading(line.style, mark, text), size=size, gothic=True)
    elif line.style in ("center", "right"):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if line.style == "center" else WD_ALIGN_PARAGRAPH.RIGHT
        _run(paragraph, text)
    else:
        _body(paragraph, line, mark, text)


def _heading(style: str, mark: str, text: str) -> str:
    if not mark:
        return text
    return f"{mark}（{text}）" if style == "heading" else f"{mark}　{text}"


def _body(paragraph: Paragraph, line: Line, mark: str, text: str) -> None:
    """Set a paragraph whose mark hangs before its text."""
    form = paragraph.paragraph_format
    hang = 2 if mark else 0
    form.left_indent = _EM * (line.indent + hang)
    form.first_line_indent = -_EM * hang
    if mark:
        form.tab_stops.add_tab_stop(_EM * (line.indent + hang))
    _run(paragraph, f"{mark}\t{text}" if mark else text, size=8.5 if line.style == "small" else None)
    if line.style == "notice":
        _boxed(paragraph)


def _boxed(paragraph: Paragraph) -> None:
    borders = _element("pBdr")
    for side in ("top", "left", "bottom", "right"):
        borders.append(_element(side, val="single", sz="6", space="4", color="000000"))
    paragraph._p.get_or_add_pPr().append(borders)


def _grid(document: Document, grid: Grid) -> None:
    if grid.title:
        title = document.add_paragraph()
        title.paragraph_format.keep_with_next = True
        title.paragraph_format.space_before = Pt(10)
        _run(title, printed(grid.title), size=9.5, gothic=True)
    whole = sum(grid.shares)
    widths = [_TEXT_WIDTH_MM * share / whole for share in grid.shares]
    table = _table(document, len(grid.rows) + 1, widths)
    table.style = "Table Grid"
    for row, texts in zip(table.rows, (grid.headings, *grid.rows), strict=True):
        _unsplit(row, heading=texts is grid.headings)
        for cell, text in zip(row.cells, texts, strict=True):
            _fill(cell, text, gothic=texts is grid.headings, size=10 if grid.large else 8.5)
            if texts is grid.headings:
                _shaded(cell)
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _table(document: Document, rows: int, widths: list[float]) -> Table:
    """Make a table of fixed widths in mm; Word takes them from the cells, others from the grid."""
    table: Table = document.add_table(rows, len(widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return table


def _unsplit(row: Any, *, heading: bool) -> None:
    """Keep a row on one page; let the heading stand again on each."""
    properties = row._tr.get_or_add_trPr()
    properties.append(_element("cantSplit"))
    if heading:
        properties.append(_element("tblHeader"))


def _fill(cell: _Cell, text: str, *, gothic: bool = False, size: float = 8.5) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    _run(paragraph, printed_lines(text), size=size, gothic=gothic)


def _shaded(cell: _Cell) -> None:
    shade = _element("shd", val="clear", color="auto", fill="E8E8E8")
    cell._tc.get_or_add_tcPr().append(shade)


def _sign(document: Document, sign: Sign) -> None:
    table = _table(document, len(sign.rows), list(_SIGN_WIDTHS_MM))
    table.alignment = WD_TABLE_ALIGNMENT.RIGHT
    for n, (row, (label, value)) in enumerate(zip(table.rows, sign.rows, strict=True)):
        _unsplit(row, heading=False)
        seal = "㊞" if n == len(sign.rows) - 1 else ""
        for cell, text in zip(row.cells, (sign.mark if n == 0 else "", label, value, seal), strict=True):
            _fill(cell, text, size=10.5)
            cell.paragraphs[0].paragraph_format.space_before = Pt(8)
        _underlined(row.cells[2])
    document.add_paragraph()


def _underlined(cell: _Cell) -> None:
    borders = _element("tcBorders")
    borders.append(_element("bottom", val="single", sz="4", color="808080"))
    cell._tc.get_or_add_tcPr().append(borders)


def _element(name: str, **attributes: str) -> Any:
    """Make an element of WordprocessingML (ISO/IEC 29500-1, 17), for which python-docx has no words."""
    made = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def _run(paragraph: Paragraph, text: str, *, size: float | None = None, gothic: bool = False) -> None:
    run = paragraph.add_run(text)
    if size is not None:
        run.font.size = Pt(size)
    if gothic:
        run.font.name = GOTHIC
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), GOTHIC)


def _dated(made: bytes, at: datetime) -> bytes:
    """Return the package with one date on all its parts, so that the time of writing leaves no trace."""
    moment = at.astimezone(UTC)
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in _parts(old):
            entry = zipfile.ZipInfo(name, (moment.year, moment.month, moment.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return again.getvalue()


def _parts(package: zipfile.ZipFile) -> Iterator[str]:
    """Return the names of the parts in an order of their own; the list of types comes first, as readers expect."""
    yield "[Content_Types].xml"
    yield from sorted(name for name in package.namelist() if name != "[Content_Types].xml")
