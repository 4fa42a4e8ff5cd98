"""Two lists of the same places side by side: which rows are one place, which may be, and why.

Nothing is merged here. A pair is called the same only where name and place agree and no other row comes as near; any
other pair that could be one is left to people, with its score and what speaks against it.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.pairing.candidates import RADIUS_M, Features, Places, candidates, distinct
from geo.pairing.house import Floats, compare
from geo.pairing.naming import SIMILAR, Ints, Mask, compare_names

#: Metres within which places of one name are one place whatever their addresses say.
SAME_M = 100.0
#: What name, closeness and address weigh in a score; something that is not known counts half.
WEIGHTS = (0.5, 0.3, 0.2)
#: How much better than the next one a pair must be to be called the same.
MARGIN = 0.1
#: Score from which a pair is shown to people.
SHOWN = 0.5

_SPOT_M = 50.0
_TRUSTED_SHARE, _TRUSTED_PAIRS = 0.9, 5

#: Columns of `Pairing.pairs`. `left` and `right` are rows; `same` tells the decided from the open ones; `name` is a key
#: of `geo.pairing.naming.SCORES`, ``similar`` or ``different``; `address` a key of `geo.pairing.house.SCORES`; `metres`
#: is null where a place is not known; `same_id` tells whether both lists give the same number; `reason` is a code of
#: ``geo/messages.toml``, null for decided pairs.
SCHEMA = pa.schema(
    [
        pa.field("left", pa.int64(), nullable=False),
        pa.field("right", pa.int64(), nullable=False),
        pa.field("same", pa.bool_(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("metres", pa.float64()),
        pa.field("address", pa.string(), nullable=False),
        pa.field("same_id", pa.bool_(), nullable=False),
        pa.field("reason", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """What became of two lists.

    Attributes
    ----------
    pairs
        Columns as in `SCHEMA`: first the open pairs by falling score, then the decided ones by row. A row stands in one
        decided pair, or in any number of open ones, or in none.
    left, right
        For each row of a list ``same``, ``open`` or ``only``; the counts add up to the length of the list.
    twice_left, twice_right
        Rows of one list that seem to be one place, shape (n, 2).
    """

    pairs: pa.Table = field(repr=False)
    left: npt.NDArray[np.str_]
    right: npt.NDArray[np.str_]
    twice_left: Ints
    twice_right: Ints


def pair(
    left: Places,
    right: Places,
    *,
    municipality: str,
    city: str = "",
    same: npt.ArrayLike = (),
    apart: npt.ArrayLike = (),
) -> Pairing:
    """Find the rows of two lists that are one place.

    Parameters
    ----------
    left, right
        The lists; changing their places mirrors the answer.
    municipality
        Code of five digits, for the plane in which metres are taken.
    city
        Its name, which names may begin with; empty if not known.
    same, apart
        Rows (left, right) known to be one place, or two, shape (n, 2): nobody is asked about them again. Only these
        can put a row into several decided pairs, where people say that a list names a place twice.

    Returns
    -------
    Pairing
        A pair is decided if its names agree (by spelling, or one is another name of the place) and so do their places:
        within `SAME_M`; within `RADIUS_M` and at one number; or, where a position is missing, at one number. Where one
        list tells neither position nor address, a telling name (第一小学校, not 集会所) is enough. Where at least nine
        in ten of such pairs bear one id in both lists, equal ids make up for a changed name. It must also be better by
        `MARGIN` than any other pair of that name, near or not, of either row. What else scores `SHOWN` or more is open.

    Notes
    -----
    The score is 0.5 name + 0.3 closeness + 0.2 address, each from 0 to 1, so that it never falls when one of them
    rises. Closeness is 1 at 0 m and 0 from `RADIUS_M` on; what is unknown counts 0.5.
    """
    one, other = Features.of(left, municipality, city), Features.of(right, municipality, city)
    known, never = _as_pairs(same), _as_pairs(apart)
    rows = distinct(np.concatenate([candidates(one, other), known]))
    scored = _scored(one, other, rows)
    given, banned = _is_in(rows, known), _is_in(rows, never)
    sure = (_sure(scored) | _named_only(one, other, scored) | given) & ~banned
    score = np.where(given, np.inf, scored.score)
    rivals = (sure | _named(scored)) & ~banned
    decided = sure & _clear(rows[:, 0], score, rivals) & _clear(rows[:, 1], score, rivals) | given & ~banned
    left_done, right_done = np.isin(rows[:, 0], rows[decided, 0]), np.isin(rows[:, 1], rows[decided, 1])
    open_ = _worth_showing(scored) & ~decided & ~left_done & ~right_done & ~banned
    reasons = np.where(open_, _reasons(scored, sure), "")
    return Pairing(
        _table(scored, decided, open_, reasons),
        _states(len(left), rows[decided, 0], rows[open_, 0]),
        _states(len(right), rows[decided, 1], rows[open_, 1]),
        _twice(one),
        _twice(other),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Candidate pairs, shape (n, 2), and what was found out about each."""

    rows: Ints
    name: npt.NDArray[np.str_]
    name_score: Floats
    metres: Floats
    address: npt.NDArray[np.str_]
    same_id: Mask
    both_ids: Mask
    score: Floats


