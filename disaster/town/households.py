"""Invented households as whole columns: who lives on which lot, how the register writes it, what the post knows.

The same code peoples the invented town and, for trials with a real town table, the real one: there too only the
households are invented.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from disaster.models import DELIVERY_POINTS, DELIVERY_STATUS
from disaster.town.geography import Floats, Ints
from disaster.town.names import (
    BLOCK_SHARES,
    BLOCK_STYLES,
    PARCEL_SHARES,
    PARCEL_STYLES,
    SPELLINGS,
    ambiguous_towns,
    chome,
    spellings,
    wide,
    words,
)

Flags = npt.NDArray[np.bool_]

_JAPAN = ZoneInfo("Asia/Tokyo")
#: Rows written at a time: bounds the memory of a million rows.
_CHUNK = 100_000
_KINDS = {"dwelling": "住居", "business": "事業所", "facility": "施設", "mixed": "住居兼事業所"}
_FACILITY = list(_KINDS).index("facility")
#: Running shares of the kinds in their order, and of one, two, three, four names.
_KIND_SHARES = np.cumsum([0.87, 0.06, 0.015])
_PEOPLE_SHARES = np.cumsum([0.34, 0.34, 0.2])
_CROWDED = 0.7
_ROOMS_A_FLOOR = 4
#: Shares of what stands before the town (all, no prefecture, nothing, all with a blank) and of blanks after it.
_FRONT_SHARES = (0.72, 0.2, 0.03, 0.05)
_GAP_SHARES = (0.94, 0.03, 0.03)
#: The first spelling of a parcel that only has hyphens: how ambiguous addresses are written.
_BARE_PARCEL = next(i for i, style in enumerate(PARCEL_STYLES) if style.bare)


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Lots where households may be: quarter, block, number, degrees, weight, share of flats; one entry each.

    `towns` are the official names of the quarters, `before` the text before the town name (prefecture, then city),
    `postal_codes` one for each quarter. `named` gives the name of the facility that stands on a site.
    """

    quarter: Ints
    block: Ints
    number: Ints
    lon: Floats
    lat: Floats
    weight: Floats
    flats: Floats
    towns: tuple[str, ...]
    before: tuple[str, str]
    postal_codes: tuple[str, ...]
    named: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """How the mail of each household of a register stands: status and reason, and the code of its office."""

    status: pa.Array
    reason: pa.Array
    offices: pa.Array


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """Households on sites. All arrays are as long as the register; `room` 0 is a house of its own.

    `lead` is the family (row of ``Words.families``), `form` how it is written, `people` how many names stand on the
    register, `given` their given names in up to four columns.
    """

    sites: Sites
    site: Ints
    room: Ints
    building: Ints
    kind: Ints
    lead: Ints
    form: Ints
    people: Ints
    given: Ints
    style: Ints
    ambiguous: Flags

    def __len__(self) -> int:
        return len(self.site)

    @property
    def quarter(self) -> Ints:
        """Index of each household's quarter."""
        return self.sites.quarter[self.site]

    @property
    def plain(self) -> Flags:
        """Whether a household's quarter has no 丁目."""
        return np.array([chome(town)[1] == 0 for town in self.sites.towns])[self.quarter]

    def take(self, index: Ints) -> "Register":
        """Return the households of these positions."""
        columns = [item.name for item in fields(self) if item.name != "sites"]
        return Register(sites=self.sites, **{name: getattr(self, name)[index] for name in columns})


