"""The few things a layout file cannot say in words: text in, text out, on whole columns."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import wraps

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo.codes import PREFECTURES
from geo.errors import PlaceError
from geo.mesh import mesh_centres

#: Prefectures by the numbers of the police: Hokkaido is five, and the regions follow one another.
_POLICE = {
    **dict.fromkeys(range(10, 15), 1), **dict(zip(range(20, 26), range(2, 8), strict=True)), 30: 13,
    40: 8, 41: 9, 42: 10, 43: 11, 44: 12, 45: 14, 46: 15, 47: 19, 48: 20, 49: 22, 50: 16, 51: 17, 52: 18, 53: 21,
    54: 23, 55: 24, **dict(zip(range(60, 66), range(25, 31), strict=True)),
    **dict(zip(range(70, 75), range(31, 36), strict=True)), **dict(zip(range(80, 84), range(36, 40), strict=True)),
    **dict(zip(range(90, 98), range(40, 48), strict=True)),
}  # fmt: skip
_NAMED = {
    named: number for number, name in enumerate(PREFECTURES, start=1) for named in (name, re.sub("[都府県]$", "", name))
}
_DEGREES = re.compile(
    r"(?:北緯|東経|[NE])?(?P<d>\d{2,3})[度°](?P<m>\d{1,2})[分'′’](?P<s>\d{1,2}(?:\.\d+)?)(?:[秒\"″”]|['′’]{2})[NE]?"
)
#: Signs that are typed for the sign of degrees: the mark of ぱ, an ordinal, a ring above.
_DEGREE_SIGNS = str.maketrans("゜º˚", "°°°")

Transform = Callable[[pa.Array], pa.Array]


def _each(function: Callable[[str], str]) -> Transform:
    """Make a transform of a rule for one text; each different text is asked once."""

    @wraps(function)
    def whole(texts: pa.Array) -> pa.Array:
        coded = texts.dictionary_encode()
        return pa.array([function(one) for one in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)

    return whole


def gsi_municipality(ids: pa.Array) -> pa.Array:
    """Take the municipality's five digits out of a 共通ID of 国土地理院 (``E`` + 5 digits + serial)."""
    return pc.replace_substring_regex(ids, r"^[A-Z](\d{5}).*$", r"\1")


def code_or_nothing(texts: pa.Array) -> pa.Array:
    """Keep texts that are municipality codes (5 or 6 digits) and empty all others."""
    return pc.if_else(pc.match_substring_regex(texts, r"^\d{5,6}$"), texts, "")


def first_five(texts: pa.Array) -> pa.Array:
    """Keep the first five characters: codes of census areas begin with the municipality."""
    return pc.utf8_slice_codeunits(texts, 0, 5)


def before_underscore(texts: pa.Array) -> pa.Array:
    """Keep what stands before the first underscore; nothing where there is none."""
    return pc.if_else(pc.match_substring(texts, "_"), pc.replace_substring_regex(texts, r"_.*$", ""), "")


def after_underscore(texts: pa.Array) -> pa.Array:
    """Keep what stands after the first underscore; nothing where there is none."""
    return pc.if_else(pc.match_substring(texts, "_"), pc.replace_substring_regex(texts, r"^[^_]*_", ""), "")


def one_line(texts: pa.Array) -> pa.Array:
    """Put a text of several lines on one."""
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, r"\s*[\r\n]+\s*", " "))


def postal_town(texts: pa.Array) -> pa.Array:
    """Take the remarks of the postal table off a town: brackets, 地割, and sentences that stand for "no town".

    Ranges of numbers in brackets are dropped, never expanded. 一円 is a remark, but also a town (滋賀県多賀町).
    """
    bare = pc.replace_substring_regex(texts, r"（.*$", "")
    bare = pc.replace_substring_regex(bare, r"、?第?[０-９]+地割.*$", "")
    bare = pc.replace_substring_regex(bare, r"^(以下に掲載がない場合|.*次に.*番地がくる場合)$", "")
    return pc.if_else(pc.equal(bare, "一円"), bare, pc.replace_substring_regex(bare, r"^.*一円$", ""))


@_each
def full_width_kana(text: str) -> str:
    """Write half-width kana in full width."""
    return unicodedata.normalize("NFKC", text)


def degrees(texts: pa.Array) -> pa.Array:
    """Turn degrees, minutes and seconds (35度40分52.3秒, N35°40'52") into decimal degrees; leave other texts."""
    written = pc.match_substring_regex(texts, "[度°゜º˚]")
    if not pc.any(written).as_py():
        return texts
    return pc.if_else(written, _each(_decimal)(texts), texts)


def _decimal(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.translate(_DEGREE_SIGNS))
    found = _DEGREES.fullmatch("".join(plain.split()))
    if found is None or int(found["m"]) > 59 or float(found["s"]) >= 60:
        return text
    return f"{int(found['d']) + int(found['m']) / 60 + float(found['s']) / 3600:.8f}"


