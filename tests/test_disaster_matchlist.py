"""Lists that ask honestly are answered; lists that fish are refused whole."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disaster.batch import Batch
from disaster.errors import ProvideError
from disaster.matchlist import (
    MOST_ADDRESSES_OF_ONE_NAME,
    MOST_NAMES_AT_ONE_ADDRESS,
    require_honest_list,
    require_readable,
)
from geo.faults import Fault, Faults


def listed(*rows: tuple[str, str]) -> pa.Table:
    return pa.table(
        {
            "reference": [str(number) for number in range(len(rows))],
            "inquired_name": pa.array([name for name, _ in rows], pa.string()),
            "inquired_address": pa.array([address for _, address in rows], pa.string()),
        }
    )


def refusal(table: pa.Table, limit: int = 5_000) -> ProvideError:
    with pytest.raises(ProvideError) as caught:
        require_honest_list(table, limit=limit)
    return caught.value


HOME = "架空県潮見市帆立町1-2-3"


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "潮見*",
        "潮見?郎",
        "潮見＊",
        "％郎",
        "不明",
        "氏名不明",
        "全員",
        "居住者",
        "林",
        "",
        "○○",
        "〇〇太郎",
        "ALL",
        "潮見...",
    ],
)
def test_a_name_that_is_nobody_s_is_refused(name: str) -> None:
    error = refusal(listed(("潮見花", HOME), (name, HOME)))
    assert error.code == "disaster.match_wildcard"
    assert "3行目" in error.sentence("ja")
    assert (
        not name or len(name) < 3 or name in ("氏名不明", "不明", "全員", "居住者") or name not in error.sentence("ja")
    )


@pytest.mark.parametrize("address", ["", "*", "潮見市*", "帆立町？", "不明", "住所不明", "帆立町○○", "帆立町…"])
def test_an_address_that_is_anywhere_is_refused(address: str) -> None:
    assert refusal(listed(("潮見花", address))).code == "disaster.match_wildcard"


@pytest.mark.parametrize("address", ["帆立町二〇番地", "帆立町1-2-3 サンライズ#201", "帆立町1丁目2番3号"])
def test_a_kanji_zero_and_a_flat_are_no_wildcards(address: str) -> None:
    require_honest_list(listed(("潮見花", address)), limit=0)


def test_a_list_longer_than_the_clause_allows_is_refused_and_one_as_long_is_not() -> None:
    rows = listed(*((f"潮見花{number:04d}", f"帆立町{number}-1") for number in range(11)))
    require_honest_list(rows, limit=11)
    error = refusal(rows, limit=10)
    assert error.code == "disaster.match_list_too_long"
    assert "11" in error.sentence("ja")
    assert "10" in error.sentence("ja")


def test_an_empty_list_is_refused() -> None:
    assert refusal(listed()).code == "disaster.match_list_empty"


def test_trying_names_at_one_address_is_refused_however_it_is_written() -> None:
    ways = ("帆立町1-2-3", "帆立町１－２－３", "帆立町1-2-3 ")
    rows = [(f"潮見花{number:03d}", ways[number % 3]) for number in range(MOST_NAMES_AT_ONE_ADDRESS + 1)]
    require_honest_list(listed(*rows[:-1]), limit=0)
    assert refusal(listed(*rows)).code == "disaster.match_probing_address"


def test_the_city_in_front_and_a_hyphen_for_chome_do_not_make_another_address() -> None:
    ways = ("帆立町1丁目2-3", "潮見市帆立町1丁目2番3号", "架空県潮見市帆立町1-2-3")
    names = [f"潮見花{number:03d}" for number in range(MOST_NAMES_AT_ONE_ADDRESS + 1)]
    rows = listed(*((name, ways[number % 3]) for number, name in enumerate(names)))
    with pytest.raises(ProvideError) as caught:
        require_honest_list(rows, limit=0, city="潮見市")
    assert caught.value.code == "disaster.match_probing_address"
    flats = listed(*((name, f"潮見市帆立町1丁目2番3号 コーポ{number + 101}") for number, name in enumerate(names)))
    require_honest_list(flats, limit=0, city="潮見市")


def test_a_row_without_name_or_address_is_refused_by_its_number() -> None:
    for empty in (("", HOME), ("潮見花", ""), ("　", HOME), ("潮見花", " ")):
        error = refusal(listed(("潮見花", HOME), ("潮見空", HOME), empty))
        assert error.code == "disaster.match_wildcard"
        assert "4行目" in error.sentence("ja")


def test_a_list_that_was_read_with_refused_rows_names_them() -> None:
    faults = Faults.of([Fault("disaster.required", row=row, column="氏名") for row in (9, 3)])
    table, when = listed(("潮見花", HOME)), datetime(2026, 11, 20, tzinfo=UTC)
    batch = Batch("inquiries", "99301", "", table, faults, read=3, refused=2, sources=(), as_of=when)
    with pytest.raises(ProvideError) as caught:
        require_readable(batch)
    assert caught.value.code == "disaster.bad_inquiries"
    assert "3、9行目" in caught.value.sentence("ja")


def test_looking_for_one_person_at_many_addresses_is_refused() -> None:
    rows = [
        ("潮見 花" if number % 2 else "潮見花", f"帆立町{number}-1") for number in range(MOST_ADDRESSES_OF_ONE_NAME + 1)
    ]
    require_honest_list(listed(*rows[:-1]), limit=0)
    assert refusal(listed(*rows)).code == "disaster.match_probing_name"


def test_the_same_row_many_times_is_one_question() -> None:
    require_honest_list(listed(*[("潮見花", HOME)] * 100), limit=0)


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=12)), max_size=30))
def test_no_refusal_repeats_what_stands_in_the_list(rows: list[tuple[str, str]]) -> None:
    marked = [(f"{name}機密の氏名", f"{address}機密の住所") for name, address in rows]
    try:
        require_honest_list(listed(*marked), limit=20)
    except ProvideError as error:
        for said in (error.sentence("ja"), error.sentence("en"), repr(error)):
            assert "機密" not in said
