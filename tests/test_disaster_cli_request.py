"""What a tired clerk types at night: events, calls, approvals; each answer says what to type next."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from door_town import AREA, AT, EVENT, TOWN, Situation, agree, agreement, declare, rows_of
from typer.testing import CliRunner, Result

from agreements.assessment import parse_assessment
from disaster.cli import shell
from disaster.cli.app import make_program
from disaster.cli.areas import area_typed
from disaster.errors import StoreError
from disaster.store import Store

pytest_plugins = ("door_town",)
pytestmark = pytest.mark.usefixtures("one_parser")

PROGRAM = make_program()
CALL = ("--purpose", "安否確認", "--by", "潮見 受付", "--person", "危機管理課 係員", "--tel", "潮見 受付")
HEAD = ("--by", "窓口局 局長")
Typed = Callable[..., Result]


class Clock(datetime):
    """The machine's clock, standing at a time that a test sets."""

    standing = AT

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return cls.standing.astimezone(tz)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(Clock, "standing", AT)
    monkeypatch.setattr(shell, "datetime", Clock)
    return Clock


@pytest.fixture
def typed(situation: Situation, clock: type[Clock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a command line at the post's store, where an agreement and an event stand; check how it ended."""
    assert clock.standing == AT
    with situation.post(tmp_path / "post") as store:
        agree(store)
        declare(store)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAYORI_DATA_DIR", str(tmp_path / "post"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object, code: int = 0) -> Result:
        result = CliRunner().invoke(PROGRAM, [str(word) for word in words])
        assert result.exit_code == code, (result.stdout[-2_000:], result.stderr[-2_000:], result.exception)
        return result

    return run


def document(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def nexts(result: Result) -> list[str]:
    """Return the commands that an answer says to type next, without the program's name."""
    return [line.split("tayori ", 1)[1] for line in result.stdout.splitlines() if line.startswith("次: tayori ")]


def test_a_call_is_written_down_with_six_words_and_leads_to_approval_step_by_step(typed: Typed) -> None:
    new = typed("request", "new", *CALL)
    assert "要請 R20261120-001 を記録しました(承認待ち): 配達先・照会回答・安否確認" in new.stdout
    approve = nexts(new)[0]
    assert approve == "request approve R20261120-001 --by ほかの人の名"
    approved = typed(*approve.replace("ほかの人の名", "局長").split())
    assert nexts(approved)[0].startswith("provide R20261120-001 --by 人の名 --out ")
    assert "--list" in nexts(approved)[0]  # a match needs the city's list
    followed = nexts(approved)[1].replace("文書番号", "潮災第1号").replace("人の名", "受付")
    assert nexts(typed(*followed.split())) == nexts(approved)[:1]
    shown = typed("request", "show", "1").stdout
    for word in ("承認済み", "窓口局", "局長", "潮災第1号", "文書の受領"):
        assert word in shown


@pytest.mark.parametrize("name", ["", " ", "\u3164", "\u200b", "・"], ids=ascii)
def test_nobody_asks_under_a_name_that_says_nothing(typed: Typed, name: str) -> None:
    asked = ("--purpose", "安否確認", "--by", "潮見 受付", "--tel", "潮見 受付")
    said = typed("request", "new", *asked, "--person", name, code=1).stderr
    assert ("要請した人の名がありません" if name.strip() else "--person の値が空です") in said
    assert "0" not in typed("request", "list", "--all").stdout


def test_an_approved_request_whose_event_closed_is_not_said_to_be_ready(typed: Typed) -> None:
    typed("request", "new", *CALL)
    assert any("provide" in line for line in nexts(typed("request", "approve", "1", *HEAD)))
    typed("event", "close", EVENT, "--by", "潮見市長")
    shown = typed("request", "show", "1")
    assert "終了しています" in shown.stdout
    assert not any("provide" in line for line in nexts(shown))


def test_every_fault_of_a_document_stands_on_a_line_of_its_own_with_its_place(typed: Typed) -> None:
    Path("bad.toml").write_text(
        'format = "tayori-agreement"\nversion = 2\ntitle = 3\narea = ["x\\ny"]\n', encoding="utf-8"
    )
    lines = typed("agreement", "add", "bad.toml", code=1).stderr.splitlines()
    assert len(lines) > 5
    assert all(line.startswith("- ") for line in lines[1:])
    assert any(line.startswith("- area[0] ") for line in lines)
    told = document(typed("agreement", "add", "bad.toml", "--json", code=1))["faults"]
    assert [one["place"] for one in told if one["place"] in ("title", "area[0]")] == ["title", "area[0]"]
    assert len(told) == len(lines) - 1


def test_who_took_the_call_cannot_approve_and_is_told_who_can(typed: Typed) -> None:
    typed("request", "new", *CALL)
    said = typed("request", "approve", "1", "--by", "潮見受付", code=1).stderr
    assert "ほかの人が承認してください" in said
    said = typed("request", "approve", "1", "--by", "局長", "--role", "郵便局", code=1).stderr
    assert "窓口局" in said
    assert "課長" in typed("request", "approve", "1", "--by", "局長", "--role", "課長", code=1).stderr


def test_alone_it_goes_with_a_reason_and_the_review_is_shown_until_another_closes_it(typed: Typed) -> None:
    typed("request", "new", *CALL)
    alone = typed("request", "break-glass", "1", "--by", "潮見 受付", "--reason", "屋根の上に人がいる")
    assert any(line.startswith("request review") for line in nexts(alone))
    assert "事後確認が済んでいません" in typed("status").stdout
    typed("request", "review", "1", "--by", "潮見 受付", "--role", "支社", "--reason", "よい", code=1)
    typed("request", "review", "1", "--by", "保護 管理者", "--reason", "妥当")
    assert "事後確認が済んでいません" not in typed("status").stdout


def test_an_overdue_document_and_an_overdue_review_stand_in_the_status(typed: Typed, clock: type[Clock]) -> None:
    typed("request", "new", *CALL)
    typed("request", "break-glass", "1", "--by", "潮見 受付", "--reason", "屋根の上に人がいる")
    assert "【期限切れ】" not in typed("status").stdout
    clock.standing = AT + timedelta(hours=73)
    said = typed("status").stdout
    assert "【期限切れ】要請 R20261120-001 の文書が未着です" in said
    assert "【期限切れ】一人で認めた要請 R20261120-001" in said
    assert "【期限切れ】文書の期限は2026年11月21日" in typed("request", "show", "1").stdout
    told = document(typed("status", "--json"))
    assert [one["overdue"] for one in (*told["documents"], *told["reviews"])] == [True, True]
    assert "OVERDUE" in typed("status", "--lang", "en").stdout


def test_a_stronger_form_than_needed_wants_a_reason(typed: Typed) -> None:
    refused = typed("request", "new", *CALL, "--mode", "dwelling", code=1)
    assert "(--mode match)" in refused.stdout
    assert "電話では、次のように伝えてください" in refused.stdout
    assert nexts(refused) == []
    assert "そろったら" not in refused.stdout  # a reason cannot be added later: it takes another request
    typed("request", "new", *CALL, "--mode", "dwelling", "--reason", "一覧にない住居も回る")
    assert typed("request", "list").stdout.count("R20261120-") >= 2


def test_what_is_missing_may_come_later_and_then_the_request_is_approved(typed: Typed) -> None:
    typed("event", "close", EVENT, "--by", "潮見市長")
    refused = typed("request", "new", *CALL, code=1)
    assert "そろったら" not in refused.stdout  # no event reaches a request of peacetime
    assert nexts(refused) == ["event open --name 災害の名 --by 決めた人の名"]
    assert nexts(typed("event", "open", "E-2", "--name", "潮見川氾濫", "--by", "潮見市長", "--trigger", "document"))
    refused = typed("request", "new", *CALL, code=1)
    assert "足りないものがそろったら、次: tayori request show R20261120-002" in refused.stdout
    assert "approve" not in refused.stdout  # it would be refused
    trigger = next(line for line in nexts(refused) if line.startswith("event trigger E-2 "))
    typed(*trigger.replace("人の名", "潮見市長").split())
    assert nexts(typed("request", "show", "2"))[0].startswith("request approve R20261120-002")
    typed("request", "approve", "2", *HEAD)


def test_another_citys_homes_are_refused_with_the_sentence_and_kept_in_the_ledger_alone(typed: Typed) -> None:
    refused = typed("request", "new", *CALL, "--municipality", "99302", code=1)
    assert "99302" in refused.stdout
    assert "直接ご要請" in refused.stdout
    assert nexts(refused) == []
    assert document(typed("request", "list", "--all", "--json"))["requests"] == []
    entries = document(typed("audit", "list", "--json"))["entries"]
    assert entries[-1]["kind"] == "refused"


@pytest.mark.parametrize(("left_out", "code"), [
    ("--person", "disaster.request_without_person"), ("--tel", "disaster.call_or_document"),
])  # fmt: skip
def test_what_a_call_must_name_is_asked_for_and_nothing_is_written(typed: Typed, left_out: str, code: str) -> None:
    place = CALL.index(left_out)
    words = (*CALL[:place], *CALL[place + 2 :])
    assert document(typed("request", "new", *words, "--json", code=1))["code"] == code
    assert document(typed("request", "list", "--all", "--json"))["requests"] == []


def test_the_city_itself_writes_its_request_without_naming_itself_twice(typed: Typed) -> None:
    words = ("--purpose", "rescue", "--by", "危機管理課 係員", "--role", "災害対策本部", "--number", "潮災第1号")
    made = document(typed("request", "new", *words, "--json"))
    assert (made["request"]["person"], made["request"]["role"]) == ("危機管理課 係員", "municipal_hq")


def test_numbers_may_be_typed_short_where_only_one_fits(typed: Typed, clock: type[Clock]) -> None:
    typed("request", "new", *CALL)
    typed("request", "withdraw", "001", "--by", "潮見 受付", "--reason", "避難を確かめた")
    typed("request", "approve", "1", *HEAD, code=1)
    clock.standing = AT + timedelta(days=1)
    typed("request", "new", *CALL)
    assert "R20261121-001" in typed("request", "show", "1", code=1).stderr
    assert "R20261121-001" in typed("request", "reject", "R20261121-001", *HEAD, "--reason", "重複").stdout
    assert document(typed("request", "list", "--json"))["requests"] == []
    assert len(document(typed("request", "list", "--all", "--json"))["requests"]) == 2


def test_a_backdated_trigger_needs_its_reason_and_both_times_are_kept(typed: Typed) -> None:
    early = (AT - timedelta(hours=3)).astimezone(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%dT%H:%M:%S")
    words = ("event", "trigger", EVENT, "evacuation_order", "--by", "潮見市長", "--when", early)
    refused = document(typed(*words, "--json", code=1))
    assert refused["code"] == "agreements.backdated_without_reason"
    said = typed(*words, "--note", "停電で記録できなかった").stdout
    assert "記録より前の提供の根拠にはなりません" in said
    (event,) = document(typed("event", "list", "--json"))["events"]
    kept = next(one for one in event["triggers"] if one["kind"] == "evacuation_order")
    assert (kept["backdated"], kept["note"]) == (True, "停電で記録できなかった")
    assert datetime.fromisoformat(kept["recorded_at"]) - datetime.fromisoformat(kept["at"]) == timedelta(hours=3)
    assert "避難指示(後から記録)" in typed("event", "list").stdout


def test_a_trigger_by_telephone_names_who_called_back(typed: Typed) -> None:
    words = ("event", "trigger", EVENT, "telephone", "--by", "潮見市長")
    assert document(typed(*words, "--json", code=1))["code"] == "agreements.call_confirmed_by_nobody"
    typed(*words, "--confirmed-by", "潮見 受付")
    typed("event", "end", EVENT, "telephone", "--by", "潮見市長")
    (event,) = document(typed("event", "list", "--json"))["events"]
    (kept,) = [one for one in event["triggers"] if one["kind"] == "telephone"]
    assert (kept["confirmed_by"], bool(kept["ended_at"])) == ("潮見 受付", True)


def test_the_only_area_of_an_event_is_the_one_that_is_asked_for(typed: Typed) -> None:
    assert document(typed("event", "area", EVENT, "NOWHERE", "--by", "潮見市長", "--json", code=1))["code"] == (
        "disaster.unknown_area"
    )
    typed("event", "area", EVENT, AREA, "--by", "潮見市長")
    assert AREA in typed("event", "list").stdout
    made = document(typed("request", "new", *CALL, "--json"))
    assert made["request"]["area"] == AREA
    assert made["course"]["state"] == "requested"
    wide = typed("decide", "--purpose", "安否確認", "--number", "1", "--area", "T-OTHER", code=1).stdout
    assert AREA in wide


def test_an_area_may_be_typed_by_its_name_and_is_shown_with_it(typed: Typed) -> None:
    listed = document(typed("event", "areas", "--json"))["areas"]
    assert {"area_id": AREA, "name": "西半分", "reached": False, "drill": False} in listed
    assert document(typed("event", "areas", "--drill", "--json"))["areas"] == listed  # a drill has none of its own
    typed("event", "area", EVENT, " 西半分", "--by", "潮見市長")
    (reached,) = [row for row in document(typed("event", "areas", "--json"))["areas"] if row["reached"]]
    assert reached["area_id"] == AREA
    assert document(typed("request", "new", *CALL, "--area", "西半分", "--json"))["request"]["area"] == AREA
    for words in (("event", "list"), ("request", "list"), ("event", "areas")):
        assert "西半分" in typed(*words).stdout


def test_a_caller_is_told_the_names_of_the_areas_and_an_unknown_one_is_refused_on_record(typed: Typed) -> None:
    typed("event", "area", EVENT, AREA, "--by", "潮見市長")
    names = [one["name"] for one in document(typed("event", "areas", "--json"))["areas"] if not one["reached"]]
    said = typed("request", "new", *CALL, "--area", names[0], code=1)
    assert f"この災害でお渡しできる区域は西半分({AREA})です" in said.stdout
    asked = document(typed("request", "show", "1", "--json"))["decision"]["reasons"][0]["params"]
    assert asked["areas"] == [AREA]  # what is kept has ids alone
    typed("event", "open", "E-2", "--name", "潮見川氾濫", "--by", "潮見市長")
    unknown = typed("request", "new", *CALL, "--event", "E-2", "--area", "東半分", code=1)
    assert nexts(unknown) == ["event areas --event E-2"]
    refused = typed("event", "open", "--name", "高潮", "--by", "潮見市長", "--area", "東半分", code=1)
    assert f"登録されている区域（名の近いものから）: 西半分({AREA})" in refused.stderr


def test_areas_of_a_drill_are_listed_and_marked_while_no_event_says_which_are_meant(
    typed: Typed, tmp_path: Path
) -> None:
    real = document(typed("event", "areas", "--json"))["areas"]
    shape = shapely.to_wkb(shapely.box(138.0, 34.0, 139.0, 35.0))
    row = {"area_id": "K-1", "name": "訓練第1区域", "area_kind": "disaster", "geometry": shape}
    with Store.open(tmp_path / "post", at=AT) as store:
        store.add_batch(rows_of("areas", [row], drill=True), at=AT)
    drilled = {"area_id": "K-1", "name": "訓練第1区域", "reached": False, "drill": True}
    assert document(typed("event", "areas", "--json"))["areas"] == real  # the open event is a real one
    typed("event", "close", EVENT, "--by", "潮見市長")
    assert document(typed("event", "areas", "--json"))["areas"] == [*real, drilled]
    assert document(typed("event", "areas", "--drill", "--json"))["areas"] == [drilled]
    (line,) = [line for line in typed("event", "areas").stdout.splitlines() if "K-1" in line]
    assert line.split()[-1] == "訓練"


def test_where_no_area_is_held_it_is_said_so_with_the_command_that_takes_them_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAYORI_DATA_DIR", str(tmp_path / "new"))
    run = CliRunner().invoke
    assert run(PROGRAM, ["init", "--side", "demo", "--municipality", TOWN]).exit_code == 0
    said = run(PROGRAM, ["event", "areas"])
    assert said.exit_code == 0
    assert "まだ一つも取り込まれていません" in said.stdout
    assert nexts(said) == ["ingest areas ファイル"]
    refused = run(PROGRAM, ["event", "open", "--name", "津波", "--by", "潮見市長", "--area", "西半分"])
    assert refused.exit_code == 1
    assert "まだ一つも取り込まれていません" in refused.stderr
    assert "tayori ingest areas" in refused.stderr


@pytest.mark.parametrize("blank", ["", "\u3000 "], ids=ascii)
def test_an_empty_value_is_never_taken_for_everything(typed: Typed, blank: str) -> None:
    for option in ("--area", "--field", "--event", "--municipality", "--reason", "--recipient"):
        refused = document(typed("request", "new", *CALL, option, blank, "--json", code=1))
        assert refused["code"] == "disaster.blank_option"
        assert option in refused["ja"]
    both = typed("decide", "--purpose", "安否確認", "--tel", "潮見 受付", "--area", blank, "--field", blank, code=1)
    assert {"--area", "--field"} <= set(re.split("[、 ]", both.stderr))
    assert document(typed("request", "list", "--all", "--json"))["requests"] == []


def test_an_unknown_purpose_is_told_together_with_what_is_missing(typed: Typed) -> None:
    said = typed("decide", "--purpose", "選挙", code=1).stderr
    assert "目的「選挙」はありません" in said
    assert "--tel" in said


def test_a_help_is_never_cut_on_a_narrow_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in (("decide",), ("request", "new"), ("event", "open"), ("town",)):
        told = CliRunner().invoke(PROGRAM, [*words, "--help"]).stdout
        assert "/" in told
        assert "…" not in told


def test_of_two_areas_with_one_name_the_id_must_be_typed() -> None:
    names = {"A-1": "第１自治会", "A-2": "第1 自治会", "A-3": "第2自治会", "B-1": "A-3", "a-2": "第4自治会"}
    for typed, meant in (("第1自治会", "第１自治会(A-1)、第1 自治会(A-2)"), ("A-3", "第2自治会(A-3)、A-3(B-1)")):
        with pytest.raises(StoreError) as caught:
            area_typed(names, typed)
        assert caught.value.code == "disaster.which_area"
        assert meant in caught.value.sentence()
    known = {
        "A-1": "A-1",
        "Ａ－１": "A-1",
        "A-2": "A-2",
        "a-2": "a-2",
        "b-1": "B-1",
        "第2自治会": "A-3",
        "第3自治会": None,
    }
    assert {typed: area_typed(names, typed) for typed in known} == known


def test_of_two_open_events_one_must_be_named(typed: Typed) -> None:
    opened = typed("event", "open", "--name", "潮見港高潮", "--by", "潮見市長", "--area", AREA)
    assert "E2026-01" in opened.stdout
    said = typed("request", "new", *CALL, code=1).stderr
    assert "E2026-01" in said
    assert "--event" in said
    made = document(typed("request", "new", *CALL, "--event", "E2026-01", "--json"))
    assert (made["request"]["event_id"], made["request"]["area"]) == ("E2026-01", AREA)


def test_a_weighing_is_written_read_and_registered_and_one_that_forbids_ends_it(typed: Typed, tmp_path: Path) -> None:
    words = ("--mode", "match", "--purpose", "安否確認", "--by", "保護管理者", "--office", "支社", "--guideline",
             "試験用のガイドライン", "--version-of", "第2版", "--reason", "再検討")  # fmt: skip
    new = typed("assessment", "new", tmp_path / "no.toml", *words, "--outcome", "forbids")
    made = parse_assessment((tmp_path / "no.toml").read_text(encoding="utf-8"))
    assert (made.assessment_id, made.municipality, made.weighed_at) == (f"{TOWN}-2026-A1", TOWN, AT)
    typed("assessment", "new", tmp_path / "no.toml", *words, code=1)
    typed(*nexts(new)[0].split())
    assert document(typed("assessment", "add", tmp_path / "no.toml", "--json"))["unchanged"]
    assert "提供してはならない" in typed("assessment", "list").stdout
    refused = document(typed("request", "new", *CALL, "--mode", "match", "--json", code=1))
    assert [one["code"] for one in refused["decision"]["reasons"]] == ["agreements.assessment_forbids"]
    assert typed("agreement", "templates").exit_code == 0


def test_the_other_language_says_all_of_it(typed: Typed) -> None:
    said = [
        typed("request", "new", *CALL, "--lang", "en").stdout,
        typed("request", "approve", "1", *HEAD, "--lang", "en").stdout,
        typed("request", "show", "1", "--lang", "en").stdout,
        typed("request", "list", "--lang", "en").stdout,
        typed("event", "list", "--lang", "en").stdout,
    ]
    for text in said:
        assert re.search(r"[A-Za-z]{4}", text)
        for word in ("要請", "承認", "記録しました", "状態", "災害対策本部設置"):
            assert word not in text.replace("危機管理課", "").replace("潮見市災害対策本部", "")


LATE = "期限を1時間4分過ぎて届きました"


def test_a_document_that_came_late_says_so_for_ever(typed: Typed, clock: type[Clock]) -> None:
    typed("request", "new", *CALL)
    typed("request", "approve", "1", *HEAD)
    clock.standing = AT + timedelta(hours=25, minutes=4)
    assert "【超過】要請の文書" in typed("due").stdout
    assert LATE in typed("request", "document", "1", "--number", "潮災第1号", "--by", "受付").stdout
    clock.standing = AT + timedelta(days=30)
    shown = "期限(2026年11月21日9時30分)を1時間4分過ぎて届きました"
    assert shown in typed("request", "show", "1").stdout
    (line,) = [
        one for one in document(typed("checklist", EVENT, "--json", code=1))["lines"] if one["key"] == "documents"
    ]
    assert (line["missing"], line["note"]) == ([], f"R20261120-001({shown})")
    entries = document(typed("audit", "list", "--json"))["entries"]
    (kept,) = [one["payload"] for one in entries if one["payload"].get("act") == "document"]
    assert kept["reason"].startswith(shown)
    again = typed("request", "document", "1", "--number", "潮災第1号", "--by", "受付").stdout
    assert "過ぎて届きました" not in again  # it was there
    assert shown in typed("checklist", EVENT, code=1).stdout


def test_a_document_written_down_later_than_it_came_keeps_both_times(typed: Typed, clock: type[Clock]) -> None:
    typed("request", "new", *CALL)
    clock.standing = AT + timedelta(hours=26)
    came = ("--number", "潮災第1号", "--by", "受付", "--when")
    ahead = document(typed("request", "document", "1", *came, "2026-11-22T09:00:00", "--json", code=1))
    assert ahead["code"] == "disaster.document_ahead"
    before = document(typed("request", "document", "1", *came, "2026-11-20T09:00:00", "--json", code=1))
    assert before["code"] == "agreements.step_before_last"
    said = typed(
        "request", "document", "1", *came, "2026-11-21T09:00:00", "--reason", "期限前に届き、停電で記録が遅れた"
    )
    assert "過ぎて" not in said.stdout
    shown = typed("request", "show", "1").stdout
    for word in ("2026年11月21日9時00分", "記録は2026年11月21日11時30分", "停電で記録が遅れた"):
        assert word in shown
    lines = document(typed("checklist", EVENT, "--json", code=1))["lines"]
    assert all(one["note"] == "" for one in lines)  # a reason that somebody typed does not make it late
    typed("request", "approve", "1", *HEAD)


def test_a_document_may_have_come_before_the_approval_that_was_written_down_first(
    typed: Typed, clock: type[Clock]
) -> None:
    typed("request", "new", *CALL)
    clock.standing = AT + timedelta(hours=2)
    typed("request", "approve", "1", *HEAD)
    typed("request", "document", "1", "--number", "1", "--by", "受付", "--when", "2026-11-20T10:00:00")
    clock.standing = AT + timedelta(hours=1, minutes=30)  # later than the document, earlier than the approval
    refused = document(typed("request", "withdraw", "1", "--by", "受付", "--reason", "避難した", "--json", code=1))
    assert refused["code"] == "agreements.step_before_last"


def test_due_lists_documents_and_reviews_with_a_command_that_settles_each(typed: Typed, clock: type[Clock]) -> None:
    typed("request", "new", *CALL)
    typed("request", "break-glass", "1", "--by", "潮見 受付", "--reason", "屋根の上に人がいる")
    clock.standing = AT + timedelta(hours=73)
    told = document(typed("due", "--json"))
    assert [(one["request_id"], one["overdue"]) for one in (*told["documents"], *told["reviews"])] == [
        ("R20261120-001", True)
    ] * 2
    for verb, word in (("document", "文書番号"), ("review", "確かめたこと")):
        said = typed("due").stdout
        assert f"tayori request {verb} R20261120-001" in said
        (to_type,) = nexts(typed("due"))
        assert to_type.startswith(f"request {verb} ")
        typed(*to_type.replace(word, "済").replace("氏名", "保護管理者").split())
    assert nexts(typed("due")) == []


@pytest.mark.parametrize("words", [("show", "1"), ("approve", "1", *HEAD)], ids=["show", "approve"])
def test_who_approves_sees_where_who_how_why_and_on_which_clause(typed: Typed, words: tuple[str, ...]) -> None:
    why = ("--mode", "dwelling", "--reason", "一覧にない住居も回る", "--area", AREA)
    seen = ("西半分(T-PART)", "危機管理課 係員", "潮見 受付", "折り返し 太郎", "電話", "未着", "一覧にない住居も回る")
    call = tuple("折り返し 太郎" if place == CALL.index("--tel") + 1 else word for place, word in enumerate(CALL))
    new = typed("request", "new", *call, *why)
    made = document(typed("request", "show", "1", "--json"))["decision"]
    rest = (made["article"], str(len(made["columns"])))
    said = typed("request", *words)
    for result in (new, said):
        table = {tuple(part.strip() for part in line.split("│")) for line in result.stdout.splitlines() if "│" in line}
        values = {row[-1] for row in table if len(row) == 2}
        for word in (*seen, *rest):
            assert any(word in value for value in values), word
    assert "同じです" not in new.stdout


def test_an_approval_that_is_refused_says_what_to_say_on_the_telephone(typed: Typed) -> None:
    typed("request", "new", *CALL)
    typed("event", "close", EVENT, "--by", "潮見市長")
    for words in (("approve", "1", *HEAD), ("break-glass", "1", *HEAD, "--reason", "命に関わる")):
        said = typed("request", *words, code=1).stdout
        assert "電話では、次のように伝えてください" in said
        assert not any("approve" in line for line in nexts(typed("request", "show", "1")))
    assert document(typed("request", "approve", "1", *HEAD, "--json", code=1))["code"] == "disaster.request_refused"


def test_what_closes_with_something_open_says_what_and_who_closed_it_is_in_the_ledger(
    typed: Typed, clock: type[Clock]
) -> None:
    typed("request", "new", *CALL)
    clock.standing = AT + timedelta(hours=1)
    assert document(typed("event", "close", EVENT, "--by", " ", "--json", code=1))["code"] == (
        "disaster.event_change_without_name"
    )
    closed = typed("event", "close", EVENT, "--by", "潮見市長")
    for word in ("要請の処理: R20261120-001", "要請文書の受領: R20261120-001", "発動の終了"):
        assert f"まだ残っています: {word}" in closed.stdout
    assert nexts(closed) == [f"checklist {EVENT}"]
    typed("event", "end", EVENT, "hq_established", "--by", "総務 課長")
    kept = {one["kind"]: one["payload"] for one in document(typed("audit", "list", "--json"))["entries"]}
    assert (kept["event_closed"]["by"], kept["trigger_ended"]["by"]) == ("潮見市長", "総務 課長")


def test_a_number_alone_finds_any_request_that_ends_in_it(typed: Typed) -> None:
    typed("request", "new", *CALL, "--id", "R10")
    assert "R10" in typed("request", "show", "10").stdout
    typed("request", "new", *CALL, "--id", "KUNREN-010")
    said = typed("request", "show", "10", code=1).stderr
    assert "KUNREN-010" in said
    assert "R10" in said
    assert "R10" in typed("request", "show", "R10").stdout


@pytest.mark.parametrize("side", ["post", "city"])
def test_where_a_weighing_is_missing_the_command_that_writes_one_is_said(
    typed: Typed, situation: Situation, tmp_path: Path, side: str
) -> None:
    home = tmp_path / "bare"
    with situation.post(home) if side == "post" else situation.city(home) as store:
        store.agreements.add(f"{TOWN}-2026-01", TOWN, agreement(key=store.public_key), at=AT)
        declare(store)
    third = () if side == "post" else ("--recipient", "警察 潮見署", "--purpose", "rescue", "--mode", "dwelling")
    of = ("--data-dir", home)
    refused = typed("request", "new", *CALL, *third, *of, code=1)
    assert "tayori assessment new で作り" in refused.stdout
    assert "approve" not in refused.stdout
    write = next(line for line in nexts(refused) if line.startswith("assessment new "))
    added = nexts(typed(*write.replace("検討.toml", str(tmp_path / "new.toml")).split(), *of))[0]
    typed(*added.split(), *of)
    approve = nexts(typed("request", "show", "1", *of))[0]
    assert approve.startswith("request approve R20261120-001")
    typed(*approve.replace("ほかの人の名", "承認者").split(), *of)


def test_who_may_not_is_told_who_may_of_this_side_and_the_way_for_an_emergency(
    typed: Typed, situation: Situation, tmp_path: Path
) -> None:
    typed("request", "new", *CALL)
    said = typed("request", "approve", "1", "--by", "潮見受付", code=1).stderr
    assert "tayori request break-glass R20261120-001 --by 氏名 --reason 理由" in said
    said = typed(
        "request", "withdraw", "1", "--by", "局長", "--role", "個人情報保護管理者", "--reason", "x", code=1
    ).stderr
    assert "窓口局" in said
    assert "災害対策本部" not in said
    with situation.city(tmp_path / "city") as store:
        agree(store)
        declare(store)
    of = ("--data-dir", tmp_path / "city")
    typed("request", "new", *CALL, "--recipient", "警察 潮見署", *of)
    said = typed("request", "approve", "1", "--by", "係長", "--role", "災害対策本部", *of, code=1).stderr
    assert "役割の人です：個人情報保護管理者。" in said
