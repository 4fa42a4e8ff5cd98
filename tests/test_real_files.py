"""The open data of real towns goes through as it was published: every row is accounted for."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import shapely

from disaster.batch import Batch
from disaster.errors import IngestError
from disaster.ingest import check_files
from disaster.models import Side
from geo.gazetteer import Gazetteer
from geo.read import Reader

pytestmark = pytest.mark.real_data

YAIZU = "222127"


@dataclass(frozen=True)
class Case:
    """Files of the shared data and what must come of them: `read` = `accepted` + refused rows."""

    kind: str
    pattern: str
    read: int
    layout: str
    encodings: tuple[str, ...] = ()
    crs: tuple[str, ...] = ()
    refused: int = 0
    set_aside: int = 0
    batches: int = 1


CASES = (
    Case("offices", "yaizu/cooling_shelters_incl_post_offices/machi*.csv", 14, "yaizu_cooling_shelters", set_aside=94),
    Case("shelters", "yaizu/shelters/222127_hinannjo.csv", 56, "yaizu_shelters"),
    Case("shelters", "gsi_shelters/evacuation/222127.json", 56, "gsi_shelters", crs=("EPSG:4326",)),
    Case("emergency-sites", "yaizu/emergency_sites/222127_*.csv", 31, "standard_emergency_sites"),
    Case("emergency-sites", "gsi_shelters/emergency/222127.json", 31, "gsi_emergency_sites", crs=("EPSG:4326",)),
    Case("emergency-sites", "yaizu/tsunami_buildings/222127_*.csv", 125, "yaizu_tsunami_buildings"),
    Case("stockpiles", "yaizu/disaster_warehouses/222127_*.csv", 5, "yaizu_disaster_warehouses"),
    Case("risk-spots", "yaizu/care_facilities/yohairyosya.csv", 277, "yaizu_care_facilities", ("cp932",)),
    Case("risk-spots", "yaizu/underpass/アンダーパス.csv", 48, "yaizu_underpass", ("utf-8-sig",)),
    Case("risk-spots", "yaizu/accidents/*/222127_*.csv", 907 + 773 + 729 + 675, "yaizu_accidents", batches=4),
    Case("risk-spots", "yaizu/probe_events/*/[!a]*.csv", 547 + 18 + 570 + 39 + 130, "yaizu_probe_events", batches=5),
    Case("areas", "yaizu/inland_flood_hazard/*.geojson", 6, "yaizu_inland_flood"),
    Case("areas", "yaizu/neighbourhood_areas/自主防災会境界/*.shp", 78, "yaizu_jishubo", crs=("EPSG:2450",)),
    Case("areas", "yaizu/neighbourhood_areas/自治会区域/*.shp", 35, "yaizu_jichikai", crs=("EPSG:2450",)),
    Case("roads", "yaizu/emergency_roads/*/*.shp", 31 + 23 + 40, "yaizu_emergency_roads", ("cp932",), ("EPSG:6668",)),
    Case("boundaries", "boundaries/n03_full/22212.geojson", 52, "n03_by_municipality"),
    Case("boundaries", "boundaries/n03_2021_simplified/N03-21_22_*.json", 1, "n03", set_aside=42),
    Case("gazetteer", "addresses/geolonia_town/静岡県_焼津市.json", 141, "geolonia_towns"),
)  # fmt: skip

#: Rows and reference system of each flood layer.
FLOODS = {
    "平成11年": (141, "EPSG:4612"), "平成16年": (34, "EPSG:4612"), "平成26年": (22, "EPSG:4612"),
    "平成29年": (35, "EPSG:4612"), "令和元年": (60, "EPSG:4326"), "令和4年": (62, "EPSG:4326"),
    "令和6年": (54, "EPSG:2450"), "令和7年": (103, "EPSG:2450"), "統合": (1, "EPSG:2450"),
}  # fmt: skip


@dataclass
class City:
    """Checks real files, against a city's own towns and boundary where it has any."""

    folder: Path
    reader: Reader
    at: datetime
    municipality: str = YAIZU
    gazetteer: Gazetteer | None = None
    boundary: np.ndarray | None = None

    def check(self, kind: str, pattern: str) -> tuple[Batch, ...]:
        paths = sorted(self.folder.glob(pattern))
        assert paths, pattern
        return check_files(
            kind,
            paths,
            municipality=self.municipality,
            side=Side.POST,
            reader=self.reader,
            gazetteer=self.gazetteer,
            at=self.at,
            boundary=self.boundary,
        )


@pytest.fixture(scope="module")
def city(real_data: Path) -> Iterator[City]:
    """焼津市."""
    with Reader() as reader:
        found = City(real_data, reader, datetime.fromisoformat("2026-11-20T09:30:00+09:00"))
        towns = found.check("gazetteer", "addresses/geolonia_town/静岡県_焼津市.json")[0]
        parts = found.check("boundaries", "boundaries/n03_full/22212.geojson")[0]
        found.gazetteer = Gazetteer.of(towns.table, municipality=YAIZU[:5])
        found.boundary = shapely.from_wkb(parts.table.column("geometry").to_numpy())
        yield found


@pytest.fixture
def nanao(city: City) -> City:
    """七尾市, without towns and boundary."""
    return City(city.folder, city.reader, city.at, municipality="17202")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.layout}")
