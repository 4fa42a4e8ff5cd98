"""A second opinion on rows that were not read down to their number, by jageocoder, an optional extra.

It reads a dictionary that lies on this machine, and never places a row. What it finds stands beside ours for people to
compare, and only inside the municipality to which the addresses are declared to belong: a dictionary of a whole
prefecture knows many a 本町1丁目.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from disaster.errors import IngestError

#: Rows that are asked about, since it reads a few hundred addresses a second; the rest is counted.
MAX_ASKED = 20_000

#: Columns of the answer, one row per address of the list; null where it was not asked or found nothing.
SCHEMA = pa.schema([("level", pa.string()), ("name", pa.string()), ("lon", pa.float64()), ("lat", pa.float64())])

_UNPLACED = 900.0  # jageocoder writes 999.9 where its dictionary has no place
_TRIE = "address.trie"
_TOWN, _BLOCK, _BUILDING = 5, 7, 8


@dataclass(frozen=True, slots=True, eq=False)
class SecondOpinion:
    """What jageocoder says of the rows it was asked about.

    Attributes
    ----------
    table
        Columns as in `SCHEMA`, row for row of the list.
    asked, found, left
        Rows it was asked about, those of them it found in the municipality, and those beyond `MAX_ASKED`.
    """

    table: pa.Table
    asked: int
    found: int
    left: int


def second_opinion(
    addresses: pa.Array | pa.ChunkedArray, levels: pa.Array | pa.ChunkedArray, *, municipality: str, dictionary: Path
) -> SecondOpinion:
    """Ask jageocoder about the addresses whose level is not ``number``.

    Parameters
    ----------
    addresses, levels
        The list and the level that ``geo.place.place`` gave to each row.
    municipality
        Five digits; answers elsewhere are left out.
    dictionary
        Folder of an installed jageocoder dictionary. Its server is never asked: addresses do not leave the machine.

    Raises
    ------
    IngestError
        ``disaster.second_not_installed`` without the extra; ``disaster.second_no_dictionary`` if the folder holds no
        dictionary that it can open.
    """
    texts = pc.fill_null(addresses.cast(pa.string()), "")
    wanted = pc.and_(pc.not_equal(levels, "number"), pc.not_equal(pc.utf8_trim_whitespace(texts), ""))
    rows = np.flatnonzero(np.asarray(wanted))
    tree = _tree(dictionary, municipality)
    asked = rows[:MAX_ASKED]
    answers = [_answer(tree, text, municipality) for text in texts.take(pa.array(asked)).to_pylist()]
    return SecondOpinion(
        _spread(answers, asked, len(texts)), len(asked), sum(one is not None for one in answers), len(rows) - len(asked)
    )


def _tree(dictionary: Path, municipality: str) -> Any:
    if find_spec("jageocoder") is None:
        raise IngestError("disaster.second_not_installed")
    if not (dictionary / _TRIE).is_file():
        raise IngestError("disaster.second_no_dictionary", folder=str(dictionary))
    # the class for dictionaries on this machine: it has no way to a server, whatever the environment says
    local = import_module("jageocoder.local").LocalTree
    try:
        tree = local(db_dir=dictionary, mode="r")
        tree.set_config(target_area=[municipality])
    except Exception as error:  # its own errors, and whatever a broken dictionary brings up
        raise IngestError("disaster.second_no_dictionary", folder=str(dictionary)) from error
    return tree


def _answer(tree: Any, text: str, municipality: str) -> tuple[str, str, float | None, float | None] | None:
    for result in tree.searchNode(text)[:1]:
        node = result.node
        if node.level < _TOWN or node.get_city_jiscode() != municipality:
            continue
        level = "number" if node.level >= _BUILDING else "block" if node.level == _BLOCK else "town"
        known = abs(node.x) < _UNPLACED
        return level, "".join(node.get_fullname()), float(node.x) if known else None, float(node.y) if known else None
    return None


def _spread(answers: Sequence[tuple[object, ...] | None], rows: np.ndarray, count: int) -> pa.Table:
    columns: list[list[object]] = [[None] * count for _ in SCHEMA]
    for row, answer in zip(rows.tolist(), answers, strict=True):
        for column, value in zip(columns, answer or (), strict=False):
            column[row] = value
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )
