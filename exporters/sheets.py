"""XLSX for staff: one sheet per layer, ready to read, filter and print.

xlsxwriter builds the workbook (styles, print set-up, headings, the sheet about the table) without the rows; the rows
of each layer are then set into their sheets as XML by ``exporters.sheetrows``. Nothing personal touches a temporary
file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any, Final
from unicodedata import east_asian_width
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from agreements.format import SENSITIVITIES, ColumnType
from exporters.about import DRILL_SENTENCE, basis_of, drill_title, lines, rule_words
from exporters.cells import DEGREES, DRILL, as_people_read, japan_time
from exporters.clean import visible
from exporters.model import Extract, Layer, Marks
from exporters.places import places, without_place
from exporters.sheetrows import SheetColumn, column_letters, rows_as_xml, sheet_columns
from exporters.whole import refuse_same_names, written_whole

_SHEET_ROWS: Final = 1_048_576
_NAME_UNITS: Final = 31
_ABOUT: Final = "この表について"
_A4: Final = 9
_MIN_WIDTH: Final = 6
_MAX_WIDTH: Final = 44
_HEADING_WIDTH: Final = 18
_SAMPLE_ROWS: Final = 300
#: Of 1 to 9: twice as fast as the usual 6 for files an eighth larger.
_COMPRESSION: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Printed:
    """A layer turned into cells, with what was done to them."""

    layer: Layer
    columns: list[SheetColumn]
    replaced: int
    cut: int


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """A part of a layer that fits one worksheet."""

    printed: _Printed
    name: str
    part: str  # "" or "(1/2)"
    start: int
    stop: int


def write_xlsx(path: Path, layers: Sequence[Layer], marks: Marks) -> dict[str, int]:
    """Write layers as the sheets of one workbook.

    Each sheet begins with title, as-of time, recipient, purpose, basis and expiry, and a banner in a drill; below the
    headings (frozen, with a filter, repeated on every printed page) stand the rows. Text stays text: no formula, link
    or number comes out of it. Times and dates are real ones in Japan time, choices show their labels, flags ○ or
    nothing. Control characters become visible signs and texts beyond 32,767 signs are cut; both are counted on the
    last sheet, 「この表について」. Layers beyond Excel's 1,048,576 rows continue on a further sheet. The same input
    gives the same bytes.

    Returns
    -------
    dict of str to int
        Rows written by name of layer.

    Raises
    ------
    ExportError
        ``exporters.no_layers``, ``exporters.same_name``, ``exporters.bad_place`` or ``exporters.cannot_write``.
    """
    refuse_same_names(layers)
    printed = [_printed(layer) for layer in layers]
    above = max(len(_heading_lines(layer, marks)) for layer in layers) + 2 + marks.drill
    sheets = list(_sheets(printed, above))
    shell = _shell(sheets, printed, marks)
    with written_whole(path) as partial:
        _set_rows(shell, partial, sheets, above)
    return {layer.name: len(layer) for layer in layers}


def _printed(layer: Layer) -> _Printed:
    cells, replaced = as_people_read(layer)
    columns, cut = sheet_columns(cells)
    return _Printed(layer, columns, replaced, cut)


def _sheets(printed: Sequence[_Printed], above: int) -> Iterator[_Sheet]:
    """Cut layers to what fits a sheet below the heading, and name the sheets as Excel wants it."""
    room = _SHEET_ROWS - above
    taken = {_ABOUT.lower()}
    for one in printed:
        rows = len(one.layer)
        parts = max(1, -(-rows // room))
        for part in range(parts):
            words = f"({part + 1}/{parts})" if parts > 1 else ""
            name = _sheet_name(one.layer.title, words.replace("/", "-"), taken)
            yield _Sheet(one, name, words, part * room, min(rows, (part + 1) * room))


def _sheet_name(title: str, part: str, taken: set[str]) -> str:
    """Return a name of at most 31 signs, without what Excel forbids, that no other sheet has; add it to `taken`."""
    clean = re.sub(r"[\[\]:*?/\\\s]+", "_", visible(title)).strip("'_") or "表"
    for number in count(1):
        end = part + (f"_{number}" if number > 1 else "")
        units = clean.encode("utf-16-le")[: 2 * (_NAME_UNITS - len(end))]
        name = units.decode("utf-16-le", "ignore").rstrip("'") + end
        if name.lower() not in taken and name.lower() != "history":
            break
    taken.add(name.lower())
    return name


def _heading_lines(layer: Layer, marks: Marks) -> list[str]:
    """Return what stands above the headings besides the title: a few full lines rather than many short ones."""
    said = dict(lines(marks)) | {"根拠": basis_of(layer, marks)}
    said["件数"] = f"{len(layer):,}件"
    if layer.as_of != marks.as_of:
        said["この表の時点"] = f"{japan_time(layer.as_of)}(日本時間)"
    groups = (
        ("時点", "この表の時点", "件数", "市区町村", "災害"),
        ("提供元", "提供先", "利用目的", "利用期限"),
        ("根拠",),
    )
    joined = ("　".join(f"{name}: {said[name]}" for name in group if said.get(name)) for group in groups)
    return [visible(line) for line in joined if line]


def _shell(sheets: Sequence[_Sheet], printed: Sequence[_Printed], marks: Marks) -> BytesIO:
    """Build the workbook without its rows; below the headings stands one row of blanks that carries the styles."""
    shell = BytesIO()
    book = Workbook(shell, _settings())
    created = marks.as_of.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": drill_title(marks.title, marks), "author": marks.provider, "created": created})
    styles = _styles(book)
    for sheet in sheets:
        _add_sheet(book.add_worksheet(sheet.name), sheet, marks, styles)
    _add_about(book.add_worksheet(_ABOUT), sheets, printed, marks, styles)
    book.close()
    return shell


def _settings() -> dict[str, Any]:
    """Return settings that leave text as text; a new dictionary each time, because xlsxwriter writes into it."""
    return {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": "游ゴシック", "font_size": 11, "font_scheme": "none"},
    }


def _styles(book: Workbook) -> dict[str, Format]:
    top: dict[str, Any] = {"valign": "top"}
    looks: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 16},
        "drill": {"bold": True, "font_size": 14, "font_color": "#FFFFFF", "bg_color": "#C00000"},
        "line": {"font_color": "#404040"},
        "heading": {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "vcenter"},
        "name": {"bold": True, "valign": "top"},
        "words": {"text_wrap": True, "valign": "top", "num_format": "@"},
        ColumnType.TEXT: top | {"num_format": "@", "text_wrap": True},
        ColumnType.FLAG: top | {"num_format": "@", "align": "center"},
        ColumnType.INTEGER: top | {"num_format": "#,##0"},
        ColumnType.NUMBER: top,
        "degrees": top | {"num_format": "0.000000"},
        ColumnType.TIME: top | {"num_format": "yyyy/mm/dd hh:mm", "align": "left"},
        ColumnType.DATE: top | {"num_format": "yyyy/mm/dd", "align": "left"},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def _add_sheet(sheet: Worksheet, what: _Sheet, marks: Marks, styles: dict[str, Format]) -> None:
    layer, columns = what.printed.layer, what.printed.columns
    last = max(len(columns) - 1, 0)
    title = f"{layer.title}{what.part} ― {marks.title}"
    sheet.write_string(0, 0, drill_title(visible(title), marks), styles["title"])
    row = 1
    if marks.drill:
        _add_banner(sheet, row, last, styles["drill"])
        row += 1
    for line in _heading_lines(layer, marks):
        sheet.write_string(row, 0, line, styles["line"])
        row += 1
    for i, column in enumerate(columns):
        sheet.set_column(i, i, _width(column))
        sheet.write_string(row, i, visible(column.label), styles["heading"])
        sheet.write_blank(row + 1, i, None, _cell_style(column, styles))
    sheet.freeze_panes(row + 1, 0)
    sheet.autofilter(row, 0, row + max(what.stop - what.start, 1), last)
    sheet.repeat_rows(row)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    article = layer.grounds.article if layer.grounds is not None else ""
    _set_up_print(sheet, layer.title + what.part, marks, article)


def _cell_style(column: SheetColumn, styles: dict[str, Format]) -> Format:
    if column.type is ColumnType.NUMBER and column.label in DEGREES:
        return styles["degrees"]
    return styles.get(column.type, styles[ColumnType.TEXT])


def _add_banner(sheet: Worksheet, row: int, last: int, style: Format) -> None:
    sheet.write_string(row, 0, f"{DRILL}　{DRILL_SENTENCE}", style)
    for i in range(1, last + 1):
        sheet.write_blank(row, i, None, style)


def _set_up_print(sheet: Worksheet, title: str, marks: Marks, article: str = "") -> None:
    """Print on A4 landscape, one page wide, with the marks on every page: Excel allows 255 signs above and below."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    sheet.hide_gridlines(0)
    drill = f'&C&"-,Bold"&14&KC00000{DRILL}' if marks.drill else ""
    when = f"{japan_time(marks.as_of)}時点"
    left, right = _page_words(title, 60), _page_words(f"協定{article}　{when}" if article else when, 60)
    sheet.set_header(f"&L{left}{drill}&R{right}")
    limits = [marks.recipient, marks.purpose, f"{japan_time(marks.expires_at)}まで" if marks.expires_at else ""]
    sheet.set_footer(
        f"&L{_page_words('　'.join(filter(None, limits)), 110)}&C&P / &N ページ&R{_page_words(marks.provider, 40)}"
    )


