"""A placed list as files: the rows for a spreadsheet, and the page about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from agreements.format import Column, ColumnType
from disaster.errors import IngestError
from disaster.newfolder import new_folder
from disaster.placelist.page import page
from disaster.placelist.rows import PlacedList, Unplaced
from exporters import Layer, Marks, write_csv, write_xlsx

#: Rows up to which the rows come as XLSX, in which 2-6 stays 2-6; opening a CSV file Excel makes a date of it.
MAX_SHEET_ROWS = 200_000

_PAGE = "summary.html"
_TYPES = {pa.float64(): ColumnType.NUMBER, pa.int32(): ColumnType.INTEGER, pa.bool_(): ColumnType.FLAG}


def write_list(
    placed: PlacedList, out: Path, *, file: str, at: datetime, notes: Mapping[str, str] | None = None
) -> tuple[Path, Path]:
    """Write the rows and the page into a new folder: both or nothing.

    Parameters
    ----------
    placed
        The list.
    out
        A folder that does not exist yet; only its owner may open it.
    file
        Name of the list, for the headings.
    at
        When it was placed, aware.
    notes
        Further lines for the page, heading to text.

    Returns
    -------
    rows, page
        ``placed.xlsx`` (``placed.csv`` beyond `MAX_SHEET_ROWS`) and ``summary.html``.

    Raises
    ------
    IngestError
        ``disaster.out_exists`` if there is such a folder already; ``disaster.cannot_write_out``.
    """
    marks = Marks(title=f"住所の位置付け {file}", municipality=placed.gazetteer.pref + placed.gazetteer.city, as_of=at)
    layer = _layer("rows", "住所の位置付け", placed.rows(), at)
    unplaced = placed.unplaced()
    name = "placed.csv" if len(layer) > MAX_SHEET_ROWS else "placed.xlsx"
    about = page(placed, unplaced, file=file, at=at, notes=notes, outputs=(name,))
    with new_folder(out, IngestError) as folder:
        if len(layer) > MAX_SHEET_ROWS:
            write_csv(folder / name, layer, marks)
        else:
            texts = _layer("unplaced", "町が見つからなかったもの", _texts(unplaced[0], personal=placed.personal), at)
            write_xlsx(folder / name, [layer, texts], marks)
        (folder / _PAGE).write_text(about, encoding="utf-8", newline="\n")
    return out / name, out / _PAGE


def _layer(name: str, title: str, table: pa.Table, at: datetime) -> Layer:
    columns = tuple(
        Column(f"c{number}", field.name, _TYPES.get(field.type, ColumnType.TEXT))
        for number, field in enumerate(table.schema)
    )
    typed = pa.table(
        [
            column.cast(pa.int64()) if field.type == pa.int32() else column
            for field, column in zip(table.schema, table.columns, strict=True)
        ],
        names=[column.name for column in columns],
    )
    return Layer(name, title, columns, typed, None, at)


def _texts(shown: Sequence[Unplaced], *, personal: bool) -> pa.Table:
    texts = ["" if personal else one.text for one in shown]
    return pa.table(
        {
            "書かれている文字": pa.array(texts, pa.string()),
            "似ている町(参考)": pa.array(["、".join(one.towns) for one in shown], pa.string()),
            "行の数": pa.array([one.count for one in shown], pa.int32()),
            "行の番号": pa.array(["、".join(map(str, one.rows)) for one in shown], pa.string()),
        }
    )
