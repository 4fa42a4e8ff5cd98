"""Invented people, firms and houses, and the many ways in which one address is written."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_CHOME = re.compile(r"^(?P<base>.+?)(?P<number>[一二三四五六七八九十]+)丁目$")
_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九", start=1)}
_FULL = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class Words:
    """The lists of ``names.toml``. `families` holds each surname with the ways it may be written."""

    families: tuple[tuple[str, ...], ...]
    given: tuple[str, ...]
    words: tuple[str, ...]
    firms: tuple[str, ...]
    company: tuple[str, ...]
    homes: tuple[str, ...]
    flats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """One way to write the numbers of an address.

    `town` picks one of the town's spellings, `wide` full-width digits; then first number + `middle` + second number +
    `end`. `alone` follows the first number where there is no second. `bare` tells that nothing but a hyphen says
    what the numbers are.
    """

    town: int
    wide: bool
    middle: str
    end: str
    alone: str
    bare: bool


#: 住居表示: block and number, under a 丁目.
BLOCK_STYLES = (
    Style(0, False, "番", "号", "番", False),
    Style(0, False, "-", "", "", False),
    Style(1, False, "-", "", "", False),
    Style(1, False, "番", "号", "番", False),
    Style(2, True, "番", "号", "番", False),
    Style(2, True, "－", "", "", False),
    Style(3, False, "-", "", "", True),
    Style(4, True, "－", "", "", True),
    Style(5, False, "ー", "", "", True),
    Style(6, True, "‐", "", "", True),
)
#: 地番: parcel and branch, under a town without 丁目.
PARCEL_STYLES = (
    Style(0, False, "番地", "", "番地", False),
    Style(0, False, "番地の", "", "番地", False),
    Style(1, True, "番地", "", "番地", False),
    Style(2, False, "番", "", "番", False),
    Style(0, False, "-", "", "", True),
    Style(1, False, "-", "", "", True),
    Style(2, True, "－", "", "", True),
    Style(0, True, "ー", "", "", True),
    Style(0, False, "―", "", "", True),
)
#: How often each style is used: the tidy ones more.
BLOCK_SHARES = (0.18, 0.1, 0.16, 0.1, 0.08, 0.08, 0.16, 0.06, 0.04, 0.04)
PARCEL_SHARES = (0.25, 0.1, 0.1, 0.08, 0.27, 0.06, 0.07, 0.04, 0.03)
#: Spellings of a town that `spellings` returns.
SPELLINGS = 7


@cache
def words() -> Words:
    """Read the lists."""
    data: dict[str, Any] = tomllib.loads(files(__package__).joinpath("names.toml").read_text(encoding="utf-8"))
    families = [(name,) for name in data.pop("surnames")] + [tuple(forms) for forms in data.pop("variants")]
    return Words(families=tuple(families), **{key: tuple(value) for key, value in data.items()})


def chome(town: str) -> tuple[str, int]:
    """Split 帆立町三丁目 into 帆立町 and 3; a town without 丁目 has 0."""
    found = _CHOME.match(town)
    return (found["base"], _kanji_number(found["number"])) if found else (town, 0)


def _kanji_number(text: str) -> int:
    """Read 一 to 九十九."""
    tens, mark, ones = text.rpartition("十")
    return (_DIGITS.get(tens, 1) * 10 if mark else 0) + _DIGITS.get(ones, 0)


def wide(text: str) -> str:
    """Write digits full-width."""
    return text.translate(_FULL)


def spellings(town: str) -> tuple[str, ...]:
    """Return `SPELLINGS` ways to write a town; the first is official.

    Under a 丁目 the later ones end with a hyphen that the block number follows: nothing then says 丁目.
    """
    base, number = chome(town)
    if number:
        half, full = f"{base}{number}", f"{base}{wide(str(number))}"
        return (town, f"{half}丁目", f"{full}丁目", f"{half}-", f"{full}－", f"{half}ー", f"{full}‐")
    if town.startswith("大字"):
        return (town, town.removeprefix("大字"), *[town] * 5)
    second = town.replace("ケ", "ヶ").replace("ノ", "の")
    third = town.replace("ケ", "が").replace("ノ", "之")
    if second == town:
        second = f"大字{town}"
    return (town, second, third, *[town] * 4)


def ambiguous_towns(towns: Sequence[str]) -> frozenset[str]:
    """Return the towns where bare numbers can be read two ways: 磯里 beside 磯里一丁目."""
    plain = {town.removeprefix("大字") for town in towns if not chome(town)[1]}
    both = {chome(town)[0] for town in towns if chome(town)[1]} & plain
    return frozenset(town for town in towns if chome(town)[0].removeprefix("大字") in both)
