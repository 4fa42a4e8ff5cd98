"""Claims about taking files in: read, recognised, checked, placed, and nothing personal or half lost on the way."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely

from disaster.batch import Batch
from disaster.errors import IngestError
from disaster.ingest import check_file, check_files, report, within
from disaster.models import NOUNS, PLACE_COLUMNS, Shape, Side
from disaster.placing import FROM_FILE
from disaster.town import Town, write_town
from geo.gazetteer import Gazetteer
from geo.read import Reader

TOWN = "99301"
BOUNDARY = np.array([shapely.box(138.55, 34.50, 138.65, 34.60)])
SHELTERS = "避難所ID,市区町村コード,名称,所在地,区分,想定収容人数,経度,緯度"
HOMES = "配達先ID,市区町村コード,住所,配達先の種類,受取人,配達状況,集配局コード,経度,緯度"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    rows = [("港町一丁目", 138.601, 34.551), ("港町二丁目", 138.602, 34.552), ("山手", 138.62, 34.56)]
    table = pa.table(
        {
            "municipality": [TOWN] * 3,
            "pref": ["架空県"] * 3,
            "city": ["潮見市"] * 3,
            "town": [row[0] for row in rows],
            "lon": [row[1] for row in rows],
            "lat": [row[2] for row in rows],
        }
    )
    return Gazetteer.of(table, municipality=TOWN)


@pytest.fixture(scope="module")
def shiomi(tmp_path_factory: pytest.TempPathFactory) -> Town:
    at = datetime.fromisoformat("2026-11-20T09:30:00+09:00")
    return write_town(tmp_path_factory.mktemp("town"), households=300, seed=7, at=at)


class Desk:
    """Writes files and checks them."""

    def __init__(self, folder: Path, reader: Reader, at: datetime) -> None:
        self.folder, self.reader, self.at = folder, reader, at

    def write(self, name: str, *lines: str, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return path

    def check(
        self, kind: str, *paths: Path, side: Side = Side.POST, gazetteer: Gazetteer | None = None, **options: object
    ) -> Batch:
        return check_file(
            kind,
            paths,
            municipality="993018",
            side=side,
            reader=self.reader,
            gazetteer=gazetteer,
            at=self.at,
            **options,
        )  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path, reader: Reader, now: datetime) -> Desk:
    return Desk(tmp_path, reader, now)


def test_a_good_file_becomes_a_batch_that_says_where_it_is_from(desk: Desk) -> None:
    path = desk.write(
        "hinanjo.csv", SHELTERS, "H1,993018,港小,潮見市山手1,指定避難所,100,138.6,34.55", encoding="cp932"
    )
    batch = desk.check("shelters", path, drill=True)
    assert (batch.kind, batch.municipality, batch.dataset) == ("shelters", TOWN, "tayori-shelters")
    assert (batch.read, batch.accepted, batch.refused) == (1, 1, 0)
    assert batch.sources[0].file == "hinanjo.csv"
    assert batch.sources[0].encoding == "cp932"
    assert batch.as_of == desk.at
    assert batch.drill


def test_the_report_has_the_promised_shape_and_is_json(desk: Desk) -> None:
    path = desk.write(
        "hinanjo.csv", SHELTERS, "H1,99301,港小,,指定避難所,多数,138.6,34.55", "H2,99301,浜小,,指定避難所,,,"
    )
    shown = report(desk.check("shelters", path))
    promised = {
        "format",
        "version",
        "kind",
        "file",
        "sha256",
        "encoding",
        "crs",
        "layout",
        "read",
        "accepted",
        "refused",
        "faults",
    }
    assert promised | {"set_aside", "dataset", "municipality"} <= set(shown)
    assert (shown["read"], shown["accepted"], shown["refused"]) == (2, 1, 1)
    assert shown["layout"] == "tayori-shelters"
    fault = shown["faults"][0]
    assert set(fault) == {"row", "column", "value", "code", "reason", "hint"}
    assert (fault["row"], fault["column"], fault["value"]) == (1, "想定収容人数", "多数")
    assert shown["fault_counts"] == {"disaster.not_integer": 1}
    assert {note["code"] for note in shown["notes"]} == {"disaster.unplaced"}
    assert json.loads(json.dumps(shown, ensure_ascii=False)) == shown
    assert "whole number" in report(desk.check("shelters", path), lang="en")["faults"][0]["reason"]


def test_columns_of_a_batch_are_those_of_the_noun_then_the_place(desk: Desk, shiomi: Town) -> None:
    for kind, paths in shiomi.files.items():
        batch = desk.check(kind, paths[0], side=Side.DEMO)
        noun = NOUNS[kind]
        names = [item.name for item in noun.fields]
        names += {Shape.POINT: ["lon", "lat"], Shape.NONE: []}.get(noun.shape, ["geometry"])
        names += [column.name for column in PLACE_COLUMNS] if "address" in names else []
        assert batch.table.column_names == names


def test_every_file_of_the_invented_town_is_found_to_be_what_it_says(desk: Desk, shiomi: Town) -> None:
    found = {}
    for path, expected in shiomi.expected.items():
        batch = desk.check(expected.kind, path, side=Side.DEMO)
        found[path] = (batch.read, batch.accepted, batch.refused, sum(batch.set_aside.values()))
    assert found == {path: (e.read, e.accepted, e.refused, e.set_aside) for path, e in shiomi.expected.items()}


def test_files_of_one_dataset_are_one_batch_and_files_of_a_year_each_their_own(desk: Desk, shiomi: Town) -> None:
    roads = [path for path in shiomi.files["roads"] if path.suffix == ".shp"]
    batch = desk.check("roads", *roads, side=Side.DEMO)
    assert batch.dataset == "yaizu_emergency_roads"
    assert len(batch.sources) == len(roads) == 3
    assert batch.read == sum(shiomi.expected[path].read for path in roads)
    floods = [path for path in shiomi.files["areas"] if path.stem.startswith("浸水履歴_")]
    with pytest.raises(IngestError) as caught:
        desk.check("areas", *floods, side=Side.DEMO)
    assert caught.value.code == "disaster.several_datasets"
    batches = check_files(
        "areas", floods, municipality=TOWN, side=Side.DEMO, reader=desk.reader, gazetteer=None, at=desk.at
    )
    assert len({batch.dataset for batch in batches}) == len(floods)
    assert all(batch.dataset.endswith(path.stem) for batch, path in zip(batches, floods, strict=True))


def test_registers_of_two_offices_stand_beside_each_other(desk: Desk) -> None:
    row = "{0},99301,港町1,住居,,配達中,{1},138.6,34.55"
    first = desk.write("a.csv", HOMES, row.format("P-1", "S001"))
    both = desk.write("b.csv", HOMES, row.format("P-2", "S001"), row.format("P-3", "S002"))
    assert desk.check("delivery-points", first).dataset == "tayori-delivery-points:S001"
    assert desk.check("delivery-points", both).dataset == "tayori-delivery-points"


def test_a_key_in_two_files_is_refused_in_the_later_one_and_every_fault_names_its_file(desk: Desk) -> None:
    row = "{0},99301,港小,,指定避難所,{1},138.6,34.55"
    first = desk.write("first.csv", SHELTERS, row.format("H1", "10"), row.format("H2", "x"))
    later = desk.write("later.csv", SHELTERS, row.format("H3", "y"), row.format("H1", "5"), row.format("H4", "5"))
    batch = desk.check("shelters", first, later)
    assert (batch.read, batch.accepted, batch.refused) == (5, 2, 3)
    assert batch.faults.refused_rows == {2, 3, 4}
    shown = [(fault["file"], fault["row"], fault["code"]) for fault in report(batch)["faults"]]
    assert sorted(shown) == [
        ("first.csv", 2, "disaster.not_integer"),
        ("later.csv", 1, "disaster.not_integer"),
        ("later.csv", 2, "disaster.duplicate_key"),
    ]
    assert any("first.csv の1行目と同じ" in fault["reason"] for fault in report(batch)["faults"])
    assert report(batch)["file"] == "first.csv, later.csv"


def test_delivery_points_do_not_enter_the_municipalitys_side(desk: Desk) -> None:
    path = desk.write("homes.csv", HOMES, "P-1,99301,港町1,住居,潮見 太郎,配達中,S001,138.6,34.55")
    with pytest.raises(IngestError) as caught:
        desk.check("delivery-points", path, side=Side.MUNICIPALITY)
    assert caught.value.code == "disaster.wrong_side"
    assert "tayori receive" in caught.value.sentence()


@pytest.mark.parametrize(
    ("kind", "lines", "code"),
    [
        ("vehicles", [SHELTERS, "H1,99301,港小,,指定避難所,1,138.6,34.55"], "disaster.other_kind"),
        ("shelters", ["名称,気分", "港小,良い"], "disaster.unknown_layout"),
        ("letters", [SHELTERS, "H1,99301,港小,,指定避難所,1,138.6,34.55"], "disaster.unknown_kind"),
        ("risk-spots", ["ID,経度,緯度,名称", "1,138.6,34.55,公園"], "disaster.none_of_kind"),
        ("shelters", ["共通ID,施設・場所名,住所,受入対象者", "E2221200001201,港小,,"], "disaster.none_of_municipality"),
    ],
)  # fmt: skip
def test_a_file_of_which_nothing_can_be_taken_is_refused_in_one_sentence(
    desk: Desk, kind: str, lines: list[str], code: str
) -> None:
    path = desk.write("x.csv", *lines)
    with pytest.raises(IngestError) as caught:
        desk.check(kind, path)
    assert caught.value.code == code
    assert caught.value.reason()
    assert caught.value.hint()


def test_a_file_with_a_column_of_individual_numbers_leaves_no_row_and_no_number(desk: Desk) -> None:
    numbers = ["123456789018", "520192847161", "520266247498"]
    lines = [f"P-{n},99301,港町{n},住居,,配達中,S001,,,{number}" for n, number in enumerate(numbers)]
    batch = desk.check("delivery-points", desk.write("homes.csv", f"{HOMES},番号", *lines))
    assert (batch.read, batch.accepted) == (3, 0)
    shown = json.dumps(report(batch), ensure_ascii=False)
    assert "個人番号" in shown
    assert len(report(batch)["faults"]) == 1
    assert not any(number in shown for number in numbers)


def test_one_refused_row_stops_the_batch_unless_some_are_allowed(desk: Desk) -> None:
    rows = [f"H{n},99301,港小,,指定避難所,{'x' if n == 0 else 5},138.6,34.55" for n in range(10)]
    batch = desk.check("shelters", desk.write("h.csv", SHELTERS, *rows))
    assert not within(batch)
    for allowed, good in {"0": False, "1": True, "9.9%": False, "10%": True, " 20 ": True}.items():
        assert within(batch, allowed) is good
    for wrong in ("", "-1", "many", "101%", "nan%", "1e3", "%"):
        with pytest.raises(IngestError) as refused:
            within(batch, wrong)
        assert refused.value.code == "disaster.bad_max_refused"


def test_rows_without_coordinates_get_the_towns_point_and_rows_with_them_are_never_moved(
    desk: Desk, gazetteer: Gazetteer
) -> None:
    path = desk.write(
        "h.csv",
        SHELTERS,
        "H1,99301,住所だけ,架空県潮見市港町2-3-4,指定避難所,,,",
        "H2,99301,両方,潮見市山手1番地,指定避難所,,138.59,34.54",
        "H3,99301,位置だけ,,指定避難所,,138.59,34.54",
        "H4,99301,分からない,潮見市どこか9,指定避難所,,,",
        "H5,99301,何もない,,指定避難所,,,",
    )
    batch = desk.check("shelters", path, gazetteer=gazetteer, boundary=BOUNDARY)
    assert batch.accepted == 5
    rows = {row["name"]: row for row in batch.table.to_pylist()}
    only = rows["住所だけ"]
    assert (only["lon"], only["lat"]) == (138.602, 34.552)
    assert only["place_town"] == "港町二丁目"
    assert only["place_source"] != FROM_FILE
    both = rows["両方"]
    assert (both["lon"], both["lat"], both["place_town"], both["place_source"]) == (138.59, 34.54, "山手", FROM_FILE)
    assert rows["位置だけ"]["place_reason"] is None
    for name in ("分からない", "何もない"):
        assert rows[name]["lon"] is None
        assert rows[name]["place_source"] is None
        assert rows[name]["place_reason"].endswith("。")
    assert dict(batch.notes)["disaster.unplaced"] == 2


def test_delivery_points_with_coordinates_get_their_town(desk: Desk, gazetteer: Gazetteer) -> None:
    path = desk.write("p.csv", HOMES, "P-1,99301,港町1-2-3,住居,潮見 太郎,配達中,S001,138.6,34.55")
    row = desk.check("delivery-points", path, gazetteer=gazetteer).table.to_pylist()[0]
    assert row["place_town"] == "港町一丁目"
    assert (row["lon"], row["lat"]) == (138.6, 34.55)
    assert row["addressees"] == ["潮見 太郎"]


def test_without_a_town_table_rows_say_why_they_have_no_place(desk: Desk) -> None:
    path = desk.write("h.csv", SHELTERS, "H1,99301,港小,潮見市山手1,指定避難所,,,")
    row = desk.check("shelters", path).table.to_pylist()[0]
    assert "町名の表" in row["place_reason"]
    assert row["place_level"] == "none"


def test_a_point_in_the_sea_is_refused_where_a_boundary_is_known(desk: Desk) -> None:
    path = desk.write(
        "h.csv", SHELTERS, "H1,99301,港小,,指定避難所,,138.60,34.55", "H2,99301,沖,,指定避難所,,138.60,34.20"
    )
    batch = desk.check("shelters", path, boundary=BOUNDARY)
    assert batch.faults.refused_rows == {2}
    assert "海の上" in report(batch)["faults"][0]["reason"]
    assert desk.check("shelters", path).refused == 0


def test_a_town_table_whose_name_does_not_say_the_city_is_refused_in_one_sentence(desk: Desk) -> None:
    text = json.dumps([{"town": "山手", "koaza": "", "lat": 34.56, "lng": 138.62}], ensure_ascii=False)
    with pytest.raises(IngestError) as caught:
        desk.check("gazetteer", desk.write("towns.json", text))
    assert caught.value.code == "disaster.file_name_needed"
    assert "静岡県_焼津市.json" in caught.value.sentence()
    batch = desk.check("gazetteer", desk.write("架空県_潮見市.json", text))
    row = batch.table.to_pylist()[0]
    assert (row["pref"], row["city"], row["town"]) == ("架空県", "潮見市", "山手")
