"""The verbs about paper: render, diff, check, and the forms of a request and its answer."""

import io
import json
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
from door_town import EVENT, TOWN, agree, approved, declare, request, rows_of
from paper_town import AT, MODEL, OLDER
from paper_town import agreement as made
from typer.testing import CliRunner, Result

from agreements.agreement import agreement_text, parse_agreement
from agreements.diff import compare
from agreements.request import Mode
from disaster.cli.app import make_program
from disaster.errors import DisasterError
from disaster.models import Side
from disaster.papers import (
    blank_request,
    delivering_offices,
    known_offices,
    release_as_paper,
    request_as_paper,
    write_paper,
)
from disaster.store import Store
from exporters.paper import Grid, Line, Paper

PROGRAM = make_program()
HOME = "store"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of the test's own, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("TAYORI_DATA_DIR", "TAYORI_DATABASE_URL", "TAYORI_LANG", "TAYORI_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    Path("new.toml").write_text(agreement_text(made(MODEL, agreement_id="NEW")), encoding="utf-8")
    Path("old.toml").write_text(agreement_text(made(OLDER, agreement_id="OLD")), encoding="utf-8")


@pytest.fixture
def store() -> Store:
    """A post's store with an agreement, an event, three offices, and a table of who delivers where."""
    kept = Store.create(Path(HOME), side=Side.POST, municipalities=[TOWN], at=AT)
    rows = [
        {"office_code": code, "name": name, "address": f"架空県潮見市{code}", "delivery": delivery,
         "served_municipalities": [TOWN]}
        for code, name, delivery in (("S001", "潮見郵便局", "delivery"), ("S005", "西潮見郵便局", "delivery"))
    ]  # fmt: skip
    kept.add_batch(rows_of("offices", rows), at=AT)
    kept.add_batch(rows_of("office-areas", [{"office": "潮見"}, {"office": "東潮見"}]), at=AT)
    agree(kept)
    declare(kept)
    return kept


def tayori(*words: object, code: int = 0) -> Result:
    """Run a command and check how it ended."""
    result = CliRunner().invoke(PROGRAM, [str(word) for word in words])
    assert result.exit_code == code, (result.stdout[-2_000:], result.stderr[-2_000:], result.exception)
    return result


def told(*words: object, code: int = 0) -> dict[str, Any]:
    """Run a command with ``--json`` and return its document."""
    document: dict[str, Any] = json.loads(tayori(*words, "--json", code=code).stdout)
    return document


def words_of(paper: Paper) -> str:
    """Return all text of a paper."""
    lines = [block.text for block in paper.blocks if isinstance(block, Line)]
    grids = [block for block in paper.blocks if isinstance(block, Grid)]
    return "\n".join([*lines, *(cell for grid in grids for row in grid.rows for cell in row)])


def test_an_agreement_of_a_file_is_printed_without_a_store() -> None:
    assert told("agreement", "render", "old.toml", "--out", "a.pdf")["bytes"] == Path("a.pdf").stat().st_size
    tayori("agreement", "render", "old.toml", "--out", "A.DOCX")
    assert len(pypdf.PdfReader("a.pdf").pages) > 3
    assert docx.Document("A.DOCX").paragraphs[0].text == made(OLDER).title


def test_an_agreement_of_the_store_is_printed_with_the_names_of_its_offices(store: Store) -> None:
    with store:
        store.agreements.add("NEW", TOWN, Path("new.toml").read_text(encoding="utf-8"), at=AT)
    tayori("agreement", "render", "NEW", "--out", "a.docx", "--data-dir", HOME)
    tables = docx.Document("a.docx").tables
    cells = [[cell.text for cell in row.cells] for table in tables for row in table.rows]
    assert ["1", "S001", "潮見郵便局", "架空県潮見市S001", "集配局"] in cells


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("agreement", "render", "old.toml", "--out", "a.odt"), ".docx か .pdf"),
        (("agreement", "render", "old.toml", "--out", "old.toml"), ".docx か .pdf"),
        (("agreement", "render", "nowhere", "--out", "a.pdf"), "nowhere"),
        (("agreement", "render", "missing.toml", "--out", "a.pdf"), "missing.toml"),
        (("agreement", "render", "old.toml", "--out", "none/a.pdf"), "書けません"),
    ],
    ids=["odt", "over itself", "no such id", "no such file", "no folder"],
)
def test_what_cannot_be_printed_is_refused_in_one_sentence(words: tuple[str, ...], said: str) -> None:
    result = tayori(*words, code=1)
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_paper_never_overwrites_a_file() -> None:
    Path("a.pdf").write_bytes(b"kept")
    assert "上書きはしません" in tayori("agreement", "render", "old.toml", "--out", "a.pdf", code=1).stderr
    assert Path("a.pdf").read_bytes() == b"kept"
    with pytest.raises(DisasterError):
        write_paper(Paper("x", ()), Path("a.pdf"), at=AT)


def test_a_comparison_is_told_shown_and_printed() -> None:
    document = told("agreement", "diff", "old.toml", "new.toml", "--out", "d.docx")
    assert (document["before"], document["after"]) == ("OLD", "NEW")
    assert {"side", "effect", "matter", "before", "after", "ja", "en"} <= set(document["changes"][0])
    lines = [p.text for p in docx.Document("d.docx").paragraphs]
    assert lines[:2] == ["協定の比較", compare(made(OLDER), made(MODEL)).summary()[0]]
    tables = docx.Document("d.docx").tables
    assert sum(len(table.rows) - 1 for table in tables) == len(document["changes"])
    assert "違いはありません" in tayori("agreement", "diff", "new.toml", "new.toml").stdout


