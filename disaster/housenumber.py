"""Where the number of a house ends and the name of a building begins, in folded addresses. Pure.

A register writes 1-14-4サンライズ102 in one cell or in two, and a person who asks does it otherwise. It is no parser:
an address whose number has one part only (24番地) is left as it is, because a cut there would fit too many homes.
"""

import pyarrow as pa
import pyarrow.compute as pc

#: A number of two parts or more (2丁目6-18, 2-6-18, 24-4), and what follows it.
_AND_MORE = r"^(.*?[0-9]+(?:丁目[0-9]+|-[0-9]+)(?:-[0-9]+)*)[^0-9-].*$"


def without_building(folded: pa.Array) -> pa.Array:
    """Return folded addresses (``geo.address.fold``) up to the house number; those without more come back as they are.

    Parameters
    ----------
    folded
        Texts; null stays null.
    """
    return pc.replace_substring_regex(folded, _AND_MORE, r"\1")