def settle(sites: Sites, households: int, rng: np.random.Generator) -> Register:
    """Let households live on the sites: first the likely lots, blocks of flats among them.

    The rows come in the order in which a postman walks: quarter, block, number, room.
    """
    order = np.argsort(-np.log(rng.random(len(sites))) / sites.weight, kind="stable")
    chance, size = rng.random(len(order)), rng.integers(4, 13, len(order))
    units = np.where(chance < sites.flats[order] * 0.25, size, 1)
    if int(units.sum()) < households:  # more than the town holds: most lots get a block of flats, as tall as needed
        flat = (chance < _CROWDED) & (sites.flats[order] > 0)
        flat = flat if flat.any() else np.ones(len(order), dtype=bool)
        units = np.where(flat, size * -(-households // int(size[flat].sum())), 1)
    last = int(np.searchsorted(np.cumsum(units), households)) + 1
    chosen, units = order[:last], units[:last]
    units[-1] -= int(units.sum()) - households
    walk = np.lexsort((sites.number[chosen], sites.block[chosen], sites.quarter[chosen]))
    chosen, units = chosen[walk], units[walk]
    site = np.repeat(chosen, units)
    nth = np.arange(households) - np.repeat(np.cumsum(units) - units, units)
    room = np.where(np.repeat(units, units) > 1, (nth // _ROOMS_A_FLOOR + 1) * 100 + nth % _ROOMS_A_FLOOR + 1, 0)
    return _people(sites, site, room, rng)


def _people(sites: Sites, site: Ints, room: Ints, rng: np.random.Generator) -> Register:
    n, lists = len(site), words()
    kind = np.where(room > 0, 0, np.searchsorted(_KIND_SHARES, rng.random(n), side="right"))
    kind[np.isin(site, list(sites.named))] = _FACILITY
    lead = rng.integers(0, len(lists.families), n)
    forms = np.array([len(forms) for forms in lists.families])[lead]
    people = np.searchsorted(_PEOPLE_SHARES, rng.random(n), side="right") + 1
    form = rng.integers(0, 6, n) % forms
    given = np.cumsum(rng.integers(1, len(lists.given) // 4, (n, 4)), axis=1) % len(lists.given)
    building = sites.quarter[site] * 31 + sites.block[site] * 7 + sites.number[site]
    style, ambiguous = _styles(sites, site, room, rng)
    return Register(
        sites=sites,
        site=site,
        room=room,
        building=building % (len(lists.flats) * len(lists.words)),
        kind=kind,
        lead=lead,
        form=form,
        people=people,
        given=given,
        style=style,
        ambiguous=ambiguous,
    )


def _styles(sites: Sites, site: Ints, room: Ints, rng: np.random.Generator) -> tuple[Ints, Flags]:
    """Choose how each address is written, and which are ambiguous: 磯里2-15 where 磯里二丁目 stands beside 磯里."""
    towns, quarter = sites.towns, sites.quarter[site]
    plain = np.array([chome(town)[1] == 0 for town in towns])[quarter]
    unsure = np.isin(np.array(towns), list(ambiguous_towns(towns)))[quarter]
    ambiguous = unsure & plain & (sites.block[site] <= 3) & (room == 0)
    parcel = rng.choice(len(PARCEL_STYLES), len(site), p=PARCEL_SHARES)
    style = np.where(plain, parcel, rng.choice(len(BLOCK_STYLES), len(site), p=BLOCK_SHARES))
    tidy = np.where(unsure & bare(style, plain), 0, style)
    return np.where(ambiguous, _BARE_PARCEL, tidy), ambiguous


def bare(style: Ints, plain: Flags) -> Flags:
    """Tell where nothing but hyphens says what the numbers are."""
    blocks = np.array([one.bare for one in BLOCK_STYLES])
    parcels = np.array([one.bare for one in PARCEL_STYLES])
    return np.where(plain, parcels[np.minimum(style, len(parcels) - 1)], blocks[style])


def addresses(register: Register, rng: np.random.Generator | None = None) -> pa.Array:
    """Write each address in the register's own spelling; with `rng` also what people leave out and put between."""
    sites, n, styles = register.sites, len(register), (*BLOCK_STYLES, *PARCEL_STYLES)
    style = register.style + np.where(register.plain, len(BLOCK_STYLES), 0)
    number = sites.number[register.site] - register.plain  # the first branch of a parcel is the parcel itself
    alone = number == 0
    manner = style + np.where(alone, len(styles), 0)
    front = rng.choice(4, n, p=_FRONT_SHARES) if rng else np.zeros(n, dtype=np.int64)
    gap = rng.choice(3, n, p=_GAP_SHARES) if rng else np.zeros(n, dtype=np.int64)
    town = register.quarter * SPELLINGS + np.array([one.town for one in styles])[style]
    is_wide = np.array([one.wide for one in styles])[style]
    return pc.binary_join_element_wise(
        _pick(("".join(sites.before), sites.before[1], "", " ".join(sites.before)), front),
        _pick(("", " ", "　"), gap),
        _pick([text for name in sites.towns for text in spellings(name)], town),
        _digits(sites.block[register.site], is_wide),
        _pick([one.middle for one in styles] + [one.alone for one in styles], manner),
        pc.if_else(pa.array(alone), "", _digits(number, is_wide)),
        _pick([one.end for one in styles] + [""] * len(styles), manner),
        "",
    )


def _digits(values: Ints, is_wide: Flags) -> pa.Array:
    most = int(values.max(initial=0)) + 1
    table = pa.array([str(i) for i in range(most)] + [wide(str(i)) for i in range(most)])
    return table.take(pa.array(values + np.where(is_wide, most, 0)))


def _pick(texts: Sequence[str], index: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(list(texts)).take(pa.array(index))


def buildings(register: Register, *, wide_rooms: Flags) -> pa.Array:
    """Write the name of the building and the room; empty for a house of its own."""
    lists = words()
    names = [f"{kind}{word}" for kind in lists.flats for word in lists.words]
    joined = pc.binary_join_element_wise(
        _pick(names, register.building),
        _pick((" ", "　"), wide_rooms.astype(np.int64)),
        _digits(register.room, wide_rooms),
        _pick(("号室", ""), wide_rooms.astype(np.int64)),
        "",
    )
    return pc.if_else(pa.array(register.room > 0), joined, "")


def addressees(register: Register) -> pa.Array:
    """Write the names on the register, joined by 、: people, or a firm, or a firm and its people."""
    lists = words()
    people = people_text(register)
    seed = register.quarter * 13 + register.sites.block[register.site] * 5 + register.sites.number[register.site]
    word = _pick(lists.words, seed % len(lists.words))
    company, trade = _pick(lists.company, seed % len(lists.company)), _pick(lists.firms, seed % len(lists.firms))
    firm = pc.binary_join_element_wise(company, word, trade, "")
    home = pc.binary_join_element_wise(_pick(lists.homes, seed % len(lists.homes)), word, "")
    if named := register.sites.named:
        known = pa.array([named.get(site) for site in register.site.tolist()], pa.string())
        home = pc.coalesce(known, home)
    kinds = pc.make_struct(*(pa.array(register.kind == index) for index in (1, 2, 3)))
    return pc.case_when(kinds, firm, home, pc.binary_join_element_wise(firm, people, "、"), people)


def people_text(register: Register) -> pa.Array:
    """Write the names of each household, joined by 、."""
    lists = words()
    most = max(len(forms) for forms in lists.families)
    written = pa.array([(forms * most)[i] for forms in lists.families for i in range(most)])
    family = written.take(pa.array(register.lead * most + register.form))
    people = pc.binary_join_element_wise(family, _pick(lists.given, register.given[:, 0]), "　")
    for column in range(1, 4):
        member = pc.binary_join_element_wise(family, _pick(lists.given, register.given[:, column]), "　")
        more = pc.binary_join_element_wise(people, member, "、")
        people = pc.if_else(pa.array(register.people > column), more, people)
    return people


def _point_ids(count: int) -> pa.Array:
    """Return the ids of delivery points: ten digits, zeros in front."""
    return pc.utf8_lpad(pa.array(np.arange(1, count + 1)).cast(pa.string()), 10, "0")


def _times_before(at: datetime, count: int, rng: np.random.Generator) -> pa.Array:
    """Return times of day work before `at`, Japan time without a zone, as offices write them."""
    start = at.astimezone(_JAPAN).replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = rng.integers(9 * 60, 17 * 60, 400)
    dates = rng.integers(1, 180, 400)
    texts = [
        f"{start - timedelta(days=int(d)) + timedelta(minutes=int(m)):%Y-%m-%d %H:%M}"
        for d, m in zip(dates, minutes, strict=True)
    ]
    return _pick(texts, rng.integers(0, 400, count))


def delivery_table(
    register: Register, service: Service, *, municipality: str, at: datetime, rng: np.random.Generator
) -> pa.Table:
    """Return the register under the Japanese headings of ``disaster.models``, then 緯度 and 経度.

    A few rows hold their building in the address, a few have no place; an ambiguous address never has one.
    """
    n, sites = len(register), register.sites
    rooms = buildings(register, wide_rooms=rng.random(n) < 0.3)
    street = addresses(register, rng)
    together = pa.array((rng.random(n) < 0.15) & (register.room > 0))
    no_point = pa.array((rng.random(n) < 0.02) | register.ambiguous)
    values = {
        "point_id": _point_ids(n),
        "municipality": _pick([municipality], np.zeros(n, dtype=np.int64)),
        "postal_code": _pick(sites.postal_codes, register.quarter),
        "address": pc.if_else(together, pc.binary_join_element_wise(street, rooms, "　"), street),
        "building": pc.if_else(together, "", rooms),
        "point_kind": _pick(list(_KINDS.values()), register.kind),
        "addressees": addressees(register),
        "status": _labels(service.status, DELIVERY_STATUS),
        "status_reason": service.reason,
        "confirmed_at": _times_before(at, n, rng),
        "office_code": service.offices,
    }
    named = {column.label: values[column.name] for column in DELIVERY_POINTS.columns}
    for heading, degrees in (("緯度", sites.lat), ("経度", sites.lon)):
        named[heading] = pc.if_else(no_point, "", pa.array(degrees[register.site]).cast(pa.string()))
    return pa.table(named)


def _labels(codes: pa.Array, labels: Mapping[str, str]) -> pa.Array:
    coded = codes.dictionary_encode()
    return pa.array([labels[code] for code in coded.dictionary.to_pylist()]).take(coded.indices)


def write_cp932(path: Path, table: pa.Table) -> None:
    """Write a table as office software does: CP932, CRLF, a comma between; a million rows in seconds."""
    options = pacsv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as out:
        out.write((",".join(table.column_names) + "\r\n").encode("cp932"))
        for batch in table.to_batches(max_chunksize=_CHUNK):
            sink = pa.BufferOutputStream()
            pacsv.write_csv(pa.Table.from_batches([batch]), sink, options)
            out.write(sink.getvalue().to_pybytes().decode("utf-8").replace("\n", "\r\n").encode("cp932"))
