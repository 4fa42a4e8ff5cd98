"""What geo.changes promises."""

from datetime import date

import pytest

from geo.changes import changes, current, former_names
from geo.codes import normalise, six

BEFORE, AFTER = date(2023, 12, 31), date(2024, 1, 1)


def test_an_old_code_is_its_own_until_the_day_of_the_change() -> None:
    assert current("22131", on=BEFORE) == ("22131",)
    assert current("22131", on=AFTER) == ("22138",)


def test_a_municipality_that_was_split_has_several_successors() -> None:
    assert set(current(six("22135"), on=AFTER)) == {"22138", "22139"}


def test_a_code_that_never_changed_is_returned_as_five_digits() -> None:
    assert current("222127", on=AFTER) == ("22212",)


def test_former_names_leave_out_the_name_that_stayed() -> None:
    assert "浜松市中区" in former_names("22138", on=AFTER)
    assert former_names("22140", on=AFTER) == ()
    assert former_names("22138", on=BEFORE) == ()


@pytest.mark.parametrize("one", changes(), ids=lambda one: f"{one.old}-{one.new}")
def test_every_change_ends_at_a_code_that_stands_today(one: object) -> None:
    old, new = one.old, one.new  # type: ignore[attr-defined]
    assert normalise(six(old)) == old
    assert normalise(six(new)) == new
    assert new not in {other.old for other in changes()}


def test_of_a_municipality_that_was_split_one_part_takes_the_rest() -> None:
    for old in {one.old for one in changes()}:
        assert len([one for one in changes() if one.old == old and not one.towns]) == 1
