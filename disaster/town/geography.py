"""The lie of the land of the invented town: shore, river, roads, streets and building lots.

Drawn from ``plan.toml`` in metres around the centre; the same every time. Nothing here is a real place: the town lies
in the open sea.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: The plane the town is measured on (zone VIII of JGD2011) and the degrees everything inside is kept in.
PLANE = "EPSG:6676"
DEGREES = "EPSG:6668"

#: A house stands this far from the middle of its street, and this far from its neighbour (m).
_DOORSTEP = 13.0
_FRONT = 15.0
#: No house stands nearer than this to the middle of a road of `Geography.roads` (m).
_ROADSIDE = 16.0


@dataclass(frozen=True, slots=True)
class Quarter:
    """One 町丁・字 of the town. `at` and `area` in metres around the centre."""

    name: str
    ward: str
    office: str
    postal_code: str
    form: str
    at: tuple[float, float]
    area: BaseGeometry
    koaza: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Road:
    """One road; `road_class` as in ``disaster.models.ROADS``; `line` in metres around the centre."""

    name: str
    road_class: str
    line: BaseGeometry


@dataclass(frozen=True, slots=True, eq=False)
class Lots:
    """Where a house may stand, as columns: index of its quarter, block and number, metres around the centre.

    (quarter, block, number) is unique. `weight` is how likely the lot is built on, `flats` whether a block of flats
    may stand there.
    """

    quarter: Ints
    block: Ints
    number: Ints
    x: Floats
    y: Floats
    weight: Floats
    flats: Floats

    def __len__(self) -> int:
        return len(self.x)

    def take(self, index: npt.NDArray[Any]) -> "Lots":
        """Return the lots of these positions."""
        return Lots(*(getattr(self, name)[index] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class Geography:
    """The whole town in metres around the centre. `parts` of the boundary: the mainland first, then islands."""

    plan: Mapping[str, Any]
    parts: tuple[BaseGeometry, ...]
    river: BaseGeometry
    course: BaseGeometry
    quarters: tuple[Quarter, ...]
    roads: tuple[Road, ...]
    streets: tuple[tuple[str, BaseGeometry], ...]
    lots: Lots

    def index(self, name: str) -> int:
        """Return the position of a quarter by its name."""
        return [quarter.name for quarter in self.quarters].index(name)

    def road(self, name: str) -> BaseGeometry:
        """Return the line of a road by its name."""
        return next(road.line for road in self.roads if road.name == name)

    def bridge(self, road: str, nearest: tuple[float, float]) -> tuple[float, float]:
        """Return the middle of the bridge of a road over the river that is nearest to a place."""
        spans = shapely.get_parts(shapely.intersection(self.road(road), self.river))
        span = min(spans, key=lambda part: float(shapely.distance(part, shapely.Point(nearest))))
        middle = shapely.line_interpolate_point(span, 0.5, normalized=True)
        return float(middle.x), float(middle.y)


@cache
def geography() -> Geography:
    """Draw the town from its plan."""
    plan = tomllib.loads(files(__package__).joinpath("plan.toml").read_text(encoding="utf-8"))
    land, river, course = _land(plan), _river(plan), _curve(plan["river"]["course"])
    dry = shapely.difference(land, river)
    cells = _cells([town["at"] for town in plan["towns"]], dry)
    roads = [Road(r["name"], r["class"], _curve(r["line"])) for r in plan["roads"]]
    roads += _lanes(plan, dry)
    streets = [
        _streets(town, plan["forms"][town["form"]], cell) for town, cell in zip(plan["towns"], cells, strict=True)
    ]
    tidal = shapely.intersection(river, shapely.box(plan["river"]["tidal_limit"], -9000, 9000, 9000))
    return Geography(
        plan=plan,
        parts=tuple(_bent(part) for part in _largest_first(shapely.difference(land, tidal))),
        river=_bent(river),
        course=_bent(course),
        quarters=tuple(_quarters(plan, cells)),
        roads=tuple(Road(r.name, r.road_class, _bent(shapely.intersection(r.line, land))) for r in roads),
        streets=tuple(
            (town["name"], _bent(line)) for town, lines in zip(plan["towns"], streets, strict=True) for line in lines
        ),
        lots=_lots(plan, cells, roads),
    )


def to_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry given in metres around the centre in degrees, EPSG:6668, to 1e-8."""
    return shapely.transform(geometry, lambda xy: np.column_stack(lonlat(xy[:, 0], xy[:, 1])))


