"""Where the number of a house ends and the name of a building begins, and which addresses name one home. Pure.

A register writes 1-14-4サンライズ102 in one cell or in two, and a person who asks does it otherwise. It is no parser:
an address whose number has one part only (24番地) is left as it is, because a cut there would fit too many homes.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from geo.address import fold
from geo.gazetteer import Gazetteer
from geo.place import place, place_key

#: A number of two parts or more (2丁目6-18, 2-6-18, 24-4), and what follows it.
_AND_MORE = r"^(.*?[0-9]+(?:丁目[0-9]+|-[0-9]+)(?:-[0-9]+)*)[^0-9-].*$"
#: An address as written that ends with its number: behind the first numeral nothing but numbers and their signs.
_NUMBERS = "0-9０-９一二三四五六七八九十"
_ENDS_WITH_NUMBER = rf"^[^{_NUMBERS}]*[{_NUMBERS}丁目番地号のノ\-－ー−‐―‑‒–—\s　]*$"
#: A blank between two numerals parts them (9-10 101 is no 9-10101), which folding would not keep.
_PARTED = r"([0-9０-９])[\s　]+([0-9０-９])"
#: A number of two parts or more and what stands behind it: a third numeral after 丁目, a fourth without it, is a room.
_NUMBER_AND_REST = r"^(?P<number>.*?[0-9]+(?:丁目[0-9]+(?:-[0-9]+)?|(?:-[0-9]+){1,2}))(?P<rest>[^0-9].*)?$"
#: A room is the numeral at the end (コーポ101, 2F201, -101); 2F and 2階 are floors, and a letter names a building.
_ROOM = r"(?:^|[^0-9])0*(?P<room>[0-9]+)室?$"


def may_name_building(addresses: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Tell which addresses, as written, may go on behind their number: folding a whole register takes far longer."""
    return pc.invert(pc.fill_null(pc.match_substring_regex(addresses, _ENDS_WITH_NUMBER), True))


def without_building(folded: pa.Array) -> pa.Array:
    """Return folded addresses (``geo.address.fold``) up to the house number; those without more come back as they are.

    Parameters
    ----------
    folded
        Texts; null stays null.
    """
    return pc.replace_substring_regex(folded, _AND_MORE, r"\1")


def homes(addresses: pa.Array, *, city: str = "", gazetteer: Gazetteer | None = None) -> pa.Table:
    """Return by what addresses are compared home by home (`same_home`), each row by itself.

    Parameters
    ----------
    addresses
        As written.
    city
        Name of the municipality, which may stand in front or not, and before it those of prefecture and county.
    gazetteer
        Its towns: with them all spellings of a town that `geo.place` knows are one town.

    Returns
    -------
    pa.Table
        ``whole``: the folded text. ``number``: the same without municipality, up to the end of the house number.
        ``hyphened``: `number` with a hyphen for 丁目. ``chome``: whether the 丁目 is one of the municipality's, as
        far as is known. ``key``: `geo.place.place_key`, null where town or number are in doubt. ``room``: null if none
        stands there.
    """
    texts = addresses.cast(pa.string())
    whole = fold(pc.replace_substring_regex(texts, _PARTED, r"\1-\2"))
    inner = _without_city(whole, city)
    parts = pc.extract_regex(inner, _NUMBER_AND_REST)
    number = pc.coalesce(pc.struct_field(parts, "number"), inner)
    key, read, building = _read(texts, number, gazetteer)
    return pa.table(
        {
            "whole": whole,
            "number": number,
            "hyphened": pc.replace_substring_regex(number, "([0-9])丁目([0-9])", r"\1-\2"),
            "chome": pc.fill_null(pc.match_substring(read, "丁目"), False),
            "key": key,
            "room": pc.coalesce(_room(building), _room(pc.struct_field(parts, "rest"))),
        }
    )


def same_home(one: pa.Table, other: pa.Table) -> pa.ChunkedArray:
    """Tell row by row which addresses (`homes`) name the same home, for people whose whole names are equal already.

    What the gazetteer reads without doubt on both sides decides. Else the texts do, and then ``1-9-10`` is
    ``1丁目9-10`` too where the municipality has that 丁目: a lot of that number could lie elsewhere in the town, but an
    answer would be wrong only if another person of the same full name lived there, while a miss leaves somebody to be
    searched for. The number must be equal. A building or room on one side only is no difference, since registers and
    lists often leave it out, nor is the name of a building, which people shorten; two rooms are one.

    Returns
    -------
    pa.ChunkedArray
        Booleans, as many as there are rows.
    """
    by_text = pc.or_(
        pc.equal(one["number"], other["number"]),
        pc.and_(pc.equal(one["hyphened"], other["hyphened"]), pc.or_(one["chome"], other["chome"])),
    )
    by_place = pc.coalesce(pc.equal(one["key"], other["key"]), by_text)
    other_room = pc.fill_null(pc.not_equal(one["room"], other["room"]), False)
    same = pc.or_(pc.equal(one["whole"], other["whole"]), pc.and_(by_place, pc.invert(other_room)))
    return pc.fill_null(same, False)


def _without_city(folded: pa.Array, city: str) -> pa.Array:
    """Leave out the municipality in front, with the prefecture and county before it; never the whole text."""
    name = fold(pa.array([city], pa.string()))[0].as_py()
    head = rf"^(?:.{{2,4}}?[都道府県])?(?:.{{1,6}}?郡)?{re.escape(name)}(.+)$" if name else "^(.+)$"
    return pc.replace_substring_regex(folded, head, r"\1")


def _read(texts: pa.Array, number: pa.Array, gazetteer: Gazetteer | None) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return the keys, the towns and the buildings behind sure numbers; without a gazetteer a 丁目 is as written."""
    nothing = pa.nulls(len(texts), pa.string())
    if gazetteer is None:
        return nothing, number, nothing
    placed = place(texts, gazetteer, municipality=gazetteer.municipality)
    key = place_key(placed).combine_chunks()
    building = pc.if_else(key.is_valid(), placed["building"].combine_chunks(), nothing)
    return key, placed["town"].combine_chunks(), building


def _room(behind: pa.Array) -> pa.Array:
    folded = fold(pc.replace_substring_regex(behind, _PARTED, r"\1-\2"))
    return pc.struct_field(pc.extract_regex(folded, _ROOM), "room")
