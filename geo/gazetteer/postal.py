"""The postal tables of Japan Post: which postal code a town has, and towns that no other table has."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo.gazetteer.rows import Once, Part, Sieve, key, rows_of, text
from geo.gazetteer.scope import Scope

SOURCE = "postal"
_WANTED = ("code", "postal_code", "pref", "city", "town")
#: KEN_ALL and utf_ken_all have no headings (15 columns, 「郵便番号データの説明」).
_UNNAMED = dict(zip(_WANTED, ("列1", "列3", "列7", "列8", "列9"), strict=True))
_NAMED = dict(zip(_WANTED, ("jisx0402", "postal_code", "prefecture", "city", "neighborhood"), strict=True))

_REST = "以下に掲載がない場合|の次に.*番地.*場合|^.+一円$"
_FLOOR = "（[0-9０-９]+階）|（地階・階層不明）"
_REMARK = "（.*$"
_WHOLE = "^[^（]*(（次のビルを除く）|（丁目）|（番地）|（全域）)?$"  # remarks that leave the town whole
_SEVERAL_CHIWARI = "第?[0-9０-９]+地割[、〜～~].*$"
_SEVERAL = "[、〜～]"


def load_postal(tables: Mapping[str, pa.Table], scope: Scope) -> Part:
    """Bring postal tables to the common rows: one row a town, without a point.

    A town text is cleaned, never expanded: what stands in brackets is taken off (``（１〜１９丁目）``,
    ``（…を除く）``), and so is a range of 地割. What is no town is dropped with its reason: ``以下に掲載がない場合``,
    ``…の次に番地がくる場合``, ``…一円`` (but not the town 一円), floors of buildings, lists of several towns. A town
    for which rows give different codes, or one for a part of it only, keeps none: the rest would be guessed.

    Parameters
    ----------
    tables
        By role: ``postal`` (15 columns 列1 to 列15), ``postal_named`` (with headings).
    scope
        Names, day, and what was asked for.
    """
    parts, accounts = [], []
    seen = pa.array([], pa.string())
    for role, names in (("postal", _UNNAMED), ("postal_named", _NAMED)):
        if role in tables:
            sieve = _sieved(role, tables[role], names, scope)
            parts.append(_rows(sieve, scope))
            towns = key(sieve.text("municipality"), sieve.text("cleaned")).unique()
            new = towns.filter(pc.invert(pc.is_in(towns, value_set=seen)))  # both tables have the same towns
            accounts.append(sieve.account(Once(sieve.table.slice(0, len(new)), 0, 0)))
            seen = pa.concat_arrays([seen, new])
    return Part(SOURCE, _one_a_town(pa.concat_tables(parts).combine_chunks()), tuple(accounts))


def _sieved(role: str, table: pa.Table, names: Mapping[str, str], scope: Scope) -> Sieve:
    table = pa.table({name: text(table, column) for name, column in names.items()})
    sieve = Sieve(role, table)
    scope.settle(sieve, code="code", pref="pref", city="city", town="town")
    _join_continued(sieve)
    sieve.drop(pc.invert(pc.match_substring_regex(sieve.text("postal_code"), "^[0-9]{7}$")), "bad_postal_code")
    for pattern, reason in ((_REST, "rest_of_city"), (_FLOOR, "building")):
        sieve.drop(pc.match_substring_regex(sieve.text("town"), pattern), reason)
    town = sieve.text("town")
    sieve.add("whole", pc.match_substring_regex(town, _WHOLE).cast(pa.string()))
    for pattern in (_REMARK, _SEVERAL_CHIWARI):
        town = pc.replace_substring_regex(town, pattern, "")
    sieve.add("cleaned", pc.utf8_trim_whitespace(town))
    sieve.drop(pc.equal(sieve.text("cleaned"), ""), "rest_of_city")
    sieve.drop(pc.match_substring_regex(sieve.text("cleaned"), _SEVERAL), "several_towns")
    return sieve


def _join_continued(sieve: Sieve) -> None:
    """Put town texts together that KEN_ALL cuts over rows of one postal code: a bracket is open until it is closed."""
    towns, codes = sieve.text("town"), sieve.text("postal_code")
    change = np.r_[0, pc.subtract(pc.count_substring(towns, "（"), pc.count_substring(towns, "）")).to_numpy()]
    if not change.any():
        return
    depth = np.cumsum(change)[:-1]  # of brackets open before each row
    same_code = np.r_[False, np.asarray(pc.equal(codes[1:], codes[:-1]))]
    before = depth[np.maximum.accumulate(np.where(same_code, 0, np.arange(len(depth))))]
    continued = same_code & (depth > before)
    starts = np.flatnonzero(~continued)
    ends = np.r_[starts[1:], len(continued)]
    texts = towns.to_pylist()
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        texts[start] = "".join(texts[start:end])
    at = sieve.table.schema.get_field_index("town")
    sieve.table = sieve.table.set_column(at, "town", pa.array(texts, pa.string()))
    sieve.drop(continued, "continued")


def _rows(sieve: Sieve, scope: Scope) -> pa.Table:
    """Return a row for each row of the file; its column ``number`` says whether it is of the whole town."""
    pref, city = scope.official(sieve.text("municipality"))
    return rows_of(sieve.table.num_rows, {
        "municipality": sieve.text("municipality"), "pref": pref, "city": city, "town": sieve.text("cleaned"),
        "postal_code": sieve.text("postal_code"), "former": sieve.text("former"), "number": sieve.text("whole"),
    })  # fmt: skip


def _one_a_town(rows: pa.Table) -> pa.Table:
    """Return one row a town, with its postal code if all rows of it give the same and one is of all of it."""
    names = ["municipality", "pref", "city", "town"]
    grouped = rows.group_by(names, use_threads=False).aggregate(
        [("postal_code", "min"), ("postal_code", "max"), ("former", "max"), ("number", "max")]
    ).sort_by([(name, "ascending") for name in names]).combine_chunks()  # fmt: skip
    low, high = (text(grouped, f"postal_code_{end}") for end in ("min", "max"))
    whole = pc.equal(text(grouped, "number_max"), "true")  # at least one row is of the whole town
    made = {name: text(grouped, name) for name in names}
    return rows_of(grouped.num_rows, {
        **made, "postal_code": pc.if_else(pc.and_(pc.equal(low, high), whole), low, ""),
        "former": text(grouped, "former_max"),
    })  # fmt: skip
