"""What a layout is: which heading of a known file gives which column of a noun, read from TOML."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from disaster.errors import IngestError
from disaster.models import NOUNS, Shape

#: Headings under which files give a point; a layout of a point noun need not repeat them.
PLACE_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "lon": ("経度", "lon", "lng", "longitude"),
    "lat": ("緯度", "lat", "latitude"),
}
PLACE_NAMES = tuple(PLACE_HEADINGS)
#: The column that geo.read adds for files with geometry.
GEOMETRY = "geometry"

_HOLDER = re.compile(r"\{([^{}]*)\}")
_LAYOUT_KEYS = frozenset(
    {
        "kind",
        "title",
        "note",
        "series",
        "requires",
        "knows",
        "file_contains",
        "file_like",
        "only_municipality",
        "where",
        "columns",
    }
)
_VALUE_KEYS = frozenset({"from", "template", "constant", "marked", "map", "contains", "blank", "transform"})
_WHERE_KEYS = frozenset({"column", "contains"})


def fold_heading(text: str) -> str:
    """Return a heading without what people type differently: width, spaces (also full-width), capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


@dataclass(frozen=True, slots=True)
class Template:
    """Text with holes: ``{heading}`` of the file, ``{row}``, ``{file}`` (name without ending) or ``{municipality}``."""

    text: str

    @property
    def parts(self) -> tuple[tuple[str, bool], ...]:
        """The pieces in order, each with whether it is a hole."""
        pieces = _HOLDER.split(self.text)
        return tuple((piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece or number % 2)

    @property
    def headings(self) -> tuple[str, ...]:
        """The holes that a heading of the file must fill."""
        return tuple(piece for piece, hole in self.parts if hole and piece not in ("row", "file", "municipality"))


@dataclass(frozen=True, slots=True)
class Value:
    """How one column of the noun comes out of a file's row.

    Attributes
    ----------
    sources
        Headings; the first that is not empty in a row gives the value.
    template
        Text built from several headings, empty when all of them are.
    constant
        The same value in every row.
    marked
        Heading to word: the words of the headings that hold a mark such as ○, joined by 、.
    mapping
        Value in the file (folded) to value of the noun.
    contains
        Part of the value in the file to value of the noun; the first part found decides.
    blank
        What an empty value stands for; may be a template.
    transform
        Name of a function in ``disaster.layouts.transforms``.
    """

    sources: tuple[str, ...] = ()
    template: Template | None = None
    constant: str | None = None
    marked: Mapping[str, str] = field(default_factory=dict)
    mapping: Mapping[str, str] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)
    blank: Template | None = None
    transform: str | None = None

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading that this value can make use of."""
        inside = self.template.headings if self.template else ()
        around = self.blank.headings if self.blank else ()
        return (*self.sources, *inside, *self.marked, *around)

    def missing(self, found: frozenset[str]) -> tuple[str, ...]:
        """Return the headings without which the value cannot be told; `found` are folded headings."""
        if self.sources and not any(fold_heading(name) in found for name in self.sources):
            return () if self.blank else (self.sources[0],)
        inside = self.template.headings if self.template else ()
        return tuple(name for name in inside if fold_heading(name) not in found)


@dataclass(frozen=True, slots=True)
class Where:
    """Which rows of the file are of the kind: those whose `column` contains one of the words."""

    column: str
    contains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the files of one publisher or system map to a noun.

    `series` says what a second file means: ``"layout"``: a newer state of the same thing; ``"file"``: it stands beside
    the first (accidents of another year). `beside` names a column of the noun: files whose rows all have one value of
    it (one office, one kind of area) stand beside each other. `requires` are headings that tell the layout although no
    column uses them, `knows` those that may be there and are not used.
    `file_contains` is for files whose headings say nothing: then the file's name must. `file_like` shows a name from
    which columns can be told, where a layout takes any from it. `only_municipality` sets rows of other municipalities
    aside (tables of a whole prefecture) instead of refusing them.
    """

    id: str
    kind: str
    title: str
    columns: Mapping[str, Value]
    note: str = ""
    series: Literal["layout", "file"] = "layout"
    beside: str = ""
    requires: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    file_contains: str = ""
    file_like: str = ""
    only_municipality: bool = False
    where: Where | None = None

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading of a file that the layout knows."""
        known = [name for value in self.columns.values() for name in value.headings]
        filtered = [self.where.column] if self.where else []
        return tuple(dict.fromkeys((*self.requires, *self.knows, *filtered, *known)))

    def missing(self, columns: frozenset[str]) -> tuple[str, ...]:
        """Return the headings that a file must have and does not; `columns` are folded headings of the file."""
        noun = NOUNS[self.kind]
        lacking = [name for name in self.requires if fold_heading(name) not in columns]
        if self.where and fold_heading(self.where.column) not in columns:
            lacking.append(self.where.column)
        for item in noun.fields:
            if not item.required or item.name == "municipality":
                continue
            value = self.columns.get(item.name)
            lacking.extend(value.missing(columns) if value else (item.column.label,))
        if noun.shape in (Shape.LINE, Shape.POLYGON) and GEOMETRY not in columns:
            lacking.append(GEOMETRY)
        return tuple(dict.fromkeys(lacking))

    def matched(self, columns: frozenset[str]) -> int:
        """Count the headings of the file that the layout knows; `columns` are folded headings of the file."""
        return len(columns & {fold_heading(name) for name in self.headings})


def parse_layout(text: str, *, layout_id: str) -> Layout:
    """Read a layout from its TOML text.

    Raises
    ------
    IngestError
        ``disaster.bad_layout`` with everything that is wrong in it: unknown keys, columns or kinds.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise IngestError("disaster.bad_layout", layout=layout_id, faults=str(error)) from error
    faults = _layout_faults(data)
    if faults:
        raise IngestError("disaster.bad_layout", layout=layout_id, faults="; ".join(faults))
    where = data.get("where")
    values = {name: _value(spec) for name, spec in data["columns"].items()}
    if NOUNS[data["kind"]].shape is Shape.POINT:
        values = {name: Value(sources=headings) for name, headings in PLACE_HEADINGS.items()} | values
    return Layout(
        id=layout_id,
        kind=data["kind"],
        title=data["title"],
        columns=values,
        note=data.get("note", ""),
        series=data.get("series", "layout"),
        requires=tuple(data.get("requires", ())),
        knows=tuple(data.get("knows", ())),
        file_contains=data.get("file_contains", ""),
        file_like=data.get("file_like", ""),
        only_municipality=data.get("only_municipality", False),
        where=Where(where["column"], tuple(where["contains"])) if where else None,
    )


