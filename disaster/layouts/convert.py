"""Apply a layout: a file's table, as found, becomes a text table with the noun's columns."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from disaster.errors import IngestError
from disaster.layouts.codes import municipality_codes
from disaster.layouts.model import (
    GEOMETRY,
    MGRS,
    MGRS_HEADINGS,
    NOTE,
    PLACE_NAMES,
    Layout,
    Template,
    Value,
    find_heading,
    fold_heading,
    starred_part,
)
from disaster.layouts.prepare import prepared
from disaster.layouts.transforms import TRANSFORMS
from disaster.layouts.unread import Said, disagreeing, into_notes, parts_of_amounts, positions, unread_headings
from disaster.models import BOUNDARIES, NOUNS, Noun, Shape

#: Column of a canonical table that holds the row's number in its file: 1 is the first below the header.
ROW = "row"

#: A cell holding one of these alone says that there is nothing to say.
_DASHES = ("-", "ー", "―", "－", "‐", "—", "–", "−", "…")
_MARKS = frozenset({"○", "〇", "◯", "●", "◎", "1", "1.0", "有", "レ", "✓", "true"})


@dataclass(frozen=True, slots=True, eq=False)
class Canonical:
    """A file's rows of one kind as text.

    `table` holds the noun's columns (string, null where empty), then ``lon`` and ``lat`` (string, or float64 where the
    file had geometry; only point nouns) and ``mgrs`` if the file has such a column, or ``geometry`` (WKB), then ``row``
    (int64). `headings` says under which
    heading of the file a column was found. `set_aside` counts rows that are of another kind or municipality, by code.
    `unread` are headings of filled columns that nothing was read from, `positions` those among them that look like the
    places which the rows lack; `said` are remarks on single columns.
    """

    table: pa.Table = field(repr=False)
    headings: Mapping[str, str]
    set_aside: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()


def apply(layout: Layout, table: pa.Table, *, file: str = "", municipality: str = "") -> Canonical:
    """Turn the table of a file into a text table with the columns of the layout's noun.

    Parameters
    ----------
    layout
        What `recognise` found.
    table
        ``geo.read.RawTable.table``: every cell text, ``geometry`` as WKB in EPSG:6668 if there is any.
    file
        Name of the file without ending, for layouts that use it.
    municipality
        Five digits; stands in rows whose file names no municipality.

    Raises
    ------
    IngestError
        ``disaster.column_twice`` if two headings mean the same column; ``disaster.file_name_needed`` if a column that
        must not be empty is told by the file's name alone and the name does not tell.
    """
    noun = NOUNS[layout.kind]
    file = unicodedata.normalize("NFC", file)  # a Mac writes が as two signs
    ready = prepared(table, layout.prepare)
    source = _Source(ready.table, file, municipality, _index(layout, ready.table), ready.rows)
    filled = _filled_rows(ready.table)
    keep = _of_this_kind(layout, source) & filled
    columns = {item.name: _column(layout.columns.get(item.name), source) for item in noun.fields}
    _require_file_name(layout, noun, columns, file)
    if "municipality" in columns:
        columns["municipality"] = _municipalities(columns["municipality"], layout, municipality)
    columns |= _place(noun, layout, source)
    columns[ROW] = pa.array(ready.rows)
    unread, said = unread_headings(layout, ready.table), tuple[Said, ...]()
    if layout.own:
        unread, said = _remarked(layout, source, columns, unread, keep)
    result = pa.table(columns)
    aside = {
        **ready.set_aside,
        "disaster.rows_empty": int((~filled).sum()),
        "disaster.rows_of_another_kind": int((filled & ~keep).sum()),
    }
    if layout.only_municipality:
        ours = _of_municipality(result.column("municipality"), municipality)
        aside["disaster.rows_of_other_municipalities"] = int((keep & ~ours).sum())
        keep &= ours
    kept = result if keep.all() else result.filter(pa.array(keep))
    headings = {name: _found(layout.columns.get(name), source) for name in columns}
    return Canonical(
        kept.combine_chunks(),
        {name: found for name, found in headings.items() if found},
        {code: count for code, count in aside.items() if count},
        unread,
        positions(layout, ready.table, unread),
        said,
    )


def _remarked(
    layout: Layout, source: "_Source", columns: dict[str, pa.Array], unread: tuple[str, ...], keep: np.ndarray
) -> tuple[tuple[str, ...], tuple[Said, ...]]:
    """Keep amounts in parts (屋内480人／屋外3,350人) as text in the notes of `columns`, and say what disagrees.

    Returns the headings that are still unread, and the remarks.
    """
    parts = parts_of_amounts(NOUNS[layout.kind], layout, columns, source.text, unread) if NOTE in columns else {}
    if parts:
        columns[NOTE] = into_notes(columns[NOTE], parts)
    kept = ((name, _said(text) & keep) for name, text in parts.items())
    said = tuple(Said("disaster.kept_as_text", name, source.rows[where]) for name, where in kept)
    left = tuple(name for name in unread if name not in parts)
    return left, (*said, *disagreeing(layout, source.text, source.rows, keep))


def _said(text: pa.Array) -> np.ndarray:
    return np.asarray(pc.not_equal(text, "").to_numpy(zero_copy_only=False), dtype=bool)


@dataclass(frozen=True, slots=True)
class _Source:
    table: pa.Table = field(repr=False)
    file: str
    municipality: str
    index: Mapping[str, str]  # folded heading -> heading as written
    rows: np.ndarray  # number of each row in the file

    def written(self, heading: str) -> str | None:
        """Return a heading as the file writes it; None if the file has none."""
        found = find_heading(heading, self.index)
        return self.index[found] if found else None

    def text(self, heading: str) -> pa.Array | None:
        """Return the column under a heading, trimmed, empty instead of null; None if the file has none."""
        written = self.written(heading)
        if written is None:
            return None
        column = self.table.column(written)
        if not pa.types.is_string(column.type):
            return None
        found = pc.fill_null(column.chunk(0) if column.num_chunks == 1 else column.combine_chunks(), "")
        trimmed = pc.utf8_trim_whitespace(found)
        trimmed = found if pc.all(pc.equal(trimmed, found)).as_py() else trimmed  # not twice in memory
        dashes = pc.is_in(trimmed, value_set=pa.array(_DASHES))
        return pc.if_else(dashes, "", trimmed) if pc.any(dashes).as_py() else trimmed

    @property
    def geometry(self) -> str | None:
        """Name of the column of shapes; a text column of that name is none."""
        written = self.index.get(GEOMETRY)
        return written if written and pa.types.is_binary(self.table.schema.field(written).type) else None

    def same(self, text: str) -> pa.Array:
        """Return the same text in every row."""
        return pa.array([text], pa.string()).take(pa.array(np.zeros(self.table.num_rows, dtype=np.int64)))


def _index(layout: Layout, table: pa.Table) -> dict[str, str]:
    known = {fold_heading(name) for name in layout.headings}
    index: dict[str, str] = {}
    for name in table.column_names:
        folded = fold_heading(name)
        if folded in index and folded in known:
            raise IngestError("disaster.column_twice", first=index[folded], second=name)
        index.setdefault(folded, name)
    return index


def _municipalities(codes: pa.Array, layout: Layout, municipality: str) -> pa.Array:
    """Fill in whose rows these are where the file does not say.

    In boundaries, and in a file that names other municipalities too, a row without a code belongs to nobody
    (所属未定地); in a list of one municipality it is that one's.
    """
    some = layout.only_municipality and 0 < codes.null_count < len(codes)
    said = pa.chunked_array([codes.drop_null()])
    if some and (layout.kind == BOUNDARIES.kind or not _of_municipality(said, municipality).all()):
        return codes
    return pc.fill_null(codes, municipality)


def _require_file_name(layout: Layout, noun: Noun, columns: Mapping[str, pa.Array], file: str) -> None:
    for item in noun.fields if layout.file_like else ():
        value = layout.columns.get(item.name)
        told = value is not None and value.template is not None and value.template.text == "{file}"
        if told and item.required and columns[item.name].null_count:
            raise IngestError(
                "disaster.file_name_needed", file=file, column=item.column.label, example=layout.file_like
            )


def _filled_rows(table: pa.Table) -> np.ndarray:
    """Tell which rows hold anything; spreadsheets leave rows of nothing but commas at the end."""
    filled = np.zeros(table.num_rows, dtype=bool)
    for name in table.column_names:
        if filled.all():
            break
        column = table.column(name)
        if pa.types.is_string(column.type):
            said = pc.not_equal(pc.utf8_trim_whitespace(column), "")
            filled |= pc.fill_null(said, fill_value=False).to_numpy()
        else:
            filled |= column.is_valid().to_numpy()
    return filled


def _of_this_kind(layout: Layout, source: _Source) -> np.ndarray:
    keep = np.ones(source.table.num_rows, dtype=bool)
    column = source.text(layout.where.column) if layout.where else None
    if layout.where is None or column is None:
        return keep
    keep[:] = False
    for word in layout.where.contains:
        keep |= pc.match_substring(column, word).to_numpy(zero_copy_only=False)
    return keep


def _column(value: Value | None, source: _Source) -> pa.Array:
    """Return one column of the noun as text, null where there is nothing."""
    if value is None:
        return pa.nulls(source.table.num_rows, pa.string())
    text = _raw(value, source)
    if value.starred and (named := find_heading(value.starred, source.index)):
        text = pc.if_else(pc.equal(text, ""), starred_part(value.starred, named), text)
    if value.transform:
        text = TRANSFORMS[value.transform](text)
    if value.mapping or value.contains:
        text = _mapped(value, text)
    if value.blank:
        text = pc.if_else(pc.equal(text, ""), _filled(value.blank, source), text)
    return _null_for_empty(text)


def _null_for_empty(text: pa.Array) -> pa.Array:
    """Return the texts with null for empty ones, their letters shared: a large column is not twice in memory."""
    filled = pc.fill_null(pc.not_equal(text, ""), fill_value=False)
    if text.offset or filled.offset:
        return pc.if_else(filled, text, pa.scalar(None, pa.string()))
    _validity, offsets, letters = text.buffers()
    return pa.Array.from_buffers(pa.string(), len(text), [filled.buffers()[1], offsets, letters])


def _raw(value: Value, source: _Source) -> pa.Array:
    if value.constant is not None:
        return source.same(value.constant)
    if value.template is not None:
        return _filled(value.template, source)
    if value.marked:
        return _marked(value.marked, source)
    found = [column for name in value.sources if (column := source.text(name)) is not None]
    if not found:
        return source.same("")
    text = found[0]
    for other in found[1:]:
        text = pc.if_else(pc.equal(text, ""), other, text)
    return text


def _filled(template: Template, source: _Source) -> pa.Array:
    """Fill the holes of a template; a row in which every heading is empty gives nothing."""
    pieces: list[pa.Array] = []
    anything: pa.Array | None = None
    for piece, hole in template.parts:
        if not hole:
            pieces.append(source.same(piece))
        elif piece == "row":
            pieces.append(pa.array([f"{number:05d}" for number in source.rows.tolist()], pa.string()))
        elif piece in ("file", "municipality"):
            pieces.append(source.same(source.file if piece == "file" else source.municipality))
        else:
            text = source.text(piece)
            text = source.same("") if text is None else text
            pieces.append(text)
            here = pc.not_equal(text, "")
            anything = here if anything is None else pc.or_(anything, here)
    joined = pc.utf8_trim_whitespace(pc.binary_join_element_wise(*pieces, ""))
    return joined if anything is None else pc.if_else(anything, joined, "")


def _marked(words: Mapping[str, str], source: _Source) -> pa.Array:
    joined = source.same("")
    for heading, word in words.items():
        column = source.text(heading)
        if column is None:
            continue
        marked = pc.is_in(column, value_set=pa.array(sorted(_MARKS)))
        joined = pc.binary_join_element_wise(joined, pc.if_else(marked, f"、{word}", ""), "")
    return pc.utf8_ltrim(joined, "、")


def _mapped(value: Value, text: pa.Array) -> pa.Array:
    """Replace values by the layout's own words; a value that is in neither table stays and is judged later."""
    coded = text.dictionary_encode()
    exact = {_fold_value(key): word for key, word in value.mapping.items()}
    words = []
    for entry in coded.dictionary.to_pylist():
        part = next((word for key, word in value.contains.items() if _fold_value(key) in _fold_value(entry)), entry)
        words.append(exact.get(_fold_value(entry), part))
    return pa.array(words, pa.string()).take(coded.indices)


