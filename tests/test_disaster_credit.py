"""Claims about what stands beside rows: who published them, and how roughly their places came to be."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from disaster.ingest import check_file
from disaster.intake import ingest
from disaster.models import Side
from disaster.publish import published_in, published_layer
from disaster.store import Store
from geo.errors import ReadError
from geo.read import Reader

TOWN = "99301"
OWN = ("避難所ID,名称,区分,経度,緯度", "H1,港小,指定避難所,138.6,34.55")
SURVEY = ("共通ID,施設・場所名,住所,受入対象者,経度,緯度", "E9930100001201,山中,,,138.61,34.56")


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path, now: datetime) -> Iterator[Store]:
    with Store.create(tmp_path / "store", side=Side.MUNICIPALITY, municipalities=(TOWN,), at=now) as opened:
        yield opened


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def take(store: Store, reader: Reader, now: datetime, path: Path, **options: Any) -> Any:
    (one,) = ingest(store, "shelters", [path], municipality=TOWN, reader=reader, at=now, **options)
    assert one.stored is not None
    return one.stored


def credited(store: Store, now: datetime) -> str:
    layer = published_layer(store, "shelters", TOWN, at=now)
    assert layer is not None
    shown, _more = published_in(store, "shelters", TOWN, bbox=None, limit=10, at=now)
    assert shown.source == layer.source
    return layer.source


def test_a_published_layer_names_whom_the_clerk_named_else_the_publisher_of_the_known_layout(
    store: Store, reader: Reader, tmp_path: Path, now: datetime
) -> None:
    take(store, reader, now, write(tmp_path, "own.csv", *OWN))
    assert credited(store, now) == ""
    take(store, reader, now, write(tmp_path, "gsi.csv", *SURVEY))
    assert "国土地理院" in credited(store, now)
    again = take(store, reader, now, tmp_path / "own.csv", credit="潮見市オープンデータ")
    assert not again.unchanged  # the same rows, but now somebody is to be named
    assert credited(store, now).count("潮見市オープンデータ") == 1
    assert take(store, reader, now, tmp_path / "own.csv", credit="潮見市オープンデータ").unchanged


def tokyo_datum(shape: dict[str, Any], **properties: str) -> str:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4301"}}
    feature = {"type": "Feature", "properties": properties, "geometry": shape}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}, ensure_ascii=False)


POINT = {"type": "Point", "coordinates": [138.6, 34.55]}
LINE = {"type": "LineString", "coordinates": [[138.6, 34.55], [138.61, 34.56]]}


@pytest.fixture
def options(reader: Reader, now: datetime) -> dict[str, Any]:
    return {"municipality": TOWN, "side": None, "reader": reader, "gazetteer": None, "at": now}


def test_points_that_could_only_be_brought_here_roughly_say_so_in_every_row(
    options: dict[str, Any], tmp_path: Path
) -> None:
    text = tokyo_datum(POINT, 避難所ID="H1", 名称="港小", 区分="指定避難所")
    path = write(tmp_path, "old.geojson", text)
    with pytest.raises(ReadError) as caught:
        check_file("shelters", [path], **options)
    assert "--accept-inaccurate-crs" in caught.value.sentence()
    row = check_file("shelters", [path], accept_inaccurate=True, **options).table.to_pylist()[0]
    assert "m" in row["place_reason"]


def test_rough_lines_say_so_in_their_notes_before_what_stands_there(options: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path, "old.geojson", tokyo_datum(LINE, 道路ID="R1", 区分="その他の道路", 備考="市道。"))
    row = check_file("roads", [path], accept_inaccurate=True, **options).table.to_pylist()[0]
    assert row["note"].endswith("。市道。")
    assert "m" in row["note"]
