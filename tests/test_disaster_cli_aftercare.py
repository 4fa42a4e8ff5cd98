"""The verbs after the release: each says what it did and what to type next."""

import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from handed_town import AT, EVENT, hand, take_in
from typer.testing import CliRunner, Result

from agreements.request import Mode
from disaster.cli import shell
from disaster.cli.app import make_program
from disaster.store import Store

pytest_plugins = ("handed_town",)
pytestmark = pytest.mark.usefixtures("one_parser")

PROGRAM = make_program()
NAME, ADDRESS = "潮見 花子", "潮見市浜町一丁目2番3号"
Tayori = Callable[..., Result]


@pytest.fixture
def tayori(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tayori:
    """Run commands in a folder of the test's own, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("TAYORI_DATA_DIR", "TAYORI_DATABASE_URL", "TAYORI_LANG", "TAYORI_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "220")

    def run(*words: object, code: int = 0) -> Result:
        result = CliRunner().invoke(PROGRAM, [str(word) for word in words])
        assert result.exit_code == code, (result.stdout[-2_000:], result.stderr[-2_000:], result.exception)
        assert "Traceback" not in result.output
        return result

    return run


def told(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["version"] == 1
    return document


def just_now() -> datetime:
    """Return a time that the clock of a command is a little later than."""
    return (datetime.now(UTC) - timedelta(minutes=5)).replace(microsecond=0)


def typed(line: str) -> list[str]:
    """Return the words of a next command, as a shell reads them, with a name where one stands to be filled in."""
    return shlex.split(line.split("tayori ", 1)[1].replace("氏名", "消去四郎"))


def home(store: Store) -> tuple[str, str]:
    """Give the store back to the command line."""
    store.close()
    return "--data-dir", str(store.home)


def test_a_pack_goes_from_recall_to_receipt_by_what_each_answer_says(
    giver: Store, taker: Store, tayori: Tayori, tmp_path: Path
) -> None:
    pack = hand(giver, days=3_650, at=just_now())
    take_in(taker, giver, pack)
    of_post, of_city = home(giver), home(taker)
    said = tayori(
        "recall", "issue", pack, "--reason", "区域の誤り", "--by", "承認 三郎", "--out", "out", *of_post
    ).stdout
    assert "電話: " in said
    assert f"次: tayori due {' '.join(of_post)}" in said
    assert f"tayori receipt {pack}" in tayori("due", *of_post).stdout
    said = tayori("recall", "check", f"out/{pack}-recall/recall.json", *of_city).stdout
    (purge,) = (line for line in said.splitlines() if line.startswith(f"次: tayori purge pack {pack} "))
    assert purge.endswith(" ".join(of_city))
    assert "すべて消してあれば、--copies-deleted を" in said
    assert f"tayori purge pack {pack}" in tayori("due", *of_city).stdout
    said = tayori(*typed(purge)).stdout
    (again,) = (line for line in said.splitlines() if "--copies-deleted" in line)
    tayori(*typed(again))
    report = tmp_path / f"削除の報告/{pack}-deleted/receipt.json"
    tayori("receipt", "--file", report, "--by", "受付 六子", *of_post)
    assert "ありません" in tayori("due", *of_post).stdout
    assert told(tayori("due", "--json", *of_post)) == {
        "format": "tayori-due", "version": 1, "theirs": [], "ours": [], "documents": [], "reviews": []
    }  # fmt: skip


def test_a_receipt_by_telephone_needs_no_document(giver: Store, tayori: Tayori) -> None:
    pack = hand(giver, at=just_now())
    of_post = home(giver)
    document = told(
        tayori("receipt", pack, "--deleted-by", "消去 四郎", "--by", "受付 六子", "--json", *of_post, code=0)
    )
    assert document["complete"] is True
    again = tayori("receipt", "--by", "受付 六子", *of_post, code=1)
    assert "--file" in again.stderr


def test_the_closing_checklist_ends_with_one_while_something_is_open(giver: Store, tayori: Tayori) -> None:
    hand(giver, days=1)
    of_post = home(giver)
    said = tayori("checklist", EVENT, *of_post, code=1).stdout
    assert "済" in said
    assert "未" in said
    (recall,) = (line for line in said.splitlines() if line.startswith("次: "))
    assert recall.startswith("次: tayori recall issue")
    tayori(*typed(recall))
    document = told(tayori("checklist", EVENT, "--json", *of_post, code=1))
    assert [line["key"] for line in document["lines"]][-1] == "ledger"


def test_a_command_of_the_checklist_is_one_that_the_program_knows(giver: Store, tayori: Tayori) -> None:
    hand(giver, days=1)
    of_post = home(giver)
    document = told(tayori("checklist", EVENT, "--json", *of_post, code=1))
    typed = [line["command"].split() for line in document["lines"] if line["command"]]
    assert typed
    for words in typed:
        verb = words[1:3] if words[1] in ("recall", "purge", "event", "request", "audit") else words[1:2]
        tayori(*verb, "--help")


def test_the_purge_lists_first_and_destroys_only_with_yes(giver: Store, tayori: Tayori) -> None:
    of_post = home(giver)
    assert "消去できるものはありません" in tayori("purge", "own", *of_post).stdout
    assert told(tayori("purge", "own", "--json", *of_post))["done"] is False
    refused = tayori("purge", "own", "--yes", *of_post, code=1)
    assert "--by" in refused.stderr


def test_a_person_is_answered_to_the_protection_officer_alone(giver: Store, tayori: Tayori) -> None:
    hand(giver, mode=Mode.PERSON, people=[(NAME, ADDRESS)])
    of_post = home(giver)
    asked = ("ledger", "person", "--name", NAME, "--address", ADDRESS, "--by", "保護 五子", "--checked", "運転免許証")
    said = tayori(*asked, *of_post).stdout
    assert "潮見市災害対策本部" in said
    assert "第5条第2項" in said
    assert NAME not in said
    document = told(tayori(*asked, "--json", *of_post))
    assert (len(document["given"]), document["searched"], document["unindexed"]) == (1, 1, [])
    refused = tayori(*asked, "--role", "office", *of_post, code=1)
    assert "個人情報保護管理者" in refused.stderr
    assert NAME not in refused.output


def test_name_and_address_of_a_person_are_asked_for_where_they_are_not_typed(giver: Store, tayori: Tayori) -> None:
    hand(giver, mode=Mode.PERSON, people=[(NAME, ADDRESS)])
    asked = ("ledger", "person", "--by", "保護 五子", "--checked", "運転免許証", "--json", *home(giver))
    result = CliRunner().invoke(PROGRAM, asked, input=f"{NAME}\n{ADDRESS}\n")
    assert result.stderr == "氏名: 住所: "
    assert len(told(result)["given"]) == 1
    ended = tayori(*asked[:-3], *asked[-2:], code=1).stderr
    assert "中止しました。" in ended
    assert "Aborted" not in ended
    assert tayori(*asked, "--lang", "en", code=1).stderr.endswith("Aborted.\n")


@pytest.mark.parametrize(("hours", "first"), [(0, "防災課 情報係"), (14, "宿直室")])
def test_who_takes_a_call_is_told_whom_to_call_back_at_this_hour(
    giver: Store, tayori: Tayori, monkeypatch: pytest.MonkeyPatch, hours: int, first: str
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return (AT + timedelta(hours=hours)).astimezone(tz)

    monkeypatch.setattr(shell, "datetime", Clock)
    call = ("request", "new", "--purpose", "安否確認", "--by", "受付 六子", "--person", "要請 一郎")
    of_post = home(giver)
    (line,) = [
        one
        for one in tayori(*call, "--tel", "受付 七子", *of_post, code=1).stdout.splitlines()
        if "折り返しの電話" in one
    ]
    others = {"防災課 情報係", "宿直室"} - {first}
    assert line.index(first) < min(line.index(one) for one in others)
    assert "054-000-2001" not in line  # that is our own
    assert "同じです" in tayori(*call, "--tel", "受付　六子", *of_post, code=1).stdout
    assert "折り返しの電話" not in tayori(*call, "--number", "潮災第1号", *of_post, code=1).stdout
