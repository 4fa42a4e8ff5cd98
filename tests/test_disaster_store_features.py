"""Rows found by place: the same answers on both engines."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from store_rows import TOWN, batch_of, delivery_points, shelters

from disaster.errors import StoreError
from disaster.models import Side
from disaster.store import Store

pytest_plugins = ("prepared_store",)

RNG = np.random.default_rng(20261120)


@pytest.fixture
def store(tmp_path: Path, prepared_url: str | None, now: datetime) -> Iterator[Store]:
    with Store.create(tmp_path / "post", side=Side.POST, municipalities=[TOWN], at=now, url=prepared_url) as opened:
        yield opened


def areas(shapes: list[shapely.Geometry | None], prefix: str = "A") -> list[dict[str, object]]:
    return [
        {"area_id": f"{prefix}{n}", "name": f"{n}区", "area_kind": "flood_history", "happened_on": date(2019, 10, 12),
         "geometry": None if shape is None else shape.wkb}
        for n, shape in enumerate(shapes)
    ]  # fmt: skip


def test_features_come_back_typed_and_in_their_order(store: Store, now: datetime) -> None:
    rows = [
        {"damage_id": f"D{n}", "object": "road", "damage": "debris", "passable": "none", "reporter": "post",
         "observed_at": now + timedelta(microseconds=n), "verified": n == 1, "lon": 138.6 + n / 3000, "lat": 34.55}
        for n in range(3)
    ]  # fmt: skip
    batch = batch_of("damage-points", rows, as_of=now)
    store.add_batch(batch, at=now)
    found = store.features("damage-points", TOWN)
    assert found.table.equals(batch.table)
    assert (found.as_of, found.more, found.drill) == (now.astimezone(UTC), False, False)


def test_all_types_survive_the_way_through_sql(store: Store, now: datetime) -> None:
    office = {"office_code": "S001", "name": "潮見郵便局", "services": ["貯金", "保険"], "storage_m2": 12.5,
              "is_emergency_site": True, "state_at": now, "lon": 138.1, "lat": 34.1}  # fmt: skip
    place = shapely.box(138.1, 34.1, 138.2, 34.2)
    for batch in (batch_of("offices", [office], as_of=now), batch_of("areas", areas([place, None]), as_of=now)):
        store.add_batch(batch, at=now)
        assert store.features(batch.kind, TOWN).table.to_pylist() == batch.table.to_pylist()


def test_touching_the_edge_of_the_box_counts_and_having_no_place_does_not(store: Store, now: datetime) -> None:
    rows = [*shelters(5), {**shelters(1, prefix="X")[0], "lon": None, "lat": None}]
    store.add_batch(batch_of("shelters", rows, as_of=now), at=now)
    edge = (rows[1]["lon"], rows[1]["lat"], rows[3]["lon"], rows[3]["lat"])
    found = store.features("shelters", TOWN, bbox=edge)
    assert found.table.column("shelter_id").to_pylist() == ["H0001", "H0002", "H0003"]


def test_a_box_that_meets_only_the_bounds_of_a_shape_does_not_meet_the_shape(store: Store, now: datetime) -> None:
    corner = shapely.Polygon([(138, 34), (139, 34), (138, 35)])
    store.add_batch(batch_of("areas", areas([corner]), as_of=now), at=now)
    assert store.features("areas", TOWN, bbox=(138.9, 34.9, 138.99, 34.99)).table.num_rows == 0
    assert store.features("areas", TOWN, bbox=(138.1, 34.1, 138.2, 34.2)).table.num_rows == 1


@pytest.mark.parametrize(("limit", "count", "more"), [(2, 2, True), (5, 5, False), (9, 5, False), (0, 0, True)])
def test_what_is_left_out_by_the_limit_is_said(
    store: Store, now: datetime, *, limit: int, count: int, more: bool
) -> None:
    store.add_batch(batch_of("shelters", shelters(5), as_of=now), at=now)
    for bbox in (None, (138.0, 34.0, 139.0, 35.0)):
        found = store.features("shelters", TOWN, bbox=bbox, limit=limit)
        assert (found.table.num_rows, found.more) == (count, more)


def test_only_the_present_is_found(store: Store, now: datetime) -> None:
    later = now + timedelta(hours=1)
    store.add_batch(batch_of("shelters", shelters(5), as_of=now), at=now)
    store.add_batch(batch_of("shelters", shelters(2), as_of=later), at=later)
    store.add_batch(batch_of("shelters", shelters(9), as_of=later, drill=True), at=later)
    assert store.features("shelters", TOWN).table.num_rows == 2
    assert store.features("shelters", TOWN, at=now).table.num_rows == 5
    assert store.features("shelters", TOWN, drill=True).table.num_rows == 9


def test_kinds_kept_in_snapshots_only_cannot_be_found_by_place(store: Store, now: datetime) -> None:
    store.add_batch(batch_of("delivery-points", delivery_points(5), as_of=now), at=now)
    for kind in ("delivery-points", "protection", "received/shelters", "letters"):
        with pytest.raises(StoreError) as refused:
            store.features(kind, TOWN)
        assert refused.value.code == "disaster.no_features"
    with store.transaction() as connection:
        assert connection.scalar(text("SELECT count(*) FROM feature")) == 0


def test_the_database_itself_refuses_a_place_outside_japan(store: Store, now: datetime) -> None:
    store.add_batch(batch_of("shelters", shelters(1), as_of=now), at=now)
    with pytest.raises(Exception, match="within_japan"), store.transaction() as connection:
        connection.execute(text("UPDATE feature SET west = 34.5, east = 34.5"))


def test_the_third_dimension_is_left_out(store: Store, now: datetime) -> None:
    high = shapely.Polygon([(138, 34, 5), (139, 34, 5), (138, 35, 5)])
    store.add_batch(batch_of("areas", areas([high]), as_of=now), at=now)
    (wkb,) = store.features("areas", TOWN).table.column("geometry").to_pylist()
    assert shapely.from_wkb(wkb).equals(shapely.force_2d(high))


@pytest.fixture
def crowded(store: Store, now: datetime) -> tuple[Store, np.ndarray]:
    centres = RNG.uniform((138.5, 34.5), (138.7, 34.6), (200, 2))
    shapes = [
        shapely.Point(x, y).buffer(r, quad_segs=3) for (x, y), r in zip(centres, RNG.uniform(0, 0.02, 200), strict=True)
    ]
    store.add_batch(batch_of("areas", areas(shapes), as_of=now), at=now)
    return store, np.array(shapes)


corner = st.tuples(st.floats(138.45, 138.75), st.floats(34.45, 34.65))


def box_of(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    """The smallest convex shape of the corners: a box, a line or a point."""
    return shapely.MultiPoint([(west, south), (west, north), (east, north), (east, south)]).convex_hull


@given(one=corner, other=corner)
def test_any_box_finds_exactly_what_shapely_says(
    crowded: tuple[Store, np.ndarray], one: tuple[float, float], other: tuple[float, float]
) -> None:
    store, shapes = crowded
    west, east = sorted((one[0], other[0]))
    south, north = sorted((one[1], other[1]))
    found = store.features("areas", TOWN, bbox=(west, south, east, north)).table.column("area_id").to_pylist()
    expected = np.flatnonzero(shapely.intersects(shapes, box_of(west, south, east, north)))
    assert found == [f"A{n}" for n in expected]


@pytest.mark.parametrize("bbox", [(139, 34, 138, 35), (138, 35, 139, 34), (138, 34, float("nan"), 35)])
def test_what_is_no_box_is_the_caller_s_mistake(store: Store, bbox: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="box"):
        store.features("areas", TOWN, bbox=bbox)


@pytest.mark.postgis
def test_postgis_searches_by_its_index(tmp_path: Path, postgis_url: str, now: datetime) -> None:
    with Store.create(tmp_path / "post", side=Side.POST, municipalities=[TOWN], at=now, url=postgis_url) as store:
        store.add_batch(batch_of("shelters", shelters(3_000), as_of=now), at=now)
        with store.transaction() as connection:
            connection.execute(text("ANALYZE feature"))
            plan = connection.execute(
                text(
                    "EXPLAIN SELECT properties FROM feature"
                    " WHERE ST_Intersects(geometry, ST_MakeEnvelope(138.60, 34.55, 138.601, 34.551, 6668))"
                )
            )
            assert "ix_feature_geometry" in "\n".join(plan.scalars())
