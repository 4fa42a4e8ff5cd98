"""Papers as DOCX and PDF: the same words, A4, page numbers, text that stays text."""

import hashlib
import io
import re
import unicodedata
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import docx
import pypdf
import pytest
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st
from paper_town import AT, OFFICES, agreement

from agreements.agreement import Agreement
from agreements.articles import agreement_paper
from agreements.decide import decide
from agreements.request import Event, Mode, Request, Trigger, TriggerKind
from agreements.schedules import Grid
from agreements.template import template_ids
from exporters.paper import Line, PageBreak, Paper, Sign
from exporters.paperagreement import agreement_document
from exporters.paperdocx import MINCHO, docx_bytes
from exporters.paperforms import HandedFile, release_form, request_form
from exporters.paperpdf import font_file, pdf_bytes

#: Typst and Word markup, formulas, control characters, direction marks, a rare character, a very long word and name.
HOSTILE = (
    "#show: it => []", "$x^2$ *b* _i_ `r`", "<w:p/> & ]]>", '"); panic("', "=1+1", "a\x00b\x0bc\x1bd", "\u202eevil",
    "#sys.inputs.paper", "𠮷野家", "A" * 400, "長" * 400, "@label //注 /*x*/", "\\u{41} \\", "1.\n- a\n+ b\n= h",
)  # fmt: skip
EVENT = Event("E-2026-01", "潮見豪雨", "99301", False, AT, (Trigger(TriggerKind.HQ_ESTABLISHED, AT, "本部長"),))
REQUEST = Request(
    "R20261122-001", "99301", "潮見市災害対策本部", "潮見市災害対策本部", "relief_delivery", "stockpiles", Mode.LAYER,
    AT, "telephone", confirmed_by="窓口の係", event_id="E-2026-01",
)  # fmt: skip


#: An agreement with little in it: setting and reading many pages again and again would test nothing more.
FEW = replace(agreement(), clauses=tuple(c for c in agreement().clauses if c.id in ("match", "stockpiles")))


def paper(of: Agreement = FEW) -> Paper:
    return agreement_document(agreement_paper(of, OFFICES), at=AT)


@cache
def reader() -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf_bytes(paper(), at=AT)))


@cache
def pages() -> tuple[str, ...]:
    return tuple(page.extract_text() for page in reader().pages)


