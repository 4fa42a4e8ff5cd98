"""Claims about what stands beside rows: who published them, and how roughly their places came to be."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from disaster.cli.place import _given
from disaster.ingest import check_file
from disaster.intake import gazetteer_of, ingest
from disaster.layouts import all_layouts
from disaster.mapping import parse_mapping
from disaster.models import Side
from disaster.publish import published_in, published_layer
from disaster.store import Store
from geo.errors import ReadError
from geo.read import Reader

TOWN = "99301"
OWN = ("避難所ID,名称,区分,経度,緯度", "H1,港小,指定避難所,138.6,34.55")
CITYS = (
    "市区町村コード,NO,名称,住所,開設される災害の種類（風水害）,UTMポイント,経度,緯度",
    "993018,1,港小,,○,,138.6,34.55",
)
#: Who publishes data sets that nobody else makes.
NATIONAL = ("国土交通省", "国土地理院", "総務省統計局", "警察庁", "日本郵便", "Geolonia")
SURVEY = ("共通ID,施設・場所名,住所,受入対象者,経度,緯度", "E9930100001201,山中,,,138.61,34.56")


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


def test_headings_that_a_city_has_used_name_nobody(store: Store, reader: Reader, tmp_path: Path, now: datetime) -> None:
    path = write(tmp_path, "town.csv", *CITYS)
    stored = take(store, reader, now, path)
    (row,) = [row for row in store.batches() if row.batch_id == stored.batch_id]
    assert row.sources[0]["layout"] == "yaizu_shelters"  # another city's layout, and nobody said who made this file
    assert credited(store, now) == ""


def test_only_layouts_of_publishers_of_the_whole_country_name_them() -> None:
    named = [layout for layout in all_layouts() if layout.credit]
    assert len(named) > 20
    assert [layout.id for layout in named if layout.own or not layout.credit.startswith(NATIONAL)] == []


def test_rows_of_a_drill_name_nobody_unless_somebody_was_typed(
    store: Store, reader: Reader, tmp_path: Path, now: datetime
) -> None:
    path = write(tmp_path, "gsi.csv", *SURVEY)
    take(store, reader, now, path, drill=True)
    assert store.current("shelters", TOWN, at=now, drill=True).credit == ""
    take(store, reader, now, path, drill=True, credit="潮見市 防災訓練")
    assert store.current("shelters", TOWN, at=now, drill=True).credit == "潮見市 防災訓練"


def test_a_mapping_of_the_users_may_say_who_is_to_be_named_but_not_of_a_drill(
    store: Store, reader: Reader, tmp_path: Path, now: datetime
) -> None:
    text = """
kind = "shelters"
title = "港町の一覧"
credit = "港町防災会"
[columns]
shelter_id = "番号"
name = "なまえ"
shelter_kind = { constant = "designated" }
"""
    mapping = parse_mapping(text, name="minato.toml").layout
    path = write(tmp_path, "minato.csv", "番号,なまえ,経度,緯度", "1,港小,138.6,34.55")
    take(store, reader, now, path, mapping=mapping)
    assert credited(store, now) == "港町防災会"
    take(store, reader, now, path, mapping=mapping, drill=True)
    assert store.current("shelters", TOWN, at=now, drill=True).credit == ""


TOWNS = '[{"town":"浜通町","koaza":"","lat":34.55,"lng":138.6},{"town":"葭鳴","koaza":"","lat":34.56,"lng":138.61}]'


def test_rows_placed_by_a_list_of_towns_say_whose_list_it_was(
    store: Store, reader: Reader, tmp_path: Path, now: datetime
) -> None:
    geolonia = write(tmp_path, "架空県_潮見市.json", TOWNS)
    ingest(store, "gazetteer", [geolonia], municipality=TOWN, reader=reader, at=now)
    take(store, reader, now, write(tmp_path, "own.csv", "避難所ID,名称,区分,住所", "H1,港小,指定避難所,浜通町1-1"))
    row = store.current("shelters", TOWN, at=now).table.to_pylist()[0]
    assert (row["place_town"], row["place_source"]) == ("浜通町", "Geolonia 住所データ（CC BY 4.0）")
    by_file = _given(reader, geolonia, TOWN, now)
    by_store = gazetteer_of(store, TOWN, at=now)
    assert by_store is not None
    assert by_file.table.equals(by_store.table)


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