def _page_words(text: str, most: int) -> str:
    """Prepare words for a page header, where & begins a command and a number after it would be a font size."""
    return visible(text).replace("\n", " ")[:most].replace("&", "&&")


def _width(column: SheetColumn) -> float:
    """Return the width of a column in signs: as wide as its first rows, not so wide that the table cannot be read."""
    match column.type:
        case ColumnType.TIME if not column.is_text:
            longest = 16
        case ColumnType.DATE if not column.is_text:
            longest = 10
        case _:
            sample = column.values.slice(0, _SAMPLE_ROWS).drop_null().to_pylist()
            longest = max((_display_width(str(value)) for value in sample), default=0)
    heading = min(_display_width(column.label) + 3, _HEADING_WIDTH)
    return float(min(max(longest + 2, heading, _MIN_WIDTH), _MAX_WIDTH))


def _display_width(text: str) -> int:
    longest = max(text.splitlines(), key=len, default="")
    return sum(2 if east_asian_width(sign) in "WFA" else 1 for sign in longest[:_MAX_WIDTH])


def _add_about(
    sheet: Worksheet, sheets: Sequence[_Sheet], printed: Sequence[_Printed], marks: Marks, styles: dict[str, Format]
) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, drill_title(visible(marks.title), marks), styles["title"])
    row = 1
    if marks.drill:
        _add_banner(sheet, row, 1, styles["drill"])
        row += 1
    for name, words in _about_lines(sheets, printed, marks):
        style = styles["words"] if words else styles["heading"]
        sheet.write_string(row, 0, visible(name), styles["name"] if words else style)
        sheet.write_string(row, 1, visible(words), style)
        row += 1
    _set_up_print(sheet, _ABOUT, marks)


