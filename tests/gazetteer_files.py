"""Invented address tables of 潮見市 as the readers give them: all text, headings as the publishers write them."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa

from geo.codes import six
from geo.read.model import RawSource, RawTable

CODE, NEXT = "99301", "99302"
DAY = date(2026, 11, 21)
Row = Mapping[str, str]

_HEADINGS = {
    "abr_city": "lg_code pref county city ward",
    "abr_town": (
        "lg_code machiaza_id pref county city ward oaza_cho chome koaza rsdt_addr_flg efct_date ablt_date post_code"
    ),
    "abr_town_pos": "lg_code machiaza_id rep_lon rep_lat rep_srid rep_scale pos_data_mnt_year",
    "abr_block": "lg_code machiaza_id blk_id blk_num efct_date ablt_date",
    "abr_block_pos": "lg_code machiaza_id blk_id rep_lon rep_lat rep_srid rep_scale",
    "abr_dwelling": "lg_code machiaza_id blk_id rsdt_id rsdt2_id blk_num rsdt_num rsdt_num2 efct_date ablt_date",
    "abr_dwelling_pos": (
        "lg_code machiaza_id blk_id rsdt_id rsdt2_id rep_lon rep_lat rep_srid rep_scale rsdt_addr_data_mnt_date"
    ),
    "abr_parcel": "lg_code machiaza_id prc_id prc_num1 prc_num2 prc_num3 efct_date ablt_date",
    "abr_parcel_pos": "lg_code machiaza_id prc_id rep_lon rep_lat rep_srid rep_scale",
    "geolonia": "lg_code pref city town koaza lat lng",
    "geolonia_city": "town koaza lat lng",
    "mlit_block": (
        "都道府県名 市区町村名 大字・丁目名 小字・通称名 街区符号・地番 座標系番号 Ｘ座標 Ｙ座標 緯度 経度 "
        "住居表示フラグ 代表フラグ 更新前履歴フラグ 更新後履歴フラグ"
    ),
    "postal": " ".join(f"列{number}" for number in range(1, 16)),
}
#: What a row of a sort of file has where a test does not say otherwise.
_USUAL: Mapping[str, Row] = {
    "abr_city": {"lg_code": six(CODE), "pref": "架空県", "city": "潮見市"},
    "abr_town": {"lg_code": six(CODE), "pref": "架空県", "city": "潮見市", "efct_date": "1947-04-17"},
    "abr_town_pos": {"lg_code": six(CODE), "rep_srid": "EPSG:6668", "rep_scale": "25000"},
    "abr_block": {"lg_code": six(CODE)},
    "abr_block_pos": {"lg_code": six(CODE), "rep_srid": "EPSG:6668", "rep_scale": "2500"},
    "abr_dwelling": {"lg_code": six(CODE)},
    "abr_dwelling_pos": {"lg_code": six(CODE), "rep_srid": "EPSG:6668", "rep_scale": "2500"},
    "abr_parcel": {"lg_code": six(CODE)},
    "abr_parcel_pos": {"lg_code": six(CODE), "rep_srid": "EPSG:6668", "rep_scale": "500"},
    "geolonia": {"lg_code": six(CODE), "pref": "架空県", "city": "潮見市"},
    "mlit_block": {
        "都道府県名": "架空県", "市区町村名": "潮見市", "座標系番号": "8", "住居表示フラグ": "1", "代表フラグ": "1",
        "更新前履歴フラグ": "0", "更新後履歴フラグ": "0",
    },
}  # fmt: skip


def table(role: str, *rows: Row) -> pa.Table:
    """Return a table of one sort with all its headings; what a row does not say is as usual or empty."""
    headings = _HEADINGS[role].split()
    usual = _USUAL.get(role, {})
    return pa.table(
        {name: pa.array([row.get(name, usual.get(name, "")) for row in rows], pa.string()) for name in headings}
    )


def raw(role: str, *rows: Row, file: str = "") -> RawTable:
    """Return the table as a reader gives it."""
    made = table(role, *rows)
    name = file or f"{role}.csv"
    digest = hashlib.sha256(repr((name, made.to_pylist())).encode()).hexdigest()
    return RawTable(made, RawSource(name, digest, 1, "csv", "utf-8", None, None, made.num_rows))


def postal_row(code: str, town: str, *, municipality: str = CODE, pref: str = "架空県", city: str = "潮見市") -> Row:
    """Return a row of KEN_ALL."""
    return {"列1": municipality, "列3": code, "列7": pref, "列8": city, "列9": town}


def town_row(machiaza: str, oaza: str, chome: str = "", koaza: str = "", **others: str) -> Row:
    """Return a row of the registry's towns."""
    return {"machiaza_id": machiaza, "oaza_cho": oaza, "chome": chome, "koaza": koaza, **others}


def point(lon: float, lat: float) -> Row:
    """Return the columns of a point as the registry writes them."""
    return {"rep_lon": str(lon), "rep_lat": str(lat)}


def names_of(rows: pa.Table) -> list[tuple[str, str]]:
    """Return (town, koaza) of the towns among rows."""
    return [(row["town"], row["koaza"]) for row in rows.to_pylist() if not row["kind"]]


def adds_up(accounts: Sequence[object]) -> bool:
    """Tell whether every row that was read is somewhere in each account."""
    return all(
        one.read == one.taken + one.joined + sum(one.dropped.values())  # type: ignore[attr-defined]
        for one in accounts
    )
