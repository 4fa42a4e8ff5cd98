"""To whom was this person's data given: found after purges, for one person at a time, and nobody else is shown."""

import json

import pyarrow as pa
import pytest
from handed_town import AT, DAY, GIVES, HQ, TOWN, hand
from hypothesis import given
from hypothesis import strategies as st

from agreements.request import Mode
from agreements.workflow import Actor, Role
from disaster.aftercare.person import MAY_ASK, Answer, Met, Subject, given_to
from disaster.aftercare.receipts import Told, record_receipt
from disaster.aftercare.spellings import spellings
from disaster.errors import AftercareError, StoreError
from disaster.housenumber import may_name_building, without_building
from disaster.store import Store
from geo.address import fold

pytest_plugins = ("handed_town",)

OFFICER = Actor("保護 五子", Role.PROTECTION_OFFICER)
NAME, ADDRESS = "潮見 花子", "架空県潮見市浜町一丁目2番3号"


def ask(store: Store, name: str = NAME, address: str = ADDRESS, point: str = "", by: Actor = OFFICER) -> Answer:
    return given_to(store, Subject(name, address, point), by=by, checked="運転免許証", at=AT + DAY, municipality=TOWN)


def packs(answer: Answer) -> dict[str, Met]:
    return {one.pack.pack_id: one.met for one in answer.given}


def test_a_name_with_its_address_finds_the_pack_with_recipient_clause_and_form(giver: Store) -> None:
    pack = hand(giver, mode=Mode.PERSON, people=[(NAME, ADDRESS)])
    (one,) = ask(giver).given
    said = one.to_dict(AT + DAY)
    assert (said["pack_id"], said["met"], said["recipient"]) == (pack, Met.PERSON, HQ)
    assert said["clause"] == "99301-2026-01 第5条第2項(根拠 個人情報保護法第27条第1項第2号)"
    assert said["columns"] == ["住所", "配達状況", "受取人(配達原簿の氏名)"]
    assert one.purpose("ja") == "安否確認"
    assert one.form("ja") == "受取人一覧（氏名あり）"


def test_a_dwelling_list_names_nobody_and_is_found_by_the_address(giver: Store) -> None:
    pack = hand(giver, homes=[(ADDRESS, "D-001")])
    assert packs(ask(giver)) == packs(ask(giver, "別の人")) == {pack: Met.HOME}
    assert packs(ask(giver, address="書き方の違う住所", point="D-001")) == {pack: Met.HOME}


def test_a_namesake_elsewhere_and_a_neighbour_find_nothing(giver: Store) -> None:
    hand(giver, mode=Mode.MATCH, people=[(NAME, ADDRESS)], homes=[])
    assert packs(ask(giver, address="架空県潮見市浜町一丁目2番4号")) == {}
    assert packs(ask(giver, "潮見 花")) == {"R20261120-001-1": Met.HOME}  # the home alone, not the person


@pytest.mark.parametrize(
    "address",
    ["潮見市浜町１丁目２番地３", "架空県 潮見市 大字浜町一丁目2-3", "潮見市浜町一丁目2番3号"],
)
def test_other_ways_of_writing_the_same_address_are_sure(address: str, giver: Store) -> None:
    hand(giver, mode=Mode.PERSON, people=[("潮見　花子", "潮見市浜町一丁目2番3号")])
    if address.startswith("架空県"):  # no gazetteer in this store: the prefecture's name is not known
        assert packs(ask(giver, address=address)) == {}
        return
    (one,) = ask(giver, address=address).given
    assert one.sure


def test_a_hyphen_for_chome_is_found_and_said_not_to_be_sure(giver: Store) -> None:
    hand(giver, mode=Mode.PERSON, people=[(NAME, "潮見市浜町一丁目2番3号")])
    (one,) = ask(giver, address="潮見市浜町1-2-3").given
    assert (one.met, one.sure) == (Met.PERSON, False)


@given(st.text(alphabet="浜町字一二丁目番号0123456789-１２３ ", max_size=20))
def test_the_asked_spelling_comes_first_and_each_once(address: str) -> None:
    ways = spellings(address, pref="架空県", city="潮見市")
    texts = [one.text for one in ways]
    assert len(set(texts)) == len(texts) <= 13
    assert not ways or ways[0].sure
    assert all(texts)


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("潮見市帆立町1-14-4　サンライズ帆 102号室", "潮見市帆立町1-14-4"),
        ("帆立町一丁目14番4号 サンライズ101", "帆立町1丁目14-4"),
        ("北1条西2丁目3-4 ビル2", "北1条西2丁目3-4"),
        ("浜町24番地 コーポ", None),
        ("第3町内 公民館", None),
    ],
)
def test_a_house_number_ends_where_a_building_begins_and_is_cut_nowhere_else(written: str, bare: str | None) -> None:
    folded = fold(pa.array([written]))
    assert without_building(folded).to_pylist() == [bare or folded[0].as_py()]
    assert bare is None or may_name_building(pa.array([written])).to_pylist() == [True]


_SIGNS = st.lists(st.sampled_from("浜立012３-－丁目番地号の一二十 　サンポ条"), max_size=12).map("".join)