def _about_lines(sheets: Sequence[_Sheet], printed: Sequence[_Printed], marks: Marks) -> Iterator[tuple[str, str]]:
    """Yield headings and words of the last sheet; a heading without words begins a new part."""
    yield from lines(marks)
    for one in printed:
        yield f"■ {one.layer.title}", ""
        yield "シート", "、".join(sheet.name for sheet in sheets if sheet.printed is one)
        yield from _layer_lines(one, marks)
    yield "■ 読み方", ""
    yield "日時", "日本時間です。"
    yield "○", "該当することを示します。空欄は、該当しないか不明です。"
    yield "経度・緯度", "世界測地系(JGD2011)、単位は度です。UTM座標(MGRS)は1m単位の地点番号です。"
    yield "コード・番号", "先頭の0を残すため、文字として入れてあります。"


def _layer_lines(one: _Printed, marks: Marks) -> Iterator[tuple[str, str]]:
    layer = one.layer
    yield "件数", f"{len(layer):,}件"
    yield "時点", f"{japan_time(layer.as_of)}(日本時間)"
    if layer.geometry is not None:
        yield "位置のない行", f"{without_place(places(layer), len(layer)):,}件(表には含み、地図には載りません)"
    if isinstance(layer, Extract):
        yield "要請に当たる件数", f"{layer.matched:,}件"
        yield "提供した件数", f"{layer.returned:,}件"
        for rule, rows in layer.withheld.items():
            yield "提供しなかった件数", f"{rows:,}件({rule_words(rule)})"
    if layer.grounds is not None:
        yield "根拠", basis_of(layer, marks)
        if layer.grounds.clause:
            yield "条項", f"協定 {layer.grounds.agreement} {layer.grounds.article}({layer.grounds.clause})"
        yield "項目", "、".join(f"{column.label}({SENSITIVITIES[column.sensitivity][0]})" for column in layer.columns)
    if layer.source:
        yield "出典", layer.source
    if layer.note:
        yield "注記", layer.note
    if one.replaced:
        yield "置きかえた文字", f"制御文字{one.replaced:,}字を、目に見える記号(␀、� など)に置きかえました。"
    if one.cut:
        yield "省略した文", f"{one.cut:,}か所の長い文を途中で切りました。全文はCSVにあります。"


