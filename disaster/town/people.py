"""The town's two lists about people: those under protection, and those whom the city asks the post about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count

import numpy as np
import pyarrow as pa

from disaster.town.geography import Ints
from disaster.town.households import Register, addresses, bare, people_text
from disaster.town.names import BLOCK_STYLES, PARCEL_STYLES, words

#: Spellings that say 丁目 or 番地 and so mean the same as any other that does.
_BLOCK_OTHER = next(i for i, style in enumerate(BLOCK_STYLES) if style.wide and style.middle == "番")
_PARCEL_OTHER = next(i for i, style in enumerate(PARCEL_STYLES) if style.wide and style.middle == "番地")
#: Inquiries of each sort: as written, address in another spelling, name with other letters, somebody else's name.
_SORTS = {"same": 6, "spelt": 5, "letters": 3, "stranger": 3}


@dataclass(frozen=True, slots=True)
class Protected:
    """One row of the protection list."""

    name: str
    address: str
    point_id: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One row of the city's list, and what the post must answer.

    `answer` is ``"hit"``, ``"miss"``, ``"protected"`` (in force: must look like a miss) or ``"either"`` (the address
    leaves out so much that exact matching may fail).
    """

    reference: str
    name: str
    address: str
    answer: str


def choose_people(
    register: Register, table: pa.Table, on: date, rng: np.random.Generator
) -> tuple[tuple[Protected, ...], tuple[Inquiry, ...]]:
    """Pick people from the register for both lists; only two who show that protection holds are on both.

    Parameters
    ----------
    register, table
        The same households, as parts and as written.
    on
        Day of the lists: one protection ended before it.
    """
    rows = _suitable(register, table, rng)
    many = np.array([len(forms) > 1 for forms in words().families])[register.lead[rows]]
    chosen = rows[~many][:4]
    taken = np.isin(_keys(register)[rows], _keys(register)[chosen])
    protected = tuple(_protection(register, table, chosen, on))
    return protected, tuple(_inquiries(register, table, rows[~taken & ~many], rows[~taken & many], protected))


def _keys(register: Register) -> Ints:
    """Return a number for each first name on the register, by family and given name, however it is written."""
    return register.lead * 1000 + register.given[:, 0]


def _suitable(register: Register, table: pa.Table, rng: np.random.Generator) -> Ints:
    """Return homes in random order whose address says all its parts, those with a name that stands once first."""
    whole = np.char.startswith(np.asarray(table.column("住所").to_pylist(), dtype=str), "".join(register.sites.before))
    told = whole & ~bare(register.style, register.plain) & ~register.ambiguous
    rows = np.flatnonzero(told & (register.kind == 0) & (register.room == 0) & (register.people >= 2))
    rng.shuffle(rows)
    everyone, often = np.unique(register.lead[:, None] * 1000 + register.given, return_counts=True)
    again = ~np.isin(_keys(register)[rows], everyone[often == 1])
    return np.asarray(rows[np.argsort(again, kind="stable")])


def _protection(register: Register, table: pa.Table, rows: Ints, on: date) -> Iterator[Protected]:
    """As written; in another spelling without the prefecture; by name alone; and one that is over."""
    ids = table.column("配達先ID")
    ends = (on + timedelta(days=200), on + timedelta(days=12), None, on - timedelta(days=40))
    for order, (row, until) in enumerate(zip(rows.tolist(), ends, strict=False)):
        prefecture = register.sites.before[0]
        address = (_written(table, row), _spelt(register, row).removeprefix(prefecture), "", _written(table, row))[
            order
        ]
        yield Protected(_name(register, row), address, str(ids[row]) if order == 0 else "", until)
    if len(rows) < len(ends):  # a town of a few houses still has a list with somebody on it
        yield Protected("架空　忍", "", "", None)


def _inquiries(
    register: Register, table: pa.Table, rows: Ints, lettered: Ints, protected: Sequence[Protected]
) -> Iterator[Inquiry]:
    numbers = (f"{number:04d}" for number in count(1))
    homes, others = iter(rows.tolist()), iter(lettered.tolist())
    for row in _some(homes, _SORTS["same"]):
        yield Inquiry(next(numbers), _name(register, row), _written(table, row), "hit")
    for row in _some(homes, _SORTS["spelt"]):
        yield Inquiry(next(numbers), _name(register, row).replace("　", ""), _spelt(register, row), "hit")
    for row in _some(others, _SORTS["letters"]):
        yield Inquiry(next(numbers), _name(register, row, other=True), _spelt(register, row), "hit")
    for row in _some(homes, 1):
        yield Inquiry(
            next(numbers), _name(register, row), _spelt(register, row).removeprefix(register.sites.before[0]), "either"
        )
    for row in _some(homes, _SORTS["stranger"]):
        yield Inquiry(next(numbers), "架空　望", _written(table, row), "miss")
    for one in [one for one in protected[:2] if one.address]:
        yield Inquiry(next(numbers), one.name, one.address, "protected")
    start = "".join(register.sites.before)
    for town, name in (("帆立町九丁目1番1号", "高橋　葵"), ("磯里9999番地", "渡辺　歩"), ("櫓町998−7", "沢田　薫")):
        yield Inquiry(next(numbers), name, start + town, "miss")


def _some(rows: Iterator[int], most: int) -> Iterator[int]:
    return (row for _, row in zip(range(most), rows, strict=False))


def _name(register: Register, row: int, *, other: bool = False) -> str:
    """Return the first name of a row, or the same name with other letters (髙橋 for 高橋)."""
    one = register.take(np.array([row]))
    forms = len(words().families[int(one.lead[0])])
    form = (one.form + 1) % forms if other else one.form
    return str(people_text(replace(one, people=np.array([1]), form=form))[0])


def _written(table: pa.Table, row: int) -> str:
    return str(table.column("住所")[row])


def _spelt(register: Register, row: int) -> str:
    """Return the whole address of a row in the tidy spelling with full-width digits."""
    one = register.take(np.array([row]))
    return str(addresses(replace(one, style=np.where(one.plain, _PARCEL_OTHER, _BLOCK_OTHER)))[0])
