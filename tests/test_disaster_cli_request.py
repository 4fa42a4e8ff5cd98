"""What a tired clerk types at night: events, calls, approvals; each answer says what to type next."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from door_town import AREA, AT, EVENT, TOWN, Situation, agree, declare
from typer.testing import CliRunner, Result

from agreements.assessment import parse_assessment
from disaster.cli import shell
from disaster.cli.app import make_program

pytest_plugins = ("door_town",)

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
    assert "要請した人の名がありません" in said
    assert "0" not in typed("request", "list", "--all").stdout


def test_an_approved_request_whose_event_closed_is_not_said_to_be_ready(typed: Typed) -> None:
    typed("request", "new", *CALL)
    assert any("provide" in line for line in nexts(typed("request", "approve", "1", *HEAD)))
    typed("event", "close", EVENT)
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
    typed("event", "close", EVENT)
    refused = typed("request", "new", *CALL, code=1)
    assert "そろったら" not in refused.stdout  # no event reaches a request of peacetime
    assert nexts(refused) == ["event open --name 災害の名 --by 決めた人の名"]
    assert nexts(typed("event", "open", "E-2", "--name", "潮見川氾濫", "--by", "潮見市長", "--trigger", "document"))
    refused = typed("request", "new", *CALL, code=1)
    assert "足りないものがそろったら、次: tayori request approve R20261120-002" in refused.stdout
    typed("event", "trigger", "E-2", "hq_established", "--by", "潮見市長")
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
    typed("event", "end", EVENT, "telephone")
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


def test_of_two_open_events_one_must_be_named(typed: Typed) -> None:
    opened = typed("event", "open", "--name", "潮見港高潮", "--by", "潮見市長", "--area", AREA)
    assert "E2026-01" in opened.stdout
    said = typed("request", "new", *CALL, code=1).stderr
    assert "E2026-01" in said
    assert "--event" in said
    made = document(typed("request", "new", *CALL, "--event", "E2026-01", "--json"))
    assert (made["request"]["event_id"], made["request"]["area"]) == ("E2026-01", AREA)


def test_a_weighing_is_written_read_and_registered_and_one_that_forbids_ends_it(typed: Typed, tmp_path: Path) -> None:
    words = ("--mode", "match", "--purpose", "safety_check", "--by", "保護管理者", "--office", "支社", "--guideline",
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
