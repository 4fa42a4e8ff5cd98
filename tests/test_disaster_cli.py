"""The command line: each verb prints what a program or a person can use, and ends with the right code."""

import json
import re
import shlex
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from door_town import EVENT, TOWN, Situation, agreement, files_of
from openpyxl import Workbook
from typer.main import get_command
from typer.testing import CliRunner, Result

from disaster.cli.app import make_program
from disaster.cli.saying import next_command
from disaster.cli.shell import Shell
from disaster.models import NOUNS, Side
from disaster.settings import Settings
from disaster.store import Store

pytest_plugins = ("door_town",)
pytestmark = pytest.mark.usefixtures("one_parser")

JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
PROGRAM = make_program()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of the test's own, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("TAYORI_DATA_DIR", "TAYORI_DATABASE_URL", "TAYORI_LANG", "TAYORI_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def tayori(*words: object, code: int = 0) -> Result:
    """Run a command and check how it ended."""
    result = CliRunner().invoke(PROGRAM, [str(word) for word in words])
    assert result.exit_code == code, (result.stdout[-2_000:], result.stderr[-2_000:], result.exception)
    assert "Traceback" not in result.output
    return result


def told(*words: object, code: int = 0) -> dict[str, Any]:
    """Run a command with ``--json`` and return its document."""
    result = tayori(*words, "--json", code=code)
    document: dict[str, Any] = json.loads(result.stdout)
    assert re.fullmatch(r"tayori-[a-z-]+", document["format"])
    assert document["version"] == (2 if document["format"] == "tayori-decision" else 1)
    return document


@pytest.fixture
def post(situation: Situation, tmp_path: Path) -> Path:
    """The post's store with an agreement and a real event, all by the command line."""
    home = tmp_path / "post"
    with situation.post(home) as store:
        key = store.public_key
    (tmp_path / "agreement.toml").write_text(agreement(key=key), encoding="utf-8")
    told("agreement", "add", tmp_path / "agreement.toml", "--data-dir", home)
    told("event", "open", EVENT, "--name", "潮見川氾濫", "--by", "潮見市長", "--data-dir", home)
    weigh(tmp_path / "kento.toml", home)
    return home


def weigh(file: Path, home: Path) -> None:
    """Write and register the weighing under the postal law, by the command line."""
    modes = [word for mode in ("forward", "match", "dwelling", "person") for word in ("--mode", mode)]
    purposes = [word for purpose in ("notice", "safety_check", "rescue") for word in ("--purpose", purpose)]
    told("assessment", "new", file, *modes, *purposes, "--by", "個人情報保護管理者", "--office", "支社",
         "--guideline", "試験用のガイドライン", "--version-of", "第1版", "--reason", "試験のための記録",
         "--data-dir", home)  # fmt: skip
    told("assessment", "add", file, "--data-dir", home)


@pytest.fixture
def city(situation: Situation, post: Path, tmp_path: Path) -> Path:
    home = tmp_path / "city"
    situation.city(home).close()
    told("agreement", "add", tmp_path / "agreement.toml", "--data-dir", home)
    return home


