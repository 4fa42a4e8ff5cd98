"""The geometry core of an extract, side by side with geopandas, SedonaDB and DuckDB spatial.

The job: of N points, those within the municipality and within any of 500 disaster areas (multipolygons of 200 to
2,000 vertices); for each of them the nearest of 60 shelters with metres in the plane zone, and the highest class of
the hazard polygons it lies in. Every peer runs in a process of its own for each round, holds the data in the form it
likes best before the clock starts (geometries built, tables loaded) and is warmed up on a small part; rounds are
interleaved, the median of five counts, and all must agree on rows and sums.

    python benchmarks/bench_extract_core.py [--points 1000000] [--rounds 5] [--out result.json]

Needs the extra ``bench``; a peer that is not installed is left out and named.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CENTRE = (138.60, 34.55)
HALF = (0.066, 0.041)  # half the width and height of the invented town in degrees: about 12 km x 9 km
PLANE = "EPSG:6676"
N_AREAS, N_SHELTERS, N_HAZARD = 500, 60, 60
PEERS = {"tayori": "geo", "geopandas": "geopandas", "sedonadb": "sedonadb", "duckdb": "duckdb_extension_spatial"}
AIMS = {"sedonadb": 0.5, "geopandas": 0.33}
AIM_GROWTH = 2.2


# ---------------------------------------------------------------------------------------------------------- the town


def write_town(folder: Path, points: int, seed: int = 20261121) -> None:
    """Write the invented points and shapes as Parquet files: coordinates and WKB."""
    rng = np.random.default_rng(seed)
    lon, lat = _points(rng, points)
    wkb = shapely.to_wkb(shapely.points(lon, lat))
    table = pa.table({"id": np.arange(points), "lon": lon, "lat": lat, "wkb": pa.array(wkb, pa.binary())})
    pq.write_table(table, folder / "points.parquet")
    shelters_lon, shelters_lat = _points(rng, N_SHELTERS)
    shelters = {"shelter": np.arange(N_SHELTERS), "lon": shelters_lon, "lat": shelters_lat}
    pq.write_table(pa.table(shelters), folder / "shelters.parquet")
    town = [_blob(rng, *CENTRE, 0.9 * HALF[1], 5_000)]
    areas = [_area(rng, (0.0006, 0.0021), rng.integers(200, 2_001)) for _ in range(N_AREAS)]
    hazard = [_area(rng, (0.002, 0.006), rng.integers(500, 4_001)) for _ in range(N_HAZARD)]
    for name, shapes in (("town", town), ("areas", areas), ("hazard", hazard)):
        ranks = np.arange(len(shapes)) % 6 + 1
        columns = {"rank": ranks, "wkb": pa.array(shapely.to_wkb(shapes), pa.binary())}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")


def _points(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points of a town: most of them in settlements, some anywhere."""
    centres = rng.uniform(-0.85, 0.85, (40, 2))
    which = rng.integers(0, len(centres), n)
    spread = rng.normal(0, 0.07, (n, 2))
    places = np.where(rng.random(n)[:, None] < 0.7, centres[which] + spread, rng.uniform(-1, 1, (n, 2)))
    return CENTRE[0] + HALF[0] * places[:, 0], CENTRE[1] + HALF[1] * places[:, 1]


