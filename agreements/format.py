"""Columns, their sensitivity and precision: what a clause's data format prescribes, cell by cell."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class ColumnType(StrEnum):
    """How a value is written and checked."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TIME = "time"  # an instant with a zone, stored in UTC, shown in Japan time
    DATE = "date"
    FLAG = "flag"
    CHOICE = "choice"  # a code of `Column.choices`, shown by its Japanese label
    LIST = "list"  # several texts


class Sensitivity(StrEnum):
    """Whom a value can point at, from nobody to one person."""

    PUBLIC = "public"
    INTERNAL = "internal"  # of the two parties, nobody's personal data
    DWELLING = "dwelling"  # one home, no name
    PERSON = "person"


#: Whom a value can point at, in words; sheets say them and are read again by them.
SENSITIVITIES: Mapping[Sensitivity, tuple[str, str]] = {
    Sensitivity.PUBLIC: ("公開できる情報", "public"),
    Sensitivity.INTERNAL: ("当事者限り", "internal"),
    Sensitivity.DWELLING: ("住居の情報", "a home"),
    Sensitivity.PERSON: ("個人の情報", "a person"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table that may be shown or handed over.

    `name` is the machine's word, `label` the heading in Japanese, `choices` the labels of coded values.
    """

    name: str
    label: str
    type: ColumnType = ColumnType.TEXT
    sensitivity: Sensitivity = Sensitivity.PUBLIC
    choices: Mapping[str, str] = field(default_factory=dict)


def about_a_home(column: Column) -> Column:
    """Return a column as it stands in rows about homes or persons: whatever it says there, it says of a home."""
    closed = column.sensitivity in (Sensitivity.DWELLING, Sensitivity.PERSON)
    return column if closed else replace(column, sensitivity=Sensitivity.DWELLING)


class Precision(StrEnum):
    """How exactly a place may be told."""

    TOWN = "town"  # 町丁・字 or wider
    EXACT = "exact"  # as stored


@dataclass(frozen=True, slots=True)
class DataFormat:
    """What may leave under a clause: one dataset in one mode, column by column, at a precision.

    `columns` is the most that may leave; a request may ask for fewer. No columns: nothing leaves (代行送付).
    """

    id: str
    version: int
    dataset: str
    mode: str
    columns: tuple[str, ...]
    precision: Precision = Precision.EXACT
