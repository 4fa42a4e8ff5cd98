"""What geo.crs promises."""

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import JGD2011, MAX_ERROR_M, notes, operation, plane_zone, require, to_jgd2011, transformer
from geo.errors import CrsError
from geo.faults import words

# Computed with PROJ 9.5.1 and kept as reference vectors: place, lon, lat, zone, X (north) m, Y (east) m.
VECTORS = [
    ("tokyo station", 139.767125, 35.681236, "EPSG:6677", -35363.238, -5992.920),
    ("wajima", 136.899167, 37.390556, "EPSG:6675", 154330.864, -23685.911),
    ("naha", 127.680975, 26.212365, "EPSG:6683", 23538.101, 18084.312),
    ("osaka", 135.502165, 34.693738, "EPSG:6674", -144798.513, -45610.768),
    ("sapporo", 141.346944, 43.064167, "EPSG:6680", -103567.756, -73552.244),
]

ESRI_JGD2000_ZONE_8 = (
    'PROJCS["JGD_2000_Japan_Zone_8",GEOGCS["GCS_JGD_2000",DATUM["D_JGD_2000",SPHEROID["GRS_1980",6378137.0,'
    '298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",138.5],'
    'PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",36.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize(("lon", "lat", "zone", "north", "east"), [v[1:] for v in VECTORS], ids=[v[0] for v in VECTORS])
def test_plane_coordinates_become_longitude_and_latitude_in_that_order(
    lon: float, lat: float, zone: str, north: float, east: float
) -> None:
    assert transformer(zone).transform(east, north) == pytest.approx((lon, lat), abs=1e-8)


@pytest.mark.parametrize("source", ["EPSG:4612", "EPSG:4326", "OGC:CRS84", "EPSG:6668", "EPSG:6697"])
def test_degrees_of_jgd2000_and_wgs84_stay_as_they_are(source: str) -> None:
    assert transformer(source).transform(138.32, 34.86) == pytest.approx((138.32, 34.86), abs=1e-9)


def test_web_mercator_is_accepted() -> None:
    radius = 6_378_137.0  # the sphere of web Mercator, metres
    x, y = radius * math.radians(138.32), radius * math.asinh(math.tan(math.radians(34.86)))
    assert transformer("EPSG:3857").transform(x, y) == pytest.approx((138.32, 34.86), abs=1e-9)


@given(st.integers(0, 18))
def test_each_jgd2000_plane_zone_equals_its_jgd2011_twin(zone: int) -> None:
    old = transformer(f"EPSG:{2443 + zone}").transform(-18_000.0, -126_000.0)
    new = transformer(f"EPSG:{6669 + zone}").transform(-18_000.0, -126_000.0)
    assert old == pytest.approx(new, abs=1e-9)


@pytest.mark.parametrize("source", ["EPSG:4301", "EPSG:30168"])
def test_tokyo_datum_without_its_grid_is_refused_by_name(source: str) -> None:
    with pytest.raises(CrsError) as refusal:
        transformer(source)
    assert refusal.value.code == "geo.crs_tokyo_datum"
    assert source in refusal.value.sentence()
    assert "TKY2JGD" in refusal.value.sentence()


@pytest.mark.parametrize("source", ["EPSG:4019", "+proj=tmerc +lat_0=36 +lon_0=138.5 +k=0.9999 +ellps=GRS80 +units=m"])
def test_an_operation_of_unknown_accuracy_is_refused(source: str) -> None:
    with pytest.raises(CrsError) as refusal:
        transformer(source)
    assert refusal.value.code == "geo.crs_inaccurate"


@pytest.mark.parametrize("source", ["EPSG:4612", "EPSG:4326", "EPSG:6676", "EPSG:2450", ESRI_JGD2000_ZONE_8])
def test_good_operations_tell_their_accuracy_and_need_no_remark(source: str) -> None:
    for way in (operation(source), operation(source, accept_inaccurate=True)):
        assert way.accuracy_m is not None
        assert way.accuracy_m <= MAX_ERROR_M
        assert way.remark is None


@pytest.mark.parametrize("source", ["EPSG:4301", "EPSG:30168"])
def test_an_accepted_tokyo_datum_is_off_by_metres_that_the_remark_names(source: str) -> None:
    way = operation(source, accept_inaccurate=True)
    assert way.accuracy_m == 10
    assert way.remark is not None
    said = words(*way.remark)
    assert "約 10 m" in said
    assert source in said
    assert "Tokyo to JGD2000" in said


def test_an_accepted_tokyo_datum_is_moved_by_the_difference_of_the_datums_and_never_left_where_it_was() -> None:
    lon, lat = operation("EPSG:4301", accept_inaccurate=True).transformer.transform(138.6, 34.55)
    metres = pyproj.Geod(ellps="GRS80").inv(138.6, 34.55, lon, lat)[2]
    assert 440 < metres < 490


@pytest.mark.parametrize("source", ["EPSG:4019", "+proj=tmerc +lat_0=36 +lon_0=138.5 +k=0.9999 +ellps=GRS80 +units=m"])
def test_an_accepted_operation_without_documented_accuracy_says_so(source: str) -> None:
    way = operation(source, accept_inaccurate=True)
    assert way.accuracy_m is None
    assert way.remark is not None
    assert way.remark[0] == "geo.place_accuracy_unknown"


def test_text_that_names_no_system_is_refused() -> None:
    with pytest.raises(CrsError) as refusal:
        transformer("みなと座標系")
    assert refusal.value.code == "geo.crs_unknown"


@pytest.mark.parametrize(("source", "noted"), [("EPSG:4612", True), (ESRI_JGD2000_ZONE_8, True), ("EPSG:6676", False)])
def test_jgd2000_taken_for_jgd2011_is_noted(source: str, noted: bool) -> None:
    has_grid = (Path(pyproj.datadir.get_data_dir()) / "touhokutaiheiyouoki2011.gsb").exists()
    codes = [code for code, _ in notes(source)]
    assert codes == (["geo.jgd2000_without_grid"] if noted and not has_grid else [])


def test_the_text_of_a_prj_file_works_like_its_code() -> None:
    assert transformer(ESRI_JGD2000_ZONE_8).transform(-18_000.0, -126_000.0) == pytest.approx(
        transformer("EPSG:2450").transform(-18_000.0, -126_000.0), abs=1e-9
    )


def test_a_frame_without_crs_is_refused() -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(138.6, 34.55)])
    with pytest.raises(CrsError) as refusal:
        require(frame)
    assert refusal.value.code == "geo.crs_missing"
    with pytest.raises(CrsError):
        to_jgd2011(frame)


