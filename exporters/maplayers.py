"""Layers cut down to what the offline map draws: shapes as whole numbers, repeated values once, crowds as counts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from agreements.format import Column, ColumnType
from exporters.cells import DEGREES, Cells, as_people_read, one_array
from exporters.clean import visible
from exporters.mapshapes import shapes, simpler, steps
from exporters.mapstyle import Draw, Look, Style, style_of
from exporters.model import Layer
from exporters.places import is_point_layer, lon_lat, places

#: Columns that say nothing on a map of one municipality, or are shown from the point itself.
_LEFT_OUT: Final = frozenset({"municipality"})
#: Codes whose labels say nothing without the layer's title.
_VAGUE: Final = frozenset({"other", "unknown"})
_TOWN_COLUMNS: Final = ("place_town", "town")
#: Columns of a town's counts by status of its delivery points.
_STATUSES: Final = ("served", "suspended", "unreachable", "counter_pickup", "seems_vacant", "addressee_unknown")
_NO_TOWN: Final = "町名の記載なし"
_MOST_GROUPS: Final = 1_500
#: Each sign is an element of the page; old machines slow down beyond some hundreds.
_MOST_SIGNS: Final = 600
#: The half-kilometre cell of JIS X 0410 (15 seconds by 22.5), doubled while there are too many.
_CELL_LAT, _CELL_LON, _CELL_KM = 1 / 240, 1 / 160, 0.5


@dataclass(frozen=True, slots=True)
class Detail:
    """How finely the map draws: coarser steps make a smaller file."""

    metres: float = 1.0
    most_points: int = 4_000
    most_columns: int = 40


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What of a layer does not depend on the detail of the map."""

    layer: Layer
    found: np.ndarray
    points: bool
    style: Style
    cells: list[Cells]
    codes: np.ndarray  # index into `looks` for every row
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The rows of a layer that share a switch, and those of them (`known`) that have a place."""

    key: str
    title: str
    rows: np.ndarray
    known: np.ndarray
    shown: bool


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """One switch of the map: what the page draws (`data`) and what the legend says about it."""

    key: str
    title: str
    rows: int
    placed: int
    looks: tuple[tuple[Look, int], ...]
    data: dict[str, Any]
    order: int
    shown: bool = True
    sentence: str = ""

    @property
    def unplaced(self) -> int:
        """Rows that have no place and so are counted, not drawn."""
        return self.rows - self.placed


def prepare(layer: Layer) -> Prepared | None:
    """Find places, style and cells of a layer; None if the layer has no places at all."""
    found = places(layer)
    if found is None:
        return None
    points = is_point_layer(found)
    style = style_of(layer, points=points)
    cells, _ = as_people_read(layer)
    looks = (style.default, *style.looks.values())
    return Prepared(layer, found, points, style, cells, _codes(layer, style), looks)


def simplified(prepared: Prepared, detail: Detail) -> Prepared:
    """Return a layer with lines and polygons cut down to the detail; points stay where they are."""
    if prepared.points:
        return prepared
    return replace(prepared, found=simpler(prepared.found, detail.metres))


def corners(prepared: Prepared) -> int:
    """Count the corners of the lines and polygons of a layer; points may be drawn as counts and so count nothing."""
    return 0 if prepared.points else int(shapely.get_num_coordinates(prepared.found).sum())


def overlays(prepared: Prepared, detail: Detail) -> Iterator[Overlay]:
    """Yield the switches of a layer; the rows of all of them together are the rows of the layer."""
    for part in _parts(prepared):
        crowded = prepared.points and len(part.known) > detail.most_points
        yield _grouped(prepared, part) if crowded else _drawn(prepared, part, detail)


def _column(layer: Layer, name: str) -> Column | None:
    return next((column for column in layer.columns if column.name == name), None)


def _texts(layer: Layer, name: str) -> pa.Array:
    column = _column(layer, name)
    return one_array(layer, column) if column else pa.nulls(len(layer), pa.string())


def _codes(layer: Layer, style: Style) -> np.ndarray:
    """Return for each row which look it takes: 0 the default, then the looks in their order."""
    chosen = np.zeros(len(layer), np.int64)
    for name in style.by:
        values = _served(layer) if name == "#served" else _texts(layer, name)
        index = pc.index_in(values.cast(pa.string()), value_set=pa.array(list(style.looks), pa.string()))
        found = pc.fill_null(index, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        chosen = np.where(chosen == 0, found, chosen)
    return chosen


def _counts(layer: Layer, *names: str) -> np.ndarray:
    """Add up columns of counts; a column that is not there adds nothing."""
    total = np.zeros(len(layer), np.int64)
    for name in names:
        column = _column(layer, name)
        if column is not None and column.type is ColumnType.INTEGER:
            total += pc.fill_null(one_array(layer, column), 0).to_numpy(zero_copy_only=False)
    return total


def _served(layer: Layer) -> pa.StringArray:
    """Say of each town whether the post gets through, from its counts of delivery points by status.

    An addressee who fetches the mail at the counter, an empty house and an unknown addressee are everyday matters: a
    town is marked only where delivery is suspended or doors cannot be reached.
    """
    stopped, gets_mail = _counts(layer, "suspended", "unreachable"), _counts(layer, "served", "counter_pickup")
    known = gets_mail + _counts(layer, "seems_vacant", "addressee_unknown")
    words = np.select(
        [(stopped == 0) & (known > 0), (stopped > 0) & (gets_mail > 0), stopped > 0],
        ["served", "partly", "stopped"],
        "none",
    )
    return pa.array(words, pa.string())


def _parts(prepared: Prepared) -> Iterator[Part]:
    """Yield the parts that a layer is split into: all of it, or one a code, in the order of the choices."""
    layer, style = prepared.layer, prepared.style
    title = visible(layer.title)
    column = _column(layer, style.split)
    if column is None or not len(layer):
        yield _part(prepared, layer.name, title, np.arange(len(layer)), shown=True)
        return
    coded = pc.fill_null(one_array(layer, column), "").dictionary_encode()
    index, present = coded.indices.to_numpy(zero_copy_only=False), coded.dictionary.to_pylist()
    known = [code for code in column.choices if code in present]
    for code in known + sorted(set(present) - set(known)):
        words = visible(column.choices.get(code, code)) or "区分なし"
        words = words if code in column.choices and code not in _VAGUE else f"{title}: {words}"
        rows = np.flatnonzero(index == present.index(code))
        yield _part(prepared, f"{layer.name}/{code}", words, rows, shown=code not in style.hidden)


def _part(prepared: Prepared, key: str, title: str, rows: np.ndarray, *, shown: bool) -> Part:
    return Part(key, title, rows, rows[~shapely.is_missing(prepared.found[rows])], shown)


def _drawn(prepared: Prepared, part: Part, detail: Detail) -> Overlay:
    """Draw each row of its own."""
    style, found = prepared.style, prepared.found[part.known]
    draw = _draw(prepared, part)
    names, columns = _names(prepared, part.known), _values(prepared, part.known, detail)
    data: dict[str, Any] = {"draw": str(draw), "still": style.still, "names": names, "columns": columns, "at": []}
    if prepared.points:
        data["at"] = steps(*lon_lat(found))
    else:
        data["shapes"] = shapes(found)
    if draw is Draw.TOWN:
        data["at"] = steps(*lon_lat(shapely.point_on_surface(found)))
        data["labels"] = _town_labels(prepared.layer, part.known)
    looks = _used_looks(prepared, part.known, data)
    sentence = ""
    if any(data.get("labels", ())):
        sentence = f"「{part.title}」の数字は、配達中の件数/配達先の件数です。"
    if not prepared.points and detail.metres > 1:
        sentence += f"「{part.title}」の線は、ファイルを小さくするため約{detail.metres:g}mまで簡略にしてあります。"
    return _overlay(prepared, part, looks, data, sentence)


def _draw(prepared: Prepared, part: Part) -> Draw:
    """Return what is drawn for one row: signs only where there are few enough to be told apart."""
    draw = prepared.style.draw
    if draw is Draw.TOWN:
        return draw
    if not prepared.points:
        return Draw.SHAPE
    return Draw.DOT if draw is Draw.MARKER and len(part.known) > _MOST_SIGNS else draw


def _overlay(
    prepared: Prepared, part: Part, looks: tuple[tuple[Look, int], ...], data: dict[str, Any], sentence: str
) -> Overlay:
    counts = len(part.rows), len(part.known)
    return Overlay(part.key, part.title, *counts, looks, data, prepared.style.order, part.shown, sentence)


def _used_looks(prepared: Prepared, known: np.ndarray, data: dict[str, Any]) -> tuple[tuple[Look, int], ...]:
    """Put the looks that occur into `data`, and return them with their counts for the legend."""
    used, index, counts = np.unique(prepared.codes[known], return_inverse=True, return_counts=True)
    looks = [prepared.looks[code] for code in used]
    data["looks"] = [_look(look) for look in looks]
    data["look"] = index.tolist()
    return tuple(zip(looks, counts.tolist(), strict=True))


def _look(look: Look) -> dict[str, Any]:
    return {
        "color": look.color, "fill": look.fill, "sign": look.sign, "weight": look.weight, "opacity": look.opacity,
        "radius": look.radius, "dash": look.dash, "frame": str(look.frame),
    }  # fmt: skip


def _names(prepared: Prepared, rows: np.ndarray) -> list[str]:
    """Return what to call each row: the first filled column of those that may name it."""
    by_name = dict(zip((column.name for column in prepared.layer.columns), prepared.cells, strict=False))
    columns = [by_name[name].values for name in prepared.style.names if name in by_name]
    columns = [pc.if_else(pc.equal(column, ""), None, column) for column in columns if pa.types.is_string(column.type)]
    if not columns:
        return [""] * len(rows)
    return _texts_of(pc.coalesce(*columns, pa.scalar("")).take(pa.array(rows)))


def _values(prepared: Prepared, rows: np.ndarray, detail: Detail) -> list[dict[str, Any]]:
    """Return the columns that a click shows, with repeated texts kept once."""
    names = [column.name for column in prepared.layer.columns]
    kept = [
        cell for i, cell in enumerate(prepared.cells)
        if not (i < len(names) and names[i] in _LEFT_OUT) and not (i >= len(names) and cell.label in DEGREES)
    ]  # fmt: skip
    columns = []
    for cell in kept[: detail.most_columns]:
        texts = _shown(cell, rows)
        if any(texts):
            columns.append(_packed(visible(cell.label), texts))
    return columns


def _shown(cell: Cells, rows: np.ndarray) -> list[str]:
    values = cell.values.take(pa.array(rows))
    match cell.type:
        case ColumnType.TIME:
            return ["" if at is None else f"{at:%Y/%m/%d %H:%M}" for at in values.to_pylist()]
        case ColumnType.DATE:
            return ["" if day is None else f"{day:%Y/%m/%d}" for day in values.to_pylist()]
        case ColumnType.INTEGER:
            return ["" if number is None else f"{number:,}" for number in values.to_pylist()]
        case ColumnType.NUMBER:
            return ["" if number is None else f"{number:,.10g}" for number in values.to_pylist()]
        case _:
            return _texts_of(values)


def _texts_of(values: pa.Array) -> list[str]:
    texts: list[str] = pc.fill_null(values, "").to_pylist()
    return texts


def _packed(label: str, texts: list[str]) -> dict[str, Any]:
    distinct = list(dict.fromkeys(texts))
    if 3 * len(distinct) > len(texts) + 3:
        return {"label": label, "values": texts}
    index = {text: i for i, text in enumerate(distinct)}
    return {"label": label, "texts": distinct, "values": [index[text] for text in texts]}


def _town_labels(layer: Layer, rows: np.ndarray) -> list[str]:
    served, total = _counts(layer, "served")[rows], _counts(layer, "total")[rows]
    if not total.any():
        total = _counts(layer, *_STATUSES)[rows]
    return [f"{done:,}/{every:,}" if every else "" for done, every in zip(served.tolist(), total.tolist(), strict=True)]


def _grouped(prepared: Prepared, part: Part) -> Overlay:
    """Draw a crowd of points as one circle a town, or a cell of a grid, with its count."""
    known = part.known
    lon, lat = lon_lat(prepared.found[known])
    where, names, index = _groups(prepared, known, lon, lat)
    sums = np.bincount(index, minlength=len(names))
    data: dict[str, Any] = {
        "draw": "group", "still": False, "names": names, "sums": sums.tolist(),
        "at": steps(np.bincount(index, lon) / sums, np.bincount(index, lat) / sums),
        "columns": _breakdown(prepared, known, index, len(names)),
        "looks": [_look(prepared.style.default)], "look": [0] * len(names),
    }  # fmt: skip
    sentence = (
        f"「{part.title}」は{len(known):,}件と多いため、{where}の件数で表しています(円の位置は、その平均の位置)。"
        "一件ごとの内容は表(XLSX・CSV)にあります。"
    )
    return _overlay(prepared, part, ((prepared.style.default, len(known)),), data, sentence)


def _groups(
    prepared: Prepared, known: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> tuple[str, list[str], np.ndarray]:
    """Return in words what a group is, the names of the groups, and the group of each row."""
    town = next((name for name in _TOWN_COLUMNS if _column(prepared.layer, name)), None)
    if town is not None:
        texts = pc.fill_null(_texts(prepared.layer, town).take(pa.array(known)), "")
        coded = texts.dictionary_encode()
        names = [visible(name) or _NO_TOWN for name in coded.dictionary.to_pylist()]
        if len(names) <= _MOST_GROUPS:
            return "町ごと", names, coded.indices.to_numpy(zero_copy_only=False)
    size = 1
    while True:
        cells = np.column_stack([np.floor(lat / (_CELL_LAT * size)), np.floor(lon / (_CELL_LON * size))])
        unique, index = np.unique(cells.astype(np.int64), axis=0, return_inverse=True)
        if len(unique) <= _MOST_GROUPS:
            words = f"約{_CELL_KM * size:g}km四方"
            return f"{words}ごと", [words] * len(unique), index.ravel()
        size *= 2


def _breakdown(prepared: Prepared, known: np.ndarray, index: np.ndarray, groups: int) -> list[dict[str, Any]]:
    """Return the counts of each group: all, then by look."""
    columns = [_packed("件数", [f"{n:,}" for n in np.bincount(index, minlength=groups)])]
    for code in np.unique(prepared.codes[known]) if prepared.style.looks else ():
        here = np.bincount(index[prepared.codes[known] == code], minlength=groups)
        columns.append(_packed(prepared.looks[code].label, [f"{n:,}" if n else "" for n in here]))
    return columns
