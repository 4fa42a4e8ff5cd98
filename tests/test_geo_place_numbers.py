"""What geo.place promises about numbers: 住居番号, 地番 and 街区."""

import re
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.address import kanji
from geo.gazetteer import Gazetteer
from geo.place import place, place_key, postal_disagrees
from geo.place.meanings import NUMBER_TOLERANCE_M
from geo.place.tails import System, canonical, read_tails

CODE = "99301"
_DEGREE_EAST = 111_320 * np.cos(np.radians(34.55))  # metres of a degree of longitude at the town


def row(town: str, east_m: float | None, north_m: float = 0.0, **more: str) -> dict[str, Any]:
    known = east_m is not None
    return {
        "municipality": CODE, "pref": "架空県", "city": "潮見市", "town": town, "koaza": "", "kind": "", "number": "",
        "lon": 138.60 + east_m / _DEGREE_EAST if east_m is not None else None,
        "lat": 34.55 + north_m / 111_320 if known else None,
        "postal_code": "", "source": "見本", "vintage": "2026", "former": "旧海郡浜里村", **more,
    }  # fmt: skip


def lots(town: str, north_m: float, numbers: dict[str, float | None], **more: str) -> list[dict[str, Any]]:
    return [row(town, east, north_m, kind="lot", number=number, **more) for number, east in numbers.items()]


def blocks(town: str, north_m: float, count: int = 4, each: int = 6) -> list[dict[str, Any]]:
    return [
        row(town, block * 100 + number * 5, north_m, kind="dwelling", number=f"{block}-{number}")
        for block in range(1, count + 1)
        for number in range(1, each + 1)
    ]


ROWS = [
    *(row(f"港町{number}丁目", 250, i * 500, postal_code=f"999310{i + 1}") for i, number in enumerate("一二三")),
    *(dwelling for i, number in enumerate("一二三") for dwelling in blocks(f"港町{number}丁目", i * 500)),
    *lots("港町二丁目", 800, {"2-3": 700, "900": 720}),
    row("島", 0, 3000, postal_code="9993120"),
    *lots(
        "島", 3000, {"38-1": 0, "38-2": 20, "38-3": 40, "12": 300, "13": 400, "77": None, "甲7-3": 500, "298-乙": 600}
    ),
    row("汐浜", 0, 5000),
    row("汐浜一丁目", 700, 5000),
    row("汐浜二丁目", 1400, 5000),
    *lots("汐浜", 5000, {"2-6": 0, "2-4": 10, "7-1": 20, "2": 30}),
    *lots("汐浜二丁目", 5000, {"6": 1400, "6-1": 1410}),
    row("大字山田", 0, -3000),
    row("大字山田", 800, -3000, koaza="窪"),
    row("大字山田", 1800, -3000, koaza="奥"),
    *lots("大字山田", -3000, {"12": 810, "14": 820}, koaza="窪"),
    *lots("大字山田", -3000, {"14": 1810}, koaza="奥"),
    row("里", 0, -5000),
    row("里", 100, -5000, koaza="字吉時"),
    *lots("里", -5000, {"123-4": 150}),
    row("直江町", 0, -7000),
    row("直江町", 200, -7000, koaza="イ"),
    *lots("直江町", -7000, {"38-4": 210}, koaza="イ"),
    row("江崎", 0, -9000),
    row("江崎", 500, -9000, koaza="第八地割"),
    *lots("江崎", -9000, {"87": 510}, koaza="第八地割"),
    row("瓦町一丁", 0, -11000),
    row("瓦町二丁", 300, -11000),
    *lots("瓦町二丁", -11000, {"1-20": 310}),
    row("門前町", 0, -13000),
    *lots("門前町", -13000, {"701": 10}),
    row("北二十四条西五丁目", 0, -15000),
    row("北二十四条西五丁目", 10, -15000, kind="dwelling", number="1-2"),
]
SHIOMI = Gazetteer.of(pa.Table.from_pylist(ROWS), municipality=CODE)
HELD = [each for each in ROWS if each["kind"] and each["lon"]]


def placed(*addresses: str, within: Gazetteer = SHIOMI) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = place(pa.array(addresses, pa.string()), within, municipality=CODE).to_pylist()
    return rows


