"""Rows of two lists, compared with the register and with one another, and the ids that follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from disaster.reconcile.lists import Listed
from disaster.reconcile.register import REGISTER, Decision, Known, Named, Register, new_id, replaced
from geo.pairing import Pairing, pair

#: A row of the left (0) or the right (1) list.
Row = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """A list beside the register.

    Attributes
    ----------
    pairing
        Rows of the list (left) and of `Register.standing` (right).
    ids
        The lasting id of each row that is known for certain, else empty.
    pending
        Whether a row may be a known place and people have not said so yet.
    """

    listed: Listed
    pairing: Pairing
    ids: list[str]
    pending: list[bool]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Both lists beside the register and beside one another; `by_people` are the pairs that a decision settled."""

    left: Linked
    right: Linked
    pairing: Pairing
    by_people: frozenset[tuple[int, int]]


def compare(left: Listed, right: Listed, register: Register, *, city: str) -> Compared:
    """Compare each list with the register, then the lists, under the decisions that the register holds."""
    one, other = (_linked(listed, register, city) for listed in (left, right))
    decided = {True: set[tuple[int, int]](), False: set[tuple[int, int]]()}
    for decision in register.decisions:
        decided[decision.same] |= set(_rows_of(decision, one, other, register))
    said = decided[True] | decided[False]
    busy = ({row for row, _ in decided[True]}, {row for _, row in decided[True]})
    met = {
        (i, j) for i, j in _sharing(one.ids, other.ids)
        if (i, j) not in said and i not in busy[0] and j not in busy[1]
    }  # fmt: skip
    pairing = pair(
        left.places, right.places, municipality=register.municipality, city=city,
        same=sorted(decided[True] | met), apart=sorted(decided[False]),
    )  # fmt: skip
    return Compared(one, other, pairing, frozenset(decided[True]))


def _linked(listed: Listed, register: Register, city: str) -> Linked:
    standing = register.standing
    row_of = {place.id: row for row, place in enumerate(standing)}
    same, apart = set[tuple[int, int]](), set[tuple[int, int]]()
    for decision in register.decisions:
        for named, place_id in _about_register(decision):
            place = row_of.get(register.current(place_id))
            rows = [] if place is None else [(row, place) for row in _rows_named(listed, named)]
            (same if decision.same else apart).update(rows)
    pairing = pair(
        listed.places, register.as_places(listed.name), municipality=register.municipality, city=city,
        same=sorted(same), apart=sorted(apart),
    )  # fmt: skip
    ids = [""] * len(listed.places)
    for row, place in _decided(pairing):
        ids[row] = standing[place].id
    return Linked(listed, pairing, ids, (pairing.left == "open").tolist())


def _about_register(decision: Decision) -> list[tuple[Named, str]]:
    """Return which row is, or is not, which registered place by a decision."""
    if decision.right.list == REGISTER:
        return [(decision.left, decision.right.id)]
    if not decision.same:
        return []
    sides = zip((decision.left, decision.right), decision.places, strict=True)
    return [(named, place) for named, place in sides if place]


def _rows_named(listed: Listed, named: Named) -> list[int]:
    if listed.name != named.list:
        return []
    rows = zip(listed.places.ids.to_pylist(), listed.places.names.to_pylist(), strict=True)
    return [row for row, (number, name) in enumerate(rows) if ((number or ""), (name or "")) == (named.id, named.name)]


def _rows_of(decision: Decision, one: Linked, other: Linked, register: Register) -> Iterator[tuple[int, int]]:
    """Yield the rows that a decision is about: by their lasting ids if they have them, else as they were named."""
    sides = []
    for linked, named, place in zip((one, other), (decision.left, decision.right), decision.places, strict=True):
        now = register.current(place)
        sides.append([row for row, number in enumerate(linked.ids) if number and number == now]
                     or _rows_named(linked.listed, named))  # fmt: skip
    yield from ((i, j) for i in sides[0] for j in sides[1])


def _sharing(ids: list[str], others: list[str]) -> list[tuple[int, int]]:
    rows = {number: row for row, number in enumerate(others) if number}
    return [(row, rows[number]) for row, number in enumerate(ids) if number in rows]


