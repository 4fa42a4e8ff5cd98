"""Where the number of a house ends and the name of a building begins, in folded addresses. Pure.

A register writes 1-14-4サンライズ102 in one cell or in two, and a person who asks does it otherwise. It is no parser:
an address whose number has one part only (24番地) is left as it is, because a cut there would fit too many homes.
"""

import pyarrow as pa
import pyarrow.compute as pc

#: A number of two parts or more (2丁目6-18, 2-6-18, 24-4), and what follows it.
_AND_MORE = r"^(.*?[0-9]+(?:丁目[0-9]+|-[0-9]+)(?:-[0-9]+)*)[^0-9-].*$"
#: An address as written that ends with its number: behind the first numeral nothing but numbers and their signs.
_NUMBERS = "0-9０-９一二三四五六七八九十"
_ENDS_WITH_NUMBER = rf"^[^{_NUMBERS}]*[{_NUMBERS}丁目番地号のノ\-－ー−‐―‑‒–—\s　]*$"


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
