"""What a noun is: a kind of row, column by column, and the columns that many of them share."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

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


YES = T.FLAG
CODE5 = r"\d{5}"

MUNICIPALITY = field("municipality", "市区町村コード", required=True, pattern=CODE5)
NAME = field("name", "名称", required=True)
ADDRESS = field("address", "所在地")
NOTE = field("note", "備考")
PHONE = field("phone", "電話番号")
#: Words that may stand behind a number of people, of square metres.
PEOPLE, SQUARE_METRES = ("人", "名"), ("㎡", "m2", "平方メートル", "平米")
