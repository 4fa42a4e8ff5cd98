"""Claims about reconciling two files and about ids that outlive them; every place is invented."""

import csv
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pairing_places import listed
from typer.testing import CliRunner

from disaster.cli.app import make_program
from disaster.errors import ReconcileError
from disaster.reconcile import Reconciled, reconcile
from disaster.reconcile.links import compare, settle
from disaster.reconcile.lists import Listed
from disaster.reconcile.mapped import map_layers
from disaster.reconcile.register import Register
from geo.codes import six
from geo.read import Reader

pytestmark = pytest.mark.usefixtures("one_parser")

PROGRAM = make_program()
TOWN = "99301"
METRE = 1 / 110_900


@dataclass(frozen=True)
class Spot:
    """An invented shelter, metres north of the middle of the town."""

    number: str
    name: str
    address: str
    north: float


SPOTS = (
    Spot("1", "青浜小学校", "青浜1-2", 0),
    Spot("2", "白波中学校", "白波3-1", 700),
    Spot("3", "第一公民館", "本町2-6", 1400),
    Spot("4", "第二公民館", "本町9-8", 2100),
    Spot("5", "臨海公園", "埋立1", 2800),
    Spot("6", "御崎交流センター", "御崎4-4", 3500),
    Spot("7", "山手集会所", "山手12", 4200),
)


