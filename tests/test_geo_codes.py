"""What geo.codes promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.codes import check_digit, normalise, readings, six
from geo.errors import PlaceError

# Published pairs of five and six digits.
VECTORS = [
    ("01000", "010006"), ("01100", "011002"), ("13000", "130001"), ("13101", "131016"), ("13104", "131041"),
    ("14150", "141500"), ("17204", "172049"), ("17201", "172014"), ("22138", "221384"), ("23101", "231011"),
    ("27140", "271403"), ("40130", "401307"), ("47201", "472018"), ("22212", "222127"), ("09201", "092011"),
]  # fmt: skip

CODES = st.builds(
    lambda prefecture, number: f"{prefecture:02d}{number:03d}", st.integers(1, 99), st.just(0) | st.integers(100, 999)
)


@pytest.mark.parametrize(("code5", "code6"), VECTORS)
def test_check_digits_are_those_published(code5: str, code6: str) -> None:
    assert six(code5) == code6
    assert normalise(code6) == code5


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("222127", "22212"),
        ("22212", "22212"),
        (22212, "22212"),
        (222127, "22212"),
        ("２２２１２７", "22212"),
        (" 22212 ", "22212"),
        ("092011", "09201"),
        ("92011", "09201"),
        ("9201", "09201"),
        ("10006", "01000"),
        ("99301", "99301"),
        (six("99301"), "99301"),
    ],
)
def test_a_code_is_understood_however_it_was_written(written: str | int, meant: str) -> None:
    assert normalise(written) == meant


def test_five_digits_that_fit_two_municipalities_give_both() -> None:
    assert readings("12106") == ("12106", "01210")
    assert normalise("12106") == "12106"


@given(CODES)
def test_six_digits_always_lead_back_to_the_five(code5: str) -> None:
    assert normalise(six(code5)) == code5
    assert readings(six(code5)) == (code5,)


@given(CODES.map(lambda code5: "0" + str(int(code5[0]) or 9) + code5[2:]))
def test_a_lost_leading_zero_is_never_out_of_reach(code5: str) -> None:
    assert code5 in readings(six(code5)[1:])
    assert code5 in readings(code5[1:])


@given(CODES, st.integers(0, 5), st.integers(1, 9))
def test_one_mistyped_digit_of_six_is_never_read_as_the_same_code(code5: str, place: int, by: int) -> None:
    digits = list(six(code5))
    digits[place] = str((int(digits[place]) + by) % 10)
    written = "".join(digits)
    if check_digit(written[:5]) == written[5] and written[:2] != "00" and (written[2:5] == "000" or written[2] != "0"):
        assert normalise(written) != code5
    else:
        with pytest.raises(PlaceError, match=written):
            normalise(written)


@pytest.mark.parametrize("written", ["", "焼津", "222", "2221271", "00100", "22013", "-22212", "22.212"])
def test_what_is_no_code_is_refused_in_words(written: str) -> None:
    with pytest.raises(PlaceError) as refusal:
        normalise(written)
    assert refusal.value.code == "geo.code_unreadable"


def test_a_wrong_check_digit_names_the_right_one() -> None:
    with pytest.raises(PlaceError) as refusal:
        normalise("222126")
    assert refusal.value.code == "geo.code_check_digit"
    assert "222127" in refusal.value.sentence()


@pytest.mark.parametrize("code5", ["2221", "222127", "２２２１２", "abcde"])
def test_the_check_digit_is_computed_from_five_ascii_digits_only(code5: str) -> None:
    with pytest.raises(PlaceError):
        check_digit(code5)
