"""An agreement as numbered articles with annexes and signature blocks."""

from dataclasses import replace
from datetime import date

import pytest
from paper_town import MODEL, OFFICES, OLDER, OLDEST, agreement, clause

from agreements.agreement import Contact, Renewal
from agreements.articles import agreement_paper, era_day, term_text
from agreements.schedules import BY_HAND, answers, format_grid, terms_grid
from agreements.template import load_template, template_ids, template_versions
from agreements.vocabulary import DATASETS

ALL = [(name, version) for name in template_ids() for version in template_versions(name)]


def everything(paper_of: object) -> str:
    """Return all text of a paper of an agreement, through its plain fields."""
    return repr(paper_of)


@pytest.mark.parametrize(("name", "version"), ALL, ids=str)
def test_articles_run_on_without_a_gap_or_a_repetition(name: str, version: int) -> None:
    made = replace(agreement(name), template_version=version, clauses=load_template(name, version).clauses)
    numbers = [article.number for article in agreement_paper(made).articles if "の" not in article.number]
    assert numbers == [f"第{n}条" for n in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("name", template_ids())
def test_every_clause_stands_in_the_text_at_the_place_that_decisions_cite(name: str) -> None:
    made = agreement(name)
    articles = {article.number: article for article in agreement_paper(made).articles}
    for one in made.clauses:
        number = one.article.split("条")[0] + "条"
        assert one.text in everything(articles[number]), one.article


def test_a_clause_that_is_switched_off_keeps_its_number_and_opens_nothing() -> None:
    whole = agreement(MODEL)
    less = replace(whole, clauses=tuple(c for c in whole.clauses if c.id != "dwelling"))
    fifth = next(a for a in agreement_paper(less).articles if a.number == "第5条")
    items = {item.number: item.text for item in fifth.paragraphs[0].items}
    assert items["(3)"].endswith("（この協定では定めない。）")
    assert clause(whole, "dwelling").text not in everything(agreement_paper(less))
    assert items["(4)"].endswith(clause(whole, "person").text)


def test_an_agreement_names_both_sides_and_leaves_room_for_their_seals() -> None:
    made = agreement_paper(agreement(MODEL))
    assert made.preamble.startswith("潮見市（以下「甲」という。）と潮見郵便局（以下「乙」という。）は、")
    assert [(s.mark, s.name) for s in made.signatures] == [("甲", "潮見市"), ("乙", "潮見郵便局")]
    assert (made.draft, made.signed) == (False, "令和8年4月1日")


def test_a_draft_has_no_date_and_says_that_it_is_one() -> None:
    made = agreement_paper(agreement(MODEL, signed=None))
    assert made.draft
    assert made.signed == "令和　　年　　月　　日"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(1996, 7, 1), "平成8年7月1日"),
        (date(1989, 1, 7), "1989年1月7日"),
    ],
    ids=["last of heisei", "first of reiwa", "heisei", "before"],
)
def test_days_are_written_in_their_era(day: date, said: str) -> None:
    assert era_day(day) == said


def test_the_term_says_how_it_ends_and_goes_on() -> None:
    renewed = term_text(agreement(MODEL, renewal=Renewal(auto=True, months=12, notice_days=30)))
    assert "令和8年4月1日から令和9年3月31日まで" in renewed
    assert "30日前まで" in renewed
    assert "更に12か月間更新" in renewed
    assert "自動の更新は行わない" in term_text(agreement(MODEL, renewal=Renewal()))