def _as_pairs(rows: npt.ArrayLike) -> Ints:
    return np.asarray(rows, dtype=np.int64).reshape(-1, 2)


def _scored(one: Features, other: Features, rows: Ints) -> _Scored:
    left, right = rows.T
    name, name_score = compare_names(one.names, other.names, rows)
    metres = np.hypot(one.x[left] - other.x[right], one.y[left] - other.y[right])
    closeness = np.where(np.isnan(metres), 0.5, np.clip(1 - metres / RADIUS_M, 0, 1))
    address, address_score = compare(one.houses, other.houses, rows)
    both_ids = np.not_equal(one.ids[left], "") & np.not_equal(other.ids[right], "")
    same_id = (one.ids[left] == other.ids[right]) & both_ids
    score = np.column_stack([name_score, closeness, address_score]) @ np.array(WEIGHTS)
    return _Scored(rows, name, name_score, metres, address, _mask(same_id), _mask(both_ids), score.round(6))


def _mask(truth: npt.ArrayLike) -> Mask:
    return np.asarray(truth, dtype=bool)


def _named(scored: _Scored) -> Mask:
    return _mask(np.isin(scored.name, ["equal", "other_name"]))


def _sure(scored: _Scored) -> Mask:
    """Tell which pairs agree in name and place."""
    named = _named(scored)
    numbered = scored.address == "number"
    unknown = np.isnan(scored.metres)
    near = (scored.metres <= SAME_M) | (numbered & (unknown | (scored.metres <= RADIUS_M)))
    by_name = named & (near | (unknown & scored.same_id))
    if not _ids_are_kept(scored, by_name):
        return _mask(by_name)
    return _mask(by_name | (scored.same_id & near & (scored.name_score >= SIMILAR)))


def _named_only(one: Features, other: Features, scored: _Scored) -> Mask:
    """Tell which pairs have nothing but one telling name, because one list says nothing of where its places are.

    That is how people name shelters in a list typed overnight. Two such rows of one name are not told apart, so that
    both stay open.
    """
    silent = np.isnan(scored.metres) & (scored.address == "unknown") & (scored.name == "equal")
    return _mask(silent & one.names.certain[scored.rows[:, 0]] & other.names.certain[scored.rows[:, 1]])


def _ids_are_kept(scored: _Scored, agreed: Mask) -> bool:
    """Tell whether both lists number their places alike: a list renumbered from year to year must not be trusted."""
    count = int((agreed & scored.both_ids).sum())
    return count >= _TRUSTED_PAIRS and int((agreed & scored.same_id).sum()) >= _TRUSTED_SHARE * count


