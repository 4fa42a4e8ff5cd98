"""What stands in headings, cells and names of files is text to whatever it is written to: sheets, shells, screens."""

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from disaster.cli.app import make_program
from disaster.commands import command
from disaster.layouts.model import fold_heading
from disaster.placelist import place_list, write_list
from disaster.placelist import write as listing
from disaster.reconcile import reconcile
from geo.gazetteer import Gazetteer
from geo.read import Reader

AT = datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
PROGRAM = make_program()
pytestmark = pytest.mark.usefixtures("one_parser")
#: Text that some program somewhere runs, follows, obeys or is confused by.
EVIL = [
    "=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1+1)", "\t=1+1", "　=1+1", "＝1+1", "\ufeff=1+1",
    '=HYPERLINK("http://127.0.0.1:9/","押す")', "<script>alert(1)</script>", "[bold red]赤[/] [link=file:///]x",
    "\x1b[31m\x1b]0;題\x07", "'; touch pwned; '", '"; touch pwned; "', "$(touch pwned)", "`touch pwned`",
    '"\n[where]\ncolumn = "x', "\"\"\"\n'''", "\\u0022\\", "右\u202e左", "{{7*7}} {file} %s", "\u2028行\x85",
]  # fmt: skip
RUNS = re.compile("^[ \u00a0\u3000\ufeff]*[\t\r\n=+\\-@＝＋－＠]")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class Said:
    """How a call of the program ended and what stood on the screen."""

    code: int
    text: str