def city_list(folder: Path, spots: Sequence[Spot], name: str = "city.csv") -> Path:
    """Write shelters as the city of a known layout does."""
    path = folder / name
    head = ["NO", "市区町村コード", "名称", "住所", "緯度", "経度", "UTMポイント", "開設される災害の種類（風水害）"]
    rows = [
        [spot.number, six(TOWN), spot.name, f"架空県潮見市{spot.address}", 34.55 + spot.north * METRE, 138.60, "", "○"]
        for spot in spots
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def national_list(folder: Path, spots: Sequence[Spot], name: str = "national.json") -> Path:
    """Write shelters as the national map agency does."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [138.6001, 34.55 + spot.north * METRE]},
            "properties": {
                "NO": place, "共通ID": f"E{TOWN}{spot.number:0>5}111", "都道府県名及び市町村名": "架空県潮見市",
                "施設・場所名": spot.name, "住所": f"架空県潮見市{spot.address}", "受入対象者": "", "備考": "",
            },
        }
        for place, spot in enumerate(spots)
    ]  # fmt: skip
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path: Path, reader: Reader, now: datetime) -> Any:
    """Reconcile into the next folder, a year after the last time."""
    made: list[Reconciled] = []

    def again(left: Path, right: Path, *, kind: str = "shelters", **options: Any) -> Reconciled:
        at = now + timedelta(days=365 * len(made))
        out = tmp_path / f"out{len(made)}"
        made.append(reconcile(kind, left, right, municipality=TOWN, out=out, reader=reader, at=at, **options))
        return made[-1]

    return again


def lines(made: Reconciled) -> list[dict[str, str]]:
    with (made.folder / "pairs.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def ids(made: Reconciled, side: str = "左") -> dict[str, str]:
    """Return the lasting ids of a list by name."""
    return {line[f"{side}の名称"]: line[f"場所番号({side})"] for line in lines(made) if line[f"場所番号({side})"]}


def register(made: Reconciled) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((made.folder / "place-ids.json").read_text(encoding="utf-8"))
    return document


def answered(made: Reconciled, answers: dict[tuple[str, str], str]) -> Path:
    """Fill in 判断 in the workbook, as a clerk does, for lines named by 組 and 左の名称."""
    book = openpyxl.load_workbook(made.folder / "pairs.xlsx")
    (head,) = (row for row in book.worksheets[0].iter_rows() if row[0].value == "判定")
    at = {cell.value: cell.column - 1 for cell in head}
    for row in book.worksheets[0].iter_rows(min_row=head[0].row + 1):
        answer = answers.get((row[at["組"]].value, row[at["左の名称"]].value))
        if answer:
            row[at["判断"]].value = answer
    path = made.folder / "answered.xlsx"
    book.save(path)
    return path


def test_every_row_of_both_lists_is_matched_open_or_alone(tmp_path: Path, run: Any) -> None:
    moved = replace(SPOTS[1], north=1300)
    made = run(city_list(tmp_path, SPOTS[:5]), national_list(tmp_path, [SPOTS[0], moved, *SPOTS[2:4], *SPOTS[5:]]))
    counts = made.counts
    for side, total in (("left", 5), ("right", 6)):
        assert counts[side] == total == sum(counts[f"{side}_{state}"] for state in ("same", "open", "only"))
    assert (counts["pairs_same"], counts["pairs_open"]) == (3, 1)
    assert [line["判定"] for line in lines(made)] == ["未確定", "一致", "一致", "一致", "左だけ", "右だけ", "右だけ"]


def test_the_table_says_why_in_words(tmp_path: Path, run: Any) -> None:
    made = run(city_list(tmp_path, SPOTS[:2]), national_list(tmp_path, [SPOTS[0], replace(SPOTS[1], north=1300)]))
    open_, same = lines(made)
    assert open_["理由"].startswith("距離 600m、名称 一致、住所 番地まで一致。同じ名称ですが、600m 離れています。")
    assert same["理由"] == "距離 9m、名称 一致、住所 番地まで一致。"
    assert (same["左のID"], same["右のID"]) == (f"{six(TOWN)}-1", f"E{TOWN}00001111")
    assert open_["場所番号(左)"] == open_["場所番号(右)"] == ""
    assert same["場所番号(左)"] == same["場所番号(右)"] == f"{TOWN}-00001"


def test_next_year_every_place_keeps_its_id_though_the_file_was_shuffled_and_renumbered(
    tmp_path: Path, run: Any
) -> None:
    first = run(city_list(tmp_path, SPOTS), national_list(tmp_path, SPOTS))
    later = [replace(spot, number=str(number)) for number, spot in enumerate(reversed(SPOTS), start=1)]
    second = run(
        city_list(tmp_path, later, "later.csv"), national_list(tmp_path, SPOTS), ids=first.folder / "place-ids.json"
    )
    assert ids(second) == ids(first)
    assert (second.counts["new"], second.counts["closed"]) == (0, 0)


def test_a_new_place_gets_a_new_id_and_a_vanished_one_is_closed_with_its_day(tmp_path: Path, run: Any) -> None:
    first = run(city_list(tmp_path, SPOTS[:6]), national_list(tmp_path, SPOTS[:6]))
    second = run(
        city_list(tmp_path, SPOTS[1:], "c.csv"), national_list(tmp_path, SPOTS[1:], "n.json"),
        ids=first.folder / "place-ids.json",
    )  # fmt: skip
    places = {place["names"][0]: place for place in register(second)["places"]}
    assert places["山手集会所"]["id"] == f"{TOWN}-00007"
    assert places["青浜小学校"]["closed_on"] == "2027-11-20"
    assert (second.counts["new"], second.counts["closed"]) == (1, 1)
    third = run(
        city_list(tmp_path, SPOTS, "d.csv"), national_list(tmp_path, SPOTS), ids=second.folder / "place-ids.json"
    )
    assert ids(third)["青浜小学校"] == ids(first)["青浜小学校"]
    assert not {place["closed_on"] for place in register(third)["places"]} - {""}


def test_a_place_that_one_list_still_names_stays_open(tmp_path: Path, run: Any) -> None:
    first = run(city_list(tmp_path, SPOTS), national_list(tmp_path, SPOTS))
    second = run(
        city_list(tmp_path, SPOTS[1:], "c.csv"), national_list(tmp_path, SPOTS), ids=first.folder / "place-ids.json"
    )
    assert second.counts["closed"] == 0
    assert ids(second, "右")["青浜小学校"] == ids(first)["青浜小学校"]


def test_refused_rows_never_close_a_place(tmp_path: Path, run: Any) -> None:
    first = run(city_list(tmp_path, SPOTS), national_list(tmp_path, SPOTS[1:]))
    broken = city_list(tmp_path, [replace(SPOTS[0], north=9e6), *SPOTS[1:]], "broken.csv")
    second = run(broken, national_list(tmp_path, SPOTS[1:]), ids=first.folder / "place-ids.json")
    assert (second.counts["left_refused"], second.counts["closed"]) == (1, 0)


def test_a_renamed_place_keeps_its_id_where_the_publisher_keeps_its_number(tmp_path: Path, run: Any) -> None:
    first = run(city_list(tmp_path, SPOTS), national_list(tmp_path, SPOTS))
    renamed = [*SPOTS[:2], replace(SPOTS[2], name="第一交流センター"), *SPOTS[3:]]
    second = run(
        city_list(tmp_path, renamed, "c.csv"), national_list(tmp_path, SPOTS), ids=first.folder / "place-ids.json"
    )
    assert ids(second)["第一交流センター"] == ids(first)["第一公民館"]
    (place,) = (one for one in register(second)["places"] if one["id"] == ids(first)["第一公民館"])
    assert place["names"] == ["第一交流センター", "第一公民館"]


def test_a_clerks_answer_is_kept_for_good(tmp_path: Path, run: Any) -> None:
    there = [replace(SPOTS[1], north=1300), replace(SPOTS[4], name="臨海公園野球場"), SPOTS[0]]
    city, nation = city_list(tmp_path, SPOTS), national_list(tmp_path, there)
    first = run(city, nation)
    assert first.counts["pairs_open"] == 2
    answers = answered(first, {("左と右", "白波中学校"): "同じ", ("左と右", "臨海公園"): "別"})
    second = run(city, nation, ids=first.folder / "place-ids.json", decisions=answers)
    assert (second.counts["decisions"], second.counts["pairs_open"]) == (2, 0)
    assert ids(second)["白波中学校"] == ids(second, "右")["白波中学校"]
    assert ids(second)["臨海公園"] != ids(second, "右")["臨海公園野球場"]
    assert any("係の判断によります" in line["理由"] for line in lines(second))
    renumbered = city_list(tmp_path, [replace(spot, number=f"9{spot.number}") for spot in SPOTS], "c.csv")
    third = run(renumbered, nation, ids=second.folder / "place-ids.json")
    assert (third.counts["pairs_open"], third.counts["register_open"]) == (0, 0)
    assert ids(third) == ids(second)


def test_two_ids_that_turn_out_to_be_one_place_become_the_older_one(tmp_path: Path, run: Any) -> None:
    city, nation = city_list(tmp_path, SPOTS), national_list(tmp_path, [replace(SPOTS[1], north=1300)])
    first = run(city, nation)
    apart = answered(first, {("左と右", "白波中学校"): "別"})
    second = run(city, nation, ids=first.folder / "place-ids.json", decisions=apart)
    mine, theirs = ids(second)["白波中学校"], ids(second, "右")["白波中学校"]
    assert mine != theirs
    one = answered(first, {("左と右", "白波中学校"): "同じ"})
    third = run(city, nation, ids=second.folder / "place-ids.json", decisions=one)
    kept, given_up = sorted((mine, theirs))
    assert ids(third)["白波中学校"] == ids(third, "右")["白波中学校"] == kept
    assert {place["id"]: place["replaced_by"] for place in register(third)["places"]}[given_up] == kept
    fourth = run(city, nation, ids=third.folder / "place-ids.json")
    assert ids(fourth) == ids(third)


def test_a_place_that_a_list_names_twice_may_be_said_to_be_one(tmp_path: Path, run: Any) -> None:
    twice = [SPOTS[0], replace(SPOTS[0], number="9", name="市立青浜小学校", north=5)]
    city, nation = city_list(tmp_path, SPOTS[:1]), national_list(tmp_path, twice)
    first = run(city, nation)
    assert (first.counts["twice"], first.counts["pairs_open"]) == (1, 2)
    second = run(city, nation, decisions=answered(first, {("左と右", "青浜小学校"): "同じ"}))
    assert set(ids(second, "右").values()) == {ids(second)["青浜小学校"]}
    third = run(city, nation, ids=second.folder / "place-ids.json")
    assert (third.counts["pairs_open"], third.counts["register_open"], third.counts["new"]) == (0, 0, 0)


def test_the_map_shows_every_place_once_and_lines_between_open_pairs() -> None:
    left = as_list("a", [(SPOTS[0], "", 0), (SPOTS[1], "", 0), (SPOTS[2], "", 0)])
    right = as_list("b", [(SPOTS[0], "", 30), (SPOTS[1], "", 900), (SPOTS[3], "", 0)])
    points, drawn = map_layers(compare(left, right, Register(TOWN), city=""), as_of=datetime(2026, 11, 21, tzinfo=UTC))
    assert points.table["verdict"].to_pylist() == ["same", "open", "left", "open", "right"]
    assert drawn.table.to_pylist() == [{"pair": "白波中学校 ― 白波中学校", "metres": 900, "score": 0.7}]
    assert drawn.geometry is not None
    assert shapely.get_coordinates(drawn.geometry).shape == (2, 2)


def test_a_place_that_seems_to_have_moved_since_is_asked_against_the_register(tmp_path: Path, run: Any) -> None:
    first = run(city_list(tmp_path, SPOTS), national_list(tmp_path, SPOTS[:3]))
    moved = [*SPOTS[:6], replace(SPOTS[6], north=6000, address="岬1")]
    city = city_list(tmp_path, moved, "c.csv")
    second = run(city, national_list(tmp_path, SPOTS[:3]), ids=first.folder / "place-ids.json")
    assert second.counts["register_open"] == 1
    assert "山手集会所" not in ids(second) or ids(second)["山手集会所"] == ids(first)["山手集会所"]
    assert second.counts["closed"] == 0
    answers = answered(second, {("左と台帳", "山手集会所"): "別"})
    third = run(city, national_list(tmp_path, SPOTS[:3]), ids=second.folder / "place-ids.json", decisions=answers)
    assert ids(third)["山手集会所"] != ids(first)["山手集会所"]
    assert third.counts["register_open"] == 0
    fourth = run(city, national_list(tmp_path, SPOTS[:3]), ids=third.folder / "place-ids.json")
    assert ids(fourth) == ids(third)


def test_lists_of_two_kinds_are_compared(tmp_path: Path, run: Any) -> None:
    path = tmp_path / "sites.csv"
    head = ["NO", "名称", "住所", "緯度", "経度", "市区町村コード", "災害種別_洪水", "災害種別_津波"]
    rows = [
        [s.number, s.name, f"潮見市{s.address}", 34.55 + s.north * METRE, 138.6, six(TOWN), 1, 1] for s in SPOTS[:3]
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    made = run(city_list(tmp_path, SPOTS), path, right_kind="emergency-sites")
    assert (made.counts["pairs_same"], made.counts["left_only"]) == (3, 4)


@pytest.mark.parametrize("kind", ["delivery-points", "protection", "areas", "no-such-kind"])
def test_homes_people_and_unknown_kinds_are_never_compared(tmp_path: Path, run: Any, kind: str) -> None:
    with pytest.raises(ReconcileError, match="突き合わせることができません"):
        run(city_list(tmp_path, SPOTS), city_list(tmp_path, SPOTS), kind=kind)


def test_nothing_is_overwritten_and_nothing_is_left_half_written(tmp_path: Path, run: Any, reader: Reader) -> None:
    city = city_list(tmp_path, SPOTS)
    made = run(city, city)
    with pytest.raises(ReconcileError, match="すでにあります"):
        reconcile(
            "shelters", city, city, municipality=TOWN, out=made.folder, reader=reader, at=datetime.now().astimezone()
        )
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".staging")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "reconcile_register"),
        ("[]", "reconcile_register"),
        ('{"format": "other", "version": 1, "municipality": "99301"}', "reconcile_register"),
        ('{"format": "tayori-place-ids", "version": 2, "municipality": "99301"}', "reconcile_register_newer"),
        ('{"format": "tayori-place-ids", "version": 1, "municipality": "99302"}', "reconcile_register_other"),
        ('{"format": "tayori-place-ids", "version": 1, "municipality": "99301", "places": [{}], "decisions": []}',
         "reconcile_register"),
    ],
)  # fmt: skip
def test_a_register_that_is_none_is_refused_in_words(tmp_path: Path, run: Any, text: str, code: str) -> None:
    path = tmp_path / "ids.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReconcileError) as refused:
        run(city_list(tmp_path, SPOTS), national_list(tmp_path, SPOTS), ids=path)
    assert refused.value.code == f"disaster.{code}"


def _hostile(change: dict[str, Any]) -> str:
    place = {"id": f"{TOWN}-00001", "names": ["港"], "address": "", "lon": None, "lat": None, "since": "2026-11-20",
             "sources": {}, **change}  # fmt: skip
    other = {**place, "id": f"{TOWN}-00002", "replaced_by": place["id"], "names": ["浜"]}
    return json.dumps({"format": "tayori-place-ids", "version": 1, "municipality": TOWN, "decisions": [],
                       "places": [place, other]})  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        _hostile({"replaced_by": f"{TOWN}-00002"}),
        _hostile({"id": f"{TOWN}-" + "9" * 5000}),
        _hostile({"lon": "138.6"}),
        _hostile({"address": ["a"]}),
        _hostile({"sources": {"a": {"id": {}}}}),
    ],
    ids=["deep", "circle", "long", "degrees", "address", "source"],
)
def test_a_register_made_to_break_the_reading_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ids.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReconcileError) as refused:
        Register.read(path, municipality=TOWN)
    assert refused.value.code == "disaster.reconcile_register"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_register_that_is_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ids.json")
    with pytest.raises(ReconcileError):
        Register.read(tmp_path / "ids.json", municipality=TOWN)


def test_a_refused_row_of_the_right_list_closes_nothing_though_both_lists_have_one_layout(
    tmp_path: Path, run: Any
) -> None:
    left, right = city_list(tmp_path, SPOTS[1:], "l.csv"), city_list(tmp_path, SPOTS, "r.csv")
    first = run(left, right)
    broken = city_list(tmp_path, [replace(SPOTS[0], north=9e6), *SPOTS[1:]], "broken.csv")
    second = run(left, broken, ids=first.folder / "place-ids.json")
    assert (second.counts["right_refused"], second.counts["closed"]) == (1, 0)


def test_two_lists_of_one_layout_keep_their_own_ids_and_the_answers_to_them(tmp_path: Path, run: Any) -> None:
    left = city_list(tmp_path, SPOTS, "l.csv")
    number = {spot.name: str(place) for place, spot in enumerate(reversed(SPOTS), start=1)}
    other = [replace(spot, number=number[spot.name]) for spot in SPOTS]
    near = replace(other[2], name="第一公民館別館", number="90", north=SPOTS[2].north + 15)
    right = city_list(tmp_path, [*other[:2], near, *other[3:]], "r.csv")
    first = run(left, right)
    answers = answered(first, {("左と右", "第一公民館"): "別"})
    second = run(left, right, ids=first.folder / "place-ids.json", decisions=answers)
    third = run(left, right, ids=second.folder / "place-ids.json")
    assert second.counts["decisions"] == 1
    assert (third.counts["pairs_open"], third.counts["register_open"], third.counts["closed"]) == (0, 0, 0)
    assert ids(third) == ids(second)
    sources = {place["names"][0]: place["sources"] for place in register(third)["places"]}
    assert {name: told["id"].rpartition("-")[2] for name, told in sources["青浜小学校"].items()} == {
        "shelters:yaizu_shelters": "1",
        "shelters:yaizu_shelters#right": number["青浜小学校"],
    }


def test_sheets_of_one_workbook_are_compared_by_their_names(tmp_path: Path, run: Any) -> None:
    book = openpyxl.Workbook()
    for title, spots in (("令和7年", SPOTS[:5]), ("令和8年", SPOTS)):
        sheet = book.create_sheet(title)
        with city_list(tmp_path, spots).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                sheet.append(row)
    book.save(tmp_path / "both.xlsx")
    made = run(
        tmp_path / "both.xlsx", tmp_path / "both.xlsx",
        left_reading={"part": "令和7年"}, right_reading={"part": "令和8年"},
    )  # fmt: skip
    assert (made.counts["left"], made.counts["right"], made.counts["pairs_same"]) == (5, 7, 5)


def test_an_answer_that_is_neither_yes_nor_no_is_refused_with_its_row(tmp_path: Path, run: Any) -> None:
    city, nation = city_list(tmp_path, SPOTS), national_list(tmp_path, [replace(SPOTS[1], north=1300)])
    first = run(city, nation)
    with pytest.raises(ReconcileError, match="1 行目の判断「たぶん」"):
        run(city, nation, decisions=answered(first, {("左と右", "白波中学校"): "たぶん"}))
    with pytest.raises(ReconcileError, match="列 判断"):
        run(city, nation, decisions=city)


def test_an_answer_in_the_csv_is_taken_as_well(tmp_path: Path, run: Any) -> None:
    city, nation = city_list(tmp_path, SPOTS), national_list(tmp_path, [replace(SPOTS[1], north=1300)])
    first = run(city, nation)
    text = (first.folder / "pairs.csv").read_text(encoding="utf-8-sig")
    path = tmp_path / "answered.csv"
    path.write_text(text.replace('"未確定",,', '"未確定","同じ",', 1), encoding="utf-8-sig")
    assert run(city, nation, decisions=path).counts["pairs_same"] == 1


def test_the_verb_prints_the_counts_and_needs_no_store(tmp_path: Path) -> None:
    city, nation = city_list(tmp_path, SPOTS), national_list(tmp_path, SPOTS[:4])
    given = ["reconcile", "shelters", str(city), str(nation), "--municipality", TOWN, "--out", str(tmp_path / "out"),
             "--data-dir", str(tmp_path / "none")]  # fmt: skip
    told = CliRunner().invoke(PROGRAM, [*given, "--json"])
    assert told.exit_code == 0, told.output
    document = json.loads(told.output)
    assert document["format"] == "tayori-reconcile"
    assert document["counts"]["pairs_same"] == 4
    told = CliRunner().invoke(PROGRAM, given)
    assert told.exit_code == 1


def verb(folder: Path, left: Path, right: Path, out: str, *options: str | Path, town: str | None = TOWN) -> Any:
    """Run the verb without a store."""
    given = ["reconcile", "shelters", str(left), str(right), "--out", str(folder / out), "--data-dir",
             str(folder / "none"), "--lang", "ja", *map(str, options)]  # fmt: skip
    return CliRunner().invoke(PROGRAM, given if town is None else [*given, "--municipality", town])


def test_a_list_that_no_layout_knows_is_compared_with_a_mapping_on_either_side(tmp_path: Path) -> None:
    night, mapping = tmp_path / "夜間避難所.csv", tmp_path / "mapping.toml"
    text = "管理;施設\n" + "".join(f"{spot.number};{spot.name}\n" for spot in SPOTS[:4])
    night.write_bytes(text.encode("cp932"))
    columns = 'shelter_id = { template = "night-{管理}" }\nname = "施設"\nshelter_kind = { constant = "designated" }\n'
    head = 'kind = "shelters"\ntitle = "夜間避難所"\n\n[read]\nencoding = "cp932"\n\n[columns]\n'
    mapping.write_text(head + columns, encoding="utf-8")
    nation = national_list(tmp_path, SPOTS)
    refused = verb(tmp_path, night, nation, "none")
    assert (refused.exit_code, "tayori map" in refused.stderr) == (1, True)
    left = verb(tmp_path, night, nation, "left", "--mapping", mapping, "--json")
    right = verb(tmp_path, nation, night, "right", "--right-mapping", mapping, "--json")
    assert left.exit_code == right.exit_code == 0, left.output + right.output
    counts = [json.loads(told.output)["counts"] for told in (left, right)]
    assert [(one["pairs_same"], one["left_only"], one["right_only"]) for one in counts] == [(4, 0, 3), (4, 3, 0)]


def test_answers_alone_take_the_register_that_stands_beside_them_and_say_so(tmp_path: Path) -> None:
    city, nation = city_list(tmp_path, SPOTS), national_list(tmp_path, [replace(SPOTS[1], north=1300)])
    assert verb(tmp_path, city, nation, "first").exit_code == 0
    shuffled = city_list(tmp_path, SPOTS[::-1], "later.csv")
    later = verb(tmp_path, shuffled, nation, "second", "--decisions", tmp_path / "first/pairs.xlsx")
    assert later.exit_code == 0, later.output
    assert str(tmp_path / "first/place-ids.json") in later.output.replace("\n", "")
    one, two = (Reconciled(tmp_path / out, {}, ("", "")) for out in ("first", "second"))
    assert ids(two) == ids(one)
    assert len(ids(one)) == 6


def test_answers_without_a_register_are_refused_before_anything_is_numbered_anew(tmp_path: Path) -> None:
    city, nation = city_list(tmp_path, SPOTS), national_list(tmp_path, SPOTS[:4])
    assert verb(tmp_path, city, nation, "first").exit_code == 0
    (tmp_path / "first/place-ids.json").rename(tmp_path / "kept.json")
    answers = ("--decisions", tmp_path / "first/pairs.xlsx")
    refused = verb(tmp_path, city, nation, "second", *answers)
    assert (refused.exit_code, (tmp_path / "second").exists()) == (1, False)
    assert "place-ids.json を --ids に指定してください" in refused.stderr
    assert verb(tmp_path, city, nation, "second", *answers, "--ids", tmp_path / "kept.json").exit_code == 0


def test_an_answer_is_asked_for_only_where_something_is_undecided(tmp_path: Path) -> None:
    city = city_list(tmp_path, SPOTS)
    agreed = verb(tmp_path, city, national_list(tmp_path, SPOTS), "agreed")
    undecided = verb(tmp_path, city, national_list(tmp_path, [replace(SPOTS[1], north=1300)]), "undecided")
    assert agreed.exit_code == undecided.exit_code == 0
    assert ("「判断」" in agreed.output, "「判断」" in undecided.output) == (False, True)
    assert "--ids" in agreed.output


def test_without_a_store_the_municipality_is_asked_for_and_no_store(tmp_path: Path) -> None:
    city = city_list(tmp_path, SPOTS)
    refused = verb(tmp_path, city, city, "out", town=None)
    assert refused.exit_code == 1
    assert "--municipality に市区町村コード" in refused.stderr
    assert "tayori init" not in refused.stderr


spots = st.lists(
    st.tuples(st.sampled_from(SPOTS), st.sampled_from(["", "体育館", "（旧浜小学校）"]), st.sampled_from([0, 30, 900])),
    max_size=6, unique_by=lambda one: one[0].number,
)  # fmt: skip


def as_list(name: str, chosen: Sequence[tuple[Spot, str, int]]) -> Listed:
    rows = [(spot.number, spot.name + tail, spot.address, spot.north + off) for spot, tail, off in chosen]
    return Listed(name, name, listed(*rows), 0, 0)


@given(spots, spots, st.randoms(use_true_random=False))
def test_an_id_is_one_place_and_shuffled_files_keep_all_of_them(left: Any, right: Any, random: Any) -> None:
    day, later = "2026-11-20", "2027-11-20"
    one, other = as_list("a", left), as_list("b", right)
    first = settle(compare(one, other, Register(TOWN), city=""), Register(TOWN), day=day)
    for numbers in (first.left_ids, first.right_ids):
        given_ids = [number for number in numbers if number]
        assert len(given_ids) == len(set(given_ids))
    assert {place.id for place in first.register.places} == {*first.left_ids, *first.right_ids} - {""}
    order = random.sample(range(len(left)), len(left))
    shuffled = as_list("a", [left[row] for row in order])
    again = settle(compare(shuffled, other, first.register, city=""), first.register, day=later)
    settled = {row: number for row, number in enumerate(first.left_ids) if number}
    now = {order[row]: number for row, number in enumerate(again.left_ids)}
    assert all(now[row] in (number, "") for row, number in settled.items())
    assert again.closed == 0
    fresh = settle(compare(shuffled, other, Register(TOWN), city=""), Register(TOWN), day=day)
    assert {order[row]: number for row, number in enumerate(fresh.left_ids)} == dict(enumerate(first.left_ids))


@pytest.mark.real_data
def test_the_citys_and_the_national_list_of_a_real_town_agree(
    tmp_path: Path, real_data: Path, reader: Reader, now: datetime
) -> None:
    city = real_data / "yaizu/shelters/222127_hinannjo.csv"
    nation = real_data / "gsi_shelters/evacuation/222127.json"
    made = reconcile("shelters", city, nation, municipality="22212", out=tmp_path / "out", reader=reader, at=now)
    sites = reconcile(
        "emergency-sites", real_data / "yaizu/emergency_sites/222127_evacuation_space.csv",
        real_data / "gsi_shelters/emergency/222127.json", municipality="22212", out=tmp_path / "sites",
        reader=reader, at=now,
    )  # fmt: skip
    # Counted by hand: 55 of the 56 are one place; one bears one name at two addresses 407 m apart.
    assert (made.counts["pairs_same"], made.counts["pairs_open"]) == (55, 1)
    assert all(line["左の名称"].translate(WIDE) == line["右の名称"].translate(WIDE) for line in lines(made))
    assert sites.counts["pairs_same"] == sites.counts["left"] == sites.counts["right"] == 31


#: The two lists differ in the width of digits only.
WIDE = {ord(wide): str(digit) for digit, wide in enumerate("０１２３４５６７８９")}