def one(address: str, within: Gazetteer = SHIOMI) -> dict[str, Any]:
    return placed(address, within=within)[0]


def at(found: dict[str, Any]) -> tuple[int, int] | None:
    """Return where a point lies, metres east and north of the origin of the town."""
    if found["lon"] is None:
        return None
    return round((found["lon"] - 138.60) * _DEGREE_EAST), round((found["lat"] - 34.55) * 111_320)


@pytest.mark.parametrize(
    "address",
    [
        "架空県潮見市港町二丁目2番5号",
        "潮見市港町2丁目2-5",
        "潮見市港町2-2-5",
        "港町２－２－５",
        "港町二ー二ー五",
        "港町2丁目2の5",
        "港町2の2の5",
        "港町2-2ノ5",
        "港町２之２之５",
        "港町二の二の五",
        "港町2丁目の2の5",
        "港町2ノ2ノ5 みなとハイツ",
        "港町02-02-05",
        "港町002丁目02番005号",
        "港町 2 丁目 2 番 5 号",
        "港町弐丁目弐番五号",
        "港町2町目2-5",
        "港町2−2‐5",
        "架空県潮見市 潮見市港町2-2-5",
        "架空県架空県潮見市港町2-2-5",
        "〒999-3102 架空県潮見市港町2-2-5",
        "9993102潮見市港町2-2-5",
        "「架空県潮見市港町2-2-5」",
        "住所：潮見市港町2-2-5",
        "潮見市、港町2-2-5",
        "旧海郡浜里村港町2-2-5",
        "浜里村港町2-2-5",
        "潮見市港町2-2-5-101",
        "潮見市港町2丁目2番5号101",
        "潮見市港町2丁目2番5号の101",
        "潮見市港町2-2-5 ３Ｆ",
        "潮見市港町2-2-5一番館",
        "潮見市港町2-2-5みなとハイツ203号室",
    ],
)
def test_every_way_of_writing_a_dwelling_gives_its_point(address: str) -> None:
    found = one(address)
    assert (found["level"], found["point_level"], found["reason"]) == ("number", "number", None)
    assert (found["town"], found["number"], found["candidate_kinds"]) == ("港町二丁目", "2-5", "dwelling")
    assert (at(found), found["n_candidates"], found["spread_m"]) == ((225, 500), 1, 0.0)
    assert found["source"] == "見本 2026"


@pytest.mark.parametrize(
    ("address", "town", "number", "where"),
    [
        ("島38番地の2", "島", "38-2", (20, 3000)),
        ("島三十八番地ノ二", "島", "38-2", (20, 3000)),
        ("島三八番地二　潮風荘2棟", "島", "38-2", (20, 3000)),
        ("島参拾八番地弐", "島", "38-2", (20, 3000)),
        ("島(12)", "島", "12", (300, 3000)),
        ("島十二　コーポ岬3階", "島", "12", (300, 3000)),
        ("島甲7番地の3", "島", "甲7-3", (500, 3000)),
        ("島298番地乙", "島", "298-乙", (600, 3000)),
        ("島島12", "島", "12", (300, 3000)),
        ("島12番地内", "島", "12", (300, 3000)),
        ("汐浜2番地6", "汐浜", "2-6", (0, 5000)),
        ("汐浜2丁目6-1", "汐浜二丁目", "6-1", (1410, 5000)),
        ("汐浜2の6の1", "汐浜二丁目", "6-1", (1410, 5000)),
        ("汐浜02-06-01", "汐浜二丁目", "6-1", (1410, 5000)),
        ("島038-02", "島", "38-2", (20, 3000)),
        ("大字山田字窪14", "大字山田窪", "14", (820, -3000)),
        ("里字吉時123-4", "里", "123-4", (150, -5000)),
        ("直江町イ38-4", "直江町イ", "38-4", (210, -7000)),
        ("直江町イ部38番地4", "直江町イ", "38-4", (210, -7000)),
        ("江崎第8地割87番地", "江崎第八地割", "87", (510, -9000)),
        ("江崎八地割87", "江崎第八地割", "87", (510, -9000)),
        ("江崎8の87", "江崎第八地割", "87", (510, -9000)),
        ("瓦町2丁1番地20", "瓦町二丁", "1-20", (310, -11000)),
        ("瓦町2-1-20", "瓦町二丁", "1-20", (310, -11000)),
        ("今出川通烏丸東入門前町701", "門前町", "701", (10, -13000)),
        ("烏丸通今出川上る2丁目門前町701番地", "門前町", "701", (10, -13000)),
        ("北24西5丁目1番2号", "北二十四条西五丁目", "1-2", (10, -15000)),
    ],
)
def test_the_customs_of_the_country_are_read(address: str, town: str, number: str, where: tuple[int, int]) -> None:
    found = one(address)
    assert (found["level"], found["town"], found["number"], found["reason"]) == ("number", town, number, None)
    assert at(found) == where