def tayori(*words: object) -> Said:
    result = CliRunner().invoke(PROGRAM, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return Said(result.exit_code, result.output)


def table(path: Path, headings: list[str], *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([headings, *rows])
    return path


def cells(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        return [cell for row in csv.reader(opened) for cell in row]


def runs(path: Path) -> list[str]:
    """Return the cells of a CSV file that a spreadsheet would run."""
    return [cell for cell in cells(path) if RUNS.match(cell) and not NUMBER.fullmatch(cell)]


def formulas(path: Path) -> list[str]:
    """Return members of a workbook that hold formulas, links or what is run."""
    with zipfile.ZipFile(path) as book:
        found = [name for name in book.namelist() if re.search(r"vba|external|hyperlink|connections|queryTable", name)]
        marks = (b"<f>", b"<f ", b"<hyperlink", b"<ddeLink")
        return found + [name for name in book.namelist() if any(mark in book.read(name) for mark in marks)]


def gazetteer() -> Gazetteer:
    row = {
        "municipality": "99301",
        "pref": "架空県",
        "city": "潮見市",
        "town": "本町一丁目",
        "lon": 138.60,
        "lat": 34.55,
    }
    same = {"source": "架空", "vintage": "2026"}
    return Gazetteer.of(pa.Table.from_pylist([{**row, **same}]), municipality="99301")


# --- sheets


@pytest.mark.parametrize("most", [200_000, 1], ids=["workbook", "csv"])
def test_nothing_of_a_list_of_addresses_runs_in_its_placed_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(listing, "MAX_SHEET_ROWS", most)
    made = place_list(pa.table({"住所": EVIL, **dict.fromkeys(EVIL, EVIL)}), gazetteer())
    sheet, page = write_list(made, tmp_path / "out", file=EVIL[0], at=AT)
    assert (runs(sheet) if sheet.suffix == ".csv" else formulas(sheet)) == []
    shown = page.read_text(encoding="utf-8")
    assert "<script>alert" not in shown
    assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", re.sub(r">[^<]*<", "><", shown))


def test_nothing_of_two_lists_runs_in_the_sheet_of_their_pairs(tmp_path: Path, reader: Reader) -> None:
    headings = ["避難所ID", "市区町村コード", "名称", "所在地", "区分", "想定収容人数", "経度", "緯度"]
    rows = [[f"{text}{n}", "993018", text, text, "指定避難所", "1", "138.60", "34.55"] for n, text in enumerate(EVIL)]
    left, right = table(tmp_path / "left.csv", headings, *rows), table(tmp_path / "right.csv", headings, *rows[::-1])
    made = reconcile("shelters", left, right, municipality="99301", out=tmp_path / "out", reader=reader, at=AT)
    written = [path for path in made.folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in written} >= {".csv", ".xlsx", ".html"}
    for path in written:
        if path.suffix == ".csv":
            assert runs(path) == [], path.name
        elif path.suffix == ".xlsx":
            assert formulas(path) == [], path.name
        elif path.suffix == ".html":
            assert "<script>alert" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_nothing_of_a_file_runs_in_the_copy_with_its_faults(tmp_path: Path, ending: str) -> None:
    headings = ["避難所ID", "市区町村コード", "名称", "所在地", "区分", *EVIL]
    rows = [[f"H{n}", "993018", text, text, text, *EVIL] for n, text in enumerate(EVIL)]
    path = table(tmp_path / "list.csv", headings, *rows)
    said = tayori("check", "shelters", path, "--municipality", "99301", "--faults", tmp_path / f"faults{ending}")
    copy = tmp_path / f"faults{ending}"
    assert copy.exists(), said.text
    assert (runs(copy) if ending == ".csv" else formulas(copy)) == []
    assert "\x1b" not in said.text


# --- mappings and commands


def test_a_proposed_mapping_holds_headings_as_text_and_nothing_else(tmp_path: Path) -> None:
    headings = list({fold_heading(text): text for text in EVIL}.values())  # two of one meaning would be refused
    path = table(
        tmp_path / "list.csv", ["番号", "施設の名前", "場所の住所", *headings], *[["1", "潮見", "本町1", *headings]] * 3
    )
    out = tmp_path / "mapping.toml"
    said = tayori("map", path, "--kind", "shelters", "--out", out)
    assert said.code == 0, said.text
    text = out.read_text(encoding="utf-8")
    found = tomllib.loads(text)
    assert set(found) <= {"kind", "title", "knows", "read", "columns"}
    assert not {name for name in found.get("knows", []) if name not in (*EVIL, "番号", "施設の名前", "場所の住所")}
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\u2028\x85]", re.sub(r'"(?:[^"\\]|\\.)*"', '""', text))
    assert tayori("check", "shelters", path, "--municipality", "99301", "--mapping", out).code in (0, 1)


@pytest.mark.skipif(os.name == "nt", reason="names: this system has no such")
@pytest.mark.parametrize(
    "name", ["'; touch pwned; '", '"; touch pwned; "', "$(touch pwned)", "`touch pwned`", "a\nb", "!!", "-x y", "a\\"]
)
def test_the_command_to_go_on_with_names_the_file_and_runs_nothing_else(tmp_path: Path, name: str) -> None:
    table(tmp_path / f"{name}.csv", ["番号", "施設の名前", "場所の住所"], ["1", "潮見", "本町1"])
    typed = command("map", Path(f"{name}.csv"), "--kind", "shelters")
    show = f"tayori() {{ {sys.executable} -c 'import sys, json; print(json.dumps(sys.argv[1:]))' \"$@\"; }}\n"
    done = subprocess.run(["sh", "-c", show + typed], cwd=tmp_path, capture_output=True, text=True, check=True)
    words = json.loads(done.stdout)
    assert (words[0], Path(words[1]), words[2:]) == ("map", Path(f"{name}.csv"), ["--kind", "shelters"])
    assert not (tmp_path / "pwned").exists()


# --- screens


@pytest.mark.skipif(os.name == "nt", reason="names: this system has no such")
def test_no_name_heading_or_cell_moves_the_screen(tmp_path: Path) -> None:
    name = "\x1b[2J\x1b]0;題\x07改\n行\u202e.csv"
    known = ["避難所ID", "市区町村コード", "名称", "所在地", "区分"]
    kept = table(
        tmp_path / name, [*known, *EVIL], *[[f"H{n}", "993018", one, one, one, *EVIL] for n, one in enumerate(EVIL)]
    )
    unknown = table(tmp_path / f"x{name}", EVIL, EVIL)
    broken = tmp_path / f"y{name}"
    broken.write_bytes(b"%PDF-1.7")
    for words in (
        ("check", "shelters", kept, "--municipality", "99301"),
        ("check", "shelters", unknown, "--municipality", "99301"),
        ("check", "shelters", broken, "--municipality", "99301"),
        ("check", "shelters", tmp_path / f"z{name}", "--municipality", "99301"),
        ("map", kept, "--out", tmp_path / "a.toml"),
        ("map", unknown, "--out", tmp_path / "b.toml"),
    ):
        for lang in ("ja", "en"):
            said = tayori(*words, "--lang", lang).text
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]", said), (words[0], lang)
            (tmp_path / "b.toml").unlink(missing_ok=True)
            (tmp_path / "a.toml").unlink(missing_ok=True)


@given(
    st.lists(
        st.text(min_size=1, max_size=12).filter(lambda text: "\x00" not in text and text.strip()),
        min_size=2,
        max_size=6,
        unique=True,
    )
)
def test_any_headings_give_a_mapping_that_can_be_parsed_or_a_sentence(tmp_path: Path, headings: list[str]) -> None:
    path, out = tmp_path / "list.csv", tmp_path / "mapping.toml"
    out.unlink(missing_ok=True)
    try:
        table(path, headings, ["a"] * len(headings), ["b"] * len(headings))
    except UnicodeEncodeError:  # half a character, which no file holds
        return
    said = tayori("map", path, "--kind", "shelters", "--out", out)
    assert out.exists() == (said.code == 0)
    assert said.text.strip()
    if out.exists():
        assert set(tomllib.loads(out.read_text(encoding="utf-8"))) <= {"kind", "title", "knows", "read", "columns"}
