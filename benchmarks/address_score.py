"""How well written addresses were placed: the figures of `benchmarks.bench_place` and of the tests.

A point is **sure** if it is called the point of a number. A sure point more than 50 m from the truth is an error that
nobody is warned of: such a row counts whatever its reason says. What a text leaves open (``ambiguous``) is left out of
the share that must lie within 1 m, never out of the errors.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.address_registry import metres_off
from benchmarks.plain_place import fold

TOWN_LEVELS = ("town", "chome", "block", "number")
AIM_FAR, AIM_WRONG_TOWN, AIM_TOWN_LEVEL = 0.0001, 0.001, 0.995


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def part(self) -> float:
        """The share, 0 of nothing."""
        return self.count / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.part:.4%} ({self.count:,} of {self.of:,})"


@dataclass(frozen=True)
class Score:
    """The figures of one run over written addresses.

    Attributes
    ----------
    near
        Sure points within 1 m, of the addresses that tell their number without doubt.
    far
        Sure points more than 50 m off, of all addresses whose point is known and that tell a number.
    open_far
        The part of `far` whose text is open to several readings.
    not_there
        Numbers that the registry does not hold (or that the text does not tell) at the level of a number.
    wrong_town
        Another town than the true one, of all addresses but mistyped, misleading and foreign ones.
    town_level
        At least the town, of the same addresses.
    typo_sure
        Mistyped names that got the point of a number in another town.
    foreign
        Addresses of other municipalities that got a town.
    """

    near: Share
    far: Share
    open_far: Share
    not_there: Share
    wrong_town: Share
    town_level: Share
    typo_sure: Share
    foreign: Share

    def missed(self) -> list[str]:
        """Return the aims that are missed."""
        aims = {
            f"far {self.far}": self.far.part > AIM_FAR,
            f"not there {self.not_there}": self.not_there.count > 0,
            f"wrong town {self.wrong_town}": self.wrong_town.part > AIM_WRONG_TOWN,
            f"town level {self.town_level}": self.town_level.part < AIM_TOWN_LEVEL,
        }
        return [text for text, missed in aims.items() if missed]


def mark(rows: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the addresses with what was answered: at_town, at_number, sure, off_m and wrong_town per row."""
    marked = rows.reset_index(drop=True).copy()
    point_level = answers["point_level"] if "point_level" in answers else answers["level"]
    marked["level"] = answers["level"].to_numpy()
    marked["at_town"] = marked["level"].isin(TOWN_LEVELS)
    marked["at_number"] = marked["level"] == "number"
    lon, lat = (answers[name].to_numpy(float) for name in ("lon", "lat"))
    marked["sure"] = (point_level == "number").to_numpy() & ~np.isnan(lon)
    marked["off_m"] = metres_off(marked, lon, lat)
    marked["answer_town"] = answers["town"].fillna("").to_numpy()
    marked["wrong_town"] = marked["at_town"] & ~_right_town(marked)
    return marked


def _right_town(marked: pd.DataFrame) -> np.ndarray:
    """Tell where the answer is the true town or a part of its name that stands for it; none given counts as right."""
    names = ["oaza", "chome", "koaza", "answer_town"]
    pairs = marked[names].drop_duplicates()
    answers = fold(pairs["answer_town"]).str.replace("大?字", "", regex=True)
    right = [
        not answer or answer in _names_of(oaza, chome, koaza)
        for oaza, chome, koaza, answer in zip(*(pairs[name] for name in names[:3]), answers, strict=True)
    ]
    return np.asarray(marked[names].merge(pairs.assign(right=right), on=names, how="left")["right"], bool)


def _names_of(oaza: str, chome: int, koaza: str) -> set[str]:
    number = f"{chome}丁目" if chome else ""
    whole = (oaza, oaza + number, oaza + number + koaza, oaza + koaza)
    return set(fold(pd.Series(whole)).str.replace("大?字", "", regex=True))


def score(marked: pd.DataFrame) -> Score:
    """Count."""
    numbers = marked[marked["expect"] == "number"]
    told = numbers[~numbers["ambiguous"] & numbers["lon"].notna()]
    open_ = numbers[numbers["ambiguous"]]
    honest = marked[marked["expect"].isin(("number", "block", "town"))]
    untold = marked[marked["expect"] == "not number"]
    typos, foreign = (marked[marked["habit"] == name] for name in ("typo", "neighbour"))
    return Score(
        near=_count(told, lambda held: held["sure"] & (held["off_m"] <= 1)),
        far=_count(numbers, _far),
        open_far=_count(open_, _far),
        not_there=_count(untold, lambda held: held["at_number"]),
        wrong_town=_count(honest, lambda held: held["wrong_town"]),
        town_level=_count(honest, lambda held: held["at_town"]),
        typo_sure=_count(typos, lambda held: held["wrong_town"] & held["sure"]),
        foreign=_count(foreign, lambda held: held["at_town"]),
    )


def _far(held: pd.DataFrame) -> pd.Series:
    return held["sure"] & (held["off_m"] > 50)


def _count(held: pd.DataFrame, asked: Callable[[pd.DataFrame], pd.Series]) -> Share:
    return Share(int(asked(held).sum()), len(held))


def by_habit(marked: pd.DataFrame) -> pd.DataFrame:
    """Return one row per habit: addresses, shares in percent, counts of errors."""
    rows = marked.assign(
        near=marked["sure"] & (marked["off_m"] <= 1),
        far=_far(marked),
        several=marked["at_number"] & ~marked["sure"],
    )
    groups = rows.groupby(["expect", "habit"], sort=True)
    table = groups.agg(
        addresses=("habit", "size"),
        open=("ambiguous", "sum"),
        near=("near", "mean"),
        number=("at_number", "mean"),
        town=("at_town", "mean"),
        far=("far", "sum"),
        wrong_town=("wrong_town", "sum"),
    )
    for name in ("near", "number", "town"):
        table[name] = (table[name] * 100).round(2)
    return table.reset_index()
