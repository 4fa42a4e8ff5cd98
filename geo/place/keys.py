"""What placed addresses are compared by: with one another, and with the postal codes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from geo.gazetteer import Gazetteer

if TYPE_CHECKING:  # half a second that a reader of files or a command does without
    import pandas as pd

_SEPARATOR = "\x1f"


def place_key(placed: pa.Table) -> pa.ChunkedArray:
    """Return a key for each placed address: two addresses of equal keys name the same town and number.

    The key is the official town, what the number is where the gazetteer holds it (so that 2番6号 and 2番地6 keep two
    keys) and the canonical number; buildings and rooms are not in it. Null where no town or no number was read, or
    where the town or the number is in doubt: such an address can be compared only by its text (`geo.fold`).

    Parameters
    ----------
    placed
        Answer of `geo.place.place`.
    """
    held = pc.equal(placed["level"], "number")
    kind = pc.if_else(held, placed["candidate_kinds"], "")
    several = pc.greater(placed["n_candidates"], 1)
    key = pc.binary_join_element_wise(placed["town"], kind, placed["number"], _SEPARATOR)
    return pc.if_else(several, pa.scalar(None, key.type), key)


def postal_disagrees(
    placed: pa.Table, postal_codes: pa.Array | pa.ChunkedArray | pd.Series, gazetteer: Gazetteer
) -> pa.ChunkedArray:
    """Tell where a postal code and an address cannot both be right.

    A code is known if the gazetteer gives it to a town, or if no town of the municipality has a code with its first
    three digits. It disagrees if it is known and no town of the address's name bears it. Codes of single offices and
    the code of a whole municipality (…00) say nothing and never disagree.

    Parameters
    ----------
    placed
        Answer of `geo.place.place`.
    postal_codes
        The codes written beside the addresses, as many; hyphens, signs and blanks in them do not matter.
    gazetteer
        The towns by which the addresses were placed.

    Returns
    -------
    pyarrow.ChunkedArray
        True where they disagree; null where the town, its code or the written code is not known.
    """
    codes = (
        postal_codes
        if isinstance(postal_codes, pa.Array | pa.ChunkedArray)
        else pa.array(postal_codes, from_pandas=True)
    )
    digits = pc.replace_substring_regex(pc.utf8_normalize(codes.cast(pa.string()), form="NFKC"), "[^0-9]", "")
    written = pc.if_else(pc.match_substring_regex(digits, "^[0-9]{7}$"), digits, pa.scalar(None, pa.string()))
    pairs = _pairs(gazetteer)
    town_known = pc.is_in(placed["town"], value_set=pairs["town"])
    agrees = pc.is_in(_joined(placed["town"], written), value_set=_joined(pairs["town"], pairs["code"]))
    in_gazetteer = pc.is_in(written, value_set=pairs["code"])
    areas = pc.utf8_slice_codeunits(pairs["code"], 0, 3)
    elsewhere = pc.invert(pc.is_in(pc.utf8_slice_codeunits(written, 0, 3), value_set=areas))
    whole = pc.match_substring_regex(written, "00$")
    told = pc.and_(
        pc.and_(town_known, pc.is_valid(written)), pc.and_(pc.or_(in_gazetteer, elsewhere), pc.invert(whole))
    )
    return pc.if_else(pc.fill_null(told, False), pc.invert(agrees), pa.scalar(None, pa.bool_()))


def with_postal_doubt(
    placed: pa.Table, postal_codes: pa.Array | pa.ChunkedArray | pd.Series, gazetteer: Gazetteer
) -> pa.Table:
    """Return placed addresses with the reason ``geo.place_postal_disagrees`` where no other doubt was said.

    One of the two is wrong and nobody can tell which from here: the place stays and the doubt is said.
    """
    disagrees = pc.fill_null(postal_disagrees(placed, postal_codes, gazetteer), False)
    silent = pc.and_(disagrees, pc.is_null(placed["reason"]))
    said = pc.if_else(silent, pa.scalar("geo.place_postal_disagrees"), placed["reason"])
    return placed.set_column(placed.column_names.index("reason"), placed.schema.field("reason"), said)


def _pairs(gazetteer: Gazetteer) -> pa.Table:
    """Return which names of towns bear which codes: each town by its own name, and a 丁目 or 小字 by its town's too."""
    table = gazetteer.table
    coded = table.filter(pc.match_substring_regex(table["postal_code"], "^[0-9]{7}$"))
    whole = pc.binary_join_element_wise(coded["town"], coded["koaza"], "")
    base = pc.replace_substring_regex(coded["town"], "[0-9０-９一二三四五六七八九十百]+丁目?$", "")
    names = [*whole.chunks, *coded["town"].chunks, *base.chunks]
    codes = coded["postal_code"].chunks * 3
    if not names:
        return pa.table({"town": pa.array([], pa.string()), "code": pa.array([], pa.string())})
    return pa.table({"town": pa.concat_arrays(names), "code": pa.concat_arrays(codes)})


def _joined(towns: pa.Array | pa.ChunkedArray, codes: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.binary_join_element_wise(towns, codes, _SEPARATOR)
