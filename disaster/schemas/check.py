"""The checks of a file in their order: types, what must not be empty, rules, keys, municipality, place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from agreements.format import ColumnType
from disaster.layouts.codes import municipality_codes
from disaster.layouts.convert import ROW
from disaster.layouts.model import GEOMETRY, NOTE, PLACE_NAMES
from disaster.models import Field, Noun, Shape
from disaster.schemas.findings import Findings, Mask
from disaster.schemas.kept import Kept, Remark
from disaster.schemas.merged import stated_once
from disaster.schemas.parse import ARROW_TYPES, Parsed, fold_plain, parse
from disaster.schemas.places import check_points, check_shapes
from disaster.schemas.rules import SECRET, check_keys, check_rules
from geo.codes import six
from geo.faults import Faults

#: Codes of a row that has, or had before it was copied, more or fewer cells than headings: no column is to blame.
_CELLS = frozenset({"geo.row_cells", "disaster.cells_to_mend"})


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """The rows that may enter, typed, and what was wrong with the others.

    `table` holds the noun's columns, then ``lon`` and ``lat`` or ``geometry`` as in ``disaster.batch.Batch``; `rows`
    their numbers in the file. `read` = rows of `table` + `refused`. `notes` counts rows that entered with something
    taken as given, by code; `remarks` say so of single columns, with the rows. `numbers` are those by which a person
    finds the rows (of a sheet); None where they are `rows`.
    """

    table: pa.Table = field(repr=False)
    rows: npt.NDArray[np.int64]
    faults: Faults
    read: int
    refused: int
    notes: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    numbers: npt.NDArray[np.int64] | None = None


def check(
    noun: Noun,
    table: pa.Table,
    *,
    municipality: str,
    headings: Mapping[str, str] | None = None,
    area: shapely.Geometry | None = None,
    findings: Findings | None = None,
    bad_geometry: Mapping[int, str] | None = None,
    continued: Mapping[str, Mask] | None = None,
) -> Checked:
    """Turn a text table into typed rows and report everything that is wrong in it.

    Parameters
    ----------
    noun
        What the rows are.
    table
        As ``disaster.layouts.apply`` gives it: text columns of the noun (null where empty), ``lon`` and ``lat`` or
        ``geometry``, and ``row``.
    municipality
        Five digits; rows of another municipality are refused, all of them in one sentence if there are no others.
    headings
        Heading of the file for each column, for the sentences; the noun's Japanese labels where absent.
    area
        The municipality with a margin, from `near`; None where no boundary is known.
    findings
        Where faults of the same file were collected before.
    bad_geometry
        Row to the reader's code of what is wrong with its place (``geo.read.RawTable.bad_geometry``).
    continued
        Column to the rows in which it repeats a merged cell above, of `continued_amounts`.

    Notes
    -----
    One row may have several faults and is refused once. Values that can point at a home or a person are not repeated.
    """
    named = {item.name: item.column.label for item in noun.fields} | dict(headings or {})
    found = findings or Findings(table.column(ROW).to_numpy())
    table, once = stated_once(noun, table, continued or {}, found, headings=named)
    columns, notes, kept = _typed(noun, table, municipality, found, named)
    kept += once
    if "municipality" in columns and _elsewhere(columns, municipality, found, named):
        return refused_whole(noun, found)
    check_rules(noun, columns, found, headings=named)
    reported = _reported(found, bad_geometry or {})
    if noun.shape is Shape.POINT:
        here = pc.fill_null(pc.equal(columns["municipality"], municipality), fill_value=False)
        points = check_points(
            table, found, headings=named, area=area, secret=_homes(noun), here=here.to_numpy(zero_copy_only=False)
        )
        columns |= {"lon": points.lon, "lat": points.lat}
        for side in np.unique(points.from_grid[points.from_grid > 0]).tolist():
            where = points.from_grid == side
            kept.append(Kept("disaster.place_from_grid", "UTMポイント", where, side=side))
    elif noun.shape is not Shape.NONE:
        columns[GEOMETRY], notes["disaster.repaired_geometry"] = check_shapes(
            table, noun, found, area=area, reported=reported
        )
    check_keys(noun, columns, found, headings=named)  # last: only a row that stays can stand for its key
    return _result(found, columns, notes, kept)


def _reported(found: Findings, bad: Mapping[int, str]) -> Mask:
    """Take over what the reader found wrong with places, and say in which rows."""
    reported = np.zeros(len(found.rows), dtype=bool)
    for code in sorted(set(bad.values())):
        mask = np.isin(found.rows, [row for row, one in bad.items() if one == code])
        found.add(code, mask, column=None if code in _CELLS else GEOMETRY)
        reported |= mask
    return reported


def refused_whole(noun: Noun, found: Findings) -> Checked:
    """Return a file of which nothing may enter."""
    return Checked(empty_table(noun), found.rows[:0], found.faults(), len(found.rows), len(found.rows))


def empty_table(noun: Noun) -> pa.Table:
    """Return a typed table of a noun without rows."""
    columns = {item.name: pa.array([], ARROW_TYPES[item.column.type]) for item in noun.fields}
    if noun.shape is Shape.POINT:
        columns |= {name: pa.array([], pa.float64()) for name in PLACE_NAMES}
    elif noun.shape is not Shape.NONE:
        columns[GEOMETRY] = pa.array([], pa.binary())
    return pa.table(columns)


def _typed(
    noun: Noun, table: pa.Table, municipality: str, found: Findings, named: Mapping[str, str]
) -> tuple[dict[str, pa.Array], dict[str, Mask], list[Kept]]:
    """Return the columns in their types, what was taken as given and what kept as words; report what is unreadable."""
    columns: dict[str, pa.Array] = {}
    notes: dict[str, Mask] = {}
    kept: list[Kept] = []
    for item in noun.fields:
        text, restored = _tidied(item, table.column(item.name).combine_chunks(), municipality)
        parsed = _keeping(noun, item, text, named, kept)
        shown = None if item.column.sensitivity in SECRET else text
        allowed = "、".join(item.column.choices.values())
        found.add(parsed.code, parsed.bad, column=named[item.name], values=shown, allowed=allowed)
        if item.required:
            found.add("disaster.required", text.is_null().to_numpy(zero_copy_only=False), column=named[item.name])
        marked = item.column.type is ColumnType.FLAG
        columns[item.name] = _blank_is_no(parsed.values, text.is_null()) if marked else parsed.values
        for code, mask in {**parsed.notes, "disaster.code_zero_restored": restored}.items():
            notes[code] = notes[code] | mask if code in notes else mask
    if "served_municipalities" in columns:
        columns["served_municipalities"] = _each_code(columns["served_municipalities"], municipality)
    for one in kept:
        columns[NOTE] = one.into(columns[NOTE])
    return columns, notes, kept


def _keeping(noun: Noun, item: Field, text: pa.Array, named: Mapping[str, str], kept: list[Kept]) -> Parsed:
    """Parse a column; an amount in prose leaves it empty and its row in, where the noun has a place for the words."""
    parsed = parse(item.column, text, units=item.units)
    noted = any(one.name == NOTE for one in noun.fields) and item.column.sensitivity not in SECRET
    if parsed.prose is None or parsed.about is None or item.required or not noted:
        return parsed
    for code, where in (("disaster.kept_as_text", parsed.prose), ("disaster.about", parsed.about)):
        if where.any():
            kept.append(Kept(code, named[item.name], where, text))
    return replace(parsed, bad=parsed.bad & ~parsed.prose)


def _blank_is_no(flags: pa.Array, blank: pa.Array) -> pa.Array:
    """Read a column of ○ and blanks as yes and no; with nothing marked, or no written out, blank stays unknown."""
    only_yes = pc.min(flags).as_py() is True
    return pc.if_else(blank, False, flags) if only_yes else flags


def _each_code(lists: pa.ListArray, municipality: str) -> pa.ListArray:
    codes, _restored = municipality_codes(pc.list_flatten(lists), municipality)
    return pa.ListArray.from_arrays(lists.offsets, codes, mask=lists.is_null())


def _tidied(item: Field, text: pa.Array, municipality: str) -> tuple[pa.Array, Mask]:
    """Write codes one way, so that a full-width or hyphenated one is not refused for its looks; say which lost a 0."""
    if item.name == "municipality":
        return municipality_codes(text, municipality)
    none = np.zeros(len(text), dtype=bool)
    if item.name.endswith("_id"):
        return _one_width(text), none
    if item.pattern is None:
        return text, none
    plain = fold_plain(text)
    hyphens = item.name == "postal_code"
    return pc.replace_substring_regex(plain, "[-‐－ー〒]", "") if hyphens else plain, none


def _one_width(text: pa.Array) -> pa.Array:
    """Write ids that are plain letters and digits in half width: １ of this year is 1 of the next."""
    folded = fold_plain(text)
    return text if folded is text else pc.if_else(pc.string_is_ascii(folded), folded, text)


def _elsewhere(columns: Mapping[str, pa.Array], municipality: str, found: Findings, named: Mapping[str, str]) -> bool:
    """Report rows of other municipalities; True if there are no others and the whole file was refused."""
    codes = columns["municipality"]
    readable = pc.fill_null(pc.match_substring_regex(codes, r"^\d{5}$"), fill_value=False)
    other = ~_ours(columns, municipality) & readable.to_numpy(zero_copy_only=False)
    if len(other) and other.all():
        counts = pc.value_counts(codes).to_pylist()
        most = max(counts, key=lambda entry: entry["counts"])["values"]
        found.refuse_all(
            "disaster.all_other_municipality", column=named["municipality"], found=most, expected=six(municipality)
        )
        return True
    found.add(
        "disaster.other_municipality", other, column=named["municipality"], values=codes, expected=six(municipality)
    )
    return False


def _ours(columns: Mapping[str, pa.Array], municipality: str) -> Mask:
    """Tell which rows belong to the municipality; an office also where it delivers, wherever it stands."""
    if "municipality" not in columns:
        return np.ones(len(next(iter(columns.values()))), dtype=bool)
    ours = pc.fill_null(pc.equal(columns["municipality"], municipality), fill_value=False)
    mask = np.array(ours.to_numpy(zero_copy_only=False), dtype=bool)
    if "served_municipalities" in columns:
        served = columns["served_municipalities"]
        parents = pc.list_parent_indices(served).to_numpy(zero_copy_only=False)
        mask[parents[pc.equal(pc.list_flatten(served), municipality).to_numpy(zero_copy_only=False)]] = True
    return mask


def _homes(noun: Noun) -> bool:
    return any(item.column.sensitivity in SECRET for item in noun.fields)


def _result(
    found: Findings, columns: Mapping[str, pa.Array], notes: Mapping[str, Mask], kept: Sequence[Kept]
) -> Checked:
    keep = ~found.refused
    table = pa.table(dict(columns))
    return Checked(
        table if keep.all() else table.filter(pa.array(keep)).combine_chunks(),
        found.rows[keep],
        found.faults(),
        len(keep),
        int((~keep).sum()),
        {code: count for code, mask in notes.items() if (count := int((mask & keep).sum()))},
        tuple(remark for one in kept if (remark := one.remark(found.numbers, keep))),
        None if found.numbers is found.rows else found.numbers[keep],
    )
