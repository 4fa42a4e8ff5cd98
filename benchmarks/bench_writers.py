"""The writers, side by side with the bare library that could write the same rows.

The job: 419,411 homes of an invented town, 22 columns and a point each, into every format of a situation pack. Peers
get the table as it is (no labels, no Japan time, no guard against formulas, no UTM reference; xlsxwriter gets the very
cells of our sheet as Python lists). Every run is a process of its own, rounds are interleaved, the median counts, and
every file is counted again afterwards.

    python benchmarks/bench_writers.py [--rows 419411] [--rounds 3] [--out result.json]

The map is timed without a peer. xlsxwriter takes minutes and therefore runs once.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyogrio
import shapely
import xlsxwriter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agreements.format import Column, ColumnType
from exporters import Layer, Marks, write_csv, write_geojson, write_geopackage, write_webmap, write_xlsx
from exporters.cells import as_people_read

ROWS = 419_411
AT = datetime(2026, 11, 21, 1, tzinfo=UTC)
MARKS = Marks(
    title="潮見市 状況パック",
    municipality="潮見市(99301)",
    as_of=AT,
    recipient="潮見市災害対策本部",
    purpose="安否確認",
    basis="協定第3条第1項第4号により提供できます",
    expires_at=AT + timedelta(days=30),
)
#: Seconds for 419,411 rows measured before the project began, and the aim against the peer of this run.
BEFORE = {"csv": 0.27, "geojson": 2.25, "gpkg": 5.4, "xlsx": 48.0}
AIMS = {"xlsx": 1.2}
T = ColumnType
TOWNS = ("潮見町", "港町", "松原", "岬", "本町")


# ------------------------------------------------------------------------------------------------------------ the rows


def homes(rows: int) -> Layer:
    """Build the layer: texts, codes, times, numbers and flags as a delivery register has them."""
    rng = np.random.default_rng(20261121)
    i = np.arange(rows)
    pairs: list[tuple[Column, Any]] = [
        (Column("point_id", "配達先ID"), np.char.add("P", np.char.zfill(i.astype(str), 8))),
        (Column("municipality", "市区町村コード"), np.full(rows, "99301")),
        (Column("postal_code", "郵便番号"), np.char.zfill((i % 900).astype(str), 7)),
        (Column("address", "住所"), [f"架空県潮見市{TOWNS[k % 5]}{k % 7 + 1}丁目{k % 30 + 1}-{k % 19 + 1}" for k in i]),
        (Column("building", "建物名等(方書)"), [f"第{k % 40}潮風荘{k % 300}号室" if k % 4 == 0 else None for k in i]),
        (
            _choice("point_kind", "配達先の種類", dwelling="住居", mixed="住居兼事業所"),
            _codes(rng, rows, "dwelling", "mixed"),
        ),
        (
            _choice("status", "配達状況", served="配達中", suspended="区域休止"),
            _codes(rng, rows, "served", "suspended"),
        ),
        (Column("status_reason", "配達状況の理由"), np.where(i % 9 == 0, "道路冠水のため", None)),
        (Column("confirmed_at", "確認日時", T.TIME), pa.array(_last(i), pa.timestamp("us", "UTC"))),
        (Column("office_code", "集配局コード"), np.full(rows, "S001")),
        (Column("place_town", "町丁・字"), np.array(TOWNS)[i % 5]),
        (Column("place_level", "位置の精度"), np.full(rows, "town")),
        (Column("place_source", "位置の出典"), np.full(rows, "位置参照情報")),
        (Column("shelter", "最寄りの避難所"), [f"第{k % 50}小学校体育館" for k in i]),
        (Column("metres", "避難所までの距離(m)", T.NUMBER), np.round(rng.random(rows) * 3_000, 1)),
        (Column("hazard", "浸水深"), np.array(["0.5m未満", "0.5m以上3m未満"])[i % 2]),
        (Column("floors", "階数", T.INTEGER), i % 13 + 1),
        (Column("households", "世帯数", T.INTEGER), i % 7),
        (Column("height", "標高(m)", T.NUMBER), rng.random(rows) * 40),
        (Column("flooded", "浸水", T.FLAG), i % 2 == 0),
        (Column("checked", "確認済み", T.FLAG), i % 3 == 0),
        (Column("checked_on", "確認日", T.DATE), pa.array((20_000 + i % 400).astype("int32"), pa.date32())),
    ]
    columns = tuple(column for column, _ in pairs)
    arrays = [one if isinstance(one, pa.Array) else pa.array(one) for _, one in pairs]
    table = pa.Table.from_arrays(arrays, names=[column.name for column in columns])
    places = shapely.points(138.55 + rng.random(rows) * 0.12, 34.5 + rng.random(rows) * 0.09)
    return Layer("dwellings", "配達先(住居)", columns, table, places, AT, source="潮見郵便局(架空)")


def _last(i: np.ndarray) -> np.ndarray:
    """Return a second for each row, going back from the moment of the extract."""
    return int(AT.timestamp() * 1e6) - i * 1_000_000


def _choice(name: str, label: str, **choices: str) -> Column:
    return Column(name, label, T.CHOICE, choices=choices)


def _codes(rng: np.random.Generator, rows: int, *codes: str) -> np.ndarray:
    return np.array(codes)[rng.integers(0, len(codes), rows)]


# ----------------------------------------------------------------------------------------------------------- the peers


def _with_wkb(layer: Layer) -> pa.Table:
    return layer.table.append_column("geom", pa.array(shapely.to_wkb(layer.geometry), pa.binary()))


def _gdal(layer: Layer, path: Path, driver: str) -> Callable[[], None]:
    where = {"geometry_name": "geom", "geometry_type": "Point", "crs": "EPSG:6668"}
    return lambda: pyogrio.write_arrow(_with_wkb(layer), path, layer="dwellings", driver=driver, **where)


def _xlsxwriter(layer: Layer, path: Path) -> Callable[[], None]:
    columns = [cell.values.to_pylist() for cell in as_people_read(layer)[0]]
    numbers = [cell.type in (T.NUMBER, T.INTEGER) for cell in as_people_read(layer)[0]]
    times = [cell.type in (T.TIME, T.DATE) for cell in as_people_read(layer)[0]]

    def write() -> None:
        book = xlsxwriter.Workbook(path, {"constant_memory": True})
        sheet = book.add_worksheet()
        date = book.add_format({"num_format": "yyyy/mm/dd hh:mm"})
        writers = [
            sheet.write_number if number else (lambda r, c, v: sheet.write_datetime(r, c, v, date)) if time_
            else sheet.write_string
            for number, time_ in zip(numbers, times, strict=True)
        ]  # fmt: skip
        for r, row in enumerate(zip(*columns, strict=True)):
            for c, value in enumerate(row):
                if value is not None:
                    writers[c](r, c, value)
        book.close()

    return write


def job(form: str, who: str, layer: Layer, path: Path) -> Callable[[], Any]:
    """Return what is timed, with everything ready that the peer would have in memory."""
    if who == "tayori":
        whole: dict[str, Callable[..., Any]] = {"xlsx": write_xlsx, "gpkg": write_geopackage, "html": write_webmap}
        if form in whole:
            return lambda: whole[form](path, [layer], MARKS)
        single = write_csv if form == "csv" else write_geojson
        return lambda: single(path, layer, MARKS)
    if who == "xlsxwriter":
        return _xlsxwriter(layer, path)
    if who == "pyarrow":
        return lambda: pyarrow.csv.write_csv(layer.table, path)
    return _gdal(layer, path, "GPKG" if form == "gpkg" else "GeoJSON")


PEERS = {"csv": "pyarrow", "geojson": "gdal", "gpkg": "gdal", "xlsx": "xlsxwriter", "html": None}


# ---------------------------------------------------------------------------------------------------------- the clock


def count(form: str, path: Path) -> int:
    """Count the rows of a written file, headings excluded."""
    match form:
        case "csv":
            return path.read_bytes().count(b"\n") - 1
        case "xlsx":
            with ZipFile(path) as book:
                rows: list[str] = book.read("xl/worksheets/sheet1.xml").decode().split("<row ")
            return sum("P0" in row for row in rows)
        case "html":
            return -1
        case _:
            return int(pyogrio.read_info(path, force_feature_count=True)["features"])


def one(form: str, who: str, rows: int) -> dict[str, Any]:
    """Write one file in this process and say how long it took."""
    layer = homes(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{form}"
        run = job(form, who, layer, path)
        begun = time.perf_counter()
        run()
        seconds = time.perf_counter() - begun
        peak = _peak_mb()
        found = count(form, path)
        assert found in (rows, -1), f"{who} wrote {found} rows of {rows} as {form}"
        return {"seconds": seconds, "bytes": path.stat().st_size, "peak_mb": peak}


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)


def measure(rows: int, rounds: int) -> dict[str, Any]:
    """Run every writer and its peer by turns; return medians and ratios."""
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for turn in range(rounds):
        for form, peer in PEERS.items():
            for who in ("tayori", peer):
                if who is None or (who == "xlsxwriter" and turn):
                    continue
                command = [sys.executable, __file__, "--one", form, who, "--rows", str(rows)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                runs.setdefault((form, who), []).append(json.loads(done.stdout))
    found: dict[str, Any] = {}
    for form, peer in PEERS.items():
        ours = statistics.median(run["seconds"] for run in runs[form, "tayori"])
        found[form] = {"seconds": round(ours, 2), **{k: runs[form, "tayori"][0][k] for k in ("bytes", "peak_mb")}}
        if peer is not None:
            theirs = statistics.median(run["seconds"] for run in runs[form, peer])
            found[form] |= {"peer": peer, "peer_seconds": round(theirs, 2), "ratio": round(ours / theirs, 2)}
    return {"format": "tayori-bench-writers", "version": 1, "rows": rows, "rounds": rounds, "writers": found}


def main() -> None:
    """Measure, print a table, and write the figures as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("FORMAT", "WHO"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(*given.one, given.rows)))
        return
    result = measure(given.rows, given.rounds)
    print(f"{given.rows:,} rows x 22 columns, median of {given.rounds}")
    for form, got in result["writers"].items():
        beside = f"{got['peer']} {got['peer_seconds']:.2f} s, ratio {got['ratio']:.2f}" if "peer" in got else "no peer"
        before = f", before the project {BEFORE[form]} s" if form in BEFORE and given.rows == ROWS else ""
        aim = f", aim {AIMS[form]}" if form in AIMS else ""
        size, peak = got["bytes"] / 1e6, got["peak_mb"]
        print(f"  {form:8}{got['seconds']:7.2f} s  {size:7.1f} MB  peak {peak:5.0f} MB   {beside}{aim}{before}")
    if given.out:
        given.out.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
