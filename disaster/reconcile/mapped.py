"""The two lists on one map: what agrees, what stands in one list only, and lines between what people must decide."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from agreements.format import Column, ColumnType
from disaster.reconcile.links import Compared
from exporters import Layer
from geo.pairing import Places

_POINTS = (
    Column("name", "名称"),
    Column("verdict", "判定", ColumnType.CHOICE, choices={
        "open": "未確定", "same": "一致", "left": "左の一覧だけ", "right": "右の一覧だけ",
    }),
    Column("list", "一覧"),
    Column("id", "ID"),
    Column("address", "住所"),
)  # fmt: skip
_LINES = (
    Column("pair", "組"),
    Column("metres", "距離(m)", ColumnType.INTEGER),
    Column("score", "点数", ColumnType.NUMBER),
)


def map_layers(found: Compared, *, as_of: datetime) -> list[Layer]:
    """Return a layer of places, a matched one at the point that the left list gives, and one of lines."""
    left, right = found.left.listed.places, found.right.listed.places
    states, other = found.pairing.left, found.pairing.right
    rows = np.flatnonzero(other != "same")
    verdicts = [*_verdicts(states, "left"), *_verdicts(other[rows], "right")]
    lists = ["両方" if state == "same" else "左" for state in states] + ["右"] * len(rows)
    texts = [
        pa.chunked_array([mine, theirs.take(pa.array(rows, pa.int64()))]).combine_chunks()
        for mine, theirs in ((left.names, right.names), (left.ids, right.ids), (left.addresses, right.addresses))
    ]
    names, ids, addresses = texts
    table = pa.table({
        "name": names, "verdict": pa.array(verdicts, pa.string()), "list": pa.array(lists, pa.string()), "id": ids,
        "address": addresses,
    })  # fmt: skip
    points = np.concatenate([_points(left), _points(right)[rows]])
    return [Layer("pairs", "場所", _POINTS, table, points, as_of), _lines(found, left, right, as_of)]


def _verdicts(states: np.ndarray, side: str) -> Sequence[str]:
    return [side if state == "only" else str(state) for state in states]


def _points(places: Places) -> np.ndarray:
    points = np.full(len(places), None, dtype=object)
    known = np.isfinite(places.lon) & np.isfinite(places.lat)
    points[known] = shapely.points(places.lon[known], places.lat[known])
    return points


def _lines(found: Compared, left: Places, right: Places, as_of: datetime) -> Layer:
    pairs = found.pairing.pairs.filter(pc.invert(found.pairing.pairs["same"]))
    pairs = pairs.filter(pc.fill_null(pc.greater(pairs["metres"], 0), False))
    ends = [
        np.column_stack([places.lon[rows], places.lat[rows]])
        for places, rows in ((left, pairs["left"].to_numpy()), (right, pairs["right"].to_numpy()))
    ]
    names = pc.binary_join_element_wise(
        left.names.take(pairs["left"].combine_chunks()), right.names.take(pairs["right"].combine_chunks()), " ― ",
        null_handling="replace", null_replacement="(名称なし)",
    )  # fmt: skip
    metres = pc.round(pairs["metres"]).cast(pa.int64())
    table = pa.table({"pair": names, "metres": metres, "score": pc.round(pairs["score"], 2)})
    lines = np.asarray(shapely.linestrings(np.stack(ends, axis=1)), dtype=object).reshape(-1)
    return Layer("pair-lines", "未確定の組", _LINES, table, lines, as_of)
