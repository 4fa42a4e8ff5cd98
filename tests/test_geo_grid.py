"""What geo.grid promises."""

import csv
from pathlib import Path

import mgrs as mgrs_library
import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.grid import mgrs


def test_a_reference_has_one_metre_and_no_spaces() -> None:
    assert mgrs(np.array([138.3214856]), np.array([34.86145068])).tolist() == ["54STD5513860951"]


def test_a_missing_coordinate_gives_an_empty_reference() -> None:
    given_lon = np.array([np.nan, 138.6, 138.6, np.inf])
    given_lat = np.array([34.5, np.nan, 34.55, 34.5])
    references = mgrs(given_lon, given_lat)
    assert references[[0, 1, 3]].tolist() == ["", "", ""]
    assert len(references[2]) == 15


def test_no_points_give_no_references() -> None:
    assert mgrs(np.array([]), np.array([])).shape == (0,)


@given(st.lists(st.tuples(st.floats(122, 154), st.floats(20, 46)), min_size=1, max_size=50))
def test_each_reference_names_the_square_metre_that_holds_its_point(points: list[tuple[float, float]]) -> None:
    lon, lat = np.array(points).T
    library = mgrs_library.MGRS()
    for reference, x, y in zip(mgrs(lon, lat), lon, lat, strict=True):
        corner_lat, corner_lon = library.toLatLon(str(reference))
        assert pyproj.Geod(ellps="GRS80").inv(corner_lon, corner_lat, x, y)[2] < 1.5  # the diagonal of the square


@pytest.mark.real_data
def test_published_references_of_shelters_are_found_from_their_coordinates(real_data: Path) -> None:
    with (real_data / "yaizu/shelters/222127_hinannjo.csv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    lon, lat = (np.array([float(row[name]) for row in rows]) for name in ("経度", "緯度"))
    metres = np.array([_metres_apart(ours, row["UTMポイント"]) for ours, row in zip(mgrs(lon, lat), rows, strict=True)])
    # The city rounds to 10 m, and for nearly half of its shelters it chose another corner of the grounds.
    assert len(rows) == 56
    assert (metres <= 10 * 2**0.5).sum() >= 30
    assert np.median(metres) < 15
    assert metres.max() < 500


def _metres_apart(ours: str, published: str) -> float:
    assert ours[:5] == published[:5]  # same zone, band and square of 100 km
    east, north = int(ours[5:10]) - 10 * int(published[5:9]), int(ours[10:]) - 10 * int(published[9:])
    return float(np.hypot(east, north))
