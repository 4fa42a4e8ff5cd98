"""The national tables and the lists of real towns go through their layouts: every row is accounted for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely

from disaster.batch import Batch
from disaster.ingest import check_files, report
from disaster.layouts import delivering_offices
from disaster.layouts.prepare import join_continued
from disaster.layouts.transforms import TRANSFORMS
from geo.mesh import mesh_bounds
from geo.read import Reader

pytestmark = [pytest.mark.real_data, pytest.mark.long]

AT = datetime.fromisoformat("2026-11-20T09:30:00+09:00")


@dataclass(frozen=True)
class Case:
    """Files and what must come of them; `rows` are all rows of the files, as the README of the data counts them."""

    kind: str
    pattern: str
    municipality: str
    layout: str
    rows: int
    read: int
    refused: int = 0


CASES = (
    Case("openings", "noto/nanao_open_shelters/history/*.csv", "17202", "nanao_openings", 1466, 1466),
    Case("openings", "noto/nanao_open_shelters/latest/*.csv", "17202", "nanao_openings", 1, 1),
    Case("shelters", "noto/nanao_open_shelters/reference_data.csv", "17202", "nanao_shelters", 112, 112),
    Case("emergency-sites", "noto/nanao_open_shelters/ref*.csv", "17202", "standard_emergency_sites", 112, 112),
    Case("shelters", "gsi_shelters/evacuation/172022.json", "17202", "gsi_shelters", 82, 82),
    Case("emergency-sites", "gsi_shelters/emergency/172022.json", "17202", "gsi_emergency_sites", 109, 109),
    Case("risk-spots", "accidents_npa/fukui_2019-2020.csv", "18201", "npa_accidents", 2948, 1311),
    Case("risk-spots", "echizen/danger_spots_yabamichi.json", "18209", "echizen_danger_spots", 53, 53),
    Case("facilities", "ishikawa_public_facilities/*.csv", "17201", "standard_facilities", 87, 41),
    Case("facilities", "yaizu/city_offices/222127_*.csv", "22212", "standard_facilities", 28, 28),
    Case("facilities", "yaizu/community_centers/222127_*.csv", "22212", "standard_facilities", 9, 9),
    Case("facilities", "yaizu/heliports/222127_*.csv", "22212", "yaizu_heliports", 12, 12),
    Case("facilities", "yaizu/first_aid_sites/222127_*.csv", "22212", "yaizu_first_aid_sites", 4, 4),
    Case("facilities", "yaizu/relief_hospitals/222127_*.csv", "22212", "yaizu_relief_hospitals", 3, 3),
    Case("facilities", "yaizu/wells/saigai*.csv", "22212", "yaizu_wells", 30, 30),
    Case("facilities", "yaizu/water_tanks/222127_*.csv", "22212", "yaizu_water_tanks", 3, 3),
    Case("postal-towns", "postal/ken_all.zip", "17202", "postal_ken_all", 124_825, 210),
    Case("postal-towns", "postal/utf_ken_all.zip", "17202", "postal_ken_all", 124_511, 210),
    Case("office-areas", "postal/jigyosyo.zip", "17202", "postal_jigyosyo", 22_416, 4),
    Case("population", "population/small_area/tblT001081C12.zip", "12217", "estat_small_area", 6768, 397),
    Case("population", "population/small_area/B*.zip", "12217", "estat_boundary_population", 6178, 6178),
    Case("areas", "population/small_area/B*.zip", "12217", "estat_boundary_areas", 6178, 6178),
    Case("population", "population/mesh/tblT001100S5339.zip", "14151", "estat_mesh", 4692, 249),
)  # fmt: skip


@pytest.fixture(scope="module")
def reader(real_data: Path) -> Iterator[Reader]:
    assert real_data.is_dir()
    with Reader() as found:
        yield found


def _checked(folder: Path, reader: Reader, kind: str, pattern: str, municipality: str) -> tuple[Batch, ...]:
    paths = sorted(folder.glob(pattern))
    assert paths, pattern
    boundary = None
    if kind == "population":
        parts = folder / f"boundaries/n03_full/{municipality}.geojson"
        table = reader.read(parts).table if parts.exists() else None
        boundary = None if table is None else np.asarray(shapely.from_wkb(table.column("geometry").to_numpy()))
    return check_files(
        kind, paths, municipality=municipality, side=None, reader=reader, gazetteer=None, at=AT, boundary=boundary
    )


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.kind}-{case.pattern.replace('/', '-').replace('*', '')}"
)
def test_every_row_is_read_refused_or_set_aside_with_its_reason(real_data: Path, reader: Reader, case: Case) -> None:
    (batch,) = _checked(real_data, reader, case.kind, case.pattern, case.municipality)
    assert {source.layout for source in batch.sources} == {case.layout}
    assert batch.read + sum(batch.set_aside.values()) == case.rows
    assert batch.set_aside.get("disaster.label_rows", 0) == (
        1 if case.layout in ("estat_mesh", "estat_small_area") else 0
    )
    assert (batch.read, batch.refused, batch.accepted) == (case.read, case.refused, case.read - case.refused)
    assert all(note["reason"] for note in report(batch)["notes"])


def test_all_117_snapshots_are_read_and_the_first_has_its_time_from_its_heading(
    real_data: Path, reader: Reader
) -> None:
    (batch,) = _checked(real_data, reader, "openings", "noto/nanao_open_shelters/history/*.csv", "17202")
    assert len(batch.sources) == 117
    first = datetime(2024, 1, 9, 9, tzinfo=UTC)
    earliest = batch.table.filter(pc.equal(batch.table.column("observed_at"), pa.scalar(first)))
    assert earliest.num_rows == 29
    assert pc.min(batch.table.column("observed_at")).as_py() == first
    assert batch.table.column("head_count").null_count == 0


def test_capacities_in_prose_stay_with_their_shelters(real_data: Path, reader: Reader) -> None:
    (batch,) = _checked(real_data, reader, "shelters", "noto/nanao_open_shelters/reference_data.csv", "17202")
    (remark,) = [params for code, params in batch.sources[0].notes if code == "disaster.kept_as_text"]
    notes = [text for text in batch.table.column("note").to_pylist() if text]
    assert remark["count"] == len(notes) == batch.table.column("capacity").null_count - 3
    assert all("人" in text for text in notes)


def test_the_cut_postal_table_joined_is_the_whole_one(real_data: Path, reader: Reader) -> None:
    cut = join_continued(reader.read(real_data / "postal/ken_all.zip").table)
    whole = reader.read(real_data / "postal/utf_ken_all.zip").table
    assert cut.set_aside == {"disaster.rows_joined": 314}
    assert cut.table.num_rows == whole.num_rows == 124_511
    for column in ("列1", "列3", "列8"):
        assert sorted(cut.table.column(column).to_pylist()) == sorted(whole.column(column).to_pylist())
    towns = [sorted(_folded(table.column("列9")).to_pylist()) for table in (cut.table, whole)]
    different = sum(one != two for one, two in zip(*towns, strict=True))
    assert different == 0


def _folded(towns: pa.ChunkedArray) -> pa.Array:
    return pc.replace_substring_regex(pc.utf8_normalize(towns.combine_chunks(), form="NFKC"), "[〜~−-]", "-")


def test_towns_of_the_postal_table_carry_no_remarks(real_data: Path, reader: Reader) -> None:
    table = reader.read(real_data / "postal/utf_ken_all.zip").table
    towns = TRANSFORMS["postal_town"](table.column("列9").combine_chunks())
    assert not pc.any(pc.match_substring_regex(towns, "[（）]|掲載がない|番地がくる|地割")).as_py()
    kept = pc.filter(towns, pc.match_substring_regex(towns, "一円$"))
    assert set(kept.to_pylist()) == {"一円"}


def test_offices_deliver_where_the_readme_of_the_data_says(real_data: Path, reader: Reader) -> None:
    offices = delivering_offices(reader.read(real_data / "postal/jigyosyo.zip").table).to_pylist()
    counts = {
        name: sum(int(one["companies"]) + int(one["boxes"]) for one in offices if one["office"] == name)
        for name in ("七尾", "座間", "焼津", "大井川")
    }
    assert counts == {"七尾": 29, "座間": 16 + 14, "焼津": 18, "大井川": 3}
    zama = {one["municipality"]: one["companies"] for one in offices if one["office"] == "座間"}
    assert zama == {"14153": "16", "14216": "14"}  # an office of one city delivers into a ward of the next
    assert {one["municipality"] for one in offices if one["office"] == "焼津"} == {"22212"}


def test_small_areas_that_hold_no_others_add_up_to_the_city(real_data: Path, reader: Reader) -> None:
    (batch,) = _checked(real_data, reader, "population", "population/small_area/tblT001081C12.zip", "12217")
    rows = batch.table.to_pylist()
    city = next(row for row in rows if row["area_unit"] == "municipality")
    for column in ("population", "households"):
        assert sum(row[column] or 0 for row in rows if not row["holds_others"]) == city[column]
    blocks = _checked(real_data, reader, "population", "population/small_area/B*.zip", "12217")[0]
    assert pc.sum(blocks.table.column("population")).as_py() == city["population"]


def test_hidden_squares_keep_people_and_point_to_where_their_ages_are(real_data: Path, reader: Reader) -> None:
    (batch,) = _checked(real_data, reader, "population", "population/mesh/tblT001100S5339.zip", "14151")
    hidden = [row for row in batch.table.to_pylist() if row["figures"] == "hidden"]
    assert hidden
    assert all(row["population"] is not None and row["over_65"] is None and row["merged_into"] for row in hidden)


def test_the_polygons_of_published_squares_are_those_of_their_codes(real_data: Path, reader: Reader) -> None:
    table = reader.read(real_data / "population/mesh/SDDSWS5240.zip").table
    published = shapely.bounds(shapely.from_wkb(table.column("geometry").to_numpy()))
    computed = np.column_stack(mesh_bounds(table.column("KEY_CODE").to_pylist()))
    assert np.abs(published - computed).max() < 1e-6


def test_reports_of_danger_lie_in_their_city(real_data: Path, reader: Reader) -> None:
    (batch,) = _checked(real_data, reader, "risk-spots", "echizen/danger_spots_yabamichi.json", "18209")
    lon, lat = (batch.table.column(name).to_numpy() for name in ("lon", "lat"))
    assert ((lon > 136.0) & (lon < 136.4) & (lat > 35.7) & (lat < 36.1)).all()


def test_accidents_whose_coordinates_are_zero_are_refused_and_not_placed_in_the_sea(
    real_data: Path, reader: Reader
) -> None:
    (batch,) = _checked(real_data, reader, "risk-spots", "accidents_npa/latlon_errors_2019-2021.csv", "20201")
    assert batch.refused == batch.faults.counts["disaster.outside_japan"] > 0
    assert batch.read + sum(batch.set_aside.values()) == 148
