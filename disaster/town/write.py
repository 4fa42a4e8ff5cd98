"""Write the town's files in the manners of their publishers: encodings, line ends, headings, projections."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from shapely.geometry.base import BaseGeometry


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    *,
    encoding: str = "utf-8-sig",
    end: str = "\r\n",
) -> int:
    """Write a small table of rows by heading; returns their count. ``utf-8-sig`` writes a byte order mark."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", lineterminator=end)
    writer.writeheader()
    kept = list(rows)
    writer.writerows(kept)
    path.write_bytes(text.getvalue().encode(encoding))
    return len(kept)


def write_geojson(
    path: Path, features: Iterable[tuple[BaseGeometry, Mapping[str, Any]]], *, crs: str | None = None
) -> int:
    """Write features given in degrees; `crs` adds the old ``crs`` member. Returns the count of features."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"type": "Feature", "properties": dict(values), "geometry": json.loads(shapely.to_geojson(geometry))}
        for geometry, values in features
    ]
    head: dict[str, Any] = {"type": "FeatureCollection", "name": path.stem}
    if crs:
        head["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(head | {"features": rows}, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return len(rows)


def write_shapefile(
    path: Path,
    geometries: Sequence[BaseGeometry | None],
    fields: Mapping[str, Sequence[Any]],
    *,
    crs: str,
    encoding: str,
    cpg: bytes | None,
    on: date,
) -> int:
    """Write a Shapefile; returns the count of rows.

    Parameters
    ----------
    geometries
        In the units of `crs`; None is a row without a shape.
    encoding
        Of the attributes.
    cpg
        What the .cpg file says; None leaves it out, as publishers do.
    on
        Date of the last change in the .dbf, so that the same town gives the same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    first = next(geometry for geometry in geometries if geometry is not None)
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.asarray(geometries, dtype=object)),
        field_data=[_column(values) for values in fields.values()],
        fields=np.array(list(fields), dtype=object),
        geometry_type="LineString" if "Line" in first.geom_type else "Polygon",
        crs=crs,
        driver="ESRI Shapefile",
        encoding=encoding,
        layer_options={"DBF_DATE_LAST_UPDATE": on.isoformat()},
    )
    said = path.with_suffix(".cpg")
    said.unlink(missing_ok=True)
    if cpg is not None:
        said.write_bytes(cpg)
    return len(geometries)


def _column(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    if all(isinstance(value, date) for value in values):
        return np.array(values, dtype="datetime64[D]")
    if all(isinstance(value, int) for value in values):
        return np.array(values, dtype=np.int32)
    if all(isinstance(value, float) for value in values):
        return np.array(values, dtype=np.float64)
    return np.array(values, dtype=object)
