"""What people read and answer: one table with the open pairs first, each with its score in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreements.format import Column, ColumnType
from disaster.reconcile.links import Compared, Linked, Settled
from disaster.reconcile.register import Register
from exporters import Layer
from geo.faults import words
from geo.pairing import Pairing, Places

#: Name of the sheet, by which answers are found again.
TITLE = "対応表"

#: Where the two rows of a line are from.
BETWEEN = {
    "lists": "左と右", "left_register": "左と台帳", "right_register": "右と台帳", "left": "左のみ", "right": "右のみ",
    "left_left": "左どうし", "right_right": "右どうし",
}  # fmt: skip

COLUMNS = (
    Column("verdict", "判定", ColumnType.CHOICE, choices={
        "open": "未確定", "twice": "重複の疑い", "same": "一致", "left": "左だけ", "right": "右だけ",
    }),
    Column("answer", "判断"),
    Column("between", "組", ColumnType.CHOICE, choices=BETWEEN),
    Column("left_id", "左のID"),
    Column("left_name", "左の名称"),
    Column("left_address", "左の住所"),
    Column("right_id", "右のID"),
    Column("right_name", "右の名称"),
    Column("right_address", "右の住所"),
    Column("metres", "距離(m)", ColumnType.INTEGER),
    Column("score", "点数", ColumnType.NUMBER),
    Column("reason", "理由"),
    Column("left_place", "場所番号(左)"),
    Column("right_place", "場所番号(右)"),
)  # fmt: skip

_NAMES = {
    "equal": "一致", "other_name": "別名で一致", "former": "「旧」の有無だけ違う", "similar": "似ている",
    "part": "施設は一致、建物・部分が違う", "founder": "設置者（県立・市立など）が違う",
    "other_part": "施設は一致、別の建物", "different": "違う", "unknown": "なし",
}  # fmt: skip
_ADDRESSES = {
    "number": "番地まで一致", "partly": "番地の途中まで一致", "number_only": "番地は一致、町名の書き方が違う",
    "town": "町まで一致", "other_number": "町は一致、番地が違う", "different": "違う", "unknown": "なし",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the table, in the order of `COLUMNS` but for the answer."""

    verdict: str
    between: str
    left: tuple[str, str, str]
    right: tuple[str, str, str]
    metres: int | None
    score: float | None
    reason: str
    places: tuple[str, str]


_NOTHING = ("", "", "")


def pairs_layer(found: Compared, settled: Settled, before: Register, *, as_of: datetime) -> Layer:
    """Return all pairs and all rows without one as a table, what people must answer first."""
    left, right = found.left.listed.places, found.right.listed.places
    ids = (settled.left_ids, settled.right_ids)
    register = before.as_places("")
    numbers = [place.id for place in before.standing]
    known = Places(pa.array(numbers, pa.string()), register.names, register.addresses, register.lon, register.lat)
    lines = [
        *_pairs(found.pairing, "lists", left, right, ids, wanted=False),
        *_pairs(found.left.pairing, "left_register", left, known, (ids[0], numbers), wanted=False),
        *_pairs(found.right.pairing, "right_register", right, known, (ids[1], numbers), wanted=False),
        *_twice(found.pairing.twice_left, "left_left", left, ids[0]),
        *_twice(found.pairing.twice_right, "right_right", right, ids[1]),
        *_pairs(found.pairing, "lists", left, right, ids, wanted=True, by_people=found.by_people),
        *_alone(found.pairing.left, "left", left, found.left, ids[0]),
        *_alone(found.pairing.right, "right", right, found.right, ids[1]),
    ]
    return Layer("pairs", TITLE, COLUMNS, _table(lines), None, as_of)


def _pairs(
    pairing: Pairing, between: str, left: Places, right: Places, ids: tuple[Sequence[str], Sequence[str]], *,
    wanted: bool, by_people: frozenset[tuple[int, int]] = frozenset(),
) -> Iterator[_Line]:  # fmt: skip
    pairs = pairing.pairs.filter(pc.equal(pairing.pairs["same"], wanted)).to_pylist()
    rows = np.array([(pair["left"], pair["right"]) for pair in pairs], dtype=np.int64).reshape(-1, 2)
    for pair, others in zip(pairs, _rivals(rows).tolist(), strict=True):
        i, j = pair["left"], pair["right"]
        metres = None if pair["metres"] is None else round(pair["metres"])
        yield _Line(
            "same" if wanted else "open", between, _row(left, i), _row(right, j), metres, round(pair["score"], 2),
            _reason(pair["name"], metres, pair["address"], pair["reason"], others, said=(i, j) in by_people),
            (ids[0][i], ids[1][j]),
        )  # fmt: skip


def _rivals(rows: np.ndarray) -> np.ndarray:
    """Return for each pair of rows, shape (n, 2), how many others share one of its rows."""
    counts = [np.bincount(column, minlength=1)[column] for column in rows.T]
    return np.asarray(counts[0] + counts[1] - 2)


def _reason(name: str, metres: int | None, address: str, reason: str | None, others: int, *, said: bool) -> str:
    apart = "不明" if metres is None else f"{metres:,}m"
    parts = [f"距離 {apart}、名称 {_NAMES[name]}、住所 {_ADDRESSES[address]}。"]
    if reason:
        parts.append(words(reason, {"metres": f"{metres or 0:,}"}))
    if reason and others:
        parts.append(words("disaster.reconcile_rivals", {"count": others}))
    if said:
        parts.append(words("disaster.reconcile_said"))
    return "".join(parts)


def _twice(rows: np.ndarray, between: str, places: Places, ids: Sequence[str]) -> Iterator[_Line]:
    for i, j in rows.tolist():
        reason = words("disaster.reconcile_twice")
        yield _Line("twice", between, _row(places, i), _row(places, j), None, None, reason, (ids[i], ids[j]))


def _alone(states: np.ndarray, side: str, places: Places, linked: Linked, ids: Sequence[str]) -> Iterator[_Line]:
    for row in np.flatnonzero(states == "only").tolist():
        reason = words("disaster.reconcile_pending" if linked.pending[row] else "disaster.reconcile_alone")
        mine = _row(places, row)
        yield (
            _Line(side, side, mine, _NOTHING, None, None, reason, (ids[row], ""))
            if side == "left"
            else _Line(side, side, _NOTHING, mine, None, None, reason, ("", ids[row]))
        )


def _row(places: Places, row: int) -> tuple[str, str, str]:
    number, name, address = (column[row].as_py() or "" for column in (places.ids, places.names, places.addresses))
    return number, name, address


def _table(lines: Sequence[_Line]) -> pa.Table:
    types = {ColumnType.INTEGER: pa.int64(), ColumnType.NUMBER: pa.float64()}
    rows = [
        (line.verdict, "", line.between, *line.left, *line.right, line.metres, line.score, line.reason, *line.places)
        for line in lines
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    arrays = [
        pa.array([None if value == "" else value for value in values], types.get(column.type, pa.string()))
        for column, values in zip(COLUMNS, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, names=[column.name for column in COLUMNS])