def test_a_frame_moves_as_a_whole_and_keeps_heights_nulls_and_index() -> None:
    shapes = [shapely.Point(-18_000, -126_000, 12.5), None, shapely.box(-10, -10, 10, 10)]
    frame = gpd.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=shapes, crs="EPSG:6676", index=[7, 8, 9])
    moved = to_jgd2011(frame)
    assert moved.crs.equals(JGD2011, ignore_axis_order=True)
    assert list(moved.index) == [7, 8, 9]
    assert moved.geometry.iloc[1] is None
    assert moved.geometry.iloc[0].z == 12.5
    back = moved.geometry.to_crs("EPSG:6676")
    assert shapely.get_coordinates(back.array)[0] == pytest.approx([-18_000, -126_000], abs=1e-3)
    assert frame.geometry.iloc[0].x == -18_000  # the caller's frame is not touched


def test_a_series_moves_too_and_a_frame_in_jgd2011_comes_back_equal() -> None:
    series = gpd.GeoSeries([shapely.Point(138.6, 34.55)], crs="EPSG:4326", name="shape")
    moved = to_jgd2011(series)
    assert moved.crs.equals(JGD2011, ignore_axis_order=True)
    assert moved.name == "shape"
    again = to_jgd2011(moved)
    assert again is not moved
    assert bool(again.geom_equals(moved).all())


@pytest.mark.parametrize(
    ("municipality", "lon", "zone"),
    [
        ("22212", 138.32, 8),
        ("222127", 138.32, 8),
        ("99301", 138.60, 8),
        ("01100", 141.35, 12),
        ("01203", 140.99, 11),
        ("01584", 140.76, 11),
        ("01346", 140.27, 11),
        ("01207", 143.20, 13),
        ("01564", 144.17, 13),
        ("01555", 143.53, 12),
        ("13421", 142.19, 14),
        ("13421", 136.08, 18),
        ("13421", 153.98, 19),
        ("13401", 139.79, 9),
        ("46201", 130.56, 2),
        ("46222", 129.49, 1),
        ("46529", 130.00, 1),
        ("46505", 130.50, 2),
        ("46303", 130.42, 2),
        ("47201", 127.68, 15),
        ("47207", 124.16, 16),
        ("47357", 131.24, 17),
        ("42201", 129.87, 1),
        ("40130", 130.40, 2),
        ("07201", 140.47, 9),
    ],
)
def test_each_municipality_measures_in_its_own_zone(municipality: str, lon: float, zone: int) -> None:
    assert plane_zone(municipality, lon) == f"EPSG:{6668 + zone}"


@given(prefecture=st.integers(1, 99), number=st.integers(100, 799), lon=st.floats(122, 154))
def test_every_municipality_and_longitude_has_a_zone_that_exists(prefecture: int, number: int, lon: float) -> None:
    zone = plane_zone(f"{prefecture:02d}{number}", lon)
    assert pyproj.CRS(zone).name.startswith("JGD2011 / Japan Plane Rectangular CS")


@pytest.mark.parametrize("lon", [34.86, float("nan"), -138.0, 154.1])
def test_a_longitude_outside_japan_has_no_zone(lon: float) -> None:
    with pytest.raises(CrsError) as refusal:
        plane_zone("22212", lon)
    assert refusal.value.code == "geo.longitude_outside_japan"


def test_metres_in_the_zone_match_the_ellipsoid_within_a_part_in_a_thousand() -> None:
    back = pyproj.Transformer.from_crs(JGD2011, plane_zone("99301", 138.60), always_xy=True)
    x, y = back.transform(np.array([138.55, 138.65]), np.array([34.50, 34.60]))
    geodesic = pyproj.Geod(ellps="GRS80").inv(138.55, 34.50, 138.65, 34.60)[2]
    assert np.hypot(x[1] - x[0], y[1] - y[0]) == pytest.approx(geodesic, rel=1e-3)
