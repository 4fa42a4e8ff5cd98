"""What the loader of the Address Base Registry promises."""

from collections.abc import Mapping

import pyarrow as pa
import pytest
from gazetteer_files import CODE, DAY, NEXT, adds_up, names_of, point, table, town_row

from geo.codes import six
from geo.gazetteer.abr import load_abr
from geo.gazetteer.rows import Account, Part
from geo.gazetteer.scope import Scope

SCOPE = Scope({CODE: ("架空県", "潮見市"), NEXT: ("架空県", "隣郡隣町")}, DAY)
TOWNS = table("abr_town", town_row("0001001", "本町", "１丁目"), town_row("0002000", "浜"))


def loaded(scope: Scope = SCOPE, **tables: pa.Table) -> Part:
    part = load_abr({"abr_town": TOWNS, **tables}, scope)
    assert adds_up(part.accounts)
    return part


def account(part: Part, role: str) -> Account:
    return next(one for one in part.accounts if one.role == role)


def numbers(part: Part, kind: str) -> dict[tuple[str, str], tuple[float, float] | None]:
    return {
        (row["town"], row["number"]): None if row["lon"] is None else (row["lon"], row["lat"])
        for row in part.rows.to_pylist()
        if row["kind"] == kind
    }


def test_a_town_is_its_oaza_with_its_chome_as_the_registry_writes_them() -> None:
    assert names_of(loaded().rows) == [("本町１丁目", ""), ("浜", "")]


def test_a_koaza_without_an_oaza_is_the_town_itself() -> None:
    part = loaded(abr_town=table("abr_town", town_row("0000121", "", koaza="磯"), town_row("3", "浜", koaza="字北")))
    assert names_of(part.rows) == [("浜", "字北"), ("磯", "")]


def test_county_and_ward_are_part_of_the_city() -> None:
    row = town_row("1", "本町", lg_code=six(NEXT), county="隣郡", city="隣町")
    rows = loaded(abr_town=table("abr_town", row)).rows.to_pylist()
    assert (rows[0]["municipality"], rows[0]["city"]) == (NEXT, "隣郡隣町")


def test_towns_abolished_by_the_day_or_not_yet_in_force_are_left_out_and_counted() -> None:
    part = loaded(abr_town=table(
        "abr_town", town_row("1", "本町", ablt_date="2020-01-01"), town_row("2", "浜", ablt_date="2027-01-01"),
        town_row("3", "新町", efct_date="2027-01-01"), town_row("4", "沖", efct_date=""), town_row("5", ""),
    ))  # fmt: skip
    assert names_of(part.rows) == [("沖", ""), ("浜", "")]
    assert account(part, "abr_town").dropped == {"abolished": 1, "not_yet": 1, "no_name": 1}


def test_one_machiaza_id_given_twice_is_one_town() -> None:
    twice = table("abr_town", town_row("1", "本町", rsdt_addr_flg="0"), town_row("1", "本町", rsdt_addr_flg="1"))
    part = loaded(abr_town=twice)
    assert names_of(part.rows) == [("本町", "")]
    assert account(part, "abr_town").dropped == {"duplicate": 1}


def test_the_reference_system_is_read_row_by_row_and_what_cannot_be_used_is_counted() -> None:
    pos = table(
        "abr_town_pos", {"machiaza_id": "0001001", **point(138.6, 34.55), "rep_srid": "EPSG:4612"},
        {"machiaza_id": "0002000", **point(138.61, 34.56), "rep_srid": "EPSG:4301"},
    )  # fmt: skip
    part = loaded(abr_town_pos=pos)
    places = {row["town"]: row["lon"] for row in part.rows.to_pylist()}
    assert places["本町１丁目"] == pytest.approx(138.6, abs=1e-7)
    assert places["浜"] is None
    assert account(part, "abr_town_pos").dropped == {"bad_crs": 1}
    assert [code for code, _ in part.notes] == ["geo.jgd2000_without_grid"]


@pytest.mark.parametrize("srid", ["", "EPSG:9999999", "東京測地系"])
def test_a_point_without_a_usable_reference_system_is_no_point(srid: str) -> None:
    pos = table("abr_town_pos", {"machiaza_id": "0002000", **point(138.61, 34.56), "rep_srid": srid})
    part = loaded(abr_town_pos=pos)
    assert part.rows["lon"].null_count == 2
    assert account(part, "abr_town_pos").dropped == {"bad_crs": 1}


@pytest.mark.parametrize(
    "place", [point(34.56, 138.61), point(0, 0), {"rep_lon": "", "rep_lat": ""}, {"rep_lon": "東"}]
)
def test_a_point_that_is_not_in_japan_is_no_point(place: Mapping[str, str]) -> None:
    part = loaded(abr_town_pos=table("abr_town_pos", {"machiaza_id": "0002000", **place}))
    assert part.rows["lon"].null_count == 2
    assert account(part, "abr_town_pos").dropped == {"bad_point": 1}


