"""The town's map files: boundary, town table, areas, roads, each in the manner and projection of its publisher."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from disaster.town.geography import DEGREES, PLANE, Geography, lonlat, to_crs, to_degrees
from disaster.town.stage import Stage
from disaster.town.story import Story
from disaster.town.write import write_geojson, write_shapefile

_CRS84 = "urn:ogc:def:crs:OGC:1.3:CRS84"
#: Depth classes of the inland flood map: words of the publisher, distance from the river (m), colour.
_DEPTHS = (
    ("0.3m未満の区域", 760, 980, "255, 255, 179"),
    ("0.3~0.5m未満の区域", 560, 760, "247, 245, 169"),
    ("0.5~1.0m未満の区域", 360, 560, "248, 225, 166"),
    ("1.0~3.0m未満の区域", 180, 360, "255, 216, 192"),
    ("3.0~5.0m未満の区域", 70, 180, "255, 183, 183"),
    ("5.0~10.0m未満の区域", 0, 70, "255, 145, 145"),
)
#: Class of road: name of its file, words for it in the file.
_EMERGENCY = {
    "emergency_1": ("一次緊急輸送路", "県一次緊急輸送路"),
    "emergency_2": ("二次緊急輸送路", "{city}二次緊急輸送路"),
    "emergency_3": ("三次輸送路", "{city}三次緊急輸送路"),
}


def write_boundary(path: Path, stage: Stage) -> int:
    """Write N03: one feature for each part, and a neighbour that a file of the whole prefecture would hold."""
    own = {"N03_001": stage.prefecture, "N03_002": None, "N03_003": None, "N03_004": stage.city, "N03_007": stage.code5}
    neighbour = stage.ground.plan["neighbour"]
    beside = shapely.difference(shapely.box(-9500, -5500, -4300, 900), shapely.union_all(list(stage.ground.parts)))
    parts = [(to_degrees(part), own) for part in stage.ground.parts]
    other = {**own, "N03_004": neighbour["name"], "N03_007": neighbour["municipality"]}
    largest = max(shapely.get_parts(beside), key=lambda part: float(part.area))
    write_geojson(path, [*parts, (to_degrees(largest), other)])
    return len(parts)


def write_gazetteer(path: Path, stage: Stage) -> int:
    """Write town, koaza, lat, lng, one array for the municipality."""
    rows = []
    for quarter in stage.ground.quarters:
        for order, koaza in enumerate(("", *quarter.koaza)):
            x, y = quarter.at[0] + 210 * order, quarter.at[1] - 160 * order
            lon, lat = (float(axis) for axis in lonlat(np.array(x), np.array(y)))
            rows.append({"town": quarter.name, "koaza": koaza, "lat": round(lat, 6), "lng": round(lon, 6)})
    path.write_text(json.dumps(rows, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return len(rows)


def write_towns(path: Path, stage: Stage) -> int:
    """Write the polygons of the 町丁・字 under our own headings."""
    rows = [
        (
            to_degrees(quarter.area),
            {"区域ID": f"T{number:03d}", "市区町村コード": stage.code5, "名称": quarter.name, "区分": "町丁・字"},
        )
        for number, quarter in enumerate(stage.ground.quarters, start=1)
    ]
    return write_geojson(path, rows)


def write_wards(path: Path, stage: Stage) -> int:
    """Write 自主防災会 areas: system columns, CP932, plane zone VIII."""
    wards = list(dict.fromkeys(quarter.ward for quarter in stage.ground.quarters))
    areas = [
        shapely.union_all([q.area for q in stage.ground.quarters if q.ward == ward], grid_size=0.01) for ward in wards
    ]
    fields: dict[str, Sequence[Any]] = {
        "SAUID": [10 + number for number in range(len(wards))],
        "SAUPDATE": [f"{stage.story.at.year}-04-15 16:12:53"] * len(wards),
        "SAFIELD000": list(range(1, len(wards) + 1)),
        "SAFIELD001": [f"{ward}自主防災会" for ward in wards],
    }
    shapes = [to_crs(area, PLANE) for area in areas]
    return write_shapefile(
        path, shapes, fields, crs=PLANE, encoding="CP932", cpg=b"Shift_JIS\n", on=stage.story.at.date()
    )


def write_flooded(path: Path, stage: Stage) -> int:
    """Write the water of the story under our own headings: one row a town."""
    depths = ("1m以上2m未満", "0.5m以上1m未満", "0.5m未満")
    rows = []
    for number, (name, water) in enumerate(stage.story.water, start=1):
        values = {
            "区域ID": f"FLD-{number:02d}",
            "市区町村コード": stage.code5,
            "名称": f"{name}の浸水範囲",
            "区分": "被災区域",
            "浸水深": depths[number % 3],
            "発生日": f"{stage.story.overflow_at:%Y-%m-%d}",
            "備考": stage.story.name,
        }
        rows.append((to_degrees(water), values))
    return write_geojson(path, rows)


def write_hazard(path: Path, stage: Stage) -> int:
    """Write 内水浸水想定区域: six depth classes, one multipolygon each, with the old ``crs`` member."""
    ground = stage.ground
    low = shapely.difference(shapely.union_all([quarter.area for quarter in ground.quarters]), ground.river)
    river = shapely.intersection(ground.river, shapely.box(-1500, -9000, 9000, 9000))
    rows = []
    for label, near, far, fill in _DEPTHS:
        band = shapely.difference(river.buffer(far), river.buffer(near)) if near else river.buffer(far)
        shape = shapely.set_precision(shapely.simplify(shapely.intersection(band, low), 4), 0.5)
        rows.append((to_degrees(shape), {"最大浸水深": label, "fill": f"rgba({fill}, 1)"}))
    return write_geojson(path, rows, crs=_CRS84)


def write_old_floods(folder: Path, stage: Stage) -> list[tuple[Path, int, int]]:
    """Write past floods in three files; returns path, rows and rows without a shape of each.

    The first is in JGD2000 degrees with one null shape, the second in UTF-8 with headings cut to ten bytes, the third
    in plane metres of JGD2000 without a .cpg and without words.
    """
    blobs, on = list(_blobs(stage.ground, stage.story)), stage.story.at.date()
    paths = [folder / name / f"{name}.shp" for name in ("浸水履歴_平成23年", "浸水履歴_令和4年", "浸水履歴_令和6年")]
    _write_first_flood(paths[0], blobs[:9], on)
    _write_second_flood(paths[1], blobs[9:15], on)
    last = [to_crs(shape, "EPSG:2450") for _, shape in blobs[15:]]
    fields: dict[str, Sequence[Any]] = {
        "SAUID": [-1] * len(last),
        "SAUPDATE": [f"{on - timedelta(days=200)} 14:04:49"] * len(last),
    }
    write_shapefile(paths[2], last, fields, crs="EPSG:2450", encoding="UTF-8", cpg=None, on=on)
    return [(paths[0], 10, 1), (paths[1], 6, 0), (paths[2], len(last), 0)]


def _write_first_flood(path: Path, blobs: Sequence[tuple[str, BaseGeometry]], on: date) -> None:
    """Write a row for each blob and, in the middle, one whose shape was lost."""
    rows: list[tuple[str, BaseGeometry | None]] = [(name, to_crs(shape, "EPSG:4612")) for name, shape in blobs]
    rows.insert(4, ("櫓町", None))
    fields: dict[str, Sequence[Any]] = {
        "OBJECTID": list(range(1, len(rows) + 1)),
        "日付": [date(2011, 6, 17)] * len(rows),
        "異常気象名": ["梅雨前線による豪雨"] * len(rows),
        "地域": [name for name, _ in rows],
        "水害地域": ["内水"] * len(rows),
        "SHAPE_Area": [0.0 if shape is None else float(shape.area) for _, shape in rows],
    }
    shapes = [shape for _, shape in rows]
    write_shapefile(path, shapes, fields, crs="EPSG:4612", encoding="CP932", cpg=b"Shift_JIS\n", on=on)


def _write_second_flood(path: Path, blobs: Sequence[tuple[str, BaseGeometry]], on: date) -> None:
    fields: dict[str, Sequence[Any]] = {
        "日付": [date(2022, 9, 8)] * len(blobs),
        "異常気": ["大雨"] * len(blobs),
        "地域": [name for name, _ in blobs],
        "水害地": ["浸水被害"] * len(blobs),
        "浸水区": [1 + number % 4 for number in range(len(blobs))],
        "OBJECTID": list(range(1, len(blobs) + 1)),
    }
    shapes = [to_crs(shape, "EPSG:4326") for _, shape in blobs]
    write_shapefile(path, shapes, fields, crs="EPSG:4326", encoding="UTF-8", cpg=b"UTF-8", on=on)


def _blobs(ground: Geography, story: Story) -> Iterator[tuple[str, BaseGeometry]]:
    """Round patches of water where it stood before: first in the towns of the story, then in others near the river."""
    towns = (*story.suspended, "汐鳴二丁目", "中葭", "波座町一丁目", "櫓町", "鷺渡")
    turn = np.linspace(0, 2 * np.pi, 25)[:-1]
    for order, name in enumerate(towns * 2):
        quarter = ground.quarters[ground.index(name)]
        radius = 70 + 30 * (order % 4) + 16 * np.sin(3 * turn + order) + 9 * np.sin(7 * turn + 2 * order)
        x = quarter.at[0] + 150 * np.cos(order) + radius * np.cos(turn)
        y = quarter.at[1] + 150 * np.sin(order) + radius * np.sin(turn)
        yield name, shapely.make_valid(shapely.Polygon(np.column_stack((x, y))))


def write_emergency_roads(folder: Path, stage: Stage) -> list[tuple[Path, int]]:
    """Write 緊急輸送路 in three files with anonymous headings, JGD2011, CP932; returns path and rows of each."""
    files, number = [], 0
    for road_class, (name, label) in _EMERGENCY.items():
        roads = [road for road in stage.ground.roads if road.road_class == road_class]
        lines = [(road.name, part) for road in roads for part in shapely.get_parts(road.line)]
        ids = list(range(number + 1, number + len(lines) + 1))
        number += len(lines)
        fields: dict[str, Sequence[Any]] = {
            "item1": ids,
            "item2": [label.format(city=stage.city)] * len(lines),
            "item3": [None if road_class == "emergency_1" else f"{i + 200}号線" for i in ids],
            "item4": [road for road, _ in lines],
        }
        path = folder / f"緊急輸送路_{name}" / f"{name}.shp"
        shapes, on = [to_crs(part, DEGREES) for _, part in lines], stage.story.at.date()
        write_shapefile(path, shapes, fields, crs=DEGREES, encoding="CP932", cpg=b"Shift_JIS\n", on=on)
        files.append((path, len(lines)))
    return files


def write_streets(path: Path, stage: Stage) -> int:
    """Write the other roads and the streets of the towns under our own headings."""
    roads = [(road.name, road.line) for road in stage.ground.roads if road.road_class == "other"]
    streets = [(f"{name}内{number}号", line) for number, (name, line) in enumerate(stage.ground.streets, start=1)]
    parts = [(name, part) for name, line in (*roads, *streets) for part in shapely.get_parts(line)]
    lines = [(name, part) for name, part in parts if part.length > 60]
    rows = []
    for number, (name, part) in enumerate(lines, start=1):
        values = {
            "道路ID": f"R{number:05d}",
            "市区町村コード": stage.code5,
            "路線名": name,
            "区分": "その他の道路",
            "備考": "",
        }
        rows.append((to_degrees(shapely.simplify(part, 2)), values))
    return write_geojson(path, rows)
