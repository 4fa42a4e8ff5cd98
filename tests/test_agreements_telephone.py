"""What comes out of a decision: the sentence to say on the telephone, and JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from agreement_world import HQ, NEW, NOON, OLD, PERMITTED, event, judged, request, trigger

import agreements
from agreements.agreement import Agreement
from agreements.decision import _SAID, Reason
from agreements.request import EventArea, Mode

ROOM = Path(agreements.__file__).parent
#: Codes of `checks` and `decide` that are no refusal.
NO_REFUSAL = re.compile(r"granted|condition_\w+|milder_\w+")

LIMITED = replace(event(), areas=(EventArea("T-07", NOON - timedelta(hours=1), "情報班"),))
CASES: Mapping[str, tuple[Agreement, dict[str, Any], str]] = {
    "no basis": (NEW, {"bases": []}, "法律上の根拠が、確かめられていません。"),
    "no assessment": (NEW, {"assessments": []}, "こちらの責任者に検討を求めます。"),
    "forbidden": (NEW, {"assessments": [replace(PERMITTED, outcome="forbids")]}, "お渡ししないと決まっています。"),
    "a purpose that no clause names": (
        NEW, {"asked": request(purpose="planning")}, "「防災計画・訓練」のためにはお渡しできません。",
    ),
    "another city": (NEW, {"asked": request(municipality="99302"), "event": None}, "コード99302）を対象としていません"),
    "no clause": (OLD, {}, "協定に、これをお渡しする定めがありません。"),
    "no trigger": (NEW, {"event": event("nothing")}, "避難指示、災害救助法適用、災害発生のおそれのいずれかの記録"),
    "no area": (NEW, {"event": LIMITED}, "お渡しできる区域はT-07です。"),
    "unconfirmed": (NEW, {"asked": request(channel="telephone")}, "こちらから折り返して確かめさせてください。"),
    "no reason": (NEW, {"asked": request(reason="")}, "「照会回答」では足りない理由を教えていただければ"),
    "ended": (replace(NEW, signed=None), {}, "協定が、いま効力を持っていません。"),
    "a newspaper": (NEW, {"asked": request(requester="新聞社", recipient="新聞社")}, "協定の当事者ではありません。"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_refusal_carries_the_sentence_to_say_on_the_telephone(name: str) -> None:
    world, changes, said = CASES[name]
    decision = judged(world, **({"asked": request()} | changes))
    assert not decision.granted
    spoken = decision.telephone()
    assert spoken.startswith("申し訳ありません。「配達先」を「住居一覧（氏名なし）」の形では、いまお渡しできません。")
    assert said in spoken
    assert spoken.endswith("ご要請とこの理由は記録に残します。")
    assert decision.telephone("en").startswith("I am sorry: ")


def test_a_caller_hears_no_file_name_no_code_and_no_advice_meant_for_our_own_staff() -> None:
    for world, changes, _ in CASES.values():
        decision = judged(world, **({"asked": request()} | changes))
        for word in ("signed", "toml", "登録して", "units", "delivery-points", "safety_check", "hq_established", "？"):
            assert word not in decision.telephone(), decision.reasons


def test_a_caller_hears_of_the_milder_way_where_there_is_one() -> None:
    asked = request(mode=Mode.PERSON, purpose="rescue")
    refused = judged(NEW, asked, event=replace(event(), triggers=(trigger("likely"),)))
    assert refused.milder == Mode.MATCH
    assert "「照会回答」の形でしたら、お渡しできます。" in refused.telephone()
    assert "We could give it as “answers to a list”." in refused.telephone("en")
    assert "でしたら" not in judged(NEW, request(municipality="99302")).telephone()


def test_all_that_is_missing_is_said_in_one_call_and_nothing_twice() -> None:
    asked = request(channel="telephone", document_no="", requester="新聞社", fields=())
    refused = judged(NEW, asked, event=event("nothing"), assessments=[], bases=[])
    assert len(refused.reasons) == 6
    sentences = refused.telephone().split("。")
    assert len(set(sentences)) == len(sentences)
    assert "郵便法にもとづく検討" in refused.telephone()
    assert "法律上の根拠" in refused.telephone()


def test_a_caller_who_asks_for_another_purpose_is_not_told_of_the_gates_that_follow_from_it() -> None:
    refused = judged(NEW, request(purpose="planning"), assessments=[])
    assert {"agreements.no_legal_basis", "agreements.no_assessment"} <= {reason.code for reason in refused.reasons}
    assert "根拠" not in refused.telephone()
    assert "郵便法" not in refused.telephone()


def test_a_grant_is_said_with_its_article_and_its_conditions() -> None:
    decision = judged(NEW, request(channel="telephone", document_no="", confirmed_by="佐久間"))
    assert decision.telephone().startswith(
        "「配達先」を「住居一覧（氏名なし）」の形で、協定第5条第1項第3号によりお渡しできます。"
        "要請の文書を2026年11月22日12時00分までに受け取ることを条件とします。"
    )


def test_every_reason_to_refuse_has_its_sentence_for_the_telephone() -> None:
    source = "".join((ROOM / name).read_text(encoding="utf-8") for name in ("checks.py", "decide.py"))
    said = set(re.findall(r'\.reason\(\s*"([a-z_]+)"|"agreements\.([a-z_]+)"', source))
    refusals = {code for pair in said for code in pair if code and not NO_REFUSAL.fullmatch(code)}
    assert len(refusals) > 25
    assert {f"agreements.{code}" for code in refusals} == set(_SAID)


def test_a_refusal_that_another_room_added_is_looked_into() -> None:
    added = replace(judged(NEW, request()), granted=False, reasons=(Reason("elsewhere.unheard_of"),))
    assert "確かめて、折り返しお電話します。" in added.telephone()


@pytest.mark.parametrize("world", ["new", "old"])
def test_a_decision_is_json_with_format_and_version(world: str) -> None:
    asked = request(channel="telephone", document_no="", confirmed_by="佐久間")
    decision = judged(NEW if world == "new" else OLD, asked, event=event("hq_established/drill"))
    said = json.loads(json.dumps(decision.to_dict(), ensure_ascii=False))
    assert (said["format"], said["version"]) == ("tayori-decision", 2)
    assert said["granted"] is (world == "new")
    assert said["drill"] is True
    assert said["decided_at"] == said["request"]["made_at"] == "2026-11-21T12:00:00+09:00"
    assert said["request"]["recipient"] == HQ
    assert said["request"]["reason"] == asked.reason
    assert said["reasons"][0]["ja"] == decision.reasons[0].sentence("ja")
    assert said["reasons"][0]["en"] == decision.reasons[0].sentence("en")
    if world == "old":
        assert (said["basis_id"], said["assessment_id"], said["document_due"], said["milder_why"]) == (None,) * 4
        return
    assert said["expires_at"] == "2026-12-21T12:00:00+09:00"
    assert said["document_due"] == said["conditions"][0]["params"]["due"] == "2026-11-22T12:00:00+09:00"
    assert (said["basis_id"], said["assessment_id"]) == ("appi-27-1-2", "A-1")
    assert said["basis_article"] == "個人情報の保護に関する法律第27条第1項第2号"
    assert decision.milder_why is not None
    assert said["milder_why"]["ja"] == decision.milder_why.sentence()