def test_dwellings_and_lots_are_numbers_joined_by_hyphens_with_other_signs_as_text() -> None:
    part = loaded(
        abr_dwelling=table(
            "abr_dwelling",
            {"machiaza_id": "0001001", "blk_id": "002", "rsdt_id": "006", "blk_num": "2", "rsdt_num": "6"},
            {"machiaza_id": "0001001", "blk_id": "2", "rsdt_id": "6", "rsdt2_id": "1", "blk_num": "2", "rsdt_num": "6",
             "rsdt_num2": "101"},
        ),
        abr_parcel=table(
            "abr_parcel",
            {"machiaza_id": "0002000", "prc_id": "1", "prc_num1": "１２", "prc_num2": "ﾛ", "prc_num3": "3"},
            {"machiaza_id": "0002000", "prc_id": "2"},
        ),
    )  # fmt: skip
    assert set(numbers(part, "dwelling")) == {("本町１丁目", "2-6"), ("本町１丁目", "2-6-101")}
    assert set(numbers(part, "lot")) == {("浜", "12-ロ-3")}
    assert account(part, "abr_parcel").dropped == {"no_number": 1}


def test_a_lot_without_a_point_stays_a_lot_and_the_others_keep_scale_and_point() -> None:
    lots = [{"machiaza_id": "0002000", "prc_id": str(n), "prc_num1": str(n)} for n in range(3)]
    pos = table("abr_parcel_pos", {"machiaza_id": "0002000", "prc_id": "1", **point(138.61, 34.56)})
    part = loaded(abr_parcel=table("abr_parcel", *lots), abr_parcel_pos=pos)
    assert numbers(part, "lot") == {("浜", "0"): None, ("浜", "1"): (138.61, 34.56), ("浜", "2"): None}
    assert {row["number"]: row["scale"] for row in part.rows.to_pylist() if row["kind"]} == {"0": 0, "1": 500, "2": 0}


@pytest.mark.parametrize(("metres_apart", "kept"), [(11, True), (400, False)])
def test_two_points_of_one_number_count_only_if_they_are_the_same_place(metres_apart: float, kept: bool) -> None:
    dwelling = {"machiaza_id": "0001001", "blk_id": "1", "rsdt_id": "1", "blk_num": "1", "rsdt_num": "1"}
    ids = {name: dwelling[name] for name in ("machiaza_id", "blk_id", "rsdt_id")}
    pos = table(
        "abr_dwelling_pos", {**ids, **point(138.6, 34.55)}, {**ids, **point(138.6, 34.55 + metres_apart / 111_195)}
    )
    part = loaded(abr_dwelling=table("abr_dwelling", dwelling), abr_dwelling_pos=pos)
    assert (numbers(part, "dwelling")[("本町１丁目", "1-1")] is not None) is kept
    assert account(part, "abr_dwelling_pos").joined == (1 if kept else 0)


def test_a_block_with_its_point_is_a_block() -> None:
    block = {"machiaza_id": "0001001", "blk_id": "003"}
    part = loaded(
        abr_block=table("abr_block", {**block, "blk_num": "3"}),
        abr_block_pos=table("abr_block_pos", {**block, **point(138.6, 34.55)}),
    )
    assert numbers(part, "block") == {("本町１丁目", "3"): (138.6, 34.55)}


def test_numbers_without_their_town_and_points_without_their_row_are_counted() -> None:
    part = loaded(
        abr_parcel=table("abr_parcel", {"machiaza_id": "9999999", "prc_id": "1", "prc_num1": "1"}),
        abr_parcel_pos=table("abr_parcel_pos", {"machiaza_id": "0002000", "prc_id": "1", **point(138.6, 34.55)}),
        abr_block_pos=table("abr_block_pos", {"machiaza_id": "0002000", "blk_id": "1", **point(138.6, 34.55)}),
    )
    assert account(part, "abr_parcel").dropped == {"no_town": 1}
    assert account(part, "abr_parcel_pos").dropped == {"no_row": 1}
    assert account(part, "abr_block_pos").dropped == {"no_row": 1}


def test_only_what_was_asked_for_is_taken_and_the_rest_is_counted() -> None:
    scope = Scope(SCOPE.names, DAY, frozenset({NEXT}))
    part = loaded(scope, abr_town=pa.concat_tables([TOWNS, table("abr_town", town_row("1", "沖", lg_code=six(NEXT)))]))
    assert names_of(part.rows) == [("沖", "")]
    assert account(part, "abr_town").dropped == {"elsewhere": 2}
