"""What a list to be matched may ask: named people at known homes, not a net to catch whoever is there. Pure.

A match tells only about people whom the asker already knows by name and address. A list that guesses (a wildcard, every
name at one address, every address for one name) would draw the register out of the answers, so it is refused whole,
before anything is matched: which of its rows are hits is never told.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from disaster.batch import Batch
from disaster.errors import ProvideError
from disaster.housenumber import homes
from geo.address import fold, fold_name
from geo.faults import Lang

#: Signs that stand for any text in the programs people know. A kanji zero is a digit of an address, and # a flat.
_WILD_NAME = r"[*?%_#＊？％＿〇○●◯]|\.\.|…"
_WILD_ADDRESS = r"[*?%＊？％]|[○●◯〇]{2}|\.\.|…"
#: Words that name nobody in particular, after folding.
_NOBODY = (
    r"^(?:不明|不詳|未詳|氏名不明|住所不明|名無し|無名|全員|一同|世帯員|居住者|住民|家族|ほか|他|外|同上|同居人"
    r"|unknown|none|all|any|n/a)$"
)
#: A household of three generations has fewer names; homes of many people are asked for by the name of the home.
MOST_NAMES_AT_ONE_ADDRESS = 20
#: One name is borne by several people, but who asks for it at many homes is looking for where somebody lives.
MOST_ADDRESSES_OF_ONE_NAME = 5
#: Rows that an error names; they are all refused.
_MOST = 5


def require_readable(inquiries: Batch, *, lang: Lang = "ja") -> None:
    """Refuse a list with rows that were refused (a name or address is empty): no answer would look like a miss.

    Raises
    ------
    ProvideError
        ``disaster.bad_inquiries``, which names the rows by their numbers in the file, and the first reason.
    """
    if inquiries.refused:
        first = inquiries.faults.kept[0].reason(lang) if inquiries.faults.kept else ""
        file = "、".join(source.file for source in inquiries.sources)
        rows = _shown(sorted(inquiries.faults.refused_rows))
        raise ProvideError("disaster.bad_inquiries", file=file, count=inquiries.refused, rows=rows, first=first)


def require_honest_list(inquiries: pa.Table, *, limit: int, city: str = "") -> None:
    """Refuse a list that no honest question needs.

    Parameters
    ----------
    inquiries
        Rows of the noun ``inquiries``.
    limit
        The most rows that the clause allows in one list; 0 means that the clause names no limit.
    city
        Name of the municipality: an address is the same with it in front and without.

    Raises
    ------
    ProvideError
        ``disaster.match_list_empty``, ``disaster.match_list_too_long``, ``disaster.match_wildcard``,
        ``disaster.match_probing_address`` or ``disaster.match_probing_name``. Rows are named by their number in the
        list, never by what stands in them.
    """
    if inquiries.num_rows == 0:
        raise ProvideError("disaster.match_list_empty")
    if 0 < limit < inquiries.num_rows:
        raise ProvideError("disaster.match_list_too_long", count=inquiries.num_rows, limit=limit)
    names = _folded(fold_name, inquiries.column("inquired_name"))
    addresses = _folded(fold, inquiries.column("inquired_address"))
    _require_named(inquiries, names, addresses)
    home = homes(inquiries.column("inquired_address").combine_chunks(), city=city)
    _require_known(names, _joined(home["hyphened"], home["room"]))


def _joined(number: pa.ChunkedArray, room: pa.ChunkedArray) -> pd.Series:
    return pd.Series(pc.binary_join_element_wise(number, pc.fill_null(room, ""), "\x1f").to_pandas(), dtype="str")


def _folded(by: Callable[[Any], Any], column: pa.ChunkedArray) -> pd.Series:
    return pd.Series(by(column.combine_chunks()).to_pandas(), dtype="str").fillna("")


def _require_named(inquiries: pa.Table, names: pd.Series, addresses: pd.Series) -> None:
    """Refuse rows that stand for more than one person or home."""
    vague = (names.str.len() < 2) | addresses.eq("")
    for column, folded, wild in (
        ("inquired_name", names, _WILD_NAME),
        ("inquired_address", addresses, _WILD_ADDRESS),
    ):
        written = pd.Series(inquiries.column(column).to_pandas(), dtype="str").fillna("")
        vague |= written.str.contains(wild, regex=True)
        vague |= folded.str.contains(_NOBODY, regex=True, case=False)
    if vague.any():
        raise ProvideError("disaster.match_wildcard", count=int(vague.sum()), rows=_rows(vague))


def _require_known(names: pd.Series, addresses: pd.Series) -> None:
    """Refuse a list that tries many names at an address, or many addresses for a name."""
    asked = pd.DataFrame({"name": names, "address": addresses}).drop_duplicates()
    at_one = asked.groupby("address", sort=False)["name"].transform("size")
    if (at_one > MOST_NAMES_AT_ONE_ADDRESS).any():
        tried = addresses.isin(asked["address"][at_one > MOST_NAMES_AT_ONE_ADDRESS])
        raise ProvideError(
            "disaster.match_probing_address", count=int(at_one.max()), most=MOST_NAMES_AT_ONE_ADDRESS, rows=_rows(tried)
        )
    of_one = asked.groupby("name", sort=False)["address"].transform("size")
    if (of_one > MOST_ADDRESSES_OF_ONE_NAME).any():
        tried = names.isin(asked["name"][of_one > MOST_ADDRESSES_OF_ONE_NAME])
        raise ProvideError(
            "disaster.match_probing_name", count=int(of_one.max()), most=MOST_ADDRESSES_OF_ONE_NAME, rows=_rows(tried)
        )


def _rows(chosen: pd.Series) -> str:
    """Return the numbers of the first rows as people count them, the heading being row 1."""
    return _shown((np.flatnonzero(chosen.to_numpy()) + 2).tolist())


def _shown(numbers: Sequence[int]) -> str:
    return "、".join(map(str, numbers[:_MOST])) + ("…" if len(numbers) > _MOST else "")