@pytest.mark.parametrize(
    ("address", "number", "building"),
    [
        ("港町2-2-5 みなとハイツ　１０１号", "2-5", "みなとハイツ 101号"),
        ("港町2-2-5-101", "2-5", "101"),
        ("港町2-2-5（山田様方）", "2-5", "(山田様方)"),
        ("港町2丁目2番5号 山田様方", "2-5", "山田様方"),
        ("港町2-2-5", "2-5", None),
        ("島12番地　203号", "12", "203号"),
        ("島12番地　3-405", "12", "3-405"),
        ("島12番地 3-405号室", "12", "3-405号室"),
        ("島38番地 2-405", "38-2", "405"),
        ("島12番地の一部", "12", "の一部"),
        ("島38-2三田ビル", "38-2", "三田ビル"),
        ("港町2丁目2番5号十字屋ビル", "2-5", "十字屋ビル"),
        ("島12番地 四季の家101", "12", "四季の家101"),
        ("島12番地 2026年3月転入", "12", "2026年3月転入"),
        ("島無番地", None, None),
        ("島番外地", None, None),
    ],
)
def test_buildings_rooms_and_names_are_split_off_as_written(
    address: str, number: str | None, building: str | None
) -> None:
    found = one(address)
    assert (found["number"], found["building"]) == (number, building)


def test_the_two_systems_are_kept_apart_and_a_bare_hyphen_says_neither() -> None:
    dwelling, lot, bare = placed("港町2丁目2番3号", "港町2丁目2番地3", "港町2丁目2-3")
    assert (dwelling["candidate_kinds"], at(dwelling)) == ("dwelling", (215, 500))
    assert (lot["candidate_kinds"], at(lot)) == ("lot", (700, 800))
    assert (bare["level"], bare["point_level"], at(bare)) == ("chome", None, None)
    assert (bare["n_candidates"], bare["candidate_kinds"]) == (2, "dwelling,lot")
    assert bare["reason"] == "geo.place_dwelling_or_lot"
    assert bare["spread_m"] == pytest.approx(np.hypot(485, 300), rel=0.01)


@pytest.mark.parametrize("inside", [True, False])
def test_two_candidates_give_their_middle_only_within_the_tolerance(inside: bool) -> None:
    apart = NUMBER_TOLERANCE_M + (-2 if inside else 2)
    rows = [row("岬", 0), *lots("岬", 0, {"2-3": 0}), row("岬", apart, kind="dwelling", number="2-3")]
    found = one("岬2-3", Gazetteer.of(pa.Table.from_pylist(rows), municipality=CODE))
    assert found["n_candidates"] == 2
    assert found["reason"] == "geo.place_dwelling_or_lot"
    assert at(found) == ((round(apart / 2), 0) if inside else None)
    assert found["point_level"] == ("number" if inside else None)


def test_a_number_that_can_be_a_chome_or_a_lot_reports_both_readings_where_both_are_held() -> None:
    found = one("汐浜2-6")
    assert (found["level"], found["town"], found["number"], at(found)) == ("town", "汐浜", "2-6", None)
    assert (found["candidate_kinds"], found["reason"]) == ("chome,lot", "geo.place_chome_or_lot")
    assert found["spread_m"] == pytest.approx(1400, rel=0.01)


