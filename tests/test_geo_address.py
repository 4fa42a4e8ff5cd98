"""What geo.address promises."""

import re
import tomllib
import unicodedata
from importlib.resources import files

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo.address import address_table, arabic, fold, fold_name, kanji, name_table

#: Letters that addresses are made of, and some that try to break the folding.
LETTERS = st.text(
    alphabet="みなと市潮見本町字大小丁目番地号条線ノのヶケがカー－-〜~ 　一二三十百千〇壱0123456789０１２"
    "①½㈱ｶﾞ゛゙澤沢濵髙A\n\u200b\U000e0100",
    max_size=20,
)
ANY = st.text(max_size=20)


def key(text: str) -> str:
    folded: str = fold(pa.array([text], pa.string()))[0].as_py()
    return folded


def name_key(text: str) -> str:
    folded: str = fold_name(pa.array([text], pa.string()))[0].as_py()
    return folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("架空県潮見市本町５－９－１", "架空県潮見市本町5-9-1"),
        ("潮見市 本町　５‐９−１", "潮見市本町5—9–1"),
        ("本町五丁目9番1号", "本町5丁目9-1"),
        ("本町5丁目9番地の1", "本町五丁目9-1"),
        ("大字鰯ヶ島字中六十九番地の５", "鰯ケ島中69-5"),
        ("鰯が島69ノ5", "鰯ヶ島69-5"),
        ("城の腰109-1", "城之腰109-1"),
        ("北二十四条西五丁目1ー2ー3", "北24条西5丁目1-2-3"),
        ("南瓦町2丁1番", "南瓦町2丁目1"),
        ("髙澤町１番地", "高沢町1"),
        ("濵田町１２号", "浜田町12"),
        ("第二四地割3", "第24地割3"),
        ("ﾐﾅﾄﾊｲﾂ101号室", "ミナトハイツ101"),
        ("田町２字57-1", "田町2-57-1"),
        ("田町大字奥字57", "田町奥57"),
        ("呑町1", "吞町1"),
    ],
)
def test_ways_of_writing_one_address_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("湊2-6", "湊2丁目6"),
        ("本町1-11", "本町11-1"),
        ("三田1", "3田1"),
        ("本町カ5", "本町ケ5"),
        ("潮見町1", "潮見1"),
        ("田町2字57-1", "田町257-1"),
        ("田町二字三番", "田町二三番"),
    ],
)
def test_addresses_that_can_be_two_places_keep_two_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


@pytest.mark.parametrize("town", ["三田", "四日市市", "八王子市", "二日市", "千二百"])
def test_numerals_that_are_part_of_a_name_survive(town: str) -> None:
    assert key(town) == town


@given(LETTERS | ANY)
@example("一字丁目")
@example("5番ノ3")
@example("ｶ ﾞ")
@example("1--2号-3")
def test_folding_an_address_twice_changes_nothing(text: str) -> None:
    assert key(key(text)) == key(text)


@given(LETTERS | ANY)
def test_folding_a_name_twice_changes_nothing(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)


@given(st.text(alphabet="潮見本町丁目番地号条ノのヶ-－ー 　0123456789０１２３４５６７８９", max_size=24))
def test_every_digit_of_an_address_survives_in_its_order(text: str) -> None:
    assert re.sub("[^0-9]", "", key(text)) == re.sub("[^0-9]", "", unicodedata.normalize("NFKC", text))


@given(st.integers(1, 9999))
def test_kanji_numerals_are_read_as_they_are_written(number: int) -> None:
    assert arabic(kanji(number)) == number


@given(st.integers(0, 10**6))
def test_kanji_digits_by_place_are_read(number: int) -> None:
    digits = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))
    assert arabic(digits) == number


@pytest.mark.parametrize("text", ["", "十十", "二四十", "百千", "本", "5"])
def test_what_is_no_kanji_numeral_is_not_read(text: str) -> None:
    assert arabic(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋　﨑子", "高橋崎子"),
        ("渡邊 一郎", "渡辺一郎"),
        ("齋藤 花", "斎藤　花"),
        ("ｻﾄｳ ﾊﾅ", "サトウハナ"),
        ("ＳＭＩＴＨ　Ｊｏｈｎ", "Smith John"),
        ("辻\U000e0100 次郎", "辻次郎"),
    ],
)
def test_ways_of_writing_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("三田 一", "3田 1"), ("井ノ上", "井の上"), ("山口ケイ", "山口ガイ")])
def test_names_are_not_folded_like_addresses(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.lists(st.none() | LETTERS, max_size=8))
def test_a_column_keeps_its_length_its_order_and_its_missing_values(texts: list[str | None]) -> None:
    column = pa.array(texts, pa.string())
    folded = fold(column)
    assert folded.type == column.type
    assert [value is None for value in folded.to_pylist()] == [text is None for text in texts]
    assert folded.to_pylist() == [None if text is None else key(text) for text in texts]
    assert column.to_pylist() == texts  # the caller's column is as it was


def test_pandas_and_chunked_columns_are_folded_like_arrow_ones() -> None:
    series = pd.Series(["本町二丁目", None, "髙町 1"], index=[5, 3, 9], name="address", dtype="str")
    folded = fold(series)
    assert folded.index.tolist() == [5, 3, 9]
    assert folded.name == "address"
    assert folded.isna().tolist() == [False, True, False]
    assert folded[[5, 9]].tolist() == ["本町2丁目", "高町1"]
    chunked = pa.chunked_array([["本町二丁目"], [], ["髙町 1", None]], type=pa.string())
    assert fold(chunked).to_pylist() == ["本町2丁目", "高町1", None]
    assert fold(pa.chunked_array([["a", "本町二丁目"]]).slice(1)).to_pylist() == ["本町2丁目"]


def test_the_table_of_variants_is_flat_and_stable() -> None:
    groups = tomllib.loads(files("geo").joinpath("variants.toml").read_text(encoding="utf-8"))
    folded = {
        variant: form for section in ("kanji", "address") for form, all_ in groups[section].items() for variant in all_
    }
    assert len(groups["kanji"]) > 400
    assert not set(folded) & set(folded.values()), "a form that others are folded into must not be folded itself"
    for form in folded.values():
        assert unicodedata.normalize("NFKC", form) == form
    for table in (address_table(), name_table()):
        assert np.array_equal(table[table], table)


@pytest.mark.parametrize("letter", ["々", "丶", "ヽ", "東", "京", "1", "A", "あ", "ア", "町", "田"])
def test_letters_outside_the_table_stay_as_they_are(letter: str) -> None:
    assert key(letter) == letter