def _set_rows(shell: BytesIO, path: Path, sheets: Sequence[_Sheet], above: int) -> None:
    """Copy the workbook to `path`, setting the rows into their sheets on the way."""
    by_member = {f"xl/worksheets/sheet{i}.xml": sheet for i, sheet in enumerate(sheets, start=1)}
    with ZipFile(shell) as source, ZipFile(path, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION) as target:
        for name in source.namelist():
            sheet = by_member.get(name)
            # A member opened by name carries the fixed date of 1980-01-01: the same rows give the same bytes.
            with target.open(name, "w", force_zip64=sheet is not None and _is_huge(sheet)) as file:
                for piece in [source.read(name)] if sheet is None else _with_rows(source.read(name), sheet, above):
                    file.write(piece)


def _is_huge(sheet: _Sheet) -> bool:
    """Whether the XML of a sheet may pass the 2 GB of a plain ZIP member (each cell costs about 50 bytes)."""
    columns = sheet.printed.columns
    text = sum(int(column.values.nbytes) for column in columns)
    return 2 * text + 60 * len(columns) * (sheet.stop - sheet.start) > 2_000_000_000


def _with_rows(xml: bytes, sheet: _Sheet, above: int) -> Iterator[bytes | memoryview]:
    """Yield a sheet with its rows in the place of the one row of blanks, from which the styles are read."""
    columns = sheet.printed.columns
    last = above + max(sheet.stop - sheet.start, 0)
    pattern = re.search(rb'<row r="%d".*?</row>' % (above + 1), xml, re.DOTALL)
    if pattern is None:  # a layer without columns
        yield xml
        return
    styles = [style.decode() for style in re.findall(rb'<c r="[A-Z]+\d+" s="(\d+)"/>', pattern.group())]
    extent = b'<dimension ref="A1:%s%d"/>' % (column_letters(len(columns) - 1).encode(), last)
    yield re.sub(rb'<dimension ref="[^"]*"/>', extent, xml[: pattern.start()], count=1)
    yield from rows_as_xml(columns, styles, sheet.start, sheet.stop, above + 1)
    yield xml[pattern.end() :]