def _decided(pairing: Pairing) -> list[tuple[int, int]]:
    pairs = pairing.pairs.filter(pairing.pairs["same"])
    return list(zip(pairs["left"].to_pylist(), pairs["right"].to_pylist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """The register afterwards, each row's id (empty until people have said which place it is), and what changed."""

    register: Register
    left_ids: list[str]
    right_ids: list[str]
    new: int
    closed: int


def settle(found: Compared, register: Register, *, day: str) -> Settled:
    """Give every row that is certain its lasting id and bring the register up to a day (``2026-11-21``)."""
    places, fresh = list(register.places), []
    ids = (list(found.left.ids), list(found.right.ids))
    for rows in _groups(found):
        numbers = sorted({ids[side][row] for side, row in rows} - {""})
        for given_up in numbers[1:]:
            places = replaced(places, given_up, numbers[0])
        if numbers:
            _give(ids, rows, numbers[0])
        elif all(_is_certain(found, side, row) for side, row in rows):
            fresh.append(rows)
    # The order of new ids does not depend on the order of the files' rows: the same files shuffled give the same.
    for serial, rows in enumerate(sorted(fresh, key=lambda rows: _order(found, rows)), start=register.next_serial()):
        _give(ids, rows, new_id(register.municipality, serial))
    seen = _seen(found, ids, {place.id: place for place in places}, day)
    closing = _gone(found, places, seen, register)
    places = [_closed(seen.get(place.id, place), place.id in closing, day) for place in places]
    known = {place.id for place in places}
    places += [place for number, place in sorted(seen.items()) if number not in known]
    decisions = tuple(_with_ids(decision, found, ids, register) for decision in register.decisions)
    after = replace(register, places=tuple(places), decisions=decisions)
    return Settled(after, ids[0], ids[1], len(fresh), len(closing))


def _groups(found: Compared) -> list[list[Row]]:
    """Return the rows of both lists, those that are one place together."""
    group: dict[Row, list[Row]] = {}
    for side, linked in enumerate((found.left, found.right)):
        group |= {(side, row): [(side, row)] for row in range(len(linked.ids))}
    for i, j in _decided(found.pairing):
        one, other = group[0, i], group[1, j]
        if one is not other:
            one += other
            group |= dict.fromkeys(other, one)
    return list({id(rows): rows for rows in group.values()}.values())


def _is_certain(found: Compared, side: int, row: int) -> bool:
    """Tell whether nobody has to be asked which place a row is."""
    linked, states = ((found.left, found.pairing.left), (found.right, found.pairing.right))[side]
    return not linked.pending[row] and states[row] != "open"


def _give(ids: tuple[list[str], list[str]], rows: Sequence[Row], number: str) -> None:
    for side, row in rows:
        ids[side][row] = number


def _order(found: Compared, rows: Sequence[Row]) -> list[tuple[str, str, str, float, float]]:
    return [_described((found.left, found.right)[side].listed, row) for side, row in rows]


def _described(listed: Listed, row: int) -> tuple[str, str, str, float, float]:
    places = listed.places
    name, address, number = (column[row].as_py() or "" for column in (places.names, places.addresses, places.ids))
    return name, address, number, float(np.nan_to_num(places.lon[row])), float(np.nan_to_num(places.lat[row]))


def _seen(found: Compared, ids: tuple[list[str], list[str]], known: dict[str, Known], day: str) -> dict[str, Known]:
    """Return the places that a list names, as they are now; what the left list says comes before the right one's."""
    seen: dict[str, Known] = {}
    for linked, numbers in ((found.right, ids[1]), (found.left, ids[0])):
        listed = linked.listed
        for row, number in enumerate(numbers):
            if number:
                seen[number] = _told(seen.get(number) or known.get(number), number, listed, row, day)
    return seen


def _told(place: Known | None, number: str, listed: Listed, row: int, day: str) -> Known:
    name, address, source, lon, lat = _described(listed, row)
    known = place or Known(number, (), "", None, None, day, {})
    here = np.isfinite(listed.places.lon[row])
    return replace(
        known,
        names=tuple(dict.fromkeys((name, *known.names))),
        address=address or known.address,
        lon=lon if here else known.lon,
        lat=lat if here else known.lat,
        sources={**known.sources, listed.name: {"id": source, "as_of": day}},
        closed_on="",
    )


def _gone(found: Compared, places: Sequence[Known], seen: dict[str, Known], register: Register) -> set[str]:
    """Return the places that every list which knew them was read without, none of whose rows was refused."""
    whole = {one.listed.name for one in (found.left, found.right) if not one.listed.refused}
    asked = {
        register.standing[row].id
        for linked in (found.left, found.right)
        for row in np.flatnonzero(linked.pairing.right == "open").tolist()
    }
    return {
        place.id for place in places
        if not place.closed_on and not place.replaced_by and place.id not in seen and place.id not in asked
        and set(place.sources) <= whole
    }  # fmt: skip


def _closed(place: Known, closing: bool, day: str) -> Known:
    return replace(place, closed_on=day) if closing else place


def _with_ids(decision: Decision, found: Compared, ids: tuple[list[str], list[str]], register: Register) -> Decision:
    """Note the lasting ids of the rows that a decision is about, so that it holds when their numbers change."""
    if all(decision.places):
        return decision
    places = list(decision.places)
    for turn, named in enumerate((decision.left, decision.right)):
        if named.list == REGISTER:
            places[turn] = register.current(named.id)
        for linked, numbers in ((found.left, ids[0]), (found.right, ids[1])):
            for row in _rows_named(linked.listed, named):
                places[turn] = places[turn] or numbers[row]
    return replace(decision, places=(places[0], places[1]))