def _clear(rows: Ints, score: Floats, rivals: Mask) -> Mask:
    """Tell which pairs are the best of their row by the margin, among those that bear the name."""
    among = np.flatnonzero(rivals)
    order = among[np.lexsort((-score[among], rows[among]))]
    starts = np.flatnonzero(np.diff(rows[order], prepend=-1))
    clear = np.zeros(len(rows), dtype=bool)
    best = order[starts]
    alone = np.diff(np.append(starts, len(order))) == 1
    next_ = score[order[np.minimum(starts + 1, len(order) - 1)]] if len(order) else np.zeros(0)
    clear[best] = alone | ~(score[best] < next_ + MARGIN)
    return clear


def _worth_showing(scored: _Scored) -> Mask:
    """Tell which pairs are worth a clerk's time: a gymnasium is no field, and other names need to be at one spot."""
    named = _named(scored)
    spot = np.isin(scored.address, ["number", "partly", "number_only"]) | (scored.address == "unknown")
    spot &= ~(scored.metres > _SPOT_M) & ~(np.isnan(scored.metres) & (scored.address != "number"))
    likely = (scored.score >= SHOWN) | ((scored.address == "number") & (scored.metres <= _SPOT_M))
    likely &= np.isin(scored.name, ["different", "unknown"]) <= spot
    kept = scored.same_id & (scored.name_score >= SIMILAR)
    return _mask(named | ((likely | kept) & (scored.name != "other_part")))


def _reasons(scored: _Scored, sure: Mask) -> npt.NDArray[np.str_]:
    """Return what speaks against calling a pair the same."""
    named = _named(scored)
    far, unknown = scored.metres > RADIUS_M, np.isnan(scored.metres)
    return np.select(
        [sure, named & far, named & unknown, named, scored.name == "part", scored.name == "former",
         scored.name == "founder", scored.name == "similar", scored.name == "unknown"],
        ["geo.pair_several", "geo.pair_moved", "geo.pair_no_place", "geo.pair_off", "geo.pair_part", "geo.pair_former",
         "geo.pair_founder", "geo.pair_similar", "geo.pair_no_name"],
        "geo.pair_other_name",
    )  # fmt: skip


def _is_in(rows: Ints, among: Ints) -> Mask:
    wide = int(max(rows.max(initial=0), among.max(initial=0))) + 1
    return np.isin(rows @ (wide, 1), among @ (wide, 1))


def _states(count: int, decided: Ints, open_: Ints) -> npt.NDArray[np.str_]:
    states = np.full(count, "only", dtype="<U4")
    states[open_] = "open"
    states[decided] = "same"
    return states


def _twice(one: Features) -> Ints:
    """Return the rows of a list that seem to be one place listed twice."""
    rows = candidates(one, one)
    rows = rows[rows[:, 0] < rows[:, 1]]
    if not len(rows):
        return rows
    scored = _scored(one, one, rows)
    named = _named(scored)
    near = (scored.metres <= SAME_M) | (scored.address == "number")
    found: Ints = rows[named & near]
    return found


def _table(scored: _Scored, decided: Mask, open_: Mask, reasons: npt.NDArray[np.str_]) -> pa.Table:
    shown = np.flatnonzero(decided | open_)
    left, right = scored.rows[shown].T
    order = shown[np.lexsort((right, left, np.where(decided[shown], 0, -scored.score[shown]), decided[shown]))]
    columns = {
        "left": scored.rows[order, 0],
        "right": scored.rows[order, 1],
        "same": decided[order],
        "score": scored.score[order],
        "name": pa.array(scored.name[order].tolist(), pa.string()),
        "metres": pa.array(scored.metres[order], from_pandas=True),
        "address": pa.array(scored.address[order].tolist(), pa.string()),
        "same_id": scored.same_id[order],
        "reason": pa.array([reason or None for reason in reasons[order].tolist()], pa.string()),
    }
    return pa.table(columns, schema=SCHEMA)