def _blob(rng: np.random.Generator, lon: float, lat: float, radius: float, vertices: int) -> shapely.Polygon:
    """Return a round shape whose edge is rough at every scale, as shores and slopes are."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    waves = 2 ** np.arange(1, 10)
    rough = sum(np.sin(wave * angle + rng.uniform(0, 6.3)) / wave for wave in waves)
    reach = radius * (1 + 0.25 * np.asarray(rough))
    ring = np.column_stack([lon + reach * HALF[0] / HALF[1] * np.cos(angle), lat + reach * np.sin(angle)])
    return shapely.Polygon(ring)


def _area(rng: np.random.Generator, radius: tuple[float, float], vertices: int) -> shapely.MultiPolygon:
    size = rng.uniform(*radius)
    lon, lat = CENTRE[0] + HALF[0] * rng.uniform(-1, 1), CENTRE[1] + HALF[1] * rng.uniform(-1, 1)
    parts = [_blob(rng, lon, lat, size, int(vertices * 0.7)), _blob(rng, lon + 5 * size, lat, size / 2, int(vertices * 0.3))]
    return shapely.MultiPolygon(parts)


# ---------------------------------------------------------------------------------------------------------- the peers
# Each loads the town in the form it likes best and returns the job as a function of no arguments; `rows` limits the
# points for the warming up. The answer is a table: id, shelter, metres, rank.

Job = Callable[[], pa.Table]


def tayori(folder: Path, rows: int | None) -> Job:
    from geo.join import highest_inside, inside_any, nearest

    points = pq.read_table(folder / "points.parquet", columns=["id", "lon", "lat"]).slice(0, rows)
    ids, lon, lat = (points[name].to_numpy() for name in ("id", "lon", "lat"))
    shelters = pq.read_table(folder / "shelters.parquet")
    to_lon, to_lat = shelters["lon"].to_numpy(), shelters["lat"].to_numpy()
    town, areas, hazard = (_shapes(folder, name) for name in ("town", "areas", "hazard"))
    ranks = _ranks(folder)

    def job() -> pa.Table:
        found = np.flatnonzero(inside_any(lon, lat, town))
        found = found[inside_any(lon[found], lat[found], areas)]
        x, y = lon[found], lat[found]
        shelter, metres = nearest(x, y, to_lon, to_lat, crs_plane=PLANE)
        return _answer(ids[found], shelter, metres, highest_inside(x, y, hazard, ranks))

    return job


def geopandas(folder: Path, rows: int | None) -> Job:
    import geopandas as gpd

    points = pq.read_table(folder / "points.parquet", columns=["id", "lon", "lat"]).slice(0, rows).to_pandas()
    geometry = gpd.points_from_xy(points["lon"], points["lat"], crs="EPSG:6668")
    frame = gpd.GeoDataFrame({"id": points["id"]}, geometry=geometry)
    shelters = pq.read_table(folder / "shelters.parquet").to_pandas()
    there = gpd.GeoDataFrame(
        {"shelter": shelters["shelter"]},
        geometry=gpd.points_from_xy(shelters["lon"], shelters["lat"], crs="EPSG:6668").to_crs(PLANE),
    )
    town, areas, hazard = (
        gpd.GeoDataFrame(geometry=_shapes(folder, name), crs="EPSG:6668") for name in ("town", "areas", "hazard")
    )
    hazard["rank"] = _ranks(folder)

    def job() -> pa.Table:
        # Asking the polygons which points they contain is faster than asking each point what it is within.
        in_town = frame.iloc[np.unique(town.sjoin(frame, predicate="contains")["index_right"])]
        hits = areas.sjoin(in_town[["geometry"]].reset_index(drop=True), predicate="contains")["index_right"]
        chosen = in_town.iloc[np.unique(hits)].reset_index(drop=True)
        near = chosen.to_crs(PLANE).sjoin_nearest(there, distance_col="metres")
        rank = hazard.sjoin(chosen, predicate="contains").groupby("index_right")["rank"].max()
        ranks = rank.reindex(chosen.index, fill_value=0)
        return _answer(chosen["id"], near["shelter"], near["metres"], ranks)

    return job


def sedonadb(folder: Path, rows: int | None) -> Job:
    import sedonadb as sedona

    context = sedona.connect()
    _views_of_sedonadb(context, folder, rows)
    query = """
        WITH chosen AS (
            SELECT p.id, any_value(p.geometry) AS geometry FROM points p
            JOIN town t ON ST_Contains(t.geometry, p.geometry)
            JOIN areas a ON ST_Contains(a.geometry, p.geometry)
            GROUP BY p.id
        )
        SELECT 1
    """
    del query

    def job() -> pa.Table:
        raise NotImplementedError

    return job