@pytest.mark.parametrize("name", template_ids())
def test_the_annexes_hold_offices_contacts_and_every_column_that_may_leave(name: str) -> None:
    made = agreement(name)
    paper = agreement_paper(made, OFFICES)
    numbers = [s.number for s in paper.schedules]
    lists = [number for number in numbers if number.startswith("別表")]
    assert lists == [f"別表第{n}" for n in range(1, len(lists) + 1)]
    texts = [number for number in numbers if number.startswith("別記")]
    assert texts == (["別記"] if len(texts) == 1 else [f"別記{n}" for n in range(1, len(texts) + 1)])
    assert len(lists) + len(texts) == len(numbers)
    assert "、".join(numbers) in paper.articles[-1].paragraphs[0].text
    assert all(s.text or s.parts for s in paper.schedules)
    rows = [row for s in paper.schedules for part in s.parts for grid in part.grids for row in grid.rows]
    assert ("1", "S001", "潮見郵便局", "架空県潮見市本町1-1", "集配局") in rows
    assert ("乙（郵便局）", "夜間・休日", "潮見郵便局 宿直", "099-000-0001", "24時間") in rows
    grids = [grid for s in paper.schedules for part in s.parts for grid in part.grids]
    for one in (f for c in made.clauses for f in c.formats):
        assert format_grid(one) in grids
    for one_clause in (c for c in made.clauses if c.formats):
        assert terms_grid(one_clause) in grids


def test_a_format_tells_label_type_precision_and_whom_it_points_at() -> None:
    grid = format_grid(clause(agreement(MODEL), "person").formats[0])
    assert grid.headings == ("番号", "項目", "項目名（データ）", "型", "細かさ", "区分")
    rows = {row[2]: row for row in grid.rows}
    assert rows["address"][1:] == ("住所", "address", "文字", "番地・地点", "住居の情報")
    assert rows["addressees"][1:] == ("受取人", "addressees", "文字（複数）", "―", "個人の情報")
    assert rows["status"][3] == f"区分（{'・'.join(DATASETS['delivery-points'].columns['status'].choices.values())}）"


def test_the_terms_of_a_clause_hold_what_a_decision_asks() -> None:
    rows = dict(terms_grid(clause(agreement(MODEL), "person")).rows)
    assert rows["提供先"] == "市区町村"
    assert rows["要請の文書"] == "要する（急ぐときは電話で要請し、6時間以内に届ける）"
    assert rows["保存の期間"] == "受け取った日から14日"
    assert "個人情報の保護に関する法律第27条第1項第2号" in rows["根拠となる法令"]
    assert "除くもの" not in rows
    assert "名簿の上限" in dict(terms_grid(clause(agreement(MODEL), "match")).rows)
    assert dict(terms_grid(clause(agreement(OLDER), "vehicles")).rows)["除くもの"] == "郵便配達用の車両"


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        (MODEL, "第19条（解約）"),
        (OLDER, "第14条（解約）"),
        ("stockpile-lease-2021", "第17条（解約）"),
        (OLDEST, "双方の合意"),
    ],
    ids=[MODEL, OLDER, "stockpile-lease-2021", OLDEST],
)
def test_a_term_without_an_end_says_so_and_how_it_can_be_ended(name: str, ends: str) -> None:
    open_end = agreement(name, effective_to=None, renewal=Renewal())
    said = term_text(open_end)
    assert said.startswith("期間の定めなし。")
    assert f"{ends}により終了するまで" in said
    titles = {article.number: article.title for article in agreement_paper(open_end).articles}
    if name != OLDEST:
        assert titles[ends.split("（", maxsplit=1)[0]] == "解約"
        assert {"変更", "違反があったとき"} <= set(titles.values())


def test_the_hours_of_a_contact_are_printed_as_they_are() -> None:
    night = Contact("post", "night", "当直", "099-000-0001", phone_24h=True)
    assert answers(night) == "24時間"
    assert answers(replace(night, phone_24h=False)) == "夜間・休日"
    assert answers(replace(night, role="data", phone_24h=False)) == "執務時間"


def test_an_office_that_is_not_known_leaves_lines_for_a_pen() -> None:
    parts = agreement_paper(agreement(MODEL, offices=("S001", "S009")), OFFICES).schedules[0].parts
    known, unknown = parts[0].grids[0].rows
    assert BY_HAND not in known
    assert unknown[2:4] == (BY_HAND, BY_HAND)


def test_a_clause_that_hands_over_counts_keeps_nothing() -> None:
    made = agreement(MODEL)
    assert dict(terms_grid(clause(made, "forward")).rows)["保存の期間"].startswith("件数のみ")
    assert dict(terms_grid(clause(made, "match")).rows)["保存の期間"] == "受け取った日から14日"