@given(st.sampled_from(["", "浜町1-2-3", "浜町一丁目2番", "浜2－3番地の4", "浜町三丁目四番五号"]), _SIGNS)
def test_no_building_that_would_be_cut_off_is_passed_over(number: str, more: str) -> None:
    written = pa.array([f"{number}{more}"])
    folded = fold(written)
    rest = (folded[0].as_py() or "").removeprefix(without_building(folded)[0].as_py() or "")
    assert not set(rest) & set("サンポ浜立条") or may_name_building(written).to_pylist() == [True]


def test_a_building_in_the_question_is_no_reason_not_to_be_found_but_one_for_doubt(giver: Store) -> None:
    hand(giver, mode=Mode.PERSON, people=[(NAME, "潮見市浜町一丁目2番3号")])
    (one,) = ask(giver, address="潮見市浜町一丁目2番3号 コーポ浜 201").given
    assert (one.met, one.sure) == (Met.PERSON, False)


def test_prefecture_and_municipality_may_stand_or_not() -> None:
    texts = {one.text for one in spellings("浜町1-2-3", pref="架空県", city="潮見市") if one.sure}
    assert texts == {"浜町1-2-3", "潮見市浜町1-2-3", "架空県潮見市浜町1-2-3"}
    assert texts == {one.text for one in spellings("架空県潮見市浜町1-2-3", pref="架空県", city="潮見市") if one.sure}


def test_the_answer_stands_after_everything_was_purged(giver: Store) -> None:
    pack = hand(giver, mode=Mode.PERSON, people=[(NAME, ADDRESS)])
    for row in giver.batches():
        giver.purge(row.batch_id, at=AT)
    record_receipt(giver, pack, Told(AT, "消去 四郎", "電話で確認", complete=True), by=GIVES, at=AT)
    (one,) = ask(giver).given
    assert one.state(AT + DAY) == ("2026年11月20日9時30分に削除", "deleted 2026-11-20 09:30 JST")


def test_where_it_stands_now_is_said_to_the_second(giver: Store) -> None:
    hand(giver, mode=Mode.PERSON, people=[(NAME, ADDRESS)], days=7)
    (one,) = ask(giver).given
    assert one.state(AT + DAY)[0] == "提供先が保有(2026年11月27日9時30分まで)"
    assert one.state(AT + 7 * DAY)[0] == "期限切れ(削除の報告なし)"


@pytest.mark.parametrize("role", sorted(set(Role) - MAY_ASK))
def test_nobody_at_a_counter_may_ask(role: Role, giver: Store) -> None:
    hand(giver, mode=Mode.PERSON, people=[(NAME, ADDRESS)])
    before = giver.ledger.head()
    with pytest.raises(AftercareError) as caught:
        ask(giver, by=Actor("窓口 八郎", role))
    assert caught.value.code == "disaster.may_not_ask"
    assert NAME not in caught.value.sentence()
    assert giver.ledger.head() == before


def test_a_question_is_in_the_ledger_without_name_address_or_hash(giver: Store) -> None:
    hand(giver, mode=Mode.PERSON, people=[(NAME, ADDRESS)])
    ask(giver, point="D-001")
    (entry,) = [one for one in giver.ledger.entries() if one.kind == "person_asked"]
    assert dict(entry.payload) == {
        "municipality": TOWN, "by": "保護 五子", "role": "protection_officer", "checked": "運転免許証"
    }  # fmt: skip
    whole = json.dumps([dict(one.payload) for one in giver.ledger.entries()], ensure_ascii=False)
    keys = [*giver.subjects.persons([NAME], [ADDRESS]), *giver.subjects.addresses([ADDRESS])]
    for secret in (NAME, "花子", ADDRESS, "浜町", "D-001", *(bytes(key).hex() for key in keys)):
        assert secret not in whole


def test_a_protected_person_is_answered_like_one_who_was_never_there(giver: Store) -> None:
    hand(giver, mode=Mode.PERSON, people=[("隣の 人", "潮見市浜町9番")], homes=[(ADDRESS, "D-001")])
    protected, unknown = ask(giver, "高橋 ミナ"), ask(giver, "いない 人")
    assert protected == unknown
    assert packs(protected) == {"R20261120-001-1": Met.HOME}


@pytest.mark.parametrize(
    "subject", [Subject("", ADDRESS), Subject("  ", ADDRESS), Subject(NAME, ""), Subject(NAME, "　", " ")]
)
def test_neither_a_name_nor_an_address_alone_is_enough(subject: Subject, giver: Store) -> None:
    with pytest.raises(AftercareError) as caught:
        given_to(giver, subject, by=OFFICER, checked="運転免許証", at=AT, municipality=TOWN)
    assert caught.value.code == "disaster.person_incomplete"


def test_who_was_not_checked_gets_no_answer(giver: Store) -> None:
    for by, checked in ((OFFICER, " "), (Actor(" ", Role.JP_HQ), "運転免許証")):
        with pytest.raises(AftercareError) as caught:
            given_to(giver, Subject(NAME, ADDRESS), by=by, checked=checked, at=AT, municipality=TOWN)
        assert caught.value.code == "disaster.person_unchecked"


def test_a_subject_is_never_spelt_out_in_a_message() -> None:
    assert repr(Subject(NAME, ADDRESS, "D-001")) == "Subject()"


def test_a_lost_index_is_a_refusal_and_never_nobody(giver: Store) -> None:
    pack = hand(giver, mode=Mode.PERSON, people=[(NAME, ADDRESS)])
    next((giver.home / "subjects").rglob(f"{pack}.keys")).unlink()
    with pytest.raises(StoreError):
        ask(giver)
