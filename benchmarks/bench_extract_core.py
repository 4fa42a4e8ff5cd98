"""The geometry core of an extract, side by side with geopandas, SedonaDB and DuckDB spatial.

The job: of N points, those within the municipality and within any of 500 disaster areas (multipolygons of 200 to
2,000 vertices); for each of them the nearest of 60 shelters with metres in the plane zone, and the highest class of
the hazard polygons it lies in. "guarded" is the same from a delivery register as the door reads it for a list of homes,
with decision, protection and minimisation around it. Every peer runs in a process of its own for each round, holds the
data in the form it likes best before the clock starts (geometries built, tables loaded) and is warmed up on a small
part; rounds are interleaved, the median of five counts, and all must agree on rows and sums.

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
from datetime import UTC, datetime
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
DEGREES, PLANE = "EPSG:6668", "EPSG:6676"
N_AREAS, N_SHELTERS, N_HAZARD = 500, 60, 60
PEERS = {
    "tayori": "geo",
    "guarded": "geo",
    "geopandas": "geopandas",
    "sedonadb": "sedonadb",
    "duckdb": "duckdb_extension_spatial",
}
AIMS = {"sedonadb": 0.5, "geopandas": 0.33}
#: With the decision, protection and minimisation before and after the geometry, against SedonaDB's bare geometry.
AIM_GUARDED = 0.7
#: How much processor time decision, protection and minimisation may add to the same extract without them.
AIM_GUARD_ADDS = 0.25
N_PROTECTED = 200
AIM_GROWTH = 2.2
NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
_GIVEN = [f"{one}{two}" for one in "一二三四五六七八九十" for two in "子美男夫江代太郎香月"]
AGREE = ("rows", "id", "shelter", "rank", "metres")


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


def write_register(folder: Path, seed: int = 20261122) -> None:
    """Write the same points as a delivery register with invented homes, two names each, and a list of the protected."""
    rng = np.random.default_rng(seed)
    points = pq.read_table(folder / "points.parquet", columns=["id", "lon", "lat"])
    count = points.num_rows
    streets = [f"潮見市{town}町{block}" for town in range(1, 60) for block in range(1, 80)]
    address = pc.binary_join_element_wise(
        pa.array(streets).take(pa.array(rng.integers(0, len(streets), count))),
        pa.array(rng.integers(1, 99, count)).cast(pa.string()),
        "-",
    )
    names = [f"{family}{given}" for family in "佐鈴高田渡伊山中小加" for given in _GIVEN]
    people = pa.ListArray.from_arrays(
        np.arange(0, 2 * count + 1, 2, np.int32), pa.array(names).take(pa.array(rng.integers(0, len(names), 2 * count)))
    )
    constant = {"municipality": "99301", "postal_code": "9990001", "point_kind": "dwelling", "status": "served",
                "office_code": "S001", "place_level": "town", "place_town": "汐町", "place_source": "file"}  # fmt: skip
    table = pa.table(
        {
            "point_id": points["id"].cast(pa.string()), "address": address, "addressees": people,
            **{name: pa.repeat(value, count) for name, value in constant.items()},
            **{name: pa.nulls(count, pa.string()) for name in ("building", "status_reason", "place_reason")},
            "confirmed_at": pa.array(np.full(count, NOON.timestamp() * 1e6, np.int64)).cast(pa.timestamp("us", "UTC")),
            "lon": points["lon"], "lat": points["lat"],
        }
    )  # fmt: skip
    pq.write_table(table, folder / "register.parquet")
    who = rng.choice(count, N_PROTECTED, replace=False)
    listed = table.select(["address", "addressees"]).take(pa.array(who))
    protection = {
        "protected_name": pc.list_element(listed["addressees"], 0), "protected_address": listed["address"],
        "point_id": pa.nulls(N_PROTECTED, pa.string()), "until": pa.nulls(N_PROTECTED, pa.date32()),
    }  # fmt: skip
    pq.write_table(pa.table(protection), folder / "protection.parquet")


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
    parts = [
        _blob(rng, lon, lat, size, int(vertices * 0.7)),
        _blob(rng, lon + 5 * size, lat, size / 2, int(vertices * 0.3)),
    ]
    return shapely.MultiPolygon(parts)


# ---------------------------------------------------------------------------------------------------------- the peers
# Each loads the town in the form it likes best and returns the job as a function of no arguments; `rows` limits the
# points for the warming up. The answer is a table: id, shelter, metres, rank.

Job = Callable[[], pa.Table]


def tayori(folder: Path, rows: int | None) -> Job:
    from geo.join import Points, nearest

    points = pq.read_table(folder / "points.parquet", columns=["id", "lon", "lat"]).slice(0, rows)
    ids, lon, lat = (points[name].to_numpy() for name in ("id", "lon", "lat"))
    shelters = pq.read_table(folder / "shelters.parquet")
    to_lon, to_lat = shelters["lon"].to_numpy(), shelters["lat"].to_numpy()
    town, areas, hazard = (_shapes(folder, name) for name in ("town", "areas", "hazard"))
    ranks = _ranks(folder)

    def job() -> pa.Table:
        ready = Points.of(lon, lat)
        chosen = ready.inside_any(areas, among=ready.inside_any(town))
        shelter, metres = nearest(lon[chosen], lat[chosen], to_lon, to_lat, crs_plane=PLANE)
        return _answer(ids[chosen], shelter, metres, ready.highest_inside(hazard, ranks, among=chosen)[chosen])

    return job


def guarded(folder: Path, rows: int | None) -> Job:
    """Do what ``disaster.provide`` does between the store and the exporters, then the same joins."""
    from agreements.agreement import Party, new_agreement_text, parse_agreement
    from agreements.assessment import Assessment
    from agreements.decide import decide
    from agreements.request import Event, Mode, Request, Trigger, TriggerKind
    from disaster.guard import hide_protected, minimise
    from disaster.residents import dwellings
    from geo.join import Points, nearest

    names = [name for name in pq.read_schema(folder / "register.parquet").names if name != "addressees"]
    register = pq.read_table(folder / "register.parquet", columns=names).slice(0, rows)  # as the door reads for homes
    protection = pq.read_table(folder / "protection.parquet")
    shelters = pq.read_table(folder / "shelters.parquet")
    to_lon, to_lat = shelters["lon"].to_numpy(), shelters["lat"].to_numpy()
    town, areas, hazard = (_shapes(folder, name) for name in ("town", "areas", "hazard"))
    ranks = _ranks(folder)
    agreement = parse_agreement(
        new_agreement_text(
            "model-emergency-2026",
            agreement_id="A",
            post=Party("潮見郵便局", "S001"),
            municipality=Party("潮見市", "99301"),
            signed=NOON.date(),
            effective_from=NOON.date(),
        )
    )
    trigger = Trigger(TriggerKind.HQ_ESTABLISHED, NOON, "潮見市長")
    event = Event("E", "洪水", "99301", False, NOON, (trigger,))
    request = Request(
        "R", "99301", "潮見市", "潮見市", "safety_check", "delivery-points", Mode.DWELLING, NOON, "document",
        document_no="1", event_id="E", reason="名簿に無い家を回るため",
    )  # fmt: skip
    weighed = Assessment(
        assessment_id="A", municipality="99301", dataset="delivery-points", modes=("match", "dwelling"),
        purposes=("safety_check",), outcome="permits", guideline="ガイドラインの解説", guideline_version="架空版1",
        weighed_by="責任者", office="架空支社", weighed_at=NOON, grounds="生命を守る利益が上回る。",
    )  # fmt: skip

    def job() -> pa.Table:
        decision = decide([agreement], request, event=event, at=NOON, assessments=[weighed])
        hidden = hide_protected(register, protection, on=NOON.date())
        ready = Points.of(hidden["lon"].to_numpy(), hidden["lat"].to_numpy())
        chosen = ready.inside_any(areas, among=ready.inside_any(town))
        homes = dwellings(hidden, chosen)
        shown = minimise(homes.table, decision.columns)
        ids, lon, lat = (shown[name] for name in ("point_id", "lon", "lat"))
        shelter, metres = nearest(lon.to_numpy(), lat.to_numpy(), to_lon, to_lat, crs_plane=PLANE)
        rank = ready.highest_inside(hazard, ranks, among=chosen)[chosen]
        return _answer(ids.cast(pa.int64()), shelter, metres, rank)

    return job


def geopandas(folder: Path, rows: int | None) -> Job:
    import geopandas as gpd

    points = pq.read_table(folder / "points.parquet", columns=["id", "lon", "lat"]).slice(0, rows).to_pandas()
    frame = gpd.GeoDataFrame(
        {"id": points["id"]}, geometry=gpd.points_from_xy(points["lon"], points["lat"]), crs=DEGREES
    )
    frame.sindex  # noqa: B018  # the index of all points is made before the clock starts
    there = pq.read_table(folder / "shelters.parquet").to_pandas()
    where = gpd.points_from_xy(there["lon"], there["lat"], crs=DEGREES).to_crs(PLANE)
    shelters = gpd.GeoDataFrame({"shelter": there["shelter"]}, geometry=where)
    town, areas, hazard = (
        gpd.GeoDataFrame(geometry=_shapes(folder, n), crs=DEGREES) for n in ("town", "areas", "hazard")
    )
    hazard["rank"] = _ranks(folder)

    def job() -> pa.Table:
        # Both directions were tried at each step and the faster one kept; polygons first, so that fewer meet the town.
        hits = np.unique(areas.sjoin(frame, predicate="contains")["index_right"])
        chosen = frame.iloc[hits].sjoin(town, predicate="within").drop(columns="index_right")
        near = chosen.to_crs(PLANE).sjoin_nearest(shelters, distance_col="metres")
        rank = hazard.sjoin(chosen, predicate="contains").groupby("index_right")["rank"].max()
        return _answer(chosen["id"], near["shelter"], near["metres"], rank.reindex(chosen.index, fill_value=0))

    return job


def sedonadb(folder: Path, rows: int | None) -> Job:
    import sedonadb as sedona

    context = sedona.connect()

    def keep(name: str, query: str) -> None:
        context.sql(query).to_memtable().to_view(name, overwrite=True)

    point = f"ST_SetCRS(ST_Point(lon, lat), '{DEGREES}')"
    for name in ("points", "shelters", "town", "areas", "hazard"):
        context.read_parquet(str(folder / f"{name}.parquet")).to_view(f"{name}_file", overwrite=True)
        if name not in ("points", "shelters"):
            keep(name, f"SELECT rank, ST_SetCRS(ST_GeomFromWKB(wkb), '{DEGREES}') AS geometry FROM {name}_file")
    keep("points", f"SELECT id, {point} AS geometry FROM points_file" + (f" WHERE id < {rows}" if rows else ""))
    keep("shelters", f"SELECT shelter, ST_Transform({point}, '{PLANE}') AS geometry FROM shelters_file")

    def job() -> pa.Table:
        # Step by step with tables in memory: 2.7 s where one query with common table expressions took 6.8 s.
        keep("in_town", "SELECT p.id, p.geometry FROM points p JOIN town t ON ST_Contains(t.geometry, p.geometry)")
        hits = "SELECT DISTINCT p.id FROM in_town p JOIN areas a ON ST_Contains(a.geometry, p.geometry)"
        plane = f"ST_Transform(p.geometry, '{PLANE}') AS plane"
        keep("chosen", f"SELECT p.id, p.geometry, {plane} FROM in_town p JOIN ({hits}) h ON h.id = p.id")
        keep(
            "near",
            "SELECT c.id, s.shelter, ST_Distance(c.plane, s.geometry) AS metres FROM chosen c "
            "JOIN shelters s ON ST_KNN(c.plane, s.geometry, 1, false)",
        )
        keep(
            "risk",
            "SELECT c.id, max(h.rank) AS rank FROM chosen c "
            "JOIN hazard h ON ST_Contains(h.geometry, c.geometry) GROUP BY c.id",
        )
        columns = "n.id, n.shelter, n.metres, coalesce(r.rank, 0) AS rank"
        return pa.table(context.sql(f"SELECT {columns} FROM near n LEFT JOIN risk r ON r.id = n.id"))

    return job


def duckdb(folder: Path, rows: int | None) -> Job:
    import duckdb as duck
    import duckdb_extension_spatial as spatial

    connection = duck.connect(config={"allow_unsigned_extensions": "true"})
    extension = next(Path(spatial.__file__).parent.rglob("spatial.duckdb_extension"))
    connection.execute(f"LOAD '{extension}'")
    to_plane = f"'{DEGREES}', '{PLANE}', always_xy := true"
    limit = f"WHERE id < {rows}" if rows else ""
    connection.execute(
        f"CREATE TABLE points AS SELECT id, ST_Point(lon, lat) AS geometry FROM '{folder}/points.parquet' {limit}"
    )
    connection.execute(
        f"CREATE TABLE shelters AS SELECT shelter, ST_Transform(ST_Point(lon, lat), {to_plane}) AS geometry "
        f"FROM '{folder}/shelters.parquet'"
    )
    for name in ("town", "areas", "hazard"):
        connection.execute(
            f"CREATE TABLE {name} AS SELECT rank, ST_GeomFromWKB(wkb) AS geometry FROM '{folder}/{name}.parquet'"
        )

    def job() -> pa.Table:
        # A join with the town's 5,000 vertices takes DuckDB 50 s; cutting the areas by the town first saves it.
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE cut AS "
            "SELECT ST_Intersection(a.geometry, t.geometry) AS geometry FROM areas a, town t"
        )
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE chosen AS "
            f"SELECT p.id, p.geometry, ST_Transform(p.geometry, {to_plane}) AS plane FROM points p "
            "WHERE p.id IN (SELECT q.id FROM points q JOIN cut c ON ST_Contains(c.geometry, q.geometry))"
        )
        return connection.sql(
            """
            WITH near AS (
                SELECT c.id, arg_min(s.shelter, ST_Distance(c.plane, s.geometry)) AS shelter,
                    min(ST_Distance(c.plane, s.geometry)) AS metres
                FROM chosen c CROSS JOIN shelters s GROUP BY c.id
            ), risk AS (
                SELECT c.id, max(h.rank) AS rank FROM chosen c JOIN hazard h ON ST_Contains(h.geometry, c.geometry)
                GROUP BY c.id
            )
            SELECT n.id, n.shelter, n.metres, coalesce(r.rank, 0) AS rank FROM near n LEFT JOIN risk r ON r.id = n.id
            """
        ).to_arrow_table()

    return job


def _shapes(folder: Path, name: str) -> np.ndarray:
    shapes: np.ndarray = shapely.from_wkb(pq.read_table(folder / f"{name}.parquet")["wkb"].to_numpy())
    return shapes


def _ranks(folder: Path) -> np.ndarray:
    ranks: np.ndarray = pq.read_table(folder / "hazard.parquet")["rank"].to_numpy()
    return ranks


def _answer(*columns: Any) -> pa.Table:
    return pa.table([pa.array(np.asarray(column)) for column in columns], names=["id", "shelter", "metres", "rank"])


# --------------------------------------------------------------------------------------------------------- the rounds


def run_peer(name: str, folder: Path) -> dict[str, Any]:
    """Do the job once in this process and say how long it took, what came out and how much memory it took."""
    build: Callable[[Path, int | None], Job] = globals()[name]
    build(folder, 20_000)()
    job = build(folder, None)
    start, busy = time.perf_counter(), time.process_time()
    answer = job()
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    sums = {name: pc.sum(answer[name]).as_py() for name in ("id", "shelter", "rank")}
    metres = round(pc.sum(answer["metres"]).as_py(), 1)
    return {"seconds": seconds, "cpu": cpu, "peak_mb": peak / 1024, "rows": answer.num_rows, **sums, "metres": metres}


def _child(name: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--peer", name, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(points: int, rounds: int) -> dict[str, Any]:
    """Run all peers in turn, and tayori on twice the points beside them."""
    peers = [name for name, module in PEERS.items() if find_spec(module)]
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in (*peers, "twice")}
    with tempfile.TemporaryDirectory() as parent:
        once, twice = Path(parent, "once"), Path(parent, "twice")
        for folder, count in ((once, points), (twice, 2 * points)):
            folder.mkdir()
            write_town(folder, count)
            write_register(folder)
        for number in range(rounds):
            for name in peers:
                runs[name].append(_child(name, once))
                print(f"round {number + 1}: {name} {runs[name][-1]['seconds']:.2f} s", file=sys.stderr)
            runs["twice"].append(_child("tayori", twice))
    agreed = {json.dumps({key: run[key] for key in AGREE}) for name in peers for run in runs[name]}
    if len(agreed) != 1:
        raise SystemExit("the peers do not agree:\n" + "\n".join(sorted(agreed)))
    return _report(runs, points, peers, json.loads(agreed.pop()))


def _report(
    runs: dict[str, list[dict[str, Any]]], points: int, peers: list[str], agreed: dict[str, Any]
) -> dict[str, Any]:
    seconds = {name: statistics.median(run["seconds"] for run in found) for name, found in runs.items()}
    cpu = {name: statistics.median(run["cpu"] for run in found) for name, found in runs.items()}
    peak = {name: statistics.median(run["peak_mb"] for run in found) for name, found in runs.items()}
    ratios = {name: seconds["tayori"] / seconds[name] for name in peers if name not in ("tayori", "guarded")}
    growth = seconds["twice"] / seconds["tayori"]
    met = {name: ratios[name] <= aim for name, aim in AIMS.items() if name in ratios} | {"growth": growth <= AIM_GROWTH}
    guarded_ratio = seconds["guarded"] / seconds["sedonadb"] if "sedonadb" in seconds else None
    guard_adds = cpu["guarded"] / cpu["tayori"] - 1  # both on one thread; other work on the machine does not count
    met["guard_adds"] = guard_adds <= AIM_GUARD_ADDS
    if guarded_ratio is not None:
        met["guarded"] = guarded_ratio <= AIM_GUARDED
    return {
        "format": "tayori-bench", "version": 1, "benchmark": "extract-core", "points": points,
        "guarded_ratio": guarded_ratio, "guard_adds": guard_adds,
        "rounds": len(runs["tayori"]), "median_s": seconds, "median_cpu_s": cpu, "median_peak_mb": peak,
        "ratio": ratios, "growth": growth, "met": met, "agreed": agreed, "absent": sorted(set(PEERS) - set(peers)),
        "all_s": {name: [round(run["seconds"], 3) for run in found] for name, found in runs.items()},
    }  # fmt: skip


def _print(report: dict[str, Any]) -> None:
    print(f"{report['points']:,} points, {report['agreed']['rows']:,} out, median of {report['rounds']} rounds\n")
    print(f"{'peer':<12}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}{'tayori / peer':>15}{'aim':>8}")
    for name, seconds in report["median_s"].items():
        ratio, aim = report["ratio"].get(name), AIMS.get(name)
        shown = f"{ratio:>15.2f}" if ratio else f"{'':>15}"
        figures = f"{seconds:>9.2f}{report['median_cpu_s'][name]:>8.2f}{report['median_peak_mb'][name]:>9.0f}"
        print(f"{name:<12}{figures}{shown}{f'<= {aim}' if aim else '':>8}")
    print(f"\ntwice the points take {report['growth']:.2f} times as long (aim <= {AIM_GROWTH})")
    print(f"decision, protection and minimisation add {report['guard_adds']:.0%} (aim <= {AIM_GUARD_ADDS:.0%})")
    if report["guarded_ratio"] is not None:
        print(f"guarded extract / SedonaDB's bare geometry: {report['guarded_ratio']:.2f} (aim <= {AIM_GUARDED})")
    if report["absent"]:
        print(f"not installed: {', '.join(report['absent'])}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--peer", choices=sorted(PEERS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        print(json.dumps(run_peer(given.peer, given.folder)))
        return 0
    report = measure(given.points, given.rounds)
    _print(report)
    line = json.dumps(report, ensure_ascii=False)
    print(line)
    if given.out:
        given.out.write_text(line + "\n", encoding="utf-8")
    return 0 if all(report["met"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
