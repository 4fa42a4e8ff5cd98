"""What geo.join promises."""

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.cells import Grid
from geo.crs import JGD2011, plane_zone
from geo.errors import CrsError
from geo.join import Points, highest_inside, inside, inside_any, nearest

CENTRE = (138.60, 34.55)
ZONE = plane_zone("99301", CENTRE[0])


def shapes_of(rng: np.random.Generator, count: int, *, whole: bool) -> npt.NDArray[np.object_]:
    """Return polygons with holes and several parts; `whole` puts corners on round numbers, where cells meet."""
    found = []
    while len(found) < count:
        parts = []
        for _ in range(rng.integers(1, 4)):
            angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 40)))
            reach = rng.uniform(1, 12, len(angle))
            corners = rng.uniform(0, 20, 2) + np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])
            parts.append(shapely.make_valid(shapely.Polygon(np.round(corners * 2) / 2 if whole else corners)))
        shape = shapely.make_valid(shapely.union_all(parts[:-1]).symmetric_difference(parts[-1]))
        kept = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
        if kept:
            found.append(shapely.MultiPolygon(kept) if len(kept) > 1 else kept[0])
    return np.array(found, dtype=object)


def points_of(rng: np.random.Generator, count: int, *, whole: bool) -> tuple[npt.NDArray[np.float64], ...]:
    x, y = rng.uniform(-2, 22, (2, count))
    return (np.round(x * 2) / 2, np.round(y * 2) / 2) if whole else (x, y)


def by_brute_force(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], shapes: npt.NDArray[np.object_]
) -> npt.NDArray[np.bool_]:
    """Return shape (polygons, points)."""
    return np.array([shapely.contains_xy(shape, x, y) for shape in shapes], dtype=bool).reshape(len(shapes), len(x))


@given(st.integers(0, 2**32 - 1), st.integers(0, 3_000), st.integers(0, 6), st.booleans())
def test_pairs_are_those_that_testing_every_point_finds(seed: int, points: int, polygons: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = points_of(rng, points, whole=whole)
    shapes = shapes_of(rng, polygons, whole=whole)
    expected = by_brute_force(x, y, shapes)
    owners, rows = np.nonzero(expected)
    found_rows, found_owners = inside(x, y, shapes)
    assert np.array_equal(found_rows, rows)
    assert np.array_equal(found_owners, owners)
    assert np.array_equal(inside_any(x, y, shapes), expected.any(axis=0))


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.booleans())
def test_cells_of_every_size_find_the_same_points(seed: int, side: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = points_of(rng, 500, whole=whole)
    shapes = shapes_of(rng, 3, whole=whole)
    grid = Grid.of(x, y, cells=side * side)
    found = np.zeros((3, 500), dtype=bool)
    for places, owners in grid.within(shapes):
        found[owners, grid.rows[places]] = True
    assert np.array_equal(found, by_brute_force(x, y, shapes))


def test_a_point_on_an_edge_or_a_corner_is_not_within() -> None:
    square = np.array([shapely.box(0, 0, 1, 1)])
    x, y = np.array([0.0, 0.5, 1.0, 0.5]), np.array([0.0, 0.0, 0.5, 0.5])
    assert inside_any(x, y, square).tolist() == [False, False, False, True]


def test_missing_coordinates_lie_nowhere_and_keep_their_row() -> None:
    x, y = np.array([np.nan, 0.5, 0.5, np.inf, 0.5]), np.array([0.5, np.nan, 0.5, 0.5, 0.25])
    rows, owners = inside(x, y, np.array([shapely.box(0, 0, 1, 1)]))
    assert rows.tolist() == [2, 4]
    assert owners.tolist() == [0, 0]
    assert inside_any(x, y, np.array([shapely.box(0, 0, 1, 1)])).tolist() == [False, False, True, False, True]


def test_missing_empty_and_flat_shapes_hold_nothing_and_keep_their_number() -> None:
    shapes = np.array([None, shapely.Polygon(), shapely.LineString([(0, 0), (1, 0.9)]), shapely.box(0, 0, 1, 1)])
    rows, owners = inside(np.array([0.3, 0.5]), np.array([0.3, 0.6]), shapes)
    assert rows.tolist() == [0, 1]
    assert owners.tolist() == [3, 3]


def test_polygons_beside_the_points_hold_none_of_them() -> None:
    x, y = np.random.default_rng(1).uniform(0, 1, (2, 1_000))
    beside = np.array([shapely.box(2, 0, 3, 1), shapely.box(-5, -5, -4, -4), shapely.box(-9, 2, 9, 3)])
    assert inside(x, y, beside)[0].size == 0


def test_no_points_and_no_polygons_give_no_pairs() -> None:
    nothing = np.array([], dtype=np.float64)
    assert inside(nothing, nothing, np.array([shapely.box(0, 0, 1, 1)]))[0].size == 0
    assert inside_any(np.array([0.5]), np.array([0.5]), np.array([], dtype=object)).tolist() == [False]


def test_polygons_come_back_as_they_were() -> None:
    shape = shapely.box(0, 0, 1, 1)
    ready = shapely.box(0, 0, 2, 2)
    shapely.prepare(ready)
    inside(*np.random.default_rng(1).uniform(0, 1, (2, 1_000)), np.array([shape, ready]))
    assert not shapely.is_prepared(shape)
    assert shapely.is_prepared(ready)


def test_points_made_ready_once_answer_like_the_functions_and_only_among_those_asked() -> None:
    rng = np.random.default_rng(7)
    x, y = points_of(rng, 4_000, whole=False)
    shapes = shapes_of(rng, 5, whole=False)
    among = rng.random(4_000) < 0.5
    ready = Points.of(x, y)
    assert np.array_equal(ready.inside_any(shapes), inside_any(x, y, shapes))
    assert np.array_equal(ready.inside_any(shapes, among=among), inside_any(x, y, shapes) & among)
    rows, owners = inside(x, y, shapes)
    kept = among[rows]
    assert np.array_equal(ready.inside(shapes, among=among), (rows[kept], owners[kept]))


def test_the_highest_rank_wins_where_polygons_overlap() -> None:
    shapes = np.array([shapely.box(0, 0, 4, 4), shapely.box(1, 1, 3, 3), shapely.box(2, 2, 4, 4)])
    ranks = highest_inside(np.array([0.5, 1.5, 2.5, 9.0]), np.array([0.5, 1.5, 2.5, 9.0]), shapes, [1, 5, 3])
    assert ranks.tolist() == [1, 5, 5, 0]
    assert highest_inside(np.array([9.0]), np.array([9.0]), shapes, [1, 5, 3], outside=-1).tolist() == [-1]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2_000), st.integers(1, 80))