def to_crs(geometry: BaseGeometry, crs: str) -> BaseGeometry:
    """Return a geometry given in metres around the centre in another CRS of Japan, x east and y north."""
    if crs == PLANE:
        east, north = _centre()
        return shapely.transform(geometry, lambda xy: np.round(xy + np.array([east, north]), 3))
    change = pyproj.Transformer.from_crs(PLANE, crs, always_xy=True)
    east, north = _centre()
    return shapely.transform(geometry, lambda xy: np.column_stack(change.transform(xy[:, 0] + east, xy[:, 1] + north)))


def lonlat(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return longitude and latitude (degrees, EPSG:6668, to 1e-8) of metres around the centre."""
    east, north = _centre()
    lon, lat = _to_degrees().transform(np.asarray(x) + east, np.asarray(y) + north)
    return np.round(lon, 8), np.round(lat, 8)


@cache
def _to_degrees() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(PLANE, DEGREES, always_xy=True)


@cache
def _centre() -> tuple[float, float]:
    plan = tomllib.loads(files(__package__).joinpath("plan.toml").read_text(encoding="utf-8"))
    east, north = pyproj.Transformer.from_crs(DEGREES, PLANE, always_xy=True).transform(*plan["centre"])
    return round(east, 0), round(north, 0)


def _bend(xy: Floats) -> Floats:
    """Shift every place a little, smoothly: neighbours stay neighbours and no street stays ruler-straight."""
    x, y = xy[:, 0], xy[:, 1]
    turn = 2 * np.pi
    east = (
        48 * np.sin(turn * (y / 1900 + 0.13))
        + 22 * np.sin(turn * (x + y) / 1100)
        + 7 * np.sin(turn * (y - x / 2) / 410)
    )
    north = (
        42 * np.sin(turn * (x / 2100 + 0.4)) + 20 * np.sin(turn * (x - y) / 1300) + 7 * np.sin(turn * (x + y / 3) / 370)
    )
    return np.column_stack((x + east, y + north))


def _bent(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shapely.segmentize(geometry, 45.0), _bend)


def _curve(points: Sequence[Sequence[float]], rounds: int = 3) -> BaseGeometry:
    """Cut the corners of a line (Chaikin); its ends stay."""
    line = np.asarray(points, dtype=float)
    for _ in range(rounds):
        near, far = 0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]
        line = np.vstack((line[:1], np.stack((near, far), axis=1).reshape(-1, 2), line[-1:]))
    return shapely.LineString(line)


#: Waves that roughen a coast and a ridge: how far (m), how long (m), where they begin.
_COAST = ((16, 610, 0.3), (11, 233, 1.7), (6, 97, 4.1), (3, 51, 2.2))
_RIDGE = ((130, 2900, 0.9), (75, 1270, 2.6), (45, 530, 4.4), (20, 211, 1.1))


def _ragged(line: BaseGeometry, waves: Sequence[tuple[float, float, float]]) -> Floats:
    """Roughen a line: shift it across its direction by waves along its length; its ends stay."""
    xy = shapely.get_coordinates(shapely.segmentize(line, 22.0))
    step = np.gradient(xy, axis=0)
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))))
    across = np.column_stack((step[:, 1], -step[:, 0])) / np.hypot(step[:, 0], step[:, 1])[:, None]
    shift = sum(far * np.sin(2 * np.pi * along / length + phase) for far, length, phase in waves)
    fade = np.minimum(1, np.minimum(along, along[-1] - along) / 200)
    return np.asarray(xy + across * (shift * fade)[:, None])


def _land(plan: Mapping[str, Any]) -> BaseGeometry:
    shore = plan["shore"]
    coast = _ragged(_curve(shore["coast"]), _COAST)
    border = _ragged(_curve([shore["coast"][-1], *shore["border"], shore["coast"][0]], rounds=2), _RIDGE)
    land = shapely.make_valid(shapely.Polygon(np.vstack((coast, border[1:-1]))))
    land = shapely.difference(land, shapely.union_all([shapely.Polygon(ring) for ring in shore["basins"]]))
    extra = [shapely.Polygon(ring) for ring in shore["moles"]] + [
        shapely.Point(x, y).buffer(r, 3) for x, y, r in shore["islets"]
    ]
    return shapely.union_all([land, *extra])


def _river(plan: Mapping[str, Any]) -> BaseGeometry:
    river = plan["river"]
    course = shapely.segmentize(_curve(river["course"]), 120.0)
    xy = shapely.get_coordinates(course)
    source, mouth = river["widths"]
    widths = np.linspace(source, mouth, len(xy) - 1)
    reaches = [shapely.LineString(xy[i : i + 2]).buffer(w / 2) for i, w in enumerate(widths)]
    return shapely.union_all(reaches + [_curve(arm["course"]).buffer(arm["width"] / 2) for arm in river["arms"]])


def _largest_first(geometry: BaseGeometry) -> list[BaseGeometry]:
    return sorted(shapely.get_parts(geometry), key=lambda part: -float(part.area))


def _cells(centres: Sequence[Sequence[float]], dry: BaseGeometry) -> list[BaseGeometry]:
    """Divide each piece of land between the river arms among the quarters whose centre lies on it, by nearness."""
    points = np.asarray(centres, dtype=float)
    cells: list[BaseGeometry] = [shapely.Polygon()] * len(points)
    for piece in shapely.get_parts(dry):
        inside = np.flatnonzero(shapely.contains_xy(piece, points[:, 0], points[:, 1]))
        if len(inside) == 1:
            cells[inside[0]] = piece
        elif len(inside):
            shares = shapely.voronoi_polygons(shapely.MultiPoint(points[inside]), extend_to=piece, ordered=True)
            for i, share in zip(inside, shapely.get_parts(shares), strict=True):
                cells[i] = _largest_first(shapely.intersection(share, piece))[0]
    return cells


def _quarters(plan: Mapping[str, Any], cells: Sequence[BaseGeometry]) -> list[Quarter]:
    quarters = []
    for order, (town, cell) in enumerate(zip(plan["towns"], cells, strict=True)):
        (at,) = _bend(np.asarray([town["at"]], dtype=float))
        office = plan["wards"][town["ward"]]
        postal = f"000{9001 + order:04d}"
        quarters.append(
            Quarter(
                town["name"],
                town["ward"],
                office,
                postal,
                town["form"],
                (float(at[0]), float(at[1])),
                _bent(cell),
                tuple(town.get("koaza", ())),
            )
        )
    return quarters


def _lanes(plan: Mapping[str, Any], dry: BaseGeometry) -> list[Road]:
    """Join the middles of neighbouring quarters by plain town roads that stay on dry land."""
    points = np.asarray([town["at"] for town in plan["towns"]], dtype=float)
    edges = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(points), only_edges=True))
    near = sorted((edge for edge in edges if edge.length < 1700 and shapely.covers(dry, edge)), key=str)
    return [Road(f"市道{number}号線", "other", edge) for number, edge in enumerate(near, start=1001)]


def _frame(town: Mapping[str, Any]) -> tuple[Floats, Floats, Floats]:
    angle = np.radians(town["angle"])
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    return np.asarray(town["at"], dtype=float), along, across


def _streets(town: Mapping[str, Any], form: Mapping[str, float], cell: BaseGeometry) -> list[BaseGeometry]:
    """Lay the streets of a quarter: a net turned to its angle, cut to its ground and its built-up middle."""
    centre, along, across = _frame(town)
    reach, ground = (
        form["reach"],
        shapely.intersection(cell.buffer(-14), shapely.Point(town["at"]).buffer(form["reach"])),
    )
    rows = np.arange(-reach, reach, form["street"])
    columns = np.arange(-reach, reach, form["block"])
    lines = [
        shapely.LineString([centre + v * across - reach * along, centre + v * across + reach * along]) for v in rows
    ]
    lines += [
        shapely.LineString([centre + u * along - reach * across, centre + u * along + reach * across]) for u in columns
    ]
    parts = shapely.get_parts(shapely.intersection(np.asarray(lines), ground))
    return [part for part in parts if part.length > form["street"]]


def _lots(plan: Mapping[str, Any], cells: Sequence[BaseGeometry], roads: Sequence[Road]) -> Lots:
    per_town = [
        _town_lots(i, town, plan["forms"][town["form"]], cell)
        for i, (town, cell) in enumerate(zip(plan["towns"], cells, strict=True))
    ]
    lots = Lots(*(np.concatenate([getattr(part, name) for part in per_town]) for name in Lots.__slots__))
    asphalt = shapely.union_all([road.line.buffer(_ROADSIDE) for road in roads])
    shapely.prepare(asphalt)
    lots = lots.take(np.flatnonzero(~shapely.contains_xy(asphalt, lots.x, lots.y)))
    bent = _bend(np.column_stack((lots.x, lots.y)))
    return Lots(lots.quarter, lots.block, lots.number, bent[:, 0], bent[:, 1], lots.weight, lots.flats)


def _town_lots(index: int, town: Mapping[str, Any], form: Mapping[str, float], cell: BaseGeometry) -> Lots:
    """Put a lot every `_FRONT` metres on both sides of the streets along the quarter's angle."""
    centre, along, across = _frame(town)
    reach = form["reach"]
    v, u, side = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(-reach, reach, form["street"]),
            np.arange(-reach, reach, _FRONT) + _FRONT / 2,
            [-1.0, 1.0],
            indexing="ij",
        )
    )
    column = np.floor((u + reach) / form["block"]).astype(np.int64)
    row = np.round((v + reach) / form["street"]).astype(np.int64) + (side > 0)
    xy = centre + u[:, None] * along + (v + side * _DOORSTEP)[:, None] * across
    corner = np.abs((u + reach) % form["block"] - form["block"] / 2) < form["block"] / 2 - 9
    ground = cell.buffer(-24)
    shapely.prepare(ground)
    keep = np.flatnonzero(corner & (np.hypot(u, v) < reach) & shapely.contains_xy(ground, xy[:, 0], xy[:, 1]))
    cell_key = row[keep] * 10_000 + column[keep]
    blocks, block = np.unique(cell_key, return_inverse=True)
    away = np.bincount(block, weights=np.hypot(u, v)[keep]) / np.bincount(block)
    rank = np.argsort(np.argsort(away, kind="stable"))  # block 1 is in the middle
    number = _count_within(block)
    # Blocks fill unevenly, the middle first: a fixed spread by block that looks like chance and is not.
    fill = 0.15 + 0.85 * ((blocks * 2654435761 + index * 97) % 1009 / 1009)
    weight = form["density"] * fill[block] * np.exp(-((np.hypot(u, v)[keep] / reach / 0.6) ** 2))
    quarter = np.full(len(keep), index, dtype=np.int64)
    flats = np.full(len(keep), form["flats"])
    return Lots(quarter, rank[block] + 1, number, xy[keep, 0], xy[keep, 1], weight, flats)


def _count_within(group: npt.NDArray[Any]) -> Ints:
    """Give the members of each group numbers from 1 in their order."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    position = np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))
    number = np.empty(len(group), dtype=np.int64)
    number[order] = position + 1
    return number