def test_every_row_of_the_published_file_is_accounted_for(city: City, case: Case) -> None:
    batches = city.check(case.kind, case.pattern)
    assert len(batches) == case.batches
    assert sum(batch.read for batch in batches) == case.read
    assert sum(batch.refused for batch in batches) == case.refused
    assert sum(sum(batch.set_aside.values()) for batch in batches) == case.set_aside
    sources = [source for batch in batches for source in batch.sources]
    assert {source.layout for source in sources} == {case.layout}
    assert not case.encodings or {source.encoding for source in sources} == set(case.encodings)
    assert not case.crs or {source.crs for source in sources} == set(case.crs)


def test_the_flood_layers_in_three_reference_systems_come_together_and_the_row_without_a_shape_is_refused(
    city: City,
) -> None:
    batches = {batch.dataset.rpartition("_")[2]: batch for batch in city.check("areas", "yaizu/flood_history/*/*.shp")}
    assert {name: (batch.read, batch.sources[0].crs) for name, batch in batches.items()} == FLOODS
    refused = {name: batch.faults.counts for name, batch in batches.items() if batch.refused}
    assert {name: dict(counts) for name, counts in refused.items()} == {"平成11年": {"disaster.null_geometry": 1}}
    assert batches["平成11年"].faults.refused_rows == {96}
    for batch in batches.values():
        shapes = shapely.from_wkb(batch.table.column("geometry").to_numpy())
        assert shapely.is_valid(shapes).all()
        west, south, east, north = shapely.total_bounds(shapes)
        assert 138.2 < west < east < 138.4
        assert 34.7 < south < north < 35.0


def test_the_post_offices_inside_the_list_of_cooling_shelters_are_found_with_their_town(city: City) -> None:
    offices = city.check("offices", "yaizu/cooling_shelters_incl_post_offices/machi*.csv")[0].table.to_pylist()
    assert len({office["office_code"] for office in offices}) == 14
    assert all(office["name"].endswith("郵便局") and office["place_town"] for office in offices)
    towns = {office["name"]: office["place_town"] for office in offices}
    assert towns["焼津豊田郵便局"] == "小屋敷"


def test_a_tsunami_building_is_called_safe_for_tsunami_only(city: City) -> None:
    table = city.check("emergency-sites", "yaizu/tsunami_buildings/222127_*.csv")[0].table
    assert set(table.column("safe_tsunami").to_pylist()) == {True}
    assert set(table.column("safe_flood").to_pylist()) == {None}
    assert set(table.column("site_kind").to_pylist()) == {"tsunami_building"}


def test_the_citys_own_list_of_emergency_sites_and_the_national_one_agree_on_tsunami(city: City) -> None:
    own = city.check("emergency-sites", "yaizu/emergency_sites/222127_*.csv")[0].table
    national = city.check("emergency-sites", "gsi_shelters/emergency/222127.json")[0].table
    counts = [sum(table.column("safe_tsunami").to_pylist()) for table in (own, national)]
    assert counts[0] == counts[1] == 26


def test_every_accident_has_a_time_in_its_year_and_its_own_id(city: City) -> None:
    batches = city.check("risk-spots", "yaizu/accidents/*/222127_*.csv")
    ids = [text for batch in batches for text in batch.table.column("risk_id").to_pylist()]
    assert len(set(ids)) == len(ids) == 3084
    for batch in batches:
        year = int(batch.dataset[-4:])
        times = batch.table.column("happened_at").to_pylist()
        assert {time.astimezone(city.at.tzinfo).year for time in times} == {year}
        assert dict(batch.notes)["disaster.time_zone_assumed"] == batch.read


def test_openings_after_the_noto_earthquake_are_read_with_their_japanese_times(nanao: City) -> None:
    batches = nanao.check("openings", "noto/nanao_open_shelters/history/*2024-0[67]-1*.csv")
    assert len(batches) == 1
    assert batches[0].refused == 0
    earliest = min(batches[0].table.column("observed_at").to_pylist())
    assert earliest >= datetime.fromisoformat("2024-06-10T00:00:00+09:00")


def test_a_real_file_given_as_another_kind_or_for_another_town_is_refused(city: City, nanao: City) -> None:
    with pytest.raises(IngestError, match="避難所（shelters）の様式"):
        city.check("offices", "yaizu/shelters/222127_hinannjo.csv")
    batch = nanao.check("shelters", "yaizu/shelters/222127_hinannjo.csv")[0]
    assert [fault.code for fault in batch.faults.kept] == ["disaster.all_other_municipality"]
    assert batch.accepted == 0


def test_nothing_of_the_real_data_stands_in_the_project(real_data: Path, pytestconfig: pytest.Config) -> None:
    """Neither a file as it was published nor a line of it: a shelter's telephone, a shelter's or office's address."""
    hashes = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("yaizu", "gsi_shelters", "boundaries/n03_full", "addresses/geolonia_town")
        for path in (real_data / folder).rglob("*")
        if path.is_file() and path.stat().st_size > 200
    }
    shelters = _rows(real_data / "yaizu/shelters/222127_hinannjo.csv")
    listed = _rows(real_data / "yaizu/cooling_shelters_incl_post_offices/machinakasuzumidokoro.csv")
    lines = {row[name] for row in shelters for name in ("電話番号", "住所") if len(row[name]) > 8}
    lines |= {row["所在地"] for row in listed if "郵便局" in row["指定暑熱避難施設の名称"]}
    assert len(lines) > 100
    root = pytestconfig.rootpath
    own = [path for folder in ("geo", "agreements", "exporters", "disaster", "tests", "notebooks", "benchmarks")
           for path in (root / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]  # fmt: skip
    for path in [*own, *root.glob("*.md")]:
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() not in hashes, path
        text = content.decode("utf-8", errors="ignore")
        assert not [line for line in lines if line in text], path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
