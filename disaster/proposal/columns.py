"""Which column of a file gives which column of a kind, how sure that is, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from agreements.format import ColumnType, Sensitivity
from disaster.layouts.model import NOTE, PLACE_HEADINGS, fold_heading
from disaster.models import Field, Noun, Shape
from disaster.proposal.contents import ENOUGH, Looks, Profile
from disaster.proposal.headings import OTHERS, SAME, TELLS, known_words, points
from disaster.schemas.parse import fold_plain, parse

#: Columns whose contents tell them by themselves, and what they must look like.
_TELLING: Mapping[str, Looks] = {
    "lon": Looks.LON,
    "lat": Looks.LAT,
    "municipality": Looks.MUNICIPALITY,
    "postal_code": Looks.POSTAL_CODE,
    "address": Looks.ADDRESS,
    "phone": Looks.PHONE,
}
#: Text columns and what their cells must look like besides having the heading.
_EXPECTED: Mapping[str, Looks] = {**_TELLING, "name": Looks.WORDS}
#: Headings of a running number; without a unique value of its own nothing can be kept apart.
_NUMBERED = (
    "no",
    "no.",
    "№",
    "id",
    "番号",
    "登録番号",
    "整理番号",
    "管理番号",
    "通し番号",
    "連番",
    "objectid",
    "fid",
    "gid",
    "code",
)
_SECRET = (Sensitivity.DWELLING, Sensitivity.PERSON)


@dataclass(frozen=True, slots=True)
class Match:
    """A heading proposed for a column.

    `code` is the reason in the catalogue; a `doubtful` one is only written down as a remark. `points` orders matches.
    """

    column: str
    heading: str
    points: int
    code: str
    doubtful: bool
    params: Mapping[str, object] = field(default_factory=dict)


def match_columns(noun: Noun, found: Mapping[str, Profile], *, shaped: bool) -> dict[str, Match]:
    """Return for each column of a noun the heading that fits best; each heading is proposed once.

    Parameters
    ----------
    noun
        What the file may hold.
    found
        The file's columns.
    shaped
        Whether the file has geometry, so that longitude and latitude are not looked for.
    """
    candidates = sorted(
        (match for profile in found.values() for match in _candidates(noun, profile, shaped=shaped)),
        key=lambda one: (one.doubtful, -one.points),
    )
    chosen: dict[str, Match] = {}
    taken: set[str] = set()
    for match in candidates:
        if match.column not in chosen and match.heading not in taken:
            chosen[match.column] = match
            taken.add(match.heading)
    return chosen


def numbered(found: Mapping[str, Profile]) -> Profile | None:
    """Return the column that numbers the rows: every row has its own value, and the heading says that it is one."""
    for profile in found.values():
        folded = fold_heading(profile.heading)
        braces = any(sign in profile.heading for sign in "{}")
        if profile.unique and not braces and (folded in _NUMBERED or folded.endswith(("番号", "id", "コード", "no"))):
            return profile
    return None


def _candidates(noun: Noun, profile: Profile, *, shaped: bool) -> Iterator[Match]:
    words = known_words(noun.kind)
    for item in noun.fields:
        match = _match(noun, item, profile, points(profile.heading, words[item.name]))
        if match is not None:
            yield match
    if noun.shape is Shape.POINT and not shaped:
        for name in PLACE_HEADINGS:
            match = _judged(name, profile, points(profile.heading, words[name]), _share(name, profile))
            if match is not None:
                yield match


def _match(noun: Noun, item: Field, profile: Profile, named: int) -> Match | None:
    if item.name == "name" and profile.looks(Looks.KANA) and named < SAME:
        return None  # the reading of a name is not the name
    readable = _readable(noun, item, profile)
    if profile.filled and named and readable < ENOUGH:
        params = {"share": round(100 * (1 - readable)), "wanted": item.column.label}
        return Match(item.name, profile.heading, named, "disaster.map_unreadable_values", True, params)
    return _judged(item.name, profile, named, _share(item.name, profile))


def _judged(name: str, profile: Profile, named: int, share: float | None) -> Match | None:
    """Weigh what the heading says and what the cells look like."""
    telling = name in _TELLING and profile.looks(_TELLING[name])
    if named >= TELLS and (share is None or share >= 0.5 or not profile.filled):
        code = "disaster.map_same_heading" if named >= OTHERS else "disaster.map_near_heading"
        return Match(name, profile.heading, named + (5 if telling else 0), code, False)
    if telling:
        return Match(name, profile.heading, 40, "disaster.map_by_contents", False)
    if named:
        code = "disaster.map_other_contents" if named >= TELLS else "disaster.map_similar_heading"
        return Match(name, profile.heading, named, code, True)
    return None


def _share(name: str, profile: Profile) -> float | None:
    """Return what share of the cells looks as the column should; None where nothing is expected of it."""
    return profile.shares[_EXPECTED[name]] if name in _EXPECTED else None


def _readable(noun: Noun, item: Field, profile: Profile) -> float:
    """Return the share of the cells that a check takes: of the column's type, with its units, and of its pattern."""
    if not profile.filled:
        return 1.0
    if item.column.type is not ColumnType.TEXT:
        parsed = parse(item.column, profile.texts, units=item.units)
        noted = not item.required and any(one.name == NOTE for one in noun.fields)
        prose = parsed.prose if noted and parsed.prose is not None else np.zeros(len(parsed.bad), dtype=bool)
        return float(1 - np.mean(parsed.bad & ~prose))  # an amount in prose goes to the notes, and its row in
    if item.pattern is None or item.name in _TELLING:
        return 1.0
    texts = fold_plain(profile.texts).to_pandas()
    return float(texts.str.fullmatch(item.pattern).mean())


def secret(item: Field) -> bool:
    """Whether the values of a column may not be written into a mapping: they can point at a home or a person."""
    return item.column.sensitivity in _SECRET
