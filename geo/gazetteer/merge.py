"""One gazetteer out of several sources: the better source gives the text, the others fill in what it lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.address import fold
from geo.gazetteer.rows import SAME_TOWN_M, Part, column, joined, key, metres, rows_of

#: Sources from the best to the last: what each is called in the column ``source``.
SOURCES: Mapping[str, str] = {
    "abr": "アドレス・ベース・レジストリ",
    "mlit": "街区レベル位置参照情報",
    "geolonia": "Geolonia 住所データ",
    "postal": "日本郵便 郵便番号データ",
}

_POINT_BY = "（位置）"  # after a source that gives the point and not the text
_CHOME = r"[0-9]+丁目$"
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Share:
    """What a source gave: ``given == kept + merged`` for its towns and for its numbers.

    Kept rows stand under the text of this source; merged ones were known from a better source, which they complete.
    """

    source: str
    towns_given: int
    towns_kept: int
    towns_merged: int
    numbers_given: int
    numbers_kept: int
    numbers_merged: int


@dataclass(frozen=True, slots=True)
class Apart:
    """A town that two sources put more than `SAME_TOWN_M` apart; the point of `source` is used, nothing is averaged."""

    municipality: str
    town: str
    koaza: str
    source: str
    other: str
    metres: int


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """The rows of all sources as one table (`ROWS`), what each gave, and where they disagree."""

    rows: pa.Table = field(repr=False)
    shares: tuple[Share, ...]
    apart: tuple[Apart, ...]


def merge(parts: Sequence[Part], *, vintage: str = "") -> Merged:
    """Put the rows of several sources together.

    Towns are one if their names are equal after folding (`geo.address.fold`: １丁目 and 一丁目, ヶ and ケ, 大字 and 字
    there or not); two towns that one source keeps apart stay two. A town of the postal table whose 丁目 or 小字 are
    known is their parent and no town of its own. Numbers are one if their town, kind and number are.

    Parameters
    ----------
    parts
        At most one a source, in any order.
    vintage
        Written where a source does not say when its row is from.
    """
    ranked = sorted(parts, key=lambda part: list(SOURCES).index(part.source))
    towns = [_of_kind(part.rows, towns=True) for part in ranked]
    groups, count = _town_groups([part.source for part in ranked], towns)
    merged_towns, apart = _put_together(ranked, towns, groups, count, vintage)
    for part, own in zip(ranked, towns, strict=True):
        if part.source == "postal":
            merged_towns = _with_codes_of_parents(merged_towns, own)
    numbers = [_of_kind(part.rows, towns=False) for part in ranked]
    of_town = [_town_of(one, towns[at], groups[at]) for at, one in enumerate(numbers)]
    number_groups, number_count = _number_groups(numbers, of_town)
    merged_numbers, _apart = _put_together(ranked, numbers, number_groups, number_count, vintage)
    merged_numbers = _under_their_towns(merged_numbers, merged_towns, of_town, number_groups, number_count)
    shares = tuple(
        Share(part.source, *_share(groups, at), *_share(number_groups, at)) for at, part in enumerate(ranked)
    )
    return Merged(_ordered(pa.concat_tables([merged_towns, merged_numbers])), shares, apart)


def _of_kind(rows: pa.Table, *, towns: bool) -> pa.Table:
    empty = pc.equal(rows.column("kind"), "")
    return rows.filter(empty if towns else pc.invert(empty)).combine_chunks()


def _town_groups(sources: Sequence[str], tables: Sequence[pa.Table]) -> tuple[list[_Ints], int]:
    """Return for each source the group of each town, -1 for a parent or a spelling of several, and how many groups."""
    exact, loose = pa.array([], pa.string()), pa.array([], pa.string())
    groups: list[_Ints] = []
    for source, rows in zip(sources, tables, strict=True):
        text, folded = _exact(rows), _folded(rows)
        once = _only_once(loose)
        same = pc.index_in(text, value_set=exact)
        alike = pc.index_in(folded, value_set=once.column("key"))
        at = pc.coalesce(same, once.column("at").combine_chunks().take(alike))
        found = pc.fill_null(at, -1).to_numpy().astype(np.int64)
        ambiguous = np.asarray(pc.is_in(folded, value_set=loose)) & (found < 0)
        parent = ambiguous.copy()
        if source == "postal":
            parent |= (found < 0) & np.asarray(pc.is_in(folded, value_set=_stems(tables[: len(groups)])))
        new = (found < 0) & ~parent
        found[new] = len(exact) + np.arange(int(new.sum()))
        groups.append(found)
        exact = pa.concat_arrays([exact, text.filter(pa.array(new))])
        loose = pa.concat_arrays([loose, folded.filter(pa.array(new))])
    return groups, len(exact)


def _exact(rows: pa.Table) -> pa.Array:
    return key(*(column(rows, name) for name in ("municipality", "town", "koaza")))


def _folded(rows: pa.Table) -> pa.Array:
    """Return municipality and folded name; town and 小字 together, for sources divide them at different places."""
    name = pc.binary_join_element_wise(column(rows, "town"), column(rows, "koaza"), "")
    return key(column(rows, "municipality"), fold(name))


def _only_once(keys: pa.Array) -> pa.Table:
    """Return the keys that stand for a single group, with it."""
    table = pa.table({"key": keys, "at": pa.array(np.arange(len(keys), dtype=np.int32))})
    grouped = table.group_by("key", use_threads=False).aggregate([("at", "min"), ("at", "count")])
    single = grouped.filter(pc.equal(grouped.column("at_count"), 1))
    return pa.table({"key": column(single, "key"), "at": column(single, "at_min")})


def _stems(tables: Sequence[pa.Table]) -> pa.Array:
    """Return the folded names of towns without their 小字, and without their 丁目."""
    stems = [pa.array([], pa.string())]
    for rows in tables:
        towns, codes = fold(column(rows, "town")), column(rows, "municipality")
        stems += [key(codes, towns), key(codes, pc.replace_substring_regex(towns, _CHOME, ""))]
    return pa.concat_arrays(stems).unique()


def _with_codes_of_parents(towns: pa.Table, postal: pa.Table) -> pa.Table:
    """Give towns without a postal code that of the town which they are the 丁目 or 小字 of."""
    value_set, codes = _folded(postal), _not_empty(column(postal, "postal_code"))
    municipality, folded = column(towns, "municipality"), fold(column(towns, "town"))
    found = [
        codes.take(pc.index_in(key(municipality, names), value_set=value_set))
        for names in (folded, pc.replace_substring_regex(folded, _CHOME, ""))
    ]
    own = _not_empty(column(towns, "postal_code"))
    filled = pc.coalesce(own, *found, pa.scalar(""))
    source, title = column(towns, "source"), SOURCES["postal"]
    gained = pc.and_(own.is_null(), pc.and_(pc.not_equal(filled, ""), pc.invert(pc.match_substring(source, title))))
    named = pc.if_else(gained, pc.binary_join_element_wise(source, title, "、"), source)
    for name, values in (("postal_code", filled), ("source", named)):
        towns = towns.set_column(towns.schema.get_field_index(name), towns.schema.field(name), values)
    return towns


def _town_of(numbers: pa.Table, towns: pa.Table, groups: _Ints) -> _Ints:
    """Return the group of the town of each number: its own source has that town."""
    at = pc.index_in(_exact(numbers), value_set=_exact(towns)).to_numpy(zero_copy_only=False)
    return groups[at.astype(np.int64)] if len(at) else np.empty(0, np.int64)


def _number_groups(tables: Sequence[pa.Table], of_town: Sequence[_Ints]) -> tuple[list[_Ints], int]:
    known = pa.array([], pa.string())
    groups: list[_Ints] = []
    for rows, towns in zip(tables, of_town, strict=True):
        keys = key(pa.array(towns).cast(pa.string()), column(rows, "kind"), column(rows, "number"))
        fresh = keys.filter(pc.invert(pc.is_in(keys, value_set=known))).unique()
        known = pa.concat_arrays([known, fresh])
        groups.append(pc.index_in(keys, value_set=known).to_numpy(zero_copy_only=False).astype(np.int64))
    return groups, len(known)


def _put_together(
    parts: Sequence[Part], tables: Sequence[pa.Table], groups: Sequence[_Ints], count: int, vintage: str
) -> tuple[pa.Table, tuple[Apart, ...]]:
    """Return one row a group: each value from the best source that has one."""
    wide = [_aligned(rows, group, count) for rows, group in zip(tables, groups, strict=True)]
    if not wide:
        return rows_of(0, {}), ()
    names = ("municipality", "pref", "city", "town", "koaza", "kind", "number")
    made: dict[str, pa.Array] = {name: pc.coalesce(*(one[name] for one in wide)) for name in names}
    made["postal_code"] = pc.coalesce(*(_not_empty(one["postal_code"]) for one in wide), pa.scalar(""))
    made["former"] = pc.coalesce(*(_not_empty(one["former"]) for one in wide), pa.scalar(""))
    by = _first_valid([one["lon"] for one in wide])
    for name in ("lon", "lat"):
        made[name] = pc.coalesce(*(one[name] for one in wide))
    made["scale"] = _chosen([one["scale"] for one in wide], by)
    first = _first_valid([one["municipality"] for one in wide])
    titles, vintages = [], []
    for rank, (part, one) in enumerate(zip(parts, wide, strict=True)):
        here, points = one["municipality"].is_valid(), pa.array((by == rank) & (first != rank))
        title = pc.if_else(points, SOURCES[part.source] + _POINT_BY, SOURCES[part.source])
        titles.append(pc.if_else(here, title, ""))
        vintages.append(pc.if_else(here, pc.coalesce(_not_empty(one["vintage"]), pa.scalar(vintage)), ""))
    made["source"] = joined(*titles, by="、")
    made["vintage"] = _joined_once(vintages)
    return rows_of(count, made), _far_apart([part.source for part in parts], wide, made)


def _aligned(rows: pa.Table, group: _Ints, count: int) -> dict[str, pa.Array]:
    """Return the columns of a source with one value a group, null where it has none."""
    at = np.full(count, -1, np.int64)
    inside = np.flatnonzero(group >= 0)[::-1]
    at[group[inside]] = inside  # the first row of a group is written last
    take = pa.array(at, mask=at < 0)
    return {name: column(rows, name).take(take) for name in rows.column_names}


def _not_empty(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _first_valid(columns: Sequence[pa.Array]) -> _Ints:
    """Return for each row the number of the first column with a value, -1 for none."""
    first = np.full(len(columns[0]), -1, np.int64)
    for rank in range(len(columns) - 1, -1, -1):
        first[np.asarray(columns[rank].is_valid())] = rank
    return first


def _chosen(columns: Sequence[pa.Array], which: _Ints) -> pa.Array:
    values = np.zeros(len(which), np.int32)
    for rank, one in enumerate(columns):
        here = which == rank
        values[here] = pc.fill_null(one, 0).to_numpy()[here]
    return pa.array(values)


def _joined_once(columns: Sequence[pa.Array]) -> pa.Array:
    """Join texts by 、, each once and empty ones left out."""
    coded = joined(*columns, by="、").dictionary_encode()
    texts = ["、".join(dict.fromkeys(text.split("、"))) for text in coded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(coded.indices)


def _far_apart(
    sources: Sequence[str], wide: Sequence[Mapping[str, pa.Array]], made: Mapping[str, pa.Array]
) -> tuple[Apart, ...]:
    by = _first_valid([one["lon"] for one in wide])
    lon, lat = (np.asarray(made[name].to_numpy(zero_copy_only=False)) for name in ("lon", "lat"))
    found = []
    for rank, source in enumerate(sources):
        own = [np.asarray(wide[rank][name].to_numpy(zero_copy_only=False)) for name in ("lon", "lat")]
        distance = metres(own[0], own[1], lon, lat)
        for at in np.flatnonzero((distance > SAME_TOWN_M) & (by != rank)):
            code, town, koaza = (made[name][int(at)].as_py() for name in ("municipality", "town", "koaza"))
            found.append(Apart(code, town, koaza, sources[by[at]], source, round(float(distance[at]))))
    return tuple(sorted(found, key=lambda one: (one.municipality, one.town, one.koaza, one.other)))


def _under_their_towns(
    numbers: pa.Table, towns: pa.Table, of_town: Sequence[_Ints], groups: Sequence[_Ints], count: int
) -> pa.Table:
    """Write the town of each number as the towns have it, whatever source the number is from."""
    at = np.zeros(count, np.int64)
    for group, town in zip(groups, of_town, strict=True):
        at[group] = town
    for name in ("town", "koaza", "former"):
        field_at = numbers.schema.get_field_index(name)
        values = column(towns, name).take(pa.array(at)) if count else column(numbers, name)
        numbers = numbers.set_column(field_at, numbers.schema.field(name), values)
    return numbers


def _share(groups: Sequence[_Ints], rank: int) -> tuple[int, int, int]:
    """Return how many rows a source gave, how many of them stand as its own, how many went into others."""
    before = np.concatenate([*groups[:rank], np.empty(0, np.int64)])
    own = groups[rank]
    kept = len(np.setdiff1d(own[own >= 0], before))
    return len(own), kept, len(own) - kept


def _ordered(rows: pa.Table) -> pa.Table:
    names = ("municipality", "kind", "town", "koaza", "number")
    return rows.sort_by([(name, "ascending") for name in names]).combine_chunks()
