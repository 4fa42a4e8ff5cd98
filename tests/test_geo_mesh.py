"""Claims about grid squares of JIS X 0410 and grid references read back."""

import jismesh.utils as jismesh
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import PlaceError
from geo.grid import mgrs, mgrs_points
from geo.mesh import mesh_bounds, mesh_centres

LEVELS = (1, 2, 3, 4, 5, 6)


@given(st.floats(123, 153), st.floats(21, 45), st.sampled_from(LEVELS))
def test_a_square_is_where_jismesh_says(lon: float, lat: float, level: int) -> None:
    code = str(jismesh.to_meshcode(lat, lon, level))
    west, south, east, north = (axis[0] for axis in mesh_bounds([code]))
    assert west <= lon + 1e-9
    assert lon - 1e-9 <= east
    assert south <= lat + 1e-9
    assert lat - 1e-9 <= north
    corner, opposite = jismesh.to_meshpoint(code, 0, 0), jismesh.to_meshpoint(code, 1, 1)
    assert (south, west) == (pytest.approx(float(corner[0]), abs=1e-9), pytest.approx(float(corner[1]), abs=1e-9))
    assert (north, east) == (pytest.approx(float(opposite[0]), abs=1e-9), pytest.approx(float(opposite[1]), abs=1e-9))


@given(st.integers(0, 99), st.integers(0, 7), st.integers(0, 7), st.integers(0, 8), st.integers(0, 9))
def test_neighbours_share_their_border_to_the_last_bit(first: int, lat2: int, lon2: int, lat3: int, lon3: int) -> None:
    here, above = (f"52{first:02d}{lat2}{lon2}{row}{lon3}" for row in (lat3, lat3 + 1))
    _west, south, _east, north = mesh_bounds([here, above])
    assert north[0] == south[1]


def test_the_middle_of_a_square_is_the_middle() -> None:
    lon, lat = mesh_centres(["53394611", "5339461132"])
    assert (lon[0], lat[0]) == (pytest.approx(139.76875), pytest.approx(35.6791667))
    assert len(lon) == len(lat) == 2
    assert mesh_centres([])[0].tolist() == []


@pytest.mark.parametrize("code", ["", "533", "5339461", "53398011", "5339461150", "533946110", "5339461x"])
def test_what_is_no_code_is_refused_with_itself(code: str) -> None:
    with pytest.raises(PlaceError) as caught:
        mesh_bounds(["5339", code])
    assert (caught.value.code, caught.value.params["value"]) == ("geo.mesh_unreadable", code)


@given(st.floats(128, 146), st.floats(30, 45), st.sampled_from([2, 3, 4, 5]))
def test_a_grid_reference_is_read_back_to_within_its_square(lon: float, lat: float, digits: int) -> None:
    whole = str(mgrs([lon], [lat])[0])
    short = whole[:5] + whole[5 : 5 + digits] + whole[10 : 10 + digits]
    found_lon, found_lat, size = mgrs_points([short, f" {short[:5]} {short[5:]}"])
    assert size.tolist() == [10 ** (5 - digits)] * 2
    metres = np.hypot((found_lon[0] - lon) * 111_320 * np.cos(np.radians(lat)), (found_lat[0] - lat) * 110_950)
    assert metres <= size[0] * 0.75 + 1
    assert found_lon[0] == found_lon[1]


@pytest.mark.parametrize("text", ["", "STD55136095", "54STD5", "54STD551", "54STD5513609", "99ZZZ12345678", "浜1-2-3"])
def test_a_text_that_is_no_whole_reference_is_no_place(text: str) -> None:
    lon, lat, size = mgrs_points([text])
    assert np.isnan(lon[0])
    assert np.isnan(lat[0])
    assert size.tolist() == [0]