def _value(spec: Any) -> Value:
    if isinstance(spec, str | list):
        return Value(sources=_texts(spec))
    template, blank = spec.get("template"), spec.get("blank")
    return Value(
        sources=_texts(spec.get("from", ())),
        template=Template(template) if template else None,
        constant=spec.get("constant"),
        marked=spec.get("marked", {}),
        mapping=spec.get("map", {}),
        contains=spec.get("contains", {}),
        blank=Template(blank) if blank else None,
        transform=spec.get("transform"),
    )


def _texts(spec: Any) -> tuple[str, ...]:
    return (spec,) if isinstance(spec, str) else tuple(spec)


def _layout_faults(data: Mapping[str, Any]) -> list[str]:
    faults = [f"unknown key {key}" for key in data if key not in _LAYOUT_KEYS]
    faults += [f"{key} is missing" for key in ("kind", "title", "columns") if key not in data]
    if data.get("kind") not in NOUNS:
        return [*faults, f"kind {data.get('kind')!r} is not a noun"]
    if data.get("series", "layout") not in ("layout", "file"):
        faults.append(f"series {data['series']!r} is neither layout nor file")
    faults += [f"unknown key where.{key}" for key in data.get("where", {}) if key not in _WHERE_KEYS]
    known = {item.name for item in NOUNS[data["kind"]].fields} | set(PLACE_NAMES)
    for name, spec in data.get("columns", {}).items():
        if name not in known:
            faults.append(f"{data['kind']} has no column {name}")
        if isinstance(spec, dict):
            faults += [f"unknown key columns.{name}.{key}" for key in spec if key not in _VALUE_KEYS]
        elif not isinstance(spec, str | list):
            faults.append(f"columns.{name} is neither a heading, nor a list of headings, nor a table")
    return faults
