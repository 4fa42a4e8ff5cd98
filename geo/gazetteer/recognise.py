"""Which sort of address table a file is: told by its headings, never by its name."""

from collections.abc import Iterable, Mapping

_ABR_KEYS = frozenset({"lg_code", "machiaza_id"})
_ABR_POINT = frozenset({"rep_lon", "rep_lat", "rep_srid"})
_POSTAL_COLUMNS = 15

#: Sorts of file: the headings that tell each (the first that fits counts), and what people call it.
ROLES: Mapping[str, tuple[frozenset[str], str]] = {
    "abr_parcel": (_ABR_KEYS | {"prc_id", "prc_num1"}, "ABR 地番マスター"),
    "abr_parcel_pos": (_ABR_KEYS | _ABR_POINT | {"prc_id"}, "ABR 地番マスター位置参照拡張"),
    "abr_dwelling": (_ABR_KEYS | {"blk_id", "rsdt_id", "rsdt_num"}, "ABR 住居表示-住居マスター"),
    "abr_dwelling_pos": (_ABR_KEYS | _ABR_POINT | {"blk_id", "rsdt_id"}, "ABR 住居表示-住居マスター位置参照拡張"),
    "abr_block": (_ABR_KEYS | {"blk_id", "blk_num"}, "ABR 住居表示-街区マスター"),
    "abr_block_pos": (_ABR_KEYS | _ABR_POINT | {"blk_id"}, "ABR 住居表示-街区マスター位置参照拡張"),
    "abr_town": (_ABR_KEYS | {"oaza_cho", "chome", "koaza", "pref", "city"}, "ABR 町字マスター"),
    "abr_town_pos": (_ABR_KEYS | _ABR_POINT, "ABR 町字マスター位置参照拡張"),
    "abr_city": (frozenset({"lg_code", "pref", "county", "city", "ward"}), "ABR 市区町村マスター"),
    "abr_pref": (frozenset({"lg_code", "pref", "pref_kana"}), "ABR 都道府県マスター"),
    "abr_city_pos": (frozenset({"lg_code"}) | _ABR_POINT, "ABR 都道府県・市区町村マスター位置参照拡張"),
    "mlit_block": (
        frozenset({"都道府県名", "市区町村名", "大字・丁目名", "街区符号・地番", "緯度", "経度", "住居表示フラグ"}),
        "街区レベル位置参照情報",
    ),
    "geolonia": (frozenset({"lg_code", "pref", "city", "town", "koaza", "lat", "lng"}), "Geolonia 住所データ（全国）"),
    "geolonia_city": (frozenset({"town", "koaza", "lat", "lng"}), "Geolonia 住所データ（市区町村別）"),
    "postal": (frozenset(f"列{number}" for number in range(1, _POSTAL_COLUMNS + 1)), "郵便番号データ"),
    "postal_named": (
        frozenset({"postal_code", "jisx0402", "prefecture", "city", "neighborhood"}), "郵便番号データ（見出し付き）",
    ),
}  # fmt: skip


def role_of(headings: Iterable[str]) -> str | None:
    """Return the sort of a table with these headings, a key of `ROLES`; None for any other table."""
    names = frozenset(headings)
    for role, (needed, _title) in ROLES.items():
        if needed <= names and (role != "postal" or len(names) == _POSTAL_COLUMNS):
            return role
    return None
