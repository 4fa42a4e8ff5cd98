"""What the loader of 街区レベル位置参照情報 promises."""

import pyproj
import pytest
from gazetteer_files import CODE, DAY, adds_up, names_of, table

from geo.gazetteer.mlit import load_mlit
from geo.gazetteer.rows import Part
from geo.gazetteer.scope import Scope

SCOPE = Scope({CODE: ("架空県", "潮見市")}, DAY)
ROW = {"大字・丁目名": "本町一丁目", "街区符号・地番": "2", "緯度": "34.55", "経度": "138.6"}


def loaded(*rows: dict[str, str]) -> Part:
    part = load_mlit({"mlit_block": table("mlit_block", *rows)}, SCOPE)
    assert adds_up(part.accounts)
    return part


def numbers(part: Part) -> list[dict[str, object]]:
    return [row for row in part.rows.to_pylist() if row["kind"]]


@pytest.mark.parametrize(("flag", "kind"), [("1", "block"), ("0", "lot")])
def test_the_flag_of_jukyo_hyoji_tells_blocks_from_lots(flag: str, kind: str) -> None:
    part = loaded({**ROW, "住居表示フラグ": flag})
    assert [(row["kind"], row["number"], row["lon"], row["lat"]) for row in numbers(part)] == [
        (kind, "2", 138.6, 34.55)
    ]
    assert names_of(part.rows) == [("本町一丁目", "")]


def test_the_representative_point_is_the_one_that_counts() -> None:
    part = loaded({**ROW, "代表フラグ": "0", "経度": "138.7"}, ROW)
    assert [row["lon"] for row in numbers(part)] == [138.6]
    assert part.accounts[0].dropped == {"not_representative": 1}


def test_an_abolished_number_is_dropped() -> None:
    part = loaded({**ROW, "更新後履歴フラグ": "3"}, {**ROW, "街区符号・地番": "3"})
    assert [row["number"] for row in numbers(part)] == ["3"]
    assert part.accounts[0].dropped == {"abolished": 1}


def test_x_is_the_northing_where_degrees_are_missing() -> None:
    east, north = pyproj.Transformer.from_crs("EPSG:6668", "EPSG:6676", always_xy=True).transform(138.6, 34.55)
    part = loaded({**ROW, "緯度": "", "経度": "", "Ｘ座標": f"{north:.3f}", "Ｙ座標": f"{east:.3f}"})
    assert (numbers(part)[0]["lon"], numbers(part)[0]["lat"]) == (pytest.approx(138.6), pytest.approx(34.55))


def test_a_municipality_that_no_list_names_is_counted_not_guessed() -> None:
    part = loaded({**ROW, "市区町村名": "沖見市"})
    assert part.rows.num_rows == 0
    assert part.accounts[0].dropped == {"unknown_municipality": 1}