def test_a_reading_that_the_gazetteer_rules_out_leaves_the_other() -> None:
    assert one("汐浜2-4")["number"] == "2-4"  # no 4 in the second 丁目, whose lots are known
    assert one("汐浜2-4")["level"] == "number"
    assert one("汐浜2-6-1")["town"] == "汐浜二丁目"
    assert one("汐浜2-6-1")["level"] == "number"


@pytest.mark.parametrize("written", ["汐浜2-6", "汐浜2の6", "汐浜02-06", "汐浜002ノ006", "汐浜二の六"])
def test_joiners_and_zeros_decide_nothing_between_a_chome_and_a_lot(written: str) -> None:
    found = one(written)
    assert (found["number"], found["reason"], at(found)) == ("2-6", "geo.place_chome_or_lot", None)


@pytest.mark.parametrize(("branch_m", "point"), [(10.0, (5, 0)), (900.0, None)])
@pytest.mark.parametrize("building", ["3-405", "3-405号室", "3-2F"])
def test_a_blank_before_a_room_decides_nothing_where_the_number_can_go_on(
    branch_m: float, point: tuple[int, int] | None, building: str
) -> None:
    rows = [row("岬", 2000), *lots("岬", 0, {"437": 0, "437-3": branch_m})]
    found = one(f"岬437番地 {building}", Gazetteer.of(pa.Table.from_pylist(rows), municipality=CODE))
    assert (found["level"], found["reason"]) == ("block" if point else "town", "geo.place_several")
    assert at(found) == (point or (2000, 0))


@pytest.mark.parametrize(
    ("address", "level", "reason"),
    [
        ("港町2丁目2番99号", "block", "geo.place_number_unknown"),
        ("港町2-3-99", "block", "geo.place_number_unknown"),
        ("港町2丁目99番1号", "chome", "geo.place_number_unknown"),
        ("港町2番地5", "town", "geo.place_chome_missing"),
        ("島38", "block", "geo.place_branch_missing"),
        ("島38番地他", "block", "geo.place_branch_missing"),
        ("島38-9", "block", "geo.place_number_unknown"),
        ("島12-99", "block", "geo.place_number_unknown"),
        ("島12-101", "block", "geo.place_number_unknown"),
        ("島999番地", "town", "geo.place_number_unknown"),
        ("島3月5日", "town", None),
        ("島38/1", "town", None),
        ("島12、13", "block", "geo.place_several"),
        ("島12番地~13番地", "block", "geo.place_several"),
        ("島12番地から13番地", "block", "geo.place_several"),
        ("島12、港町2-2-5", "block", "geo.place_several"),
        ("島12 3", "block", "geo.place_several"),
        ("島12番地三田ビル", "block", "geo.place_several"),
        ("島三八番地二三田荘", "block", "geo.place_branch_missing"),
        ("島9丁目1", "town", "geo.place_chome_unknown"),
        ("里ノ123-4", "town", "geo.place_unread_text"),
        ("汐浜ノ7-1", "town", "geo.place_unread_text"),
        ("汐浜西7-1", "town", "geo.place_unread_text"),
        ("里字奥123-4", "town", "geo.place_unread_text"),
        ("島999番地 3-405", "town", "geo.place_number_unknown"),
        ("島12番地3-405", "block", "geo.place_number_unknown"),
        ("島12番地 3-40", "block", "geo.place_number_unknown"),
    ],
)
def test_what_is_not_held_or_not_read_to_its_end_never_gets_the_level_of_a_number(
    address: str, level: str, reason: str | None
) -> None:
    found = one(address)
    assert (found["level"], found["reason"]) == (level, reason)
    assert found["point_level"] in (level, None)


def test_a_block_alone_is_placed_as_a_block() -> None:
    found = one("港町2丁目2番")
    assert (found["level"], found["point_level"], found["reason"], at(found)) == ("block", "block", None, (218, 500))
    assert found["spread_m"] == pytest.approx(25, rel=0.02)


def test_a_number_known_without_a_place_gets_the_point_of_its_town_and_says_so() -> None:
    found = one("島77番地")
    assert (found["level"], found["point_level"], at(found)) == ("number", "town", (0, 3000))
    assert (found["reason"], found["spread_m"]) == ("geo.place_number_no_point", None)


