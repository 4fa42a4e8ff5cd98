"""Claims about comparing two lists of the same places; every place is invented."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pairing_places import LAT, LON, METRE, Row, listed

from geo.pairing import RADIUS_M, Pairing, Places, pair
from geo.pairing.facility import facilities
from geo.pairing.house import Houses, compare

TOWN = "99301"


def compared(left: Places, right: Places, **known: list[tuple[int, int]]) -> Pairing:
    return pair(left, right, municipality=TOWN, city="潮見市", **known)


def verdict(one: Row, other: Row) -> str:
    """Return same, only, or the reason why two rows are left open."""
    found = compared(listed(one), listed(other))
    if found.left[0] == "open":
        return str(found.pairs["reason"][0]).removeprefix("geo.pair_")
    assert found.left[0] == found.right[0]
    return str(found.left[0])


def key(name: str) -> str:
    return facilities(pa.array([name]), city="潮見市")[0].key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("潮見市立青浜東小学校", "青浜東小"),
        ("第一中学校", "第１中学校"),
        ("第十三公民館", "第13公民館"),
        ("（県）潮見水産高等学校", "架空県立潮見水産高校"),
        ("青浜東小学校体育館", "青浜東小（体育館）"),
        ("旧　白波工業高校（運動場）", "旧白波工業高校　グラウンド"),
        ("御崎地区コミュニティーセンター", "御崎コミュニティセンター"),
        ("二区集会所", "２区集会所"),
        ("潮見市文化会館", "文化会館"),
        ("みさき荘（福祉避難所）", "みさき荘"),
        ("ミナト．クル（４Ｆ）", "ミナト・クル"),
        ("渡邉記念会館", "渡辺記念會館"),
        ("つつじヶ浜公園", "つつじが浜公園"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("第一小学校", "第二小学校"),
        ("青浜小学校", "青浜中学校"),
        ("青浜公民館", "青浜コミュニティセンター"),
        ("青浜小学校", "青浜小学校体育館"),
        ("青浜小学校（体育館）", "青浜小学校（グラウンド）"),
        ("白波高校（第１グラウンド）", "白波高校（第２グラウンド）"),
        ("青浜東小学校", "青浜西小学校"),
        ("白波センター東分館", "白波センター西分館"),
    ],
)
def test_neighbours_do_not_share_a_key(one: str, other: str) -> None:
    assert key(one) != key(other)


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("架空県潮見市本町5-9-1", "本町五丁目９番１号", "number"),
        ("潮見市大字青浜１２３番地４", "架空県潮見市青浜123-4", "number"),
        ("潮見市鹿の台は部１４番４", "潮見市鹿の台は14-4", "number"),
        ("潮見市寺町２字57-1", "潮見市寺町2-57-1", "number"),
        ("潮見市田浜町ニ144", "潮見市田浜町二144", "number"),
        ("潮見市栄5-14-1", "潮見市栄町5-14-1", "number"),
        ("潮見市石津1233", "潮見市石津1233-1", "partly"),
        ("潮見市本町1-2", "潮見市本町1-3", "other_number"),
        ("潮見市本町", "潮見市本町1-3", "town"),
        ("潮見市小本町1-2", "本町1-2", "number_only"),
        ("潮見市青浜12", "潮見市白波12", "different"),
        ("", "潮見市青浜12", "unknown"),
        (None, "潮見市青浜12", "unknown"),
    ],
)
def test_addresses_agree_as_far_as_they_say_the_same(one: str | None, other: str, agreement: str) -> None:
    left, right = (Houses.of(pa.array([text], pa.string())) for text in (one, other))
    rows = np.array([[0, 0]])
    assert compare(left, right, rows)[0].tolist() == [agreement]
    assert compare(right, left, rows)[0].tolist() == [agreement]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("1", "青浜小学校", "青浜1-2", 0.0), ("A", "市立青浜小学校", "潮見市青浜1-2", 35.0), "same"),
        (("1", "青浜小学校", "青浜1-2", 0.0), ("A", "青浜小学校", "白波3", 90.0), "same"),
        (("1", "臨海公園", "青浜1-2", 0.0), ("A", "臨海公園", "青浜1-2", 400.0), "same"),
        (("1", "新町公民館（旧本町小学校）", "新町1", 0.0), ("A", "本町小学校", "新町1", 10.0), "same"),
        (("1", "青浜小学校", "青浜1-2", np.nan), ("A", "青浜小学校", "青浜1-2", 0.0), "same"),
        (("1", "青浜小学校", None, np.nan), ("A", "青浜小学校", "青浜1-2", 0.0), "same"),
        (("1", "集会所", None, np.nan), ("A", "集会所", "青浜1-2", 0.0), "no_place"),
        (("1", "青浜小学校", "白波3", np.nan), ("A", "青浜小学校", "青浜1-2", 0.0), "no_place"),
        (("1", "青浜小学校", "青浜1-2", 0.0), ("A", "青浜小学校", "青浜1-2", 600.0), "moved"),
        (("1", "青浜小学校", "青浜1-2", 0.0), ("A", "青浜小学校", "白波7", 300.0), "off"),
        (("1", "青浜小学校", "青浜1-2", 0.0), ("A", "青浜小学校体育館", "青浜1-2", 20.0), "part"),
        (("1", "青浜小学校", "青浜1-2", 0.0), ("A", "旧青浜小学校", "青浜1-2", 0.0), "former"),
        (("1", "県立青浜高校", "青浜1-2", 0.0), ("A", "市立青浜高校", "青浜1-2", 0.0), "founder"),
        (("1", "ホテル潮騒", "青浜1-2", 0.0), ("A", "ホテル潮騒青浜店", "青浜1-2", 0.0), "similar"),
        (("1", "青浜公民館", "青浜1-2", 0.0), ("A", "青浜交流館", "青浜1-2", 0.0), "similar"),
        (("1", "市民ホール", "青浜1-2", 0.0), ("A", "タナカアリーナ", "青浜1-2", 5.0), "other_name"),
        (("1", None, "青浜1-2", 0.0), ("A", "青浜小学校", "青浜1-2", 5.0), "no_name"),
        (("1", "青浜小学校（体育館）", "青浜1-2", 0.0), ("A", "青浜小学校（校庭）", "青浜1-2", 9.0), "only"),
        (("1", "青浜小学校", "青浜1-2", 0.0), ("A", "白波公民館", "青浜7", 60.0), "only"),
        (("7", "青浜小学校", "青浜1-2", 0.0), ("7", "白波公民館", "白波7", 4000.0), "only"),
    ],
)
def test_a_pair_is_decided_only_where_name_and_place_agree(one: Row, other: Row, expected: str) -> None:
    assert verdict(one, other) == expected
    assert verdict(other, one) == expected


def test_a_homes_name_within_another_ones_is_never_decided() -> None:
    left = listed(("1", "特別養護老人ホームなぎさ", "青浜22-5", 0.0))
    right = listed(("A", "養護老人ホームなぎさ", "青浜22-5", 0.0))
    assert compared(left, right).left.tolist() == ["open"]


def test_a_place_listed_twice_is_reported_and_left_open() -> None:
    left = listed(("1", "青浜小学校", "青浜1-2", 0.0))
    right = listed(("A", "青浜小学校", "青浜1-2", 0.0), ("B", "青浜小", "青浜1-2", 4.0))
    found = compared(left, right)
    assert found.twice_right.tolist() == [[0, 1]]
    assert found.left.tolist() == ["open"]
    assert set(found.pairs["reason"].to_pylist()) == {"geo.pair_several"}


def test_of_two_places_of_one_name_the_near_one_is_taken() -> None:
    left = listed(("1", "中央公民館", "青浜1", 0.0))
    right = listed(("A", "中央公民館", "青浜1", 10.0), ("B", "中央公民館", "白波9", 3000.0))
    assert compared(left, right).right.tolist() == ["same", "only"]


def test_kept_ids_make_up_for_a_changed_name_but_renumbered_ones_do_not() -> None:
    names = ["第一小学校", "白波中学校", "臨海公園", "港会館", "山手集会所", "青浜公民館"]
    left = listed(*((str(n), name, f"青浜{n}", 300.0 * n) for n, name in enumerate(names)))
    renamed = [*names[:5], "青浜交流センター"]
    kept = listed(*((str(n), name, f"青浜{n}", 300.0 * n) for n, name in enumerate(renamed)))
    assert compared(left, kept).left.tolist() == ["same"] * 6
    renumbered = listed(*((str((n + 1) % 6), name, f"青浜{n}", 300.0 * n) for n, name in enumerate(renamed)))
    assert compared(left, renumbered).left.tolist() == [*["same"] * 5, "open"]


@pytest.mark.parametrize("error_m", [15, 30, 50])
def test_of_many_places_of_one_name_side_by_side_none_is_taken_for_another(error_m: int) -> None:
    chance = np.random.default_rng(1)
    count, side = 500, 0.02
    heads, kinds = list("青赤白黒金銀"), ["集会所", "公民館", "公園"]
    made = zip(chance.choice(heads, count), chance.choice(kinds, count), strict=True)
    names, nothing = pa.array([head + kind for head, kind in made]), pa.nulls(count, pa.string())
    middle = LON + side * chance.random(count), LAT + side * chance.random(count)
    left, right = (
        Places(nothing, names, nothing, *(part + chance.normal(0, error_m * METRE, count) for part in middle))
        for _ in range(2)
    )
    pairs = compared(left, right).pairs
    decided = pairs.filter(pairs["same"])
    assert decided["left"].to_pylist() == decided["right"].to_pylist()
    assert decided.num_rows > 0


def test_what_people_said_is_not_asked_again() -> None:
    left = listed(("1", "青浜小学校", "青浜1-2", 0.0), ("2", "ホテル潮騒", "青浜3", 0.0))
    right = listed(("A", "青浜小学校", "青浜1-2", 900.0), ("B", "ホテル潮騒青浜店", "青浜3", 0.0))
    assert compared(left, right).left.tolist() == ["open", "open"]
    found = compared(left, right, same=[(0, 0)], apart=[(1, 1)])
    assert found.left.tolist() == ["same", "only"]


def test_empty_lists_are_compared_too() -> None:
    one = listed(("1", "青浜小学校", "青浜1-2", 0.0))
    assert compared(listed(), listed()).pairs.num_rows == 0
    assert compared(one, listed()).left.tolist() == ["only"]
    assert compared(listed(), one).right.tolist() == ["only"]


NAMES = [
    "青浜小学校", "市立青浜小学校", "青浜小学校体育館", "青浜中学校", "青浜公民館", "第一公民館", "第二公民館",
    "集会所", "旧青浜小学校", "白波公民館（旧青浜小学校）", "ホテル潮騒", "ホテル潮騒青浜店", "", None,
]  # fmt: skip
ADDRESSES = ["潮見市青浜1-2", "青浜1-2", "青浜1", "潮見市白波7", "青浜", "", None]
rows = st.tuples(
    st.sampled_from(["1", "2", "3", "", None]),
    st.sampled_from(NAMES),
    st.sampled_from(ADDRESSES),
    st.sampled_from([0.0, 20.0, 90.0, 140.0, 450.0, 800.0, np.nan]),
)
lists = st.lists(rows, max_size=7).map(lambda some: listed(*some))


@given(lists, lists)
def test_decided_pairs_are_one_to_one_and_counts_add_up(left: Places, right: Places) -> None:
    found = compared(left, right)
    decided = found.pairs.filter(found.pairs["same"])
    for side, states in (("left", found.left), ("right", found.right)):
        matched = decided[side].to_pylist()
        assert len(matched) == len(set(matched))
        assert sorted(matched) == np.flatnonzero(states == "same").tolist()
        open_rows = set(found.pairs.filter(pa.compute.invert(found.pairs["same"]))[side].to_pylist())
        assert sorted(open_rows) == np.flatnonzero(states == "open").tolist()
    assert len(found.left) == len(left)
    assert len(found.right) == len(right)


@given(lists, lists)
def test_changing_sides_mirrors_the_answer(left: Places, right: Places) -> None:
    found, mirrored = compared(left, right), compared(right, left)
    columns = ["score", "same", "name", "address", "reason"]
    one = {(row["left"], row["right"], *(row[name] for name in columns)) for row in found.pairs.to_pylist()}
    other = {(row["right"], row["left"], *(row[name] for name in columns)) for row in mirrored.pairs.to_pylist()}
    assert one == other
    assert found.left.tolist() == mirrored.right.tolist()
    assert found.twice_left.tolist() == mirrored.twice_right.tolist()


@given(lists, lists, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(left: Places, right: Places, random: object) -> None:
    order = list(range(len(left)))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = Places(*(column.take(pa.array(order, pa.int64())) for column in (left.ids, left.names, left.addresses)),
                   left.lon[order], left.lat[order])  # fmt: skip
    found, again = compared(left, right), compared(moved, right)
    one = {(row["left"], row["right"], row["same"]) for row in found.pairs.to_pylist()}
    assert one == {(order[row["left"]], row["right"], row["same"]) for row in again.pairs.to_pylist()}


@given(lists, lists)
def test_scores_lie_between_nought_and_one_and_open_pairs_stand_first(left: Places, right: Places) -> None:
    pairs = compared(left, right).pairs.to_pylist()
    assert all(0 <= row["score"] <= 1 for row in pairs)
    opened = [row["score"] for row in pairs if not row["same"]]
    assert opened == sorted(opened, reverse=True)
    assert [row["same"] for row in pairs] == sorted(row["same"] for row in pairs)
    assert all((row["reason"] is None) == row["same"] for row in pairs)


@given(st.floats(0, 2 * RADIUS_M), st.floats(0, 2 * RADIUS_M))
def test_a_nearer_place_never_scores_less(one: float, other: float) -> None:
    left = listed(("1", "青浜小学校", "青浜1-2", 0.0))
    near, far = (
        compared(left, listed(("A", "青浜小学校", "青浜1-2", north))).pairs["score"][0].as_py()
        for north in sorted((one, other))
    )
    assert near >= far
