"""What a layout is: which heading of a known file gives which column of a noun; ``document`` reads it from TOML."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from disaster.bareword import bare_word
from disaster.models import NOUNS, Shape

#: Headings under which files give a point; a layout of a point noun need not repeat them.
PLACE_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "lon": ("経度", "lon", "lng", "longitude"),
    "lat": ("緯度", "lat", "latitude"),
}
PLACE_NAMES = tuple(PLACE_HEADINGS)
#: Headings of the grid reference that stands in for a missing longitude and latitude.
MGRS, MGRS_HEADINGS = "mgrs", ("UTMポイント", "MGRS", "MGRS座標", "UTM座標", "UTM")
#: Part of the id of the layouts whose headings are the labels or machine names of ``disaster.models``.
OWN = "tayori"
#: The column that geo.read adds for files with geometry.
GEOMETRY = "geometry"
#: The column that takes words for which there is no other.
NOTE = "note"

_UNIT = re.compile(r"\((人|名|m2|平方メートル|度|北緯|東経|世界測地系|jgd2011|(10|十)進(数|法)?)\)$")
_HOLDER = re.compile(r"\{([^{}]*)\}")


def fold_heading(text: str) -> str:
    """Return a heading without what people type differently: width, spaces (also full-width), capitals, 人 in brackets.

    Of words in brackets only those go that name the unit or frame which the column has anyway: 緯度（北緯）, but not
    面積（ha） or 緯度（日本測地系）.
    """
    plain = bare_word(text)
    return _UNIT.sub("", plain) or plain


def find_heading(name: str, found: Collection[str]) -> str | None:
    """Return the folded heading among `found` that a heading means; its ``*`` stands for anything, such as a date."""
    folded = fold_heading(name)
    if "*" not in folded:
        return folded if folded in found else None
    return next((one for one in found if starred_part(name, one)), None)


def starred_part(name: str, folded: str) -> str:
    """Return what the ``*`` of a heading stands for in a folded one: 令和6年1月9日 of 人数_令和6年1月9日時点."""
    before, _, after = (re.escape(part) for part in fold_heading(name).partition("*"))
    found = re.fullmatch(f"{before}(.+){after}", folded)
    return found[1] if found else ""


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
    starred
        Heading with a ``*``: what the star stands for gives the value where no other does (a date in a heading).
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
    starred: str = ""
    blank: Template | None = None
    transform: str | None = None

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading that this value can make use of."""
        inside = self.template.headings if self.template else ()
        around = self.blank.headings if self.blank else ()
        starred = (self.starred,) if self.starred else ()
        return (*self.sources, *inside, *self.marked, *starred, *around)

    def missing(self, found: frozenset[str]) -> tuple[str, ...]:
        """Return the headings without which the value cannot be told; `found` are folded headings."""
        sources = (*self.sources, self.starred) if self.starred else self.sources
        if sources and not any(find_heading(name, found) for name in sources):
            return () if self.blank else (sources[0],)
        inside = self.template.headings if self.template else ()
        return tuple(name for name in inside if not find_heading(name, found))


#: How a layout of a point noun finds its points unless it says otherwise.
PLACE_VALUES: Mapping[str, Value] = {
    name: Value(sources=headings, transform="degrees") for name, headings in PLACE_HEADINGS.items()
}


@dataclass(frozen=True, slots=True)
class Where:
    """Which rows of the file are of the kind: those whose `column` contains one of the words."""

    column: str
    contains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the files of one publisher or system map to a noun.

    `credit` names the publisher (出典) where nobody else makes such files (a national data set): it stands beside the
    rows wherever they are shown. Of a layout that any city's file may have it is empty: headings prove no authorship.
    `series` says what a second file means: ``"layout"``: a newer state of the same thing; ``"file"``: it stands beside
    the first (accidents of another year). `beside` names a column of the noun: files whose rows all have one value of
    it (one office, one kind of area) stand beside each other. `requires` are headings that tell the layout although no
    column uses them, `knows` those that may be there and are not used.
    `file_contains` is for files whose headings say nothing: then the file's name must. `file_like` shows a name from
    which columns can be told, where a layout takes any from it. `only_municipality` sets rows of other municipalities
    aside (tables of a whole prefecture) instead of refusing them, `only_inside` rows that lie elsewhere, where none
    names its municipality. `width` is the number of columns of a table without headings, which are called 列1, 列2, ….
    `prepare` names a function of ``disaster.layouts.prepare``; headings that it makes cannot be asked for here.
    """

    id: str
    kind: str
    title: str
    columns: Mapping[str, Value]
    credit: str = ""
    note: str = ""
    series: Literal["layout", "file"] = "layout"
    beside: str = ""
    requires: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    file_contains: str = ""
    file_like: str = ""
    only_municipality: bool = False
    only_inside: bool = False
    width: int = 0
    prepare: str = ""
    where: Where | None = None

    @property
    def own(self) -> bool:
        """Whether it is that of our own words, where several headings of a column are synonyms of each other."""
        return self.id == f"{OWN}-{self.kind}"

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading of a file that the layout knows."""
        known = [name for value in self.columns.values() for name in value.headings]
        filtered = [self.where.column] if self.where else []
        grid = MGRS_HEADINGS if NOUNS[self.kind].shape is Shape.POINT else ()
        return tuple(dict.fromkeys((*self.requires, *self.knows, *self.unnamed, *filtered, *known, *grid)))

    @property
    def unnamed(self) -> tuple[str, ...]:
        """The names that the reader gives the columns of a table without headings; none where it has some."""
        return tuple(f"列{number}" for number in range(1, self.width + 1))

    def missing(self, columns: frozenset[str]) -> tuple[str, ...]:
        """Return the headings that a file must have and does not; `columns` are folded headings of the file."""
        noun = NOUNS[self.kind]
        if self.width:
            return () if columns - {GEOMETRY} == frozenset(self.unnamed) else (f"見出しのない{self.width}列の表",)
        lacking = [name for name in self.requires if not find_heading(name, columns)]
        if self.where and not find_heading(self.where.column, columns):
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
        return len({find_heading(name, columns) for name in self.headings} - {None})
