"""What a noun is: a kind of row, column by column, and the columns that many of them share."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from agreements.datasets import DATASETS
from agreements.format import Column, ColumnType, Sensitivity

T = ColumnType
S = Sensitivity


class Side(StrEnum):
    """Whose store it is, for life."""

    POST = "post"
    MUNICIPALITY = "municipality"
    DEMO = "demo"


class Shape(StrEnum):
    """What a row's place looks like."""

    POINT = "point"  # columns lon, lat: degrees, EPSG:6668
    LINE = "line"  # column geometry: WKB, EPSG:6668
    POLYGON = "polygon"  # column geometry: WKB, EPSG:6668
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Field:
    """A column and what a value must be to enter; `units` are the words that may follow its number (``480人``)."""

    column: Column
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    units: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Machine name of the column."""
        return self.column.name


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of row.

    `key` names the columns that tell two rows apart within a municipality. `sides` are the stores it may be ingested
    into. `bulk` nouns are kept as snapshot files only, the others also as rows in SQL. `publishable` nouns may leave
    through ``disaster.publish``; a noun with columns of sensitivity dwelling or person never may.
    """

    kind: str
    title: str
    shape: Shape
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    sides: frozenset[Side] = frozenset(Side)
    bulk: bool = False
    publishable: bool = True

    @property
    def personal(self) -> bool:
        """Whether a row can point at a home or a person."""
        return any(f.column.sensitivity in (S.DWELLING, S.PERSON) for f in self.fields)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, without what must hold of their values."""
        return tuple(f.column for f in self.fields)


def field(
    name: str,
    label: str,
    type_: ColumnType = T.TEXT,
    *,
    required: bool = False,
    sensitivity: Sensitivity = S.PUBLIC,
    choices: Mapping[str, str] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    pattern: str | None = None,
    units: tuple[str, ...] = (),
) -> Field:
    """Make a column; its machine name, its Japanese label, and what must hold of its values."""
    column = Column(name, label, T.CHOICE if choices else type_, sensitivity, choices or {})
    return Field(column, required, minimum, maximum, pattern, units)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value of an agreed column must be to enter; as in `Field`."""

    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    units: tuple[str, ...] = ()

    def of(self, column: Column) -> Field:
        """Return the column with this rule."""
        return Field(column, self.required, self.minimum, self.maximum, self.pattern, self.units)


def agreed_noun(
    kind: str,
    shape: Shape,
    *,
    key: tuple[str, ...],
    sides: frozenset[Side] = frozenset(Side),
    bulk: bool = False,
    publishable: bool = True,
    **rules: Rule,
) -> Noun:
    """Make the noun of a kind that can be agreed on: its columns are the dataset's own, `rules` say what must hold."""
    dataset = DATASETS[kind]
    own = [column for name, column in dataset.columns.items() if name not in _ADDED]
    if unknown := set(rules) - {column.name for column in own}:
        raise AssertionError(f"{kind} has no column {unknown}")
    ruled = {"municipality": Rule(required=True, pattern=CODE5)} | rules
    fields = tuple(ruled.get(column.name, Rule()).of(column) for column in own)
    return Noun(kind, dataset.label, shape, fields, key, sides, bulk, publishable)


#: Columns of a dataset that no file brings: placing, printing and answering add them.
_ADDED = frozenset({
    "place_level", "place_town", "place_source", "place_reason", "lon", "lat", "mgrs", "geometry", "addressee",
    "reference", "result",
})  # fmt: skip
REQUIRED = Rule(required=True)
YES = T.FLAG
CODE5 = r"\d{5}"

MUNICIPALITY = field("municipality", "市区町村コード", required=True, pattern=CODE5)
#: Words that may stand behind a number of people, of square metres.
PEOPLE, SQUARE_METRES = ("人", "名"), ("㎡", "m2", "平方メートル", "平米")
