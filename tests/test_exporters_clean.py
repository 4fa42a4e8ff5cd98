"""Characters that do harm become visible; everything else stays as it is."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.clean import text_bytes, visible, without_controls, without_formulas

TEXTS = st.lists(st.none() | st.text(max_size=12), max_size=20)
NASTY = st.sampled_from("\x00\x07\x1f\x7f\x85\u200e\u202e\u2066\u2069\u061c\ufffe\uffff\t\n\r=+-@＝あ﨑a0 　")
NASTY_TEXTS = st.lists(st.none() | st.text(NASTY, max_size=6), max_size=20)
HARMFUL = set("\u061c\u200e\u200f\ufffe\uffff") | {
    chr(code)
    for first, last in ((0, 8), (11, 12), (14, 31), (127, 159), (0x202A, 0x202E), (0x2066, 0x2069), (0xFFF9, 0xFFFB))
    for code in range(first, last + 1)
}


def clean(texts: list[str | None]) -> tuple[list[str | None], int]:
    values, count = without_controls(pa.array(texts, pa.string()))
    return values.to_pylist(), count


@given(TEXTS | NASTY_TEXTS)
def test_no_harmful_character_is_left_and_each_is_counted(texts: list[str | None]) -> None:
    found, count = clean(texts)
    assert not any(HARMFUL & set(text) for text in found if text is not None)
    assert count == sum(sign in HARMFUL for text in texts if text is not None for sign in text)


@given(TEXTS | NASTY_TEXTS)
def test_cleaning_changes_nothing_but_harmful_characters_and_line_breaks(texts: list[str | None]) -> None:
    found, _ = clean(texts)
    for before, after in zip(texts, found, strict=True):
        if before is None:
            assert after is None
            continue
        expected = re.sub("\r\n?", "\n", before)
        assert after is not None
        assert len(after) == len(expected)
        assert all(a == b for a, b in zip(after, expected, strict=True) if b not in HARMFUL)


def test_a_control_character_becomes_its_sign() -> None:
    assert clean(["a\x00b\x1bc\x7f", "\u202eabc"]) == (["a␀b␛c␡", "\ufffdabc"], 4)
    assert visible("a\x00\u202e") == "a␀\ufffd"


def test_rare_kanji_variation_selectors_and_joined_emoji_are_no_controls() -> None:
    texts = ["﨑山 髙子", "葛󠄀城", "👩‍👩‍👧‍👦🚒", "ﾊﾝｶｸ", "ＡＢＣ"]
    assert clean(texts) == (texts, 0)


def test_a_part_of_a_column_is_cleaned_like_the_whole() -> None:
    values = pa.array(["x", "a\x00", None, "=1", "b"]).slice(1, 3)
    assert text_bytes(values)[0].tobytes() == b"a\x00=1"
    assert without_controls(values)[0].to_pylist() == ["a␀", None, "=1"]
    assert without_formulas(values).to_pylist() == ["a\x00", None, "'=1"]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+81",
        "-2+3",
        "@A1",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1+1",
        "　＝１",
        "＝１",
        "＋１",
        "－１",
        "＠A",
        "\ufeff=1",
    ],
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert without_formulas(pa.array([text])).to_pylist() == [f"'{text}"]


@pytest.mark.parametrize("text", ["-", "－", "=", "", "1-2", "'=1", "あ=1", "（-1）", "3 丁目", None, "　町"])
def test_other_text_gets_none(text: str | None) -> None:
    assert without_formulas(pa.array([text], pa.string())).to_pylist() == [text]


@given(NASTY_TEXTS)
def test_no_cell_begins_with_a_sign_that_runs(texts: list[str | None]) -> None:
    for text in without_formulas(pa.array(texts, pa.string())).to_pylist():
        bare = (text or "").lstrip(" \u00a0\u3000\ufeff")
        assert len(bare) < 2 or bare[0] not in "=+-@＝＋－＠"
        assert not (text or "").startswith(("\t", "\r", "\n"))
