"""What geo.gazetteer.build, write and load promise."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from gazetteer_files import CODE, DAY, NEXT, adds_up, names_of, point, postal_row, raw, table, town_row
from hypothesis import given
from hypothesis import strategies as st

from geo.codes import six
from geo.errors import PlaceError
from geo.gazetteer import Built, build, load, write
from geo.gazetteer.recognise import ROLES, role_of
from geo.read.model import RawSource, RawTable

CITY = raw("abr_city", {}, {"lg_code": six(NEXT), "county": "隣郡", "city": "隣ヶ原町"})
TOWNS = raw("abr_town", town_row("1", "本町", "１丁目"), town_row("2", "浜"))
POINTS = raw("abr_town_pos", {"machiaza_id": "1", **point(138.6, 34.55)})


def geolonia(*rows: tuple[str, str, float], **others: str) -> RawTable:
    return raw("geolonia", *({"town": t, "koaza": k, "lng": str(lon), "lat": "34.55", **others} for t, k, lon in rows))


def postal(*rows: tuple[str, str]) -> RawTable:
    return raw("postal", *(postal_row(code, town) for code, town in rows))


def built(*files: RawTable, codes: tuple[str, ...] | None = (CODE,), vintage: str = "") -> Built:
    made = build(files, codes, on=DAY, vintage=vintage)
    assert adds_up(made.accounts)
    for share in made.shares:
        assert share.towns_given == share.towns_kept + share.towns_merged
        assert share.numbers_given == share.numbers_kept + share.numbers_merged
    assert sum(s.towns_kept + s.numbers_kept for s in made.shares) == sum(t.num_rows for t in made.tables.values())
    return made


def towns(made: Built, code: str = CODE) -> dict[str, dict[str, Any]]:
    return {row["town"] + row["koaza"]: row for row in made.tables[code].to_pylist() if not row["kind"]}


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("postal_named", "abr_pref", "abr_city_pos")])
def test_each_sort_of_file_is_told_by_its_headings_in_any_order(role: str) -> None:
    assert role_of(table(role).column_names[::-1]) == role


def test_a_town_written_in_two_ways_is_one_with_the_better_text_and_both_sources() -> None:
    made = towns(built(TOWNS, POINTS, geolonia(("本町一丁目", "", 138.6001), ("大字浜", "", 138.61))))
    assert set(made) == {"本町１丁目", "浜"}
    assert made["本町１丁目"]["source"] == "アドレス・ベース・レジストリ、Geolonia 住所データ"
    assert made["本町１丁目"]["lon"] == 138.6


def test_a_point_that_the_better_source_lacks_is_taken_from_the_next_and_said_so() -> None:
    town = towns(built(TOWNS, POINTS, geolonia(("浜", "", 138.61))))["浜"]
    assert (town["lon"], town["source"]) == (138.61, "アドレス・ベース・レジストリ、Geolonia 住所データ（位置）")


def test_sources_more_than_a_kilometre_apart_are_noted_and_never_averaged() -> None:
    made = built(TOWNS, POINTS, geolonia(("本町一丁目", "", 138.65), ("浜", "", 138.61)))
    assert [(one.town, one.source, one.other) for one in made.apart] == [("本町１丁目", "abr", "geolonia")]
    assert made.apart[0].metres == pytest.approx(4_580, rel=0.01)
    assert towns(made)["本町１丁目"]["lon"] == 138.6


def test_two_towns_that_one_source_keeps_apart_stay_two() -> None:
    made = built(
        raw("abr_town", town_row("1", "大字堤"), town_row("2", "堤")), geolonia(("堤", "", 138.6), ("字堤", "", 138.7))
    )
    assert set(towns(made)) == {"大字堤", "堤"}
    assert towns(made)["堤"]["lon"] == 138.6
    assert towns(made)["大字堤"]["lon"] is None


def test_a_source_may_divide_town_and_koaza_elsewhere() -> None:
    made = built(raw("abr_town", town_row("1", "浜", koaza="字北")), geolonia(("浜北", "", 138.6)))
    assert [(row["town"], row["koaza"], row["lon"]) for row in towns(made).values()] == [("浜", "字北", 138.6)]


def test_towns_that_only_the_postal_table_has_are_rows_without_a_point() -> None:
    town = towns(built(TOWNS, POINTS, postal(("9930009", "新開町"))))["新開町"]
    assert (town["lon"], town["postal_code"], town["source"]) == (None, "9930009", "日本郵便 郵便番号データ")


def test_a_postal_town_whose_chome_or_koaza_are_known_is_their_parent_and_gives_them_its_code() -> None:
    files = raw("abr_town", town_row("1", "本町", "１丁目"), town_row("2", "浜", koaza="字北"))
    made = towns(built(files, postal(("9930001", "本町（丁目）"), ("9930002", "浜"))))
    assert {name: row["postal_code"] for name, row in made.items()} == {"本町１丁目": "9930001", "浜字北": "9930002"}
    assert "日本郵便" in made["本町１丁目"]["source"]


def test_a_code_of_its_own_goes_before_the_code_of_the_parent() -> None:
    made = towns(built(TOWNS, postal(("9930001", "本町"), ("9930002", "本町１丁目"))))
    assert made["本町１丁目"]["postal_code"] == "9930002"


def test_numbers_of_two_sources_stand_under_one_town() -> None:
    lots = raw("abr_parcel", *({"machiaza_id": "1", "prc_id": str(n), "prc_num1": str(n)} for n in (1, 2)))
    block = {"大字・丁目名": "本町一丁目", "緯度": "34.55", "経度": "138.6", "住居表示フラグ": "0"}
    mlit = raw("mlit_block", {**block, "街区符号・地番": "2"}, {**block, "街区符号・地番": "3"})
    made = built(CITY, TOWNS, lots, mlit)
    rows = [row for row in made.tables[CODE].to_pylist() if row["kind"]]
    assert [(row["town"], row["number"], row["lon"]) for row in rows] == [
        ("本町１丁目", "1", None), ("本町１丁目", "2", 138.6), ("本町１丁目", "3", 138.6),
    ]  # fmt: skip
    assert rows[1]["source"] == "アドレス・ベース・レジストリ、街区レベル位置参照情報（位置）"
    assert rows[1]["scale"] == 2500
    assert made.gazetteer(CODE).numbers.num_rows == 3


def test_vintage_is_what_a_row_says_and_else_what_was_stated() -> None:
    pos = raw("abr_town_pos", {"machiaza_id": "1", **point(138.6, 34.55), "pos_data_mnt_year": "2020"})
    made = towns(built(TOWNS, pos, geolonia(("浜", "", 138.61)), vintage="2026-08"))
    assert (made["本町１丁目"]["vintage"], made["浜"]["vintage"]) == ("2020", "2026-08")


def test_a_town_filed_under_an_old_ward_by_code_or_by_name_is_in_the_new_one() -> None:
    wards = [
        ("22131", "浜松市中区", "甲町"),
        ("", "浜松市北区", "三方原町"),
        ("", "浜松市北区", "乙町"),
        ("22136", "浜松市浜北区", "丙町"),
    ]
    rows = [
        {"lg_code": six(c) if c else "", "pref": "静岡県", "city": n, "town": t, "lng": "137.7", "lat": "34.7"}
        for c, n, t in wards
    ]
    made = built(raw("geolonia", *rows), codes=("22138", "22139"))
    assert {code: sorted(name for name, _ in names_of(rows)) for code, rows in made.tables.items()} == {
        "22138": ["三方原町", "甲町"], "22139": ["丙町", "乙町"],
    }  # fmt: skip
    assert made.names["22138"] == ("静岡県", "浜松市中央区")
    assert "浜松市中区" in made.gazetteer("22138").former
    assert made.gazetteer("22138").city == "浜松市中央区"


def test_a_city_whose_name_is_written_with_another_ke_is_found_by_its_name() -> None:
    made = built(CITY, geolonia(("沖", "", 138.6), lg_code="", city="隣郡隣ケ原町"), codes=(NEXT,))
    assert made.names[NEXT] == ("架空県", "隣郡隣ヶ原町")
    assert made.gazetteer(NEXT).table["town"].to_pylist() == ["沖"]


def test_a_koaza_under_no_oaza_is_a_town_and_a_row_without_both_is_none() -> None:
    made = built(
        CITY, geolonia(("（大字なし）", "殿町", 138.6), ("（大字なし）", "", 138.7)), postal(("9930001", "殿町"))
    )
    assert [(row["town"], row["koaza"], row["lon"]) for row in towns(made).values()] == [("殿町", "", 138.6)]
    assert next(one.dropped for one in made.accounts if one.role == "geolonia") == {"no_name": 1}


def test_a_county_may_be_left_out_of_a_name() -> None:
    made = built(CITY, geolonia(("沖", "", 138.6), lg_code="", city="隣ケ原町"), codes=(NEXT,))
    assert list(made.tables) == [NEXT]


def test_a_list_of_one_municipality_is_told_by_its_file_name() -> None:
    rows = [{"town": "沖", "koaza": "", "lat": "34.55", "lng": "138.6"}]
    assert list(towns(built(CITY, raw("geolonia_city", *rows, file="架空県_潮見市.json")))) == ["沖"]


def test_without_a_list_of_codes_a_name_is_not_guessed() -> None:
    rows = [{"town": "沖", "koaza": "", "lat": "34.55", "lng": "138.6"}]
    with pytest.raises(PlaceError) as refusal:
        build([raw("geolonia_city", *rows, file="架空県_潮見市.json")], [CODE], on=DAY)
    assert refusal.value.code == "geo.gazetteer_nothing"
    assert "mt_city_all" in refusal.value.sentence()


def test_a_file_given_twice_counts_once() -> None:
    assert built(TOWNS, TOWNS).accounts == built(TOWNS).accounts


def test_all_files_that_are_no_address_table_are_named() -> None:
    strange = RawTable(table("abr_city").rename_columns(list("abcde")), TOWNS.source)
    with pytest.raises(PlaceError) as refusal:
        build([CITY, strange], None, on=DAY)
    assert refusal.value.code == "geo.gazetteer_file_unknown"
    assert "abr_town.csv" in refusal.value.sentence()


def test_codes_that_the_files_do_not_hold_are_said() -> None:
    assert built(CITY, TOWNS, codes=(CODE, NEXT)).absent == (NEXT,)


def test_written_and_read_back_it_is_the_same_gazetteer_in_the_same_bytes(tmp_path: Path) -> None:
    files = [CITY, TOWNS, POINTS, geolonia(("沖", "", 138.6)), postal(("9930001", "本町"))]
    first = write(built(*files), CODE, tmp_path / "a")
    second = write(built(*files[::-1]), CODE, tmp_path / "b")
    assert first.name == "99301.parquet"
    assert first.read_bytes() == second.read_bytes()
    assert load(first) == built(*files).gazetteer(CODE)


def test_a_file_that_is_no_gazetteer_is_refused_in_words(tmp_path: Path) -> None:
    for number, content in enumerate((b"PAR1", b"", None, b"[]", b'{"format": "tayori-gazetteer", "version": 2}')):
        path = tmp_path / f"{number}.parquet"
        if content is not None and content[:1] not in (b"[", b"{"):
            path.write_bytes(content)
        elif content is not None:
            pq.write_table(table("abr_city", {}).replace_schema_metadata({b"tayori": content}), path)
        with pytest.raises(PlaceError) as refusal:
            load(path)
        assert refusal.value.code == "geo.gazetteer_not_ours"


def test_files_of_the_registry_that_are_not_needed_are_set_aside_and_counted() -> None:
    unused = table("abr_town_pos", {}, {}).drop_columns(["machiaza_id"])
    source = RawSource("mt_city_pos_all.csv", "0" * 64, 1, "csv", "utf-8", None, None, 2)
    made = built(TOWNS, RawTable(unused, source))
    assert [one.dropped for one in made.accounts if one.role == "abr_city_pos"] == [{"not_needed": 2}]


NAMES = st.sampled_from(["本町", "本町１丁目", "本町一丁目", "大字浜", "浜", "浜ケ谷", "浜ヶ谷", "沖", ""])
LON = st.sampled_from(["138.6", "138.60001", "138.7", "", "999"])


@st.composite
def some_files(draw: st.DrawFn) -> list[RawTable]:
    code = st.sampled_from([six(CODE), six(NEXT), "", "123"])
    ids = st.sampled_from(["1", "2", "3"])
    dates = st.sampled_from(["", "2000-01-01", "2030-01-01"])
    town = st.fixed_dictionaries({
        "machiaza_id": ids, "oaza_cho": NAMES, "koaza": st.sampled_from(["", "北"]), "lg_code": code,
        "ablt_date": dates, "efct_date": dates,
    })  # fmt: skip
    places = {"rep_lon": LON, "rep_lat": st.just("34.55"), "rep_srid": st.sampled_from(["EPSG:6668", "EPSG:4612", ""])}
    lot = {"machiaza_id": ids, "prc_id": ids}
    kinds = {
        "abr_town": town,
        "abr_town_pos": st.fixed_dictionaries({"machiaza_id": ids, **places}),
        "abr_parcel": st.fixed_dictionaries({**lot, "prc_num1": st.sampled_from(["1", "１", "2", ""])}),
        "abr_parcel_pos": st.fixed_dictionaries({**lot, **places}),
        "geolonia": st.fixed_dictionaries(
            {"town": NAMES, "koaza": st.sampled_from(["", "北"]), "lng": LON, "lat": st.just("34.55"), "lg_code": code}
        ),
        "postal": st.builds(
            postal_row,
            st.sampled_from(["9930001", "9930002", "x"]),
            st.sampled_from(["本町（１丁目）", "浜", "沖（", "北）"]),
        ),
        "mlit_block": st.fixed_dictionaries({
            "大字・丁目名": NAMES, "街区符号・地番": st.sampled_from(["1", "2", ""]),
            "経度": LON, "緯度": st.just("34.55"), "住居表示フラグ": st.sampled_from(["0", "1"]),
            "代表フラグ": st.sampled_from(["0", "1"]),
        }),
    }  # fmt: skip
    files = [CITY, raw("abr_town", town_row("9", "沖"))]
    for role, rows in kinds.items():
        lists = draw(st.lists(st.lists(rows, min_size=1, max_size=6), max_size=2))
        files += [raw(role, *one, file=f"{role}{number}.csv") for number, one in enumerate(lists)]
    return files


@given(some_files(), st.randoms(use_true_random=False))
def test_every_row_is_accounted_for_and_the_order_of_files_never_matters(files: list[RawTable], chance: Any) -> None:
    first = built(*files, codes=None)
    chance.shuffle(files)
    again = built(*files, codes=None)
    assert first.accounts == again.accounts
    assert first.shares == again.shares
    assert first.apart == again.apart
    assert {code: rows.to_pylist() for code, rows in first.tables.items()} == {
        code: rows.to_pylist() for code, rows in again.tables.items()
    }
    for code in first.tables:
        assert built(*files, codes=(code,)).tables[code].equals(first.tables[code])  # asking for less changes nothing
        gazetteer = first.gazetteer(code)
        assert gazetteer.table.num_rows + gazetteer.numbers.num_rows == first.tables[code].num_rows