def verbs() -> Iterator[tuple[str, ...]]:
    """Yield every verb as the words that call it."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield words
            return
        for name in inner:
            yield from below(inner[name], (*words, name))

    yield from below(get_command(PROGRAM), ())


@pytest.mark.parametrize("words", list(verbs()), ids=" ".join)
def test_every_verb_explains_itself(words: tuple[str, ...]) -> None:
    text = tayori(*words, "--help").stdout
    assert JAPANESE.search(text)
    for option in ("--json", "--lang", "--data-dir", "--database-url", "--help"):
        assert option in text


def test_help_lists_every_kind_that_may_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for words in (("check",), ("ingest",), ("map",), ("reconcile",)):
        text = tayori(*words, "--help").stdout
        assert [kind for kind in NOUNS if kind not in text] == [], words


def test_the_verbs_are_those_that_were_promised() -> None:
    assert {words[0] for words in verbs()} == {
        "demo", "town", "init", "check", "ingest", "event", "agreement", "decide", "provide", "receive", "publish",
        "status", "audit", "config", "serve", "map", "gazetteer", "reconcile", "place", "request", "assessment",
        "verify", "explain", "onward", "recall", "receipt", "due", "purge", "checklist", "ledger",
    }  # fmt: skip


def test_wrong_usage_ends_with_two() -> None:
    for line in (
        "fly", "init", f"init --side nobody --municipality {TOWN}", "demo --households x", "provide", "audit",
        "status --no-such-option", "decide --mode all", "serve --port 99999", "town --out x --office S001",
    ):  # fmt: skip
        tayori(*line.split(), code=2)


@pytest.mark.parametrize(("line", "said"), [
    ("request approve 1", "--by がありません: 誰が"), ("verify", "file がありません: "),
    ("fly", "「fly」という命令はありません。"), ("f\x1b[31m", "「f·[31m」という命令はありません。"),
    ("reqest", "「reqest」という命令はありません。「request」「receipt」のことですか。"),
    ("event opn", "「opn」という命令はありません。「open」のことですか。"),
    ("--x\x1b[31m", "--x·[31m という指定はありません"),
    ("status --dta-dir x", "--dta-dir という指定はありません。--data-dir"), ("status x", "余分な言葉があります"),
    ("decide --mode all", "--mode に、使えない値「all」があります: 形"),
    ("recall check --lang", "--lang の値がありません"),
])  # fmt: skip
def test_wrong_usage_is_said_in_japanese_first_then_in_english(line: str, said: str) -> None:
    result = tayori(*line.split(), code=2)
    ja, en, *_help = result.stderr.splitlines()
    assert ja.startswith(f"命令の打ち方が違います。{said}")
    assert not JAPANESE.search(en)
    assert result.stdout == ""
    if not line.endswith("--lang"):
        assert result.stderr.splitlines()[-1].endswith(" --help")


@pytest.mark.parametrize(("line", "option", "example"), [
    ("agreement new x", "--signed", "2026-04-01"), ("assessment new x", "--until", "2026-04-01"),
    ("event trigger E-1 relief_act", "--when", "2026-04-01T09:30"),
    ("request document 1", "--when", "2026-04-01T09:30"), ("receipt R1-1", "--when", "2026-04-01T09:30"),
])  # fmt: skip
@pytest.mark.parametrize("written", ["2015/4/1", "平成27年4月1日", "1427814000"], ids=ascii)
def test_a_day_that_cannot_be_read_is_shown_with_how_one_is_typed(
    line: str, option: str, example: str, written: str
) -> None:
    said = tayori(*line.split(), option, written, code=2).stderr.splitlines()[0]
    assert said.startswith(f"命令の打ち方が違います。{option} に、使えない値「{written}」があります: ")
    assert said.endswith(f"(例: {example})。")


@pytest.mark.parametrize("written", ["2026-11-01T09:00", "20261101T0900", "2026-11-01T00:00:00Z"])
def test_a_time_is_japans_unless_it_names_its_zone(post: Path, written: str) -> None:
    told("event", "open", "K-1", "--name", "訓練", "--by", "市長", "--drill", "--when", written, "--note", "用紙から",
         "--data-dir", post)  # fmt: skip
    events = {one["event_id"]: one for one in told("event", "list", "--data-dir", post)["events"]}
    assert datetime.fromisoformat(events["K-1"]["opened_at"]) == datetime(2026, 11, 1, tzinfo=UTC)


def test_a_number_that_no_request_has_is_answered_with_the_command_that_lists_them(post: Path) -> None:
    assert "`tayori request list`" in tayori("request", "show", "2", "--data-dir", post, code=1).stderr


def test_a_next_command_names_the_folder_that_was_typed_and_no_database(post: Path, tmp_path: Path) -> None:
    home = post.rename(tmp_path / "保管庫 一")
    said = tayori("request", "new", *ASKED, *BY, "--data-dir", home).stdout
    (line,) = (line for line in said.splitlines() if line.startswith("次: tayori request approve"))
    assert line.endswith(f' --data-dir "{home}"')
    words = shlex.split(line.removeprefix("次: tayori "))
    assert "承認しました" in tayori(*words).stdout
    assert f'--data-dir "{home}"' in tayori("request", "list", "--data-dir", home).stdout
    shell = Shell(Settings(database_url="postgresql://u:geheim@db.example/x"), json=False, at=_now())
    assert next_command(shell, "due") == "次: tayori due"


def test_what_the_purge_says_to_type_destroys_what_it_listed(post: Path) -> None:
    chosen = ("--present", "--kind", "配達先", "--municipality", TOWN)
    said = tayori("purge", "own", *chosen, "--reason", "訓練 終了", "--data-dir", post).stdout
    (line,) = (line for line in said.splitlines() if line.startswith("次: "))
    words = shlex.split(line.removeprefix("次: tayori "))
    assert {TOWN, "訓練 終了", "delivery-points"} <= set(words)
    listed = told("purge", "own", *chosen, "--data-dir", post)["batches"]
    assert told(*words)["destroyed"] == [one["batch_id"] for one in listed] != []


def test_a_next_command_names_no_folder_where_none_was_typed(post: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYORI_DATA_DIR", str(post))
    said = tayori("request", "new", *ASKED, *BY).stdout
    assert "次: tayori request approve" in said
    assert "--data-dir" not in said


def test_what_a_verb_says_of_options_that_do_not_go_together_stands_alone() -> None:
    first, *_help = tayori("town", "--out", "x", "--office", "S001", code=2).stderr.splitlines()
    assert first == "--on-store と一緒に指定してください。"


def test_a_new_store_says_its_key_and_never_changes_sides(tmp_path: Path) -> None:
    made = told("init", "--side", "post", "--municipality", TOWN, "--data-dir", tmp_path / "new")
    assert (made["format"], made["side"], made["municipalities"]) == ("tayori-init", "post", [TOWN])
    with Store.open(tmp_path / "new", at=_now()) as store:
        assert (store.side, store.public_key) == (Side.POST, made["public_key"])
    again = told("init", "--side", "municipality", "--municipality", TOWN, "--data-dir", tmp_path / "new", code=1)
    assert again["code"] == "disaster.store_exists"
    with Store.open(tmp_path / "new", at=_now()) as store:
        assert store.side is Side.POST


def _now() -> datetime:
    return datetime.now(UTC)


REPORT = {
    "format",
    "version",
    "kind",
    "file",
    "sha256",
    "encoding",
    "crs",
    "layout",
    "read",
    "accepted",
    "refused",
    "faults",
}


def damaged(situation: Situation, target: Path) -> Path:
    """Copy a list of damage points with one row that cannot be read."""
    text = (situation.files / "post/damage_points.csv").read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    lines[1] = lines[1].replace("橋", "雲", 1)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def test_a_check_reports_and_stores_nothing(post: Path, situation: Situation, tmp_path: Path) -> None:
    before = told("status", "--data-dir", post)
    good = told("check", "damage-points", situation.files / "post/damage_points.csv", "--data-dir", post)
    assert set(good) >= REPORT
    assert (good["read"], good["accepted"], good["refused"], good["faults"]) == (6, 6, 0, [])
    bad = told("check", "damage-points", damaged(situation, tmp_path / "d.csv"), "--data-dir", post, code=1)
    assert (bad["read"], bad["accepted"], bad["refused"]) == (6, 5, 1)
    (fault,) = bad["faults"]
    assert set(fault) >= {"row", "column", "value", "code", "reason", "hint"}
    assert (fault["row"], fault["column"]) == (1, "対象")
    assert (
        told("check", "damage-points", tmp_path / "d.csv", "--max-refused", "20%", "--data-dir", post)["refused"] == 1
    )
    shown = tayori("check", "damage-points", tmp_path / "d.csv", "--data-dir", post, code=1).stdout
    assert "不採用の理由 1件" in shown
    assert told("status", "--data-dir", post) == before


def test_taking_in_stores_all_that_is_allowed_or_nothing(post: Path, situation: Situation, tmp_path: Path) -> None:
    words = ("ingest", "damage-points", damaged(situation, tmp_path / "d.csv"), "--data-dir", post)
    refused = told(*words, code=1)
    assert set(refused) >= REPORT | {"stored", "unchanged", "batch_id", "replaced"}
    assert not refused["stored"]
    assert told(*words, "--max-refused", "1", "--all-or-nothing", code=1)["stored"] is False
    stored = told(*words, "--max-refused", "1")
    assert (stored["stored"], stored["accepted"], stored["unchanged"]) == (True, 5, False)
    assert stored["replaced"]
    again = tayori(*words, "--max-refused", "1")
    assert "何も変えていません" in again.stdout
    assert told(*words, "--max-refused", "many", code=1)["code"] == "disaster.bad_max_refused"


UNKNOWN = "管理番号,拡声器の名前,住所,東経,北緯,状態\n" + "\n".join(
    f"{n},港第{n},架空県潮見市港町{n},138.60{n}123,34.55{n}123,{'済' if n % 2 else ''}" for n in range(1, 8)
)


def test_an_unknown_file_is_refused_with_the_command_to_go_on_and_that_command_leads_to_the_store(
    post: Path, tmp_path: Path
) -> None:
    path = tmp_path / "拡声器 一覧.csv"
    path.write_text(UNKNOWN, encoding="cp932")
    refused = told("check", "facilities", path, "--encoding", "cp932", "--data-dir", post, code=1)
    assert refused["code"] == "disaster.unknown_layout"
    assert f'tayori map "{path}" --kind facilities' in refused["ja"]
    made = told("map", path, "--kind", "facilities", "--encoding", "cp932", "--data-dir", post)
    assert (made["mapping"], made["missing"], made["kind"]) == ("mapping.toml", [], "facilities")
    assert "港第1" not in json.dumps(made, ensure_ascii=False)  # rows are for the screen
    assert made["next"] == f'tayori check facilities "{path}" --mapping mapping.toml'
    words = ("facilities", path, "--mapping", "mapping.toml", "--data-dir", post)
    assert told("check", *words)["accepted"] == 7  # the mapping keeps the encoding that was said
    stored = told("ingest", *words, "--source", "潮見市 オープンデータ")
    assert stored["dataset"] == "mapping-拡声器 一覧"
    with Store.open(post, at=_now()) as store:
        current = store.current("facilities", TOWN)
    assert current.table.column("name").to_pylist()[0] == "港第1"
    assert current.credit == "潮見市 オープンデータ"


def test_a_proposal_is_shown_with_the_first_rows_and_never_written_over_another(tmp_path: Path) -> None:
    path = tmp_path / "speakers.csv"
    path.write_text(UNKNOWN, encoding="utf-8")
    shown = tayori("map", path).stdout
    for part in ("拡声器の名前", "港第1", "次の命令: tayori check facilities", "138.601123"):
        assert part in shown
    assert "港第6" not in shown
    assert told("map", path)["mapping"] == "mapping-2.toml"
    assert told("map", path, "--out", tmp_path / "mapping.toml", code=1)["code"] == "disaster.file_exists"
    known = tmp_path / "known.csv"
    known.write_text("避難所ID,名称,区分\nH1,港小,指定避難所\n", encoding="utf-8")
    said = told("map", known)
    assert (said["known"], said["mapping"], said["next"]) == (
        "tayori-shelters", None, f"tayori check shelters {known} --municipality 市区町村コード",
    )  # fmt: skip
    english = tayori("map", path, "--lang", "en", "--kind", "facilities").stdout
    assert "would be read so" in english
    assert told("map", path, "--kind", "letters", code=1)["code"] == "disaster.unknown_kind"


def test_where_there_is_no_store_the_next_command_of_map_names_the_municipality(post: Path, tmp_path: Path) -> None:
    path, nowhere = tmp_path / "yoru.csv", tmp_path / "nowhere"
    rows = ("受付番号,ひなん先の名称,ひなん先の種別,受入れ人数", "R-1,港小,指定避難所,480人", "R-2,浜,臨時避難所,約9人")
    path.write_text("\n".join(rows), encoding="utf-8")
    words = ("map", path, "--kind", "shelters", "--data-dir")
    made = told(*words, nowhere, "--out", tmp_path / "a.toml")
    assert made["columns"]["capacity"] == "受入れ人数"
    assert made["next"].endswith(f"--mapping {tmp_path / 'a.toml'} --municipality 市区町村コード")
    assert made["next"] in (tmp_path / "a.toml").read_text(encoding="utf-8")
    english = told(*words, nowhere, "--out", tmp_path / "b.toml", "--lang", "en")
    assert english["next"].endswith("--municipality MUNICIPALITY-CODE")
    assert told(*words, post, "--out", tmp_path / "c.toml")["next"].endswith("c.toml")
    coded = [f"{row},{last}" for row, last in zip(rows, ("団体コード", "993018", "993018"), strict=True)]
    path.write_text("\n".join(coded), encoding="utf-8")
    following = told(*words, nowhere, "--out", tmp_path / "d.toml")["next"].split()
    assert following[-2:] == ["--municipality", TOWN]
    assert told(*following[1:], "--data-dir", nowhere)["accepted"] == 2
    assert "決め手がありません" not in tayori(*words, nowhere, "--out", tmp_path / "e.toml").stdout


def test_a_file_can_be_checked_where_there_is_no_store(situation: Situation, tmp_path: Path) -> None:
    path = situation.files / "post/damage_points.csv"
    nowhere = ("--data-dir", tmp_path / "nowhere")
    checked = told("check", "damage-points", path, "--municipality", TOWN, *nowhere)
    assert (checked["read"], checked["accepted"]) == (6, 6)
    assert "保管庫がないため" in tayori("check", "damage-points", path, "--municipality", TOWN, *nowhere).stdout
    assert told("check", "damage-points", path, *nowhere, code=1)["code"] == "disaster.no_store_to_check"
    assert not (tmp_path / "nowhere").exists()


def _sites(path: Path, *marks: str) -> Path:
    """Write the standard sheet of emergency sites; a mark says whether a site is a shelter too."""
    hazards = [f"災害種別_{name}" for name in ("洪水", "崖崩れ、土石流及び地滑り", "高潮", "地震", "津波")]
    headings = ["NO", "名称", "住所", "緯度", "経度", "市区町村コード", *hazards, "指定避難所との重複", "想定収容人数"]
    rows = [f"E{at},港小{at},潮見市港町1,34.55,138.6,993018,1,1,1,1,1,{mark},40" for at, mark in enumerate(marks)]
    path.write_text("\n".join([",".join(headings), *rows]), encoding="utf-8")
    return path


def test_rows_set_aside_are_named_as_what_they_are_with_the_command_to_read_them(tmp_path: Path) -> None:
    path = _sites(tmp_path / "sites.csv", "1", "", "")
    here = ("--municipality", TOWN, "--data-dir", tmp_path / "nowhere")
    notes = {note["code"]: note["reason"] for note in told("check", "shelters", path, *here)["notes"]}
    said = notes["disaster.readable_as_other_kind"]
    assert "指定緊急避難場所・津波避難ビル（emergency-sites）" in said
    assert f"tayori check emergency-sites {path}" in said
    assert told("check", "emergency-sites", path, *here)["accepted"] == 3
    plain = told("check", "shelters", _sites(tmp_path / "all.csv", "1", "1"), *here)
    assert "disaster.readable_as_other_kind" not in {note["code"] for note in plain["notes"]}


def test_a_kind_may_be_typed_by_its_japanese_title(tmp_path: Path) -> None:
    path = _sites(tmp_path / "sites.csv", "1", "1")
    here = ("--municipality", TOWN, "--data-dir", tmp_path / "nowhere")
    assert told("check", "避難所", path, *here)["kind"] == "shelters"
    own = tmp_path / "own.csv"
    own.write_text("避難所ID,市区町村コード,名称,区分\nH1,99301,港小,指定避難所\n", encoding="utf-8")
    assert told("map", own, "--kind", "避難所")["kind"] == "shelters"
    unknown = told("check", "手紙", path, *here, code=1)
    assert unknown["code"] == "disaster.unknown_kind"
    assert "shelters(避難所)" in json.dumps(unknown, ensure_ascii=False)


def test_rows_on_the_screen_are_counted_as_the_heading_says(tmp_path: Path) -> None:
    path = _sites(tmp_path / "sites.csv", "1", "1")
    path.write_text(path.read_text(encoding="utf-8").replace("34.55", "1.0", 1), encoding="utf-8")
    here = ("--municipality", TOWN, "--data-dir", tmp_path / "nowhere")
    assert "データの行" in tayori("check", "shelters", path, *here, code=1).stdout
    assert "data row" in tayori("check", "shelters", path, *here, "--lang", "en", code=1).stdout
    book = Workbook()
    for line in ["題名", *path.read_text(encoding="utf-8").splitlines()]:
        book.active.append(line.split(","))
    book.save(tmp_path / "sites.xlsx")
    assert "Excelの行" in tayori("check", "shelters", tmp_path / "sites.xlsx", *here, code=1).stdout


def test_rows_of_another_municipality_are_said_truly_where_there_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "damage.csv"
    path.write_text("避難所ID,市区町村コード,名称,区分\nH1,131016,港小,指定避難所\n", encoding="utf-8")
    here = ("--municipality", TOWN, "--data-dir", tmp_path / "nowhere")
    assert "指定した市区町村コード" in tayori("check", "shelters", path, *here, code=1).stdout


def test_refused_rows_come_as_a_copy_that_is_corrected_and_given_back(
    post: Path, situation: Situation, tmp_path: Path
) -> None:
    path, out = damaged(situation, tmp_path / "d.csv"), tmp_path / "直し.csv"
    words = ("check", "damage-points", path, "--data-dir", post)
    assert told(*words, "--faults", out, code=1)["faults_file"] == str(out)
    text = out.read_text(encoding="utf-8-sig")
    assert text.startswith('"理由","直し方",')
    assert "決められた語にありません" in text
    out.write_text(text.replace('"雲"', '"橋"'), encoding="utf-8-sig")
    assert told("ingest", "damage-points", out, "--data-dir", post)["accepted"] == 6
    assert told(*words, "--faults", out, code=1)["code"] == "disaster.file_exists"
    assert told(*words, path, "--faults", tmp_path / "x.csv", code=1)["code"] == "disaster.copy_of_one_file"
    good = told("check", "damage-points", out, "--faults", tmp_path / "none.csv", "--data-dir", post)
    assert (good["faults_file"], (tmp_path / "none.csv").exists()) == (None, False)
    said = told(*words, "--faults", tmp_path / "x.doc", code=1)  # what was found is told all the same
    assert (said["refused"], said["faults_file_error"]) == (1, "disaster.copy_ending")
    assert "写しを" in tayori(*words, "--faults", tmp_path / "y.xlsx", code=1).stdout


def test_a_wrong_mapping_is_said_line_by_line(post: Path, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('kind = "offices"\nx = 1\n[columns]\ny = "z"\n', encoding="utf-8")
    words = ("check", "offices", "x.csv", "--mapping", tmp_path / "m.toml", "--data-dir", post)
    refused = told(*words, code=1)
    assert refused["code"] == "disaster.bad_layout"
    assert [fault["line"] for fault in refused["faults"]] == [2, None, 4]
    said = tayori(*words, code=1).stderr.splitlines()
    assert len(said) == 4
    assert said[1].startswith("- 2行目: ")


def test_names_in_files_of_bad_names_are_shown_as_they_are(post: Path, situation: Situation, tmp_path: Path) -> None:
    for name in ("[bold].csv", "[red]x[red].csv", "a\\[b.csv"):
        path = damaged(situation, tmp_path / name)
        assert name in tayori("check", "damage-points", path, "--data-dir", post, code=1).stdout


def test_no_name_and_no_home_is_in_what_a_check_says(post: Path, situation: Situation, tmp_path: Path) -> None:
    source = (situation.files / "post/delivery_points_S001.csv").read_text(encoding="cp932").splitlines()
    heads = source[0].split(",")
    shifted = [source[0]]
    for line in source[1:60]:
        cells = line.split(",")
        if len(cells) == len(heads):
            shifted.append(",".join(cells[1:] + cells[:1]))  # every value one column to the left
    (tmp_path / "shifted.csv").write_text("\n".join(shifted) + "\n", encoding="utf-8")
    doubled = [source[0], *source[1:20], *source[1:20]]
    (tmp_path / "doubled.csv").write_text("\n".join(doubled) + "\n", encoding="utf-8")
    with Store.open(post, at=_now()) as store:
        register = store.current("delivery-points", TOWN).table.to_pylist()
    secrets = {row["address"] for row in register} | {row["point_id"] for row in register}
    secrets |= {name for row in register for name in row["addressees"] or []}
    for name in ("shifted", "doubled"):
        for verb, *more in (("check",), ("check", "--json"), ("ingest", "--lang", "en")):
            words = (verb, "delivery-points", tmp_path / f"{name}.csv", "--data-dir", post, *more)
            result = CliRunner().invoke(PROGRAM, [str(word) for word in words])
            assert result.exit_code == 1
            assert not [secret for secret in secrets if secret in result.output], (name, verb)


def test_events_and_triggers_are_recorded_and_listed(post: Path) -> None:
    told("event", "trigger", EVENT, "relief_act", "--by", "架空県知事", "--data-dir", post)
    told(
        "event",
        "open",
        "K-1",
        "--name",
        "訓練",
        "--by",
        "市長",
        "--drill",
        "--when",
        "2026-11-01T09:00:00",
        "--note",
        "記録の用紙から写した",
        "--data-dir",
        post,
    )
    told("event", "close", "K-1", "--by", "市長", "--data-dir", post)
    events = {one["event_id"]: one for one in told("event", "list", "--data-dir", post)["events"]}
    assert [trigger["kind"] for trigger in events[EVENT]["triggers"]] == ["hq_established", "relief_act"]
    assert events["K-1"]["drill"]
    assert events["K-1"]["opened_at"].startswith("2026-11-01T00:00:00")  # nine o'clock in Japan
    assert events["K-1"]["closed_at"]
    assert told("event", "open", EVENT, "--name", "x", "--by", "y", "--data-dir", post, code=1)["code"] == (
        "disaster.event_exists"
    )
    assert (
        told("event", "close", "E-NONE", "--by", "市長", "--data-dir", post, code=1)["code"] == "disaster.unknown_event"
    )
    assert "潮見川氾濫" in tayori("event", "list", "--data-dir", post).stdout


def test_an_agreement_is_written_signed_and_registered(post: Path, tmp_path: Path) -> None:
    names = {one["id"] for one in told("agreement", "templates")["templates"]}
    assert {"model-emergency-2026", "common-2015"} <= names
    words = ("agreement", "new", "common-2015", "--out", tmp_path / "old.toml", "--agreement-id", "99301-2015-01",
             "--post-name", "潮見郵便局", "--post-code", "S001", "--city-name", "潮見市", "--city-code", TOWN,
             "--signed", "2015-04-01", "--data-dir", post)  # fmt: skip
    said = tayori(*words).stdout.splitlines()
    assert said[1:] == [
        f"次: tayori agreement check {tmp_path / 'old.toml'}",
        f"次: tayori agreement add {tmp_path / 'old.toml'} --data-dir {post}",
    ]
    assert told(*words, code=1)["code"] == "disaster.out_exists"
    assert not told("agreement", "add", tmp_path / "old.toml", "--data-dir", post)["unchanged"]
    assert told("agreement", "add", tmp_path / "old.toml", "--data-dir", post)["unchanged"]
    listed = {one["agreement_id"]: one for one in told("agreement", "list", "--data-dir", post)["agreements"]}
    assert listed["99301-2015-01"]["template"] == "common-2015"
    (tmp_path / "broken.toml").write_text("format = 1\nx", encoding="utf-8")
    assert told("agreement", "add", tmp_path / "broken.toml", "--data-dir", post, code=1)["code"].startswith(
        "agreements."
    )
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert told("agreement", "add", tmp_path / "binary.toml", "--data-dir", post, code=1)["code"] == (
        "disaster.unreadable_text"
    )


ASKED = ("--purpose", "安否確認", "--number", "潮災第1号")
BY = ("--by", "潮見 受付", "--person", "危機管理課 係員")
WHY = ("--reason", "一覧にない住居も回るため")


def asked(post: Path, *words: object) -> str:
    """Write a request down, have another person approve it, and return its number."""
    name = told("request", "new", *ASKED, *BY, *words, "--data-dir", post)["request"]["request_id"]
    told("request", "approve", name, "--by", "窓口局 局長", "--data-dir", post)
    return str(name)


def test_a_decision_is_told_and_not_recorded(post: Path) -> None:
    granted = told("decide", "--mode", "dwelling", *WHY, *ASKED, "--data-dir", post)
    assert (granted["format"], granted["granted"], granted["clause_id"]) == ("tayori-decision", True, "dwelling")
    refused = told(
        "decide", "--mode", "person", "--purpose", "rescue", "--tel", "潮見 受付", "--data-dir", post, code=1
    )
    assert not refused["granted"]
    said = tayori("decide", "--mode", "person", *WHY, *ASKED, "--data-dir", post).stdout
    assert "協定第5条第1項第4号により提供できます" in said
    assert "照会回答" in said  # the milder way
    assert told("decide", *ASKED, "--data-dir", post)["mode"] == "match"  # the mildest where none is named
    kinds = {entry["kind"] for entry in told("audit", "list", "--data-dir", post)["entries"]}
    assert not {"requested", "decided", "refused", "released"} & kinds


def test_a_pack_goes_out_and_comes_in(post: Path, city: Path, situation: Situation, tmp_path: Path) -> None:
    name = asked(post, "--mode", "dwelling", *WHY)
    out = ("--by", "潮見 受付", "--out", tmp_path / "out", "--data-dir", post)
    made = told("provide", name, *out)
    assert made["matched"] == made["returned"] + sum(made["withheld"].values())
    assert made["counts"]["dwellings"] == made["returned"]
    assert Path(made["zip"]).is_file()
    assert told("provide", name, *out, code=1)["code"] == "agreements.not_in_this_state"
    got = told("receive", made["zip"], "--out", tmp_path / "hq", "--data-dir", city)
    assert (got["pack_id"], got["unchanged"], got["counts"]) == (made["pack_id"], False, made["counts"])
    assert Path(got["view"], "map.html").is_file()
    again = tayori("receive", made["folder"], "--data-dir", city).stdout
    assert "何も変えていません" in again
    assert "住居一覧（氏名なし）" in again
    assert not re.search("dwellings|delivery-status|areas", again)  # names of layers are for programs
    listed = told("status", "--data-dir", city)
    assert [pack["pack_id"] for pack in listed["received"]] == [made["pack_id"]]
    assert told("receive", made["zip"], "--data-dir", post, code=1)["code"] == "disaster.wrong_side_for_receive"
    names = situation.files / "municipality/inquiries.csv"
    match = told("provide", asked(post), "--list", names, *out)
    assert match["pack_id"] != made["pack_id"]
    assert match["counts"]["match"] == match["matched"] == 23
    assert told("publish", "--out", tmp_path / "public", "--data-dir", city)["counts"]["shelters"] == 28
    assert told("audit", "verify", "--data-dir", post)["ok"]


def test_a_refusal_names_the_clause_and_is_recorded(post: Path) -> None:
    words = ("request", "new", "--purpose", "planning", "--mode", "person", "--number", "1", *BY, "--data-dir", post)
    refused = told(*words, code=1)
    assert refused["decision"]["reasons"][0]["code"] == "agreements.other_purpose"
    said = tayori(*words, code=1).stdout
    assert "第5条第1項第4号" in said
    assert "電話では、次のように伝えてください" in said
    entries = told("audit", "list", "--data-dir", post)["entries"]
    assert [entry["kind"] for entry in entries][-4:] == ["requested", "step_taken", "refused", "step_taken"]
    name = refused["request"]["request_id"]
    approve = ("request", "approve", name, "--by", "窓口局 局長", "--data-dir", post)
    assert told(*approve, code=1)["code"] == "disaster.request_refused"


def test_a_list_that_cannot_be_read_is_not_matched_in_part(post: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("照会番号,氏名,住所\n1,潮見 花子,潮見市帆立町1\n2,,潮見市\n", encoding="utf-8")
    words = (
        "provide",
        asked(post),
        "--by",
        "潮見 受付",
        "--list",
        tmp_path / "list.csv",
        "--out",
        tmp_path / "out",
        "--data-dir",
        post,
    )
    refused = told(*words, code=1)
    assert refused["code"] == "disaster.bad_inquiries"
    assert "潮見 花子" not in json.dumps(refused, ensure_ascii=False)
    assert not [e for e in told("audit", "list", "--data-dir", post)["entries"] if e["kind"] == "released"]


def test_publishing_what_is_personal_is_refused(post: Path, tmp_path: Path) -> None:
    words = ("publish", "--kind", "delivery-points", "--out", tmp_path / "public", "--data-dir", post)
    assert told(*words, code=1)["code"] == "disaster.not_publishable"
    assert not (tmp_path / "public").exists()


@pytest.mark.parametrize("change", ["CAST(replace(entry, 'created', 'CREATED') AS BLOB)", "'text'", "5", "zeroblob(3)"])
def test_a_ledger_that_was_changed_is_found(post: Path, change: str) -> None:
    assert told("audit", "verify", "--data-dir", post)["ok"]
    database = sqlite3.connect(post / "tayori.sqlite3")
    with database:
        database.execute(f"UPDATE ledger SET entry = {change} WHERE seq = 1")
    database.close()
    found = told("audit", "verify", "--data-dir", post, code=1)
    assert (found["ok"], found["first_bad"]) == (False, 1)
    assert "1" in tayori("audit", "verify", "--data-dir", post, code=1).stdout


def test_settings_come_from_flag_then_environment_then_file_then_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told("config")["data_dir"] == "tayori-data"
    (tmp_path / "tayori.toml").write_text('data_dir = "from-file"\nlang = "en"\n', encoding="utf-8")
    assert (told("config")["data_dir"], told("config")["lang"]) == ("from-file", "en")
    monkeypatch.setenv("TAYORI_DATA_DIR", "from-environment")
    monkeypatch.setenv("TAYORI_LANG", "ja")
    assert (told("config")["data_dir"], told("config")["lang"]) == ("from-environment", "ja")
    assert told("config", "--data-dir", "from-flag", "--lang", "en")["data_dir"] == "from-flag"
    assert told("config", "--lang", "en")["lang"] == "en"


@pytest.mark.parametrize("text", ['data_dri = "x"', "lang = 5", "= broken", 'lang = "fr"'])
def test_settings_that_are_none_are_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "tayori.toml").write_text(text, encoding="utf-8")
    assert told("config", code=1)["code"] == "disaster.bad_settings"
    assert "tayori.toml" in tayori("status", code=1).stderr


@pytest.mark.parametrize(
    "url",
    ["postgresql://tayori:ge%40heim@db.example:5432/tayori", "postgresql://tayori:ge@heim@db.example/tayori",
     "postgresql://tayori:ge/heim@db.example/tayori", "postgresql://db.example/tayori?user=x&password=geheim"],
)  # fmt: skip
def test_the_password_of_the_database_is_never_shown(tmp_path: Path, url: str) -> None:
    shown = tayori("config", "--database-url", url, "--json").stdout + tayori("config", "--database-url", url).stdout
    assert "heim" not in shown
    assert "db.example" in shown
    away = tayori("status", "--database-url", "postgresql://tayori:geheim@127.0.0.1:1/none", code=1)
    assert "geheim" not in away.output


def test_the_other_language_is_english_throughout(post: Path, tmp_path: Path) -> None:
    for words, code in (
        (("status",), 1), (("status", "--data-dir", post), 0), (("audit", "list", "--data-dir", post), 0),
        (("audit", "verify", "--data-dir", post), 0), (("config",), 0),
        (("agreement", "list", "--data-dir", tmp_path / "x"), 1),
        (("receive", tmp_path / "none.zip", "--data-dir", post), 1),
        (("check", "letters", tmp_path, "--data-dir", post), 1),
    ):  # fmt: skip
        result = tayori(*words, "--lang", "en", code=code)
        text = re.sub(
            r"郵便局|備蓄|配達先|支援措置対象者|車両|被害地点|区域|行政区域|町名・位置の表|行政",
            "",
            re.sub(r"\([^()]*\)", "", result.output),
        )
        assert not JAPANESE.search(text), (words, text)


def test_a_store_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    for words in (("status",), ("audit", "verify"), ("event", "list"), ("publish", "--out", tmp_path / "x")):
        said = tayori(*words, "--data-dir", tmp_path / "nowhere", code=1)
        assert said.stdout == ""
        assert len(said.stderr.splitlines()) == 1
        assert "tayori init" in said.stderr


def test_status_shows_what_is_held_and_nobody(post: Path) -> None:
    held = told("status", "--data-dir", post)
    assert held["side"] == "post"
    kinds = {batch["kind"]: batch["rows"] for batch in held["batches"]}
    assert kinds["protection"] == 4
    shown = tayori("status", "--data-dir", post).stdout
    assert "配達先" in shown


def test_the_service_listens_to_this_machine_alone(post: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []
    watch = import_module("disaster.cli.watch")
    monkeypatch.setattr(watch.uvicorn, "run", lambda app, **given: calls.append({"app": app, **given}))
    assert told("serve", "--data-dir", post)["host"] == "127.0.0.1"
    (call,) = calls
    assert (call["host"], call["port"], call["log_level"]) == ("127.0.0.1", 8765, "warning")


def test_what_nobody_foresaw_is_one_sentence_without_what_the_library_quotes(
    post: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_given: object) -> None:
        raise ValueError("could not convert 潮見 花子, 潮見市帆立町1-2")

    monkeypatch.setattr(import_module("disaster.cli.files"), "check_files", broken)
    said = tayori("check", "delivery-points", "x.csv", "--data-dir", post, code=1)
    assert "花子" not in said.output
    assert "ValueError, test_disaster_cli.py:" in said.stderr
    assert told("check", "delivery-points", "x.csv", "--data-dir", post, code=1)["code"] == "disaster.unexpected_here"


def test_the_town_is_written_and_the_same_seed_gives_the_same_homes(tmp_path: Path) -> None:
    one = told("town", "--out", tmp_path / "one", "--households", "20", "--seed", "7")
    told("town", "--out", tmp_path / "two", "--households", "20", "--seed", "7")
    assert one["municipality"] == TOWN
    assert "delivery-points" in one["files"]
    for path in one["files"]["delivery-points"]:
        first = (tmp_path / "one" / path).read_text(encoding="cp932").splitlines()
        second = (tmp_path / "two" / path).read_text(encoding="cp932").splitlines()
        assert [line.split(",")[:4] for line in first] == [line.split(",")[:4] for line in second]


def test_files_are_named_with_their_folder_when_written_and_as_typed_when_missing(tmp_path: Path) -> None:
    made = told("town", "--out", tmp_path / "machi", "--households", "20")
    paths = [path for paths in made["files"].values() for path in paths]
    assert all((tmp_path / "machi" / path).exists() for path in paths)
    assert any("/" in path for path in paths)
    missing = tmp_path / "machi" / "none" / "a.csv"
    said = tayori("check", "shelters", missing, "--municipality", TOWN, "--data-dir", tmp_path / "no", code=1).stderr
    assert str(missing) in said


def test_the_demonstration_ends_by_naming_files_and_counts(tmp_path: Path) -> None:
    made = told("demo", "--out", tmp_path / "demo", "--households", "40")
    assert made["matched"] == made["returned"] + sum(made["withheld"].values()) == 40
    assert made["received"] == made["pack"]["counts"]
    assert made["match"]["counts"]["match"] > 0
    assert all(row["read"] == row["accepted"] + row["refused"] for row in made["taken"])
    assert Path(made["map"]).is_file()
    assert "住居" in Path(made["pack"]["folder"], "READ_ME_FIRST.txt").read_text(encoding="utf-8-sig")
    assert "訓練" in Path(made["map"]).read_text(encoding="utf-8")
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == [
        "agreement.toml", "city", "hq", "packs", "post", "published", "town",
    ]  # fmt: skip
    assert files_of(tmp_path / "demo/published")