def _fold_value(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _place(noun: Noun, layout: Layout, source: _Source) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Return where the rows are: columns of text, or the geometry of the file as it came."""
    written = source.geometry
    if noun.shape in (Shape.LINE, Shape.POLYGON):
        return {GEOMETRY: source.table.column(written) if written else pa.nulls(source.table.num_rows, pa.binary())}
    if noun.shape is Shape.NONE:
        return {}
    if written and not any(source.text(h) is not None for n in PLACE_NAMES for h in layout.columns[n].headings):
        return {GEOMETRY: source.table.column(written)}
    places = {name: _column(layout.columns.get(name), source) for name in PLACE_NAMES}
    grid = next((column for name in MGRS_HEADINGS if (column := source.text(name)) is not None), None)
    if grid is not None:
        places[MGRS] = _null_for_empty(grid)
    return places


def _of_municipality(codes: pa.ChunkedArray, municipality: str) -> np.ndarray:
    read, _restored = municipality_codes(codes.combine_chunks(), municipality)
    return np.asarray(pc.fill_null(pc.equal(read, municipality), fill_value=False).to_numpy(zero_copy_only=False))


def _found(value: Value | None, source: _Source) -> str:
    """Name the headings of the file that a column was read from, as a clerk sees them."""
    written = [source.written(name) for name in value.headings] if value else []
    return "・".join(dict.fromkeys(name.strip() for name in written if name))
