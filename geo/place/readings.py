"""Which number of the gazetteer an address means: every reading is looked up, and none is preferred by guessing."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.place.meanings import NUMBER_TOLERANCE_M, TOLERANCE_M
from geo.place.numbers import KIND_NAMES, Hits, Kind, Spots, box_m
from geo.place.spellings import Reach
from geo.place.tails import System, Tails

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Mask = npt.NDArray[np.bool_]


class Outcome(IntEnum):
    """What the numbers say about an address beyond its town."""

    KEEP = 0  # nothing: no number is read, or the gazetteer has none for the town
    PLAIN = 1  # the town is settled, no number is held
    DOUBT = 2  # whether a number is a 丁目 stays open
    UNKNOWN = 3  # the number is not held: the town stands
    PART = 4  # the number is not held, its 街区 or the lots around it are
    APART = 5  # several places, too far from one another for one point
    HELD = 6  # one place, or several together


REASONS = (
    "geo.place_number_unknown",
    "geo.place_branch_missing",
    "geo.place_chome_or_lot",
    "geo.place_dwelling_or_lot",
    "geo.place_koaza_missing",
    "geo.place_same_name",
    "geo.place_number_no_point",
)
_UNKNOWN, _BRANCH, _CHOME, _SYSTEM, _KOAZA, _SAME, _NO_POINT = range(len(REASONS))

#: Names of the sets of kinds, by a mask with a bit for each `Kind` (1, 2, 4, 8) and 16 for the reading as 丁目.
KIND_SETS = tuple(
    ",".join(dict.fromkeys([*(["chome"] if mask & 16 else []), *(KIND_NAMES[k] for k in Kind if mask & 1 << k)]))
    for mask in range(32)
)


@dataclass(frozen=True, slots=True)
class Ways:
    """The reaches of all spellings: for each, the towns of its four parts as one list with bounds."""

    towns: dict[str, tuple[_Ints, _Ints]]
    lead: _Ints

    @classmethod
    def of(cls, reaches: list[Reach]) -> "Ways":
        """Lay the reaches end to end."""
        towns = {}
        for part in ("exact", "other", "wider", "parent"):
            lists = [getattr(reach, part) for reach in reaches]
            bounds = np.concatenate([[0], np.cumsum([len(rows) for rows in lists], dtype=np.int64)]).astype(np.int64)
            towns[part] = (bounds, np.array([row for rows in lists for row in rows], dtype=np.int64))
        return cls(towns, np.array([reach.lead for reach in reaches], dtype=np.int64))

    def of_queries(self, part: str, reach: _Ints, which: _Mask) -> tuple[_Ints, _Ints]:
        """Return each asked query as often as its reach has towns in a part, and those towns."""
        bounds, rows = self.towns[part]
        query = np.flatnonzero(which)
        counts = (bounds[1:] - bounds[:-1])[reach[query]]
        first = np.repeat(bounds[reach[query]] - np.cumsum(counts) + counts, counts)
        return np.repeat(query, counts), rows[first + np.arange(counts.sum())]


@dataclass(slots=True)
class Found:
    """What is found, one entry for each distinct question; shapes (n,).

    `reason` counts into `REASONS` (-1 none), `kinds` into `KIND_SETS`; `town` is a row of the gazetteer (-1 where the
    spelling says it); `block` tells that the point stands for a block; `cut` which row of `Tails.used` the number
    takes; `lead` that the number begins with what could be the 丁目; `unclear` that it may end sooner or later.
    """

    outcome: npt.NDArray[np.int8]
    lon: _Floats
    lat: _Floats
    spread_m: _Floats
    count: _Ints
    kinds: _Ints
    reason: _Ints
    source: _Ints
    town: _Ints
    block: _Mask
    cut: _Ints
    lead: _Mask
    unclear: _Mask

    @classmethod
    def nothing(cls, size: int) -> "Found":
        """Return an answer that keeps everything as the towns say it."""
        empty, minus, no = np.full(size, np.nan), np.full(size, -1), np.zeros(size, dtype=bool)
        return cls(
            np.zeros(size, dtype=np.int8), empty.copy(), empty.copy(), empty.copy(), np.zeros(size, np.int64),
            np.zeros(size, np.int64), minus.copy(), minus.copy(), minus.copy(), no.copy(), np.zeros(size, np.int64),
            no.copy(), no.copy(),
        )  # fmt: skip


@dataclass(slots=True)
class _Reading:
    """One way of reading the numbers of all queries: the towns that it means, and what is held there."""

    part: str
    full: _Ints
    room: _Ints
    first: _Ints
    known: _Mask
    held: _Mask
    cut: _Ints
    unclear: _Mask
    hits: Hits


class Questions:
    """Distinct questions (a spelling's reach, a number, what its writing tells), and their answers."""

    def __init__(self, spots: Spots, ways: Ways, tails: Tails, *, reach: _Ints, tail: _Ints, told: _Mask) -> None:
        """Ask about `reach` and `tail`, shape (n,); `told` where the writing itself says that the first is a 丁目."""
        self.spots, self.ways = spots, ways
        self.reach, self.told = reach, told
        self.system = tails.system[tail]
        self.text = tails.number.take(pa.array(tail))
        self.without_room = tails.without_room.take(pa.array(tail))
        self.first = tails.first.take(pa.array(tail))
        self.none = pc.equal(self.text, "").to_numpy(zero_copy_only=False)
        self.early = tails.early[tail] & ~self._has("other")

    def answer(self) -> Found:
        """Look up every reading and say for each question what it comes to."""
        found = Found.nothing(len(self.reach))
        exact, other = self._exact(), self._other()
        two = self._has("other")
        wide = self._wide(~exact.held & ~two & ~self.none)
        known = exact.known | wide.known
        self._settle_two(found, exact, other, two)
        one = ~two & ~self.none
        self._hold(found, exact, one & exact.held)
        self._hold(found, wide, one & wide.held)
        missing = one & ~exact.held & ~wide.held & known
        self._fall_back(found, exact, missing | (two & (found.outcome == Outcome.UNKNOWN)))
        return found

    def _has(self, part: str) -> _Mask:
        bounds, _ = self.ways.towns[part]
        return ((bounds[1:] - bounds[:-1]) > 0)[self.reach]

    def _exact(self) -> _Reading:
        numbers = [self.spots.numbers(text) for text in (self.text, self.without_room, self.first)]
        return self._read("exact", *numbers, which=~self.none)

    def _other(self) -> _Reading:
        """Read the number with the lead before it: 浜2-6 as 浜 2-6."""
        which = self._has("other")
        numbers = [np.full(len(which), -1), np.full(len(which), -1), np.full(len(which), -1)]
        lead = pa.array(self.ways.lead[self.reach[which]]).cast(pa.string())
        for i, text in enumerate((self.text, self.without_room)):
            own = text.filter(pa.array(which))
            joined = pc.if_else(pc.equal(own, ""), lead if not i else "", pc.binary_join_element_wise(lead, own, "-"))
            numbers[i][which] = self.spots.numbers(joined)
        two = self._two_parts_and_a_room(which)
        numbers[1] = np.where(two[0], two[1], numbers[1])
        numbers[2][which] = self.spots.numbers(lead)
        return self._read("other", *numbers, which=which)

    def _two_parts_and_a_room(self, which: _Mask) -> tuple[_Mask, _Ints]:
        """Return where the number is two parts whose second can be a room once a lead stands before: 浜2-6-101."""
        fits = pc.match_substring_regex(self.text, "^[0-9]+-[1-9][0-9]{2,}$").to_numpy(zero_copy_only=False) & which
        lead = pa.array(self.ways.lead[self.reach]).cast(pa.string())
        return fits, self.spots.numbers(pc.binary_join_element_wise(lead, self.first, "-"))

    def _wide(self, which: _Mask) -> _Reading:
        """Look in the parts that may have gone unsaid, and in the 大字 of a 小字 that holds no numbers."""
        numbers = [self.spots.numbers(text) for text in (self.text, self.without_room, self.first)]
        wider = self._read("wider", *numbers, which=which)
        query, town = self.ways.of_queries("exact", self.reach, which)
        holds = np.zeros(len(which), dtype=bool)
        holds[query[self.spots.holds[town].any(axis=1)]] = True
        parent = self._read("parent", *numbers, which=which & ~holds)
        return _joined(wider, parent)

    def _read(self, part: str, full: _Ints, room: _Ints, first: _Ints, *, which: _Mask) -> _Reading:
        query, town = self.ways.of_queries(part, self.reach, which)
        known = np.zeros(len(which), dtype=bool)
        known[query[self.spots.holds[town].any(axis=1)]] = True
        hits = self._look(query, town, full)
        held, cut = np.zeros(len(which), dtype=bool), np.zeros(len(which), dtype=np.int64)
        held[hits.query] = True
        again = ~held[query]
        more = self._look(query[again], town[again], room)
        held[more.query], cut[more.query] = True, 1
        early = self.early[query]
        alone = self._look(query[early], town[early], first)
        unclear = np.zeros(len(which), dtype=bool)
        unclear[alone.query] = held[alone.query]  # 437番地 3-405 where both 437 and 437-3 are held
        cut[alone.query[~held[alone.query]]] = 2
        held[alone.query] = True
        return _Reading(part, full, room, first, known, held, cut, unclear, _all([hits, more, alone]))

    def _look(self, query: _Ints, town: _Ints, number: _Ints) -> Hits:
        """Look up numbers in every system that the writing leaves open."""
        found = []
        for kind, shut in ((Kind.BLOCK, System.LOT), (Kind.DWELLING, System.LOT), (Kind.LOT, System.DWELLING)):
            open_ = self.system[query] != shut
            asked = query[open_]
            found.append(self.spots.look(asked, town[open_], number[asked], np.full(len(asked), kind)))
        return _all(found)

    def _settle_two(self, found: Found, chome: _Reading, lot: _Reading, two: _Mask) -> None:
        """Settle what may be a 丁目 or the first part of a number: only what is held, or known to be absent, counts."""
        both = two & chome.held & lot.held
        self._hold(found, _joined(chome, lot), both)
        found.reason[both], found.kinds[both] = _CHOME, _kinds_of_two(found.kinds[both])
        branch = self._branch_missing(chome, two & ~chome.held)
        lot_known = lot.known | self._lots_are_known(two)
        only_chome = two & chome.held & ~lot.held & (lot_known | self.told)
        only_lot = two & lot.held & ~chome.held & chome.known & ~branch & ~self.none
        self._hold(found, chome, only_chome)
        self._hold(found, lot, only_lot)
        found.lead[both | only_lot] = True
        open_ = two & ~both & ~only_chome & ~only_lot
        found.outcome[open_] = Outcome.DOUBT
        found.outcome[open_ & self.told] = np.where(chome.known, Outcome.UNKNOWN, Outcome.KEEP)[open_ & self.told]
        found.outcome[open_ & self.none & lot_known & ~lot.held] = Outcome.PLAIN
        found.lead[open_ & (found.outcome == Outcome.DOUBT)] = True

    def _lots_are_known(self, which: _Mask) -> _Mask:
        """Tell where the 丁目 has lots in the gazetteer: then the town beside it would have its own there, if any."""
        query, town = self.ways.of_queries("exact", self.reach, which)
        known = np.zeros(len(which), dtype=bool)
        known[query[self.spots.holds[town, 1]]] = True
        return known

    def _branch_missing(self, reading: _Reading, which: _Mask) -> _Mask:
        """Tell where the number is that of lots with branches, and the branch is not said: 38 of 38-1 and 38-2."""
        missing = np.zeros(len(which), dtype=bool)
        asked = which & (self.system != System.DWELLING) & (reading.full >= 0)
        query, town = self.ways.of_queries(reading.part, self.reach, asked)
        missing[self.spots.look(query, town, reading.full[query], np.full(len(query), Kind.FAMILY)).query] = True
        return missing

    def _hold(self, found: Found, reading: _Reading, which: _Mask) -> None:
        """Write down numbers that are held: one place, several together, or several apart."""
        mine = which[reading.hits.query]
        query, spot = reading.hits.query[mine], reading.hits.spot[mine]
        if not len(query):
            return
        at = _gather(found, self.spots, query, spot)
        found.cut[at], found.unclear[at] = reading.cut[at], reading.unclear[at]
        several = found.count[at] > 1
        unplaced = np.isnan(found.lon[at])
        apart = several & (unplaced | (found.spread_m[at] > NUMBER_TOLERANCE_M))
        found.outcome[at] = np.where(apart, Outcome.APART, Outcome.HELD)
        mixed = (found.kinds[at] & 4 > 0) & (found.kinds[at] & 3 > 0)
        same = _KOAZA if reading.part == "wider" else _SAME
        doubts = [found.unclear[at], several & mixed, several, unplaced]
        found.reason[at] = np.select(doubts, [-1, _SYSTEM, same, _NO_POINT], -1)
        found.lon[at[apart]] = found.lat[at[apart]] = np.nan
        self._coarsen(found, reading, at[unplaced & ~several])

    def _coarsen(self, found: Found, reading: _Reading, at: _Ints) -> None:
        """Give a number that is known without a place the point of its block or of the lots beside it, if any."""
        dwelling = found.kinds[at] & 4 == 0
        kind = np.where(dwelling, Kind.BLOCK, Kind.FAMILY)
        hits = self.spots.look(at, found.town[at], reading.first[at], kind)
        near = self.spots.spread_m[hits.spot] <= TOLERANCE_M  # false for lots none of which has a point
        query, spot = hits.query[near], hits.spot[near]
        found.lon[query], found.lat[query] = self.spots.lon[spot], self.spots.lat[spot]
        found.spread_m[query], found.block[query] = self.spots.spread_m[spot], True

    def _fall_back(self, found: Found, reading: _Reading, which: _Mask) -> None:
        """Give a number that is not held the point of its block, or of the lots of its first number if close."""
        found.outcome[which], found.reason[which] = Outcome.UNKNOWN, _UNKNOWN
        found.reason[which & self._branch_missing(reading, which)] = _BRANCH
        query, town = self.ways.of_queries("exact", self.reach, which)
        parts = []
        for kind, shut in ((Kind.BLOCK, System.LOT), (Kind.FAMILY, System.DWELLING)):
            asked = self.system[query] != shut
            parts.append(
                self.spots.look(query[asked], town[asked], reading.first[query[asked]], np.full(asked.sum(), kind))
            )
        hits = _all(parts)
        query, spot = hits.query, hits.spot
        if not len(query):
            return
        reasons = found.reason.copy()
        at = _gather(found, self.spots, query, spot)
        found.reason[:] = reasons
        near = np.isfinite(found.lon[at]) & (found.spread_m[at] <= TOLERANCE_M)
        found.outcome[at[near]], found.block[at[near]] = Outcome.PART, True


def _all(hits: list[Hits]) -> Hits:
    return Hits(np.concatenate([each.query for each in hits]), np.concatenate([each.spot for each in hits]))


def _joined(one: _Reading, other: _Reading) -> _Reading:
    return _Reading(
        one.part, one.full, one.room, one.first, one.known | other.known, one.held | other.held,
        np.maximum(one.cut, other.cut), one.unclear | other.unclear, _all([one.hits, other.hits]),
    )  # fmt: skip


def _kinds_of_two(kinds: _Ints) -> _Ints:
    """Return the kinds of a number that can be a 丁目 and a lot."""
    return (kinds & ~np.int64(1)) | 16


def _gather(found: Found, spots: Spots, query: _Ints, spot: _Ints) -> _Ints:
    """Write down all spots of each query as candidates, and return the queries."""
    order = np.argsort(query, kind="stable")
    query, spot = query[order], spot[order]
    first = np.flatnonzero(np.diff(query, prepend=-1))
    at, count = query[first], np.diff(first, append=len(query))
    points = np.stack([spots.lon[spot], spots.lat[spot]], axis=1)
    mean = np.add.reduceat(points, first, axis=0) / count[:, None]
    low, high = np.minimum.reduceat(points, first, axis=0), np.maximum.reduceat(points, first, axis=0)
    kind = spots.kind_of(spot)
    found.lon[at], found.lat[at] = mean[:, 0], mean[:, 1]
    found.spread_m[at] = np.maximum(box_m(low, high), np.maximum.reduceat(spots.spread_m[spot], first))
    ones = np.where(kind % 3 == 0, 1, spots.count[spot])  # a block is one candidate, two places of one number are two
    found.count[at] = np.add.reduceat(ones, first)
    found.kinds[at] = np.bitwise_or.reduceat(1 << kind, first)
    found.source[at] = spots.source[spot[first]]
    found.town[at] = spots.town_of(spot[first])
    found.block[at] = np.bitwise_or.reduceat((kind % 3 == 0).astype(np.int64), first) > 0
    return at