def read_pdf(content: bytes) -> tuple[str, ...]:
    return tuple(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def read_docx(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def plain(text: str) -> str:
    """Return a text without the places where its lines break."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def small(*texts: str) -> Paper:
    grid = Grid(("項目", "値"), tuple((text, text) for text in texts), (1, 2), texts[0])
    lines = [Line(text, mark="(1)") for text in texts]
    return Paper("試験", (Line("試験", "title"), *lines, grid, Sign("甲", (("名称", texts[0]),))), "案", texts[0])


def everything(of: Agreement) -> list[str]:
    """Return headings and titles that the paper of an agreement must hold."""
    made = agreement_paper(of, OFFICES)
    articles = [f"{article.number}（{article.title}）" for article in made.articles]
    annexes = [schedule.number + schedule.title for schedule in made.schedules]
    return [plain(said) for said in (made.title, *articles, *annexes, *(c.title for c in of.clauses))]


def test_a_pdf_holds_every_article_and_annex() -> None:
    said = plain("".join(pages()))
    assert [text for text in everything(FEW) if text not in said] == []


@pytest.mark.parametrize("name", template_ids())
def test_a_docx_holds_every_article_and_annex(name: str) -> None:
    content = docx_bytes(paper(agreement(name)), at=AT)
    document = docx.Document(io.BytesIO(content))
    said = plain("".join(document.element.xpath("//w:t/text()")))
    assert [text for text in everything(agreement(name)) if text not in said] == []


def test_every_page_is_a4_and_says_which_of_how_many_it_is() -> None:
    count = len(pages())
    assert count > 3
    for number, (page, said) in enumerate(zip(reader().pages, pages(), strict=True), start=1):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
        assert f"{number} / {count}" in said
        assert "99301-2026-01" in said


def test_annexes_begin_on_a_page_of_their_own() -> None:
    first = agreement_paper(FEW, OFFICES).schedules[0]
    assert any(plain(page).startswith(plain(first.number + first.title)) for page in pages())


def test_date_and_signatures_stay_on_one_page() -> None:
    for count in range(1, 12, 2):
        lines = tuple(Line("協力する。") for _ in range(count * 3))
        of = Paper("試験", (*lines, *agreement_document(agreement_paper(FEW), at=AT).blocks))
        cut = of.blocks[: [isinstance(block, Sign) for block in of.blocks].index(True) + 2]
        said = [plain(page) for page in read_pdf(pdf_bytes(replace(of, blocks=(*lines, *cut[-6:])), at=AT))]
        assert sum("各自その1通を保有する" in page and page.count("代表者") == 2 for page in said) == 1


def test_a_draft_says_so_on_every_page() -> None:
    draft = paper(replace(FEW, signed=None, clauses=()))
    assert all(plain(page).startswith("案") for page in read_pdf(pdf_bytes(draft, at=AT)))
    header = docx.Document(io.BytesIO(docx_bytes(draft, at=AT))).sections[0].header
    assert header.paragraphs[0].text == "【案】"


@pytest.mark.parametrize("write", [pdf_bytes, docx_bytes], ids=["pdf", "docx"])
def test_the_same_paper_gives_the_same_bytes_and_another_day_others(write: object) -> None:
    assert callable(write)
    first, again = (hashlib.sha256(write(small("潮見市"), at=AT)).hexdigest() for _ in range(2))
    assert first == again
    assert hashlib.sha256(write(small("潮見市"), at=AT + timedelta(days=1))).hexdigest() != first


def test_the_zone_of_the_clock_leaves_no_trace() -> None:
    assert pdf_bytes(small("潮見市"), at=AT) == pdf_bytes(small("潮見市"), at=AT.astimezone(UTC))


def test_hostile_text_comes_out_of_the_pdf_as_text() -> None:
    said = plain("".join(read_pdf(pdf_bytes(small(*HOSTILE), at=AT))))
    for text in HOSTILE:
        shown = re.sub("[\n\v]+", "", text)
        for sign, code in (("𠮷", "20BB7"), ("\x00", "0000"), ("\x1b", "001B"), ("\u202e", "FFFD")):
            shown = shown.replace(sign, f"〓(U+{code})")
        assert plain(shown) in said
    assert "このPDFの書体に無い文字です(文字の番号U+0000、U+001B、U+20BB7、U+FFFD)" in said


def test_no_character_of_a_pdf_is_an_empty_box() -> None:
    for text in (*pages(), *read_pdf(pdf_bytes(small(*HOSTILE), at=AT))):
        assert "\x00" not in text
        assert "\ufffd" not in text


def test_hostile_text_comes_out_of_the_docx_as_it_was_written() -> None:
    said = plain(read_docx(docx_bytes(small(*HOSTILE), at=AT)))
    for text in HOSTILE:
        assert plain(
            text.replace("\x00", "␀").replace("\x0b", " ").replace("\x1b", "␛").replace("\u202e", "�")
        ) in plain(said)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_no_text_stops_either_file(text: str) -> None:
    assert pdf_bytes(small(text), at=AT).startswith(b"%PDF")
    assert read_docx(docx_bytes(small(text), at=AT))


def test_long_words_stay_inside_the_page() -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf_bytes(small("W" * 300, "长" * 300, "é" * 300), at=AT)))
    for page in reader.pages:
        at: list[float] = []
        page.extract_text(visitor_text=lambda _text, _cm, tm, _font, _size, at=at: at.append(tm[4]))
        assert max(at) < 595


def test_word_is_told_a_font_that_windows_has() -> None:
    document = docx.Document(io.BytesIO(docx_bytes(paper(), at=AT)))
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == MINCHO
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    foot = section.footer._element.xml
    assert "PAGE" in foot
    assert "NUMPAGES" in foot


def test_tables_of_a_docx_repeat_their_headings_and_keep_their_rows_whole() -> None:
    document = docx.Document(io.BytesIO(docx_bytes(paper(), at=AT)))
    offices = next(t for t in document.tables if t.rows[0].cells[1].text == "局所コード")
    assert [cell.text for cell in offices.rows[1].cells] == ["1", "S001", "潮見郵便局", "架空県潮見市本町1-1", "集配局"]
    heading, first = (row._tr.trPr for row in offices.rows[:2])
    assert heading.find(qn("w:tblHeader")) is not None
    assert first.find(qn("w:cantSplit")) is not None


def test_a_docx_tells_no_time_but_the_given_one() -> None:
    content = docx_bytes(small("潮見市"), at=AT)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(2026, 11, 22, 0, 0, 0)}
    properties = docx.Document(io.BytesIO(content)).core_properties
    assert properties.modified == properties.created == datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    assert properties.author == ""


def test_a_page_break_stands_before_a_table_too() -> None:
    grid = Grid(("項目",), (("値",),), (1,))
    made = Paper("試験", (Line("一"), PageBreak(), grid, PageBreak(), Line("三")))
    assert len(read_pdf(pdf_bytes(made, at=AT))) == 3
    document = docx.Document(io.BytesIO(docx_bytes(made, at=AT)))
    breaks = [paragraph.paragraph_format.page_break_before for paragraph in document.paragraphs]
    assert breaks.count(True) == 2
    assert breaks[-1]


def test_a_request_form_holds_what_is_asked_and_a_blank_one_the_choices() -> None:
    filled = plain(
        "".join(read_pdf(pdf_bytes(request_form(REQUEST, agreement=agreement(), event=EVENT, at=AT), at=AT)))
    )
    for said in (
        "情報提供要請書",
        "潮見郵便局 御中",
        "R20261122-001",
        "備蓄",
        "救援物資の配送",
        "潮見豪雨",
        "窓口の係",
    ):
        assert plain(said) in filled
    blank = plain("".join(read_pdf(pdf_bytes(request_form(None, agreement=None, at=AT), at=AT))))
    for said in ("□避難指示", "□救援物資の配送", "□照会回答", "令和 年 月 日"):
        assert plain(said) in blank


def test_a_release_form_names_clause_expiry_files_and_duties() -> None:
    decision = decide([FEW], REQUEST, event=EVENT, at=AT)
    assert decision.granted
    made = release_form(
        decision, agreement=FEW, event=EVENT, files=(HandedFile("stockpiles.xlsx", 12, "ab" * 32),),
        pack_id="R20261122-001-1", at=AT,
    )  # fmt: skip
    letter, slip, listed = (plain(page) for page in read_pdf(pdf_bytes(made, at=AT)))
    for text in ("情報提供書", "R20261122-001-1", decision.article, "利用の期限", "写しとともに消去", FEW.post.name):
        assert plain(text) in letter
    assert "受領書" in slip
    assert "R20261122-001-1" in slip
    for text in ("stockpiles.xlsx", "ab" * 32):
        assert plain(text) in listed
    onward = release_form(decision, agreement=FEW, event=EVENT, provider="潮見市", at=AT)
    assert Sign("", (("提供する側", "潮見市"), ("職・氏名", ""))) in onward.blocks


def test_a_refusal_on_paper_says_why_without_advice_to_our_own_staff() -> None:
    decision = decide([], REQUEST, event=EVENT, at=AT)
    assert not decision.granted
    drill = replace(EVENT, drill=True)
    said = plain("".join(read_pdf(pdf_bytes(release_form(decision, agreement=None, event=drill, at=AT), at=AT))))
    assert "情報を提供できない旨の通知書" in said
    assert plain(decision.reasons[0].sentence()).startswith(
        said[said.index("提供できません。市区町村コード99301") :][:20]
    )
    assert "登録するか" not in said
    assert "これは訓練です" in said


def test_the_font_is_found_without_loading_the_plotting_library() -> None:
    assert font_file().name == "ipaexg.ttf"
    root = Path(__file__).parent.parent
    for package in ("geo", "agreements", "exporters", "disaster"):
        for path in (root / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^\s*(import|from) matplotlib", text, re.MULTILINE), path