def test_a_koaza_may_go_unsaid_only_where_the_number_is_unique() -> None:
    found, twice = placed("山田12", "山田14")
    assert (found["level"], found["town"], at(found)) == ("number", "大字山田窪", (810, -3000))
    assert (twice["level"], at(twice), twice["n_candidates"]) == ("town", None, 2)
    assert twice["reason"] == "geo.place_koaza_missing"


@pytest.mark.parametrize("address", ["島12番地先", "島12付近", "島12番地ほか", "島12外3筆"])
def test_beside_a_number_is_flagged(address: str) -> None:
    found = one(address)
    assert (found["number"], found["reason"], at(found)) == ("12", "geo.place_beside", (300, 3000))


def test_a_town_without_its_machi_is_read_where_only_one_fits_and_flagged() -> None:
    found = one("港2-2-5")
    assert (found["town"], found["level"], found["reason"]) == ("港町二丁目", "number", "geo.place_town_completed")
    assert one("門前701")["town"] == "門前町"
    assert one("門前702")["town"] is None  # a number that the town lacks: more likely another town, misspelt


def test_two_towns_of_one_name_with_the_same_number_get_no_point() -> None:
    rows = [row("亀屋町", 0), row("亀屋町", 2000), *lots("亀屋町", 0, {"5": 0}), *lots("亀屋町", 0, {"5": 2000})]
    found = one("亀屋町5", Gazetteer.of(pa.Table.from_pylist(rows), municipality=CODE))
    assert (at(found), found["n_candidates"], found["reason"]) == (None, 2, "geo.place_same_name")


def test_keys_are_equal_for_one_place_and_differ_for_two() -> None:
    same = ("港町2-2-5", "架空県潮見市港町二丁目2番5号 みなとハイツ101", "港町2-2-5-101")
    others = ("港町2丁目2番地3", "港町2丁目2番3号", "港町2丁目2-3", "汐浜2-6", "島無番地", "隣市港町2-2-5")
    written = (*same, *others)
    keys = place_key(place(pa.array(written), SHIOMI, municipality=CODE)).to_pylist()
    assert keys[0] == keys[1] == keys[2]
    assert len(set(keys[:5])) == 3
    assert keys[5:] == [None] * 4  # in doubt, without a number, or elsewhere


def test_a_postal_code_of_another_town_disagrees_and_an_unknown_one_says_nothing() -> None:
    written = ("港町2-2-5", "港町2-2-5", "港町2-2-5", "島12", "島12", "汐浜7-1", "どこか", "港町9番地")
    codes = ("999-3102", "９９９３１０１", "9993199", "〒1000001", "9993100", "9993102", "9993102", "9993103")
    table = place(pa.array(written), SHIOMI, municipality=CODE)
    told = postal_disagrees(table, pd.Series(codes), SHIOMI).to_pylist()
    assert told == [False, True, None, True, None, None, None, False]


@pytest.mark.parametrize(
    ("text", "number", "system"),
    [
        ("2番6号", "2-6", System.DWELLING),
        ("2番地の6", "2-6", System.LOT),
        ("2番地6号", "2-6", System.LOT),
        ("2-6号", "2-6", System.DWELLING),
        ("6番1", "6-1", System.EITHER),
        ("2-6-3F", "2-6", System.EITHER),
        ("2-6 101号室", "2-6", System.EITHER),
        ("2番6号棟", "2", System.EITHER),
        ("12番地ロイヤル", "12", System.LOT),
        ("5番町3", "", System.EITHER),
        ("三田ビル", "", System.EITHER),
        (" 第2寮", "", System.EITHER),
        ("第12号", "12", System.EITHER),
    ],
)
def test_a_tail_says_which_number_and_which_system(text: str, number: str, system: System) -> None:
    tails = read_tails(pa.array([text.replace("の", "ノ")], pa.large_string()))
    assert (tails.number[0].as_py(), tails.system[0]) == (number, system)