def test_a_comparison_on_the_screen_is_short_and_says_where_the_table_is() -> None:
    lines = tayori("agreement", "diff", "old.toml", "new.toml").stdout.splitlines()
    assert lines[0] == "■ まとめ"
    assert lines[1].startswith("・市区町村: 失うもの")
    headings = [line.partition("（")[0] for line in lines if line.startswith("■")]
    assert headings.index("■ 市区町村が得るもの") < headings.index("■ 双方が失うもの")
    assert headings[-1] == "■ 双方について変わるもの"
    assert len(lines) < 60
    assert "┃" not in "".join(lines)
    assert "--out" in lines[-1]
    assert "d.pdf" in tayori("agreement", "diff", "old.toml", "new.toml", "--out", "d.pdf").stdout.splitlines()[-1]


def test_a_check_names_the_offices_that_the_store_knows_to_be_missing(store: Store) -> None:
    with store:
        assert set(known_offices(store, (TOWN, "99302"), at=AT)) == {"S001", "S005"}
        assert delivering_offices(store, (TOWN, "99302"), at=AT) == {TOWN: ("潮見", "東潮見")}
    document = told("agreement", "check", "new.toml", "--data-dir", HOME)
    missing = [one for one in document["findings"] if one["code"] == "agreements.review_office_missing"]
    assert [one["params"]["office"] for one in missing] == ["西潮見郵便局（S005）", "東潮見"]
    assert {one["level"] for one in missing} == {"warning"}
    assert document["counts"]["warning"] >= 2


def test_a_new_agreement_bears_the_title_that_was_given(store: Store) -> None:
    store.close()
    words = ("agreement", "new", MODEL, "--agreement-id", "N", "--post-name", "潮見郵便局", "--post-code", "S001",
             "--city-name", "潮見市", "--city-code", TOWN, "--signed", "2026-04-01", "--data-dir", HOME)  # fmt: skip
    tayori(*words, "--out", "n.toml", "--title", "潮見市の情報の協定")
    assert parse_agreement(Path("n.toml").read_text(encoding="utf-8")).title == "潮見市の情報の協定"
    tayori(*words, "--out", "m.toml")
    assert (
        parse_agreement(Path("m.toml").read_text(encoding="utf-8")).title
        == "災害時における緊急の情報提供等に関する協定"
    )


def test_a_check_of_a_faulty_file_does_not_speak_of_registering() -> None:
    text = Path("new.toml").read_text(encoding="utf-8")
    Path("bad.toml").write_text(text.replace("[clauses.dwelling]", "[clauses.dweling]"), encoding="utf-8")
    said = tayori("agreement", "check", "bad.toml", code=1).stderr
    assert "登録" not in said
    assert "ある条項：dwelling、" in said


def test_a_blank_request_asks_for_the_reason_of_the_stronger_form() -> None:
    said = words_of(blank_request(None, at=AT))
    assert "より強い形を求める理由" in said
    assert "重い" not in said


def test_a_check_that_finds_a_contradiction_ends_with_code_1() -> None:
    text = Path("new.toml").read_text(encoding="utf-8")
    Path("over.toml").write_text(
        text.replace("2027-03-31", "2026-06-30").replace("auto = true", "auto = false"), encoding="utf-8"
    )
    document = told("agreement", "check", "over.toml", code=1)
    assert [one["place"] for one in document["findings"] if one["level"] == "error"] == ["term.effective_to"]
    assert "誤り 1" in tayori("agreement", "check", "over.toml", code=1).stdout


def test_a_request_is_printed_as_it_stands_and_a_blank_form_without_one(store: Store) -> None:
    with store:
        approved(store, request(Mode.DWELLING))
        paper = request_as_paper(store, "R20261120-001", at=AT)
    for said in ("R20261120-001", "住居一覧（氏名なし）", "安否確認", "一覧にない住居も一軒ずつ回るため", EVENT):
        assert said in words_of(paper)
    tayori("request", "form", "1", "--out", "r.pdf", "--data-dir", HOME)
    tayori("request", "form", "--out", "blank.docx", "--data-dir", HOME)
    assert "潮見郵便局　御中" in [p.text for p in docx.Document("blank.docx").paragraphs]


def test_an_answer_is_printed_granted_or_refused(store: Store) -> None:
    with store:
        approved(store, request(Mode.DWELLING))
        said = words_of(release_as_paper(store, "R20261120-001", at=AT))
        assert "情報提供書" in said
        assert "KENTO-01" in said
        assert "第5条第1項第3号" in said
        store.requests.add(request(Mode.DWELLING, 2, purpose="planning"), at=AT)
        refused = words_of(release_as_paper(store, "R20261120-002", at=AT))
        assert "情報を提供できない旨の通知書" in refused
    tayori("request", "release-form", "1", "--out", "a.pdf", "--data-dir", HOME)
    content = Path("a.pdf").read_bytes()
    assert "受領書" in pypdf.PdfReader(io.BytesIO(content)).pages[-1].extract_text()