def test_the_nearest_target_is_the_one_that_measuring_all_finds(seed: int, points: int, targets: int) -> None:
    rng = np.random.default_rng(seed)
    lon, lat = CENTRE[0] + rng.normal(0, 0.05, points), CENTRE[1] + rng.normal(0, 0.04, points)
    to_lon, to_lat = CENTRE[0] + rng.normal(0, 0.05, targets), CENTRE[1] + rng.normal(0, 0.04, targets)
    index, metres = nearest(lon, lat, to_lon, to_lat, crs_plane=ZONE)
    plane = pyproj.Transformer.from_crs(JGD2011, ZONE, always_xy=True)
    x, y = plane.transform(lon, lat)
    to_x, to_y = plane.transform(to_lon, to_lat)
    distance = np.hypot(x[:, None] - to_x, y[:, None] - to_y)
    assert np.allclose(metres, distance.min(axis=1, initial=np.inf), rtol=1e-12)
    assert np.array_equal(index, distance.argmin(axis=1))


def test_metres_are_those_on_the_ground_within_a_part_in_a_thousand() -> None:
    index, metres = nearest(
        np.array([138.55]), np.array([34.50]), np.array([138.65]), np.array([34.60]), crs_plane=ZONE
    )
    assert index.tolist() == [0]
    assert metres[0] == pytest.approx(pyproj.Geod(ellps="GRS80").inv(138.55, 34.50, 138.65, 34.60)[2], rel=1e-3)


def test_equally_near_targets_give_the_first() -> None:
    index, _ = nearest(np.array([138.6]), np.array([34.5]), np.array([138.7] * 3), np.array([34.5] * 3), crs_plane=ZONE)
    assert index.tolist() == [0]


def test_missing_points_and_missing_targets_are_nearest_to_nothing() -> None:
    lon, lat = np.array([np.nan, 138.6]), np.array([34.5, 34.5])
    index, metres = nearest(lon, lat, np.array([np.nan, 138.7]), np.array([34.5, 34.5]), crs_plane=ZONE)
    assert index.tolist() == [-1, 1]
    assert np.isnan(metres).tolist() == [True, False]
    nowhere, far = nearest(lon, lat, np.array([np.nan]), np.array([34.5]), crs_plane=ZONE)
    assert nowhere.tolist() == [-1, -1]
    assert np.isnan(far).all()


def test_metres_in_degrees_are_refused() -> None:
    with pytest.raises(CrsError) as refusal:
        nearest(np.array([138.6]), np.array([34.5]), np.array([138.7]), np.array([34.5]), crs_plane=JGD2011)
    assert refusal.value.code == "geo.crs_not_metric"