def test_numbers_of_a_gazetteer_are_compared_in_one_form() -> None:
    written = pa.array(["636-乙-6", "636-乙6", "甲-38-4", "298乙", "002-06", "10-20"])
    assert canonical(written).to_pylist() == ["636-乙6", "636-乙6", "甲38-4", "298-乙", "2-6", "10-20"]


BUILDINGS = st.sampled_from(
    ["", " みなとハイツ101", "　コーポ潮見 203号室", " 山田様方", "（かもめ内）", " 5F", " 第2寮"]
)


@given(st.lists(st.tuples(st.sampled_from(HELD), BUILDINGS), min_size=1, max_size=30))
def test_a_building_never_changes_the_point(pairs: list[tuple[dict[str, Any], str]]) -> None:
    written = [f"{each['town']}{each['koaza']}{each['number']}" for each, _ in pairs]
    bare, built = placed(*written), placed(*(text + pairs[i][1] for i, text in enumerate(written)))
    for without, with_building in zip(bare, built, strict=True):
        for name in ("level", "point_level", "lon", "lat", "number", "town", "reason"):
            assert without[name] == with_building[name]


def ways(each: dict[str, Any], random: Random) -> str:
    """Write the address of a number in one of the ways that its kind allows."""
    parts = each["number"].split("-")
    digits = [str(part) if random.random() < 0.6 or not part.isdecimal() else kanji(int(part)) for part in parts]
    if each["kind"] == "dwelling":
        number = random.choice([f"{digits[0]}番{digits[1]}号", "-".join(digits), "ー".join(parts), "の".join(digits)])
    else:
        rest = random.choice(["", "の", "-", "ノ"]) + "-".join(digits[1:]) if digits[1:] else ""
        number = random.choice([f"{digits[0]}番地{rest}", "-".join(digits), f"{digits[0]} 番地 {rest}"])
    town = re.sub(
        "([一二三])丁目",
        lambda found: random.choice(["一二三", "123"])["一二三".index(found[1])] + "丁目",
        each["town"],
    )
    return random.choice(["", "潮見市", "架空県潮見市", "架空県 潮見市 "]) + town + each["koaza"] + number


@given(st.randoms(use_true_random=False))
def test_every_way_of_writing_a_number_gives_its_point_or_says_its_doubt(random: Random) -> None:
    chosen = [random.choice(HELD) for _ in range(40)]
    for each, found in zip(chosen, placed(*(ways(each, random) for each in chosen)), strict=True):
        own = found["reason"] is None and (found["lon"], found["lat"]) == (each["lon"], each["lat"])
        assert own or found["reason"] is not None, (each, found)


@given(st.lists(st.tuples(st.sampled_from(HELD), st.integers(1000, 9999)), min_size=1, max_size=30))
def test_a_number_that_is_not_held_never_gets_the_level_of_a_number(pairs: list[tuple[dict[str, Any], int]]) -> None:
    written = [f"{each['town']}{each['koaza']}{each['number'].split('-')[0]}-{n}" for each, n in pairs]
    written += [f"{each['town']}{each['koaza']}{n}番地" for each, n in pairs]
    assert not {found["level"] for found in placed(*written)} & {"number"}


ANY = st.text(alphabet="架空県潮見市港町島汐浜山田里丁目番地号の字甲イ三四十通上る入る12345-ー 　()、", max_size=20)


@given(st.lists(ANY, max_size=20), st.randoms(use_true_random=False))
def test_no_point_lies_outside_the_gazetteer_and_the_order_of_rows_does_not_matter(
    addresses: list[str], random: Random
) -> None:
    found = placed(*addresses)
    order = random.sample(range(len(addresses)), len(addresses))
    assert placed(*(addresses[i] for i in order)) == [found[i] for i in order]
    points = {(each["lon"], each["lat"]) for each in ROWS}
    for each in found:
        if each["point_level"] == "number" and each["n_candidates"] == 1:
            assert (each["lon"], each["lat"]) in points
        assert (each["lon"] is None) == (each["lat"] is None) == (each["point_level"] is None)
        if each["level"] == "number" and each["point_level"] != "number":
            assert each["reason"] is not None
        if each["n_candidates"] > 1:
            assert each["reason"] is not None
