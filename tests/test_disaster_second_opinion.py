"""What the second opinion promises; the dictionary of the invented town is written with jageocoder's own classes."""

from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.jageocoder_peer import write_dictionary
from disaster.errors import IngestError
from disaster.placelist import PlacedList, place_list
from geo.gazetteer import Gazetteer

TOWNS = {"99301": ("潮見市", 138.60), "99302": ("岬町", 138.90)}


def gazetteer(code: str) -> Gazetteer:
    city, lon = TOWNS[code]
    town = {"municipality": code, "pref": "架空県", "city": city, "town": "浜通町", "lat": 34.55, "lon": lon}
    numbers = [{**town, "kind": "lot", "number": number} for number in ("12", "12-3")]
    return Gazetteer.of(pa.Table.from_pylist([{**town, "kind": "", "number": ""}, *numbers]), municipality=code)


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dictionary")
    write_dictionary([gazetteer(code) for code in TOWNS], folder)
    return folder


def placed(*addresses: str, heading: str = "施設名") -> PlacedList:
    names = pa.array(["架空"] * len(addresses))
    return place_list(pa.table({heading: names, "住所": pa.array(list(addresses))}), gazetteer("99301"))


def test_only_rows_below_number_level_are_asked_and_none_of_them_is_placed_by_it(dictionary: Path) -> None:
    before = placed("潮見市浜通町12番地3", "架空県潮見市浜通町99", "")
    after = before.asked_elsewhere(dictionary)
    assert after.second is not None
    assert (after.second.asked, after.second.found, after.second.left) == (1, 1, 0)
    assert after.found.equals(before.found)
    assert after.rows()["第二の意見(jageocoder)"].to_pylist() == [None, "町丁・字", None]
    assert after.rows()["第二の意見の住所"].to_pylist()[1] == "架空県潮見市浜通町"


def test_an_answer_in_another_municipality_is_left_out(dictionary: Path) -> None:
    after = placed("架空県岬町浜通町12番地").asked_elsewhere(dictionary)
    assert after.second is not None
    assert (after.second.asked, after.second.found) == (1, 0)


def test_of_a_list_of_people_the_opinion_says_a_level_alone(dictionary: Path) -> None:
    names = placed("架空県潮見市浜通町99", heading="氏名").asked_elsewhere(dictionary).rows().column_names
    assert "第二の意見(jageocoder)" in names
    assert not {"第二の意見の住所", "第二の意見の経度", "第二の意見の緯度"} & set(names)


def test_a_folder_without_a_dictionary_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(IngestError) as refusal:
        placed("浜通町99").asked_elsewhere(tmp_path)
    assert refusal.value.code == "disaster.second_no_dictionary"


def test_no_server_is_asked_whatever_the_environment_says(dictionary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAGEOCODER_SERVER_URL", "http://127.0.0.1:9/jsonrpc")
    after = placed("架空県潮見市浜通町99").asked_elsewhere(dictionary)
    assert after.second is not None
    assert after.second.found == 1