@_each
def police_degrees(text: str) -> str:
    """Turn the police's degrees, minutes and thousandths of seconds in one number (``360447338``) into degrees."""
    found = re.fullmatch(r"(\d{2,3})([0-5]\d)([0-5]\d)(\d{3})", text)
    if found is None:
        return "" if re.fullmatch("0+", text) else text
    whole, minute, second, thousandth = (int(part) for part in found.groups())
    return f"{whole + minute / 60 + (second + thousandth / 1000) / 3600:.8f}"


@_each
def police_municipality(text: str) -> str:
    """Turn a prefecture, by its name or the police's number, and three digits into a code: ``福井 322``, ``52 322``."""
    pref, _, city = text.partition(" ")
    number = _POLICE.get(int(pref), 0) if pref.isdigit() else _NAMED.get(pref, 0)
    return f"{number:02d}{city.zfill(3)}" if number and re.fullmatch(r"\d{1,3}", city) else text


@_each
def without_figures(text: str) -> str:
    """Empty the signs by which census tables hide a number (``*``, ``X``)."""
    return "" if unicodedata.normalize("NFKC", text).strip().upper() in ("*", "X", "-", "***") else text


@_each
def census_figures(text: str) -> str:
    """Tell from ``{HTKSYORI} {number}`` what a census number is worth: given, none, hidden, or merged with others."""
    handling, _, number = unicodedata.normalize("NFKC", text).partition(" ")
    if handling in ("1", "2"):
        return "merged" if handling == "1" else "hidden"
    number = number.strip().upper()
    return "none" if number in ("", "-") else "hidden" if number in ("*", "X", "***") else "given"


@_each
def census_unit(text: str) -> str:
    """Tell from the length of a code of a census area what it is of: 12 digits are 基本単位区."""
    return "block" if len(text) >= 12 else "small_area"


@_each
def mesh_unit(text: str) -> str:
    """Tell from the length of a grid square's code how large it is; other texts stay and are refused."""
    return {8: "mesh_1km", 9: "mesh_500m", 10: "mesh_250m"}.get(len(text), text)


def mesh_lon(codes: pa.Array) -> pa.Array:
    """Return the longitude of the middle of grid squares (JIS X 0410); nothing for what is no code."""
    return _middle(codes, 0)


def mesh_lat(codes: pa.Array) -> pa.Array:
    """Return the latitude of the middle of grid squares (JIS X 0410); nothing for what is no code."""
    return _middle(codes, 1)


def _middle(codes: pa.Array, axis: int) -> pa.Array:
    texts = codes.to_pylist()
    try:
        values = mesh_centres(texts)[axis]
    except PlaceError:
        return _each(lambda one: _one_middle(one, axis))(codes)
    return pa.array(np.char.mod("%.9f", values).tolist(), pa.string())


def _one_middle(code: str, axis: int) -> str:
    try:
        return f"{mesh_centres([code])[axis][0]:.9f}"
    except PlaceError:
        return ""


def geo3x3_lon(codes: pa.Array) -> pa.Array:
    """Return the longitude of the middle of Geo3x3 squares."""
    return _each(lambda one: _geo3x3(one, 0))(codes)


def geo3x3_lat(codes: pa.Array) -> pa.Array:
    """Return the latitude of the middle of Geo3x3 squares."""
    return _each(lambda one: _geo3x3(one, 1))(codes)


def _geo3x3(code: str, axis: int) -> str:
    """Halve the world into E and W, then cut into nine again and again, numbered from the south-west row by row."""
    if not re.fullmatch("E[1-9]{4,24}", code):
        return code
    lon, lat, side = 0.0, -90.0, 180.0
    for digit in code[1:]:
        side /= 3
        lon += (int(digit) - 1) % 3 * side
        lat += (int(digit) - 1) // 3 * side
    return f"{(lon if axis == 0 else lat) + side / 2:.8f}"


#: Functions by the name that layouts use.
TRANSFORMS: Mapping[str, Transform] = {
    "after_underscore": after_underscore,
    "before_underscore": before_underscore,
    "census_figures": census_figures,
    "census_unit": census_unit,
    "code_or_nothing": code_or_nothing,
    "degrees": degrees,
    "first_five": first_five,
    "full_width_kana": full_width_kana,
    "geo3x3_lat": geo3x3_lat,
    "geo3x3_lon": geo3x3_lon,
    "gsi_municipality": gsi_municipality,
    "mesh_lat": mesh_lat,
    "mesh_lon": mesh_lon,
    "mesh_unit": mesh_unit,
    "one_line": one_line,
    "police_degrees": police_degrees,
    "police_municipality": police_municipality,
    "postal_town": postal_town,
    "without_figures": without_figures,
}
