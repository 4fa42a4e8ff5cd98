"""Building gazetteers: from publishers' tables to one a municipality, with an account of every row."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from geo.changes import changes, former_names
from geo.codes import normalise
from geo.errors import PlaceError
from geo.gazetteer.abr import load_abr
from geo.gazetteer.geolonia import load_geolonia, with_file_name
from geo.gazetteer.merge import Apart, Merged, Share, merge
from geo.gazetteer.mlit import load_mlit
from geo.gazetteer.model import NUMBER_KINDS, Gazetteer
from geo.gazetteer.postal import load_postal
from geo.gazetteer.recognise import ROLES, role_of
from geo.gazetteer.rows import Account, Part, column, text
from geo.gazetteer.scope import Scope, official_names
from geo.read.model import Note, RawTable

_LOADERS: tuple[tuple[str, Callable[[Mapping[str, pa.Table], Scope], Part]], ...] = (
    ("abr", load_abr), ("mlit", load_mlit), ("geolonia", load_geolonia), ("postal", load_postal),
)  # fmt: skip
#: The columns that name municipalities, the best table first: code, prefecture, and what makes up the city.
_NAMES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "abr_city": ("lg_code", "pref", ("county", "city", "ward")),
    "abr_town": ("lg_code", "pref", ("county", "city", "ward")),
    "postal": ("列1", "列7", ("列8",)),
    "postal_named": ("jisx0402", "prefecture", ("city",)),
    "geolonia": ("lg_code", "pref", ("city",)),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """A file that a gazetteer was built from."""

    file: str
    sha256: str
    role: str
    rows: int


@dataclass(frozen=True, slots=True)
class Count:
    """What the gazetteer of one municipality holds: rows by kind (``""`` a town), and those of them with a point."""

    rows: Mapping[str, int]
    with_point: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """Gazetteers of municipalities and how they came about.

    Attributes
    ----------
    tables
        Code of five digits to the rows (`geo.gazetteer.rows.ROWS`): towns, then numbers.
    names
        Code to (prefecture, city).
    origins
        The files.
    accounts
        What became of the rows of each sort of file.
    shares
        What each source gave to the merged rows.
    apart
        Towns that two sources put more than a kilometre apart.
    absent
        Codes that were asked for and have no town in the files.
    on, vintage
        The day, and what was stated of the sources' age.
    notes
        Remarks of the files and about their reference systems: a code of the catalogue and its parameters.
    """

    tables: Mapping[str, pa.Table] = field(repr=False)
    names: Mapping[str, tuple[str, str]] = field(repr=False)
    origins: tuple[Origin, ...]
    accounts: tuple[Account, ...]
    shares: tuple[Share, ...]
    apart: tuple[Apart, ...]
    absent: tuple[str, ...]
    on: date
    vintage: str = ""
    notes: tuple[Note, ...] = ()

    def gazetteer(self, municipality: str) -> Gazetteer:
        """Return the gazetteer of a municipality (code of five or six digits).

        Raises
        ------
        PlaceError
            ``geo.gazetteer_empty`` if the files have no town of it.
        """
        code5 = normalise(municipality)
        if code5 not in self.tables:
            raise PlaceError("geo.gazetteer_empty", municipality=code5)
        return Gazetteer.of(self.tables[code5], municipality=code5)

    def count(self, municipality: str) -> Count:
        """Count the rows of a municipality."""
        rows = self.tables[municipality]
        kinds, placed = column(rows, "kind"), column(rows, "lon").is_valid()
        found = {kind: pc.equal(kinds, kind) for kind in ("", *NUMBER_KINDS)}
        return Count(
            {kind: int(pc.sum(here).as_py() or 0) for kind, here in found.items()},
            {kind: int(pc.sum(pc.and_(here, placed)).as_py() or 0) for kind, here in found.items()},
        )


def build(
    files: Sequence[RawTable], municipalities: Collection[str] | None = None, *, on: date, vintage: str = ""
) -> Built:
    """Build the gazetteers of municipalities from address tables.

    Recognised by their headings: ABR 町字, 住居表示 and 地番 with their positions and the list of municipalities;
    街区レベル位置参照情報; Geolonia 住所データ (the nationwide table, or the list of one municipality, which only the
    name of its file tells: ``架空県_潮見市.json``); KEN_ALL and utf_ken_all. Where sources have the same town the first
    of this order gives its text and point: ABR, 街区レベル, Geolonia, postal table.

    Parameters
    ----------
    files
        As `geo.read.Reader` gives them, in any order: it does not change the result.
    municipalities
        Codes of five or six digits; None for all that the files hold.
    on
        The day for which the gazetteer is made: what was abolished by then is left out, codes are that day's.
    vintage
        When the sources are from, where their rows do not say.

    Returns
    -------
    Built
        One table a municipality and an account in which every row that was read appears.

    Raises
    ------
    PlaceError
        ``geo.gazetteer_file_unknown`` (a table that is none of these, all are named), ``geo.gazetteer_nothing`` (no
        town of any municipality that was asked for), ``geo.code_unreadable`` or ``geo.code_check_digit``.
    """
    ordered = sorted(files, key=lambda one: (one.source.sha256, one.source.file))
    origins, tables = _by_role(ordered)
    names = _names(tables)
    wanted = None if municipalities is None else frozenset(normalise(code) for code in municipalities)
    scope = Scope(names, on, wanted)
    parts = [load(own, scope) for prefix, load in _LOADERS if (own := _of_source(tables, prefix))]
    merged = merge(parts, vintage=vintage)
    held = _by_municipality(merged, scope)
    if not held:
        raise PlaceError("geo.gazetteer_nothing", municipality="、".join(sorted(wanted or ())))
    accounts = (*(account for part in parts for account in part.accounts), *_without_towns(tables))
    return Built(
        held, names, origins, accounts, merged.shares, merged.apart,
        tuple(sorted((wanted or frozenset()) - set(held))), on, vintage,
        tuple(note for part in parts for note in part.notes),
    )  # fmt: skip


def _by_role(files: Sequence[RawTable]) -> tuple[tuple[Origin, ...], dict[str, pa.Table]]:
    """Put tables of one sort together; a file given twice counts once."""
    roles = {one.source.file: role_of(one.table.column_names) for one in files}
    unknown = sorted(file for file, role in roles.items() if role is None)
    if unknown:
        known = "、".join(title for _needed, title in ROLES.values())
        raise PlaceError("geo.gazetteer_file_unknown", files="、".join(unknown), known=known)
    origins: list[Origin] = []
    tables: dict[str, list[pa.Table]] = {}
    seen: set[tuple[str, str]] = set()
    for one in files:
        role, source = roles[one.source.file] or "", one.source
        told = (source.sha256, source.file if role == "geolonia_city" else "")
        if told in seen:
            continue
        seen.add(told)
        table = with_file_name(one.table, PurePath(source.file).stem) if role == "geolonia_city" else one.table
        tables.setdefault(role, []).append(table)
        origins.append(Origin(source.file, source.sha256, role, table.num_rows))
    together = {role: pa.concat_tables(found, promote_options="default") for role, found in sorted(tables.items())}
    return tuple(sorted(origins, key=lambda one: (one.role, one.file))), together


def _of_source(tables: Mapping[str, pa.Table], prefix: str) -> dict[str, pa.Table]:
    return {role: table for role, table in tables.items() if role.startswith(prefix) and role != "abr_city"}


def _names(tables: Mapping[str, pa.Table]) -> dict[str, tuple[str, str]]:
    """Return the official names of municipalities: from the registry, then the postal table, then Geolonia."""
    lists = []
    for role, (code, pref, city) in _NAMES.items():
        if role in tables:
            own = tables[role]
            whole = pc.binary_join_element_wise(*(text(own, name) for name in city), "")
            lists.append((text(own, code), text(own, pref), whole))
    names = official_names(lists)
    for one in changes():  # of municipalities that the files know under an old code only
        if one.old in names:
            names.setdefault(one.new, (one.pref, one.new_city))
    return names


def _by_municipality(merged: Merged, scope: Scope) -> dict[str, pa.Table]:
    """Cut the merged rows, which are sorted, into municipalities; each town is told the former names of its own."""
    runs = pc.run_end_encode(column(merged.rows, "municipality"))
    held, start = {}, 0
    for code, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        own = merged.rows.slice(start, end - start)
        held[code], start = _with_former(own, former_names(code, on=scope.on)), end
    return held


def _with_former(rows: pa.Table, names: Iterable[str]) -> pa.Table:
    former = "、".join(names)
    if not former:
        return rows
    told = pa.array([former] * rows.num_rows, pa.string())
    return rows.set_column(rows.schema.get_field_index("former"), rows.schema.field("former"), told)


def _without_towns(tables: Mapping[str, pa.Table]) -> list[Account]:
    """Account for files of whole municipalities: their list gives names and codes, the others nothing."""
    counts = {role: tables[role].num_rows for role in ("abr_city", "abr_city_pos", "abr_pref") if role in tables}
    return [
        Account(role, rows, 0, rows, {}) if role == "abr_city" else Account(role, rows, 0, 0, {"not_needed": rows})
        for role, rows in counts.items()
    ]
