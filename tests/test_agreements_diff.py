"""What each side gains or loses from one agreement to another."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_town import MODEL, OLDER, OLDEST, agreement, clause, with_clause

from agreements.agreement import Agreement, Renewal
from agreements.changes import ABSENT, MATTERS
from agreements.diff import Change, Difference, Effect, compare
from agreements.format import Precision
from agreements.request import TriggerKind
from agreements.template import template_ids

WHOLE = agreement(MODEL)
_OPPOSITE = {Effect.GAINS: Effect.LOSES, Effect.LOSES: Effect.GAINS, Effect.CHANGES: Effect.CHANGES}


def only(difference: Difference) -> Change:
    (change,) = difference.changes
    return change


@pytest.mark.parametrize("name", template_ids())
def test_an_agreement_does_not_differ_from_itself(name: str) -> None:
    same = compare(agreement(name), agreement(name))
    assert same.changes == ()
    assert same.in_words() == ["「99301-2026-01」と「99301-2026-01」の間に違いはありません。"]


@pytest.mark.parametrize(
    ("clause_id", "changes", "effect", "matter", "said"),
    [
        ("dwelling", {"retention_days": 60}, Effect.GAINS, "retention", ("30日", "60日")),
        ("dwelling", {"purposes": ("rescue",)}, Effect.LOSES, "purposes", ("安否確認、救援物資の配送", ABSENT)),
        ("person", {"triggers": (TriggerKind.RELIEF_ACT,)}, Effect.LOSES, "triggers", ("災害対策本部設置", ABSENT)),
        ("person", {"requires_consent": True}, Effect.LOSES, "consent", ("要しない", "要する")),
        ("match", {"list_limit": 9_000}, Effect.GAINS, "list_limit", ("5,000件", "9,000件")),
        ("match", {"channel": "excel_password"}, Effect.CHANGES, "channel", (None, "パスワードを付けたExcel")),
        ("vehicles", {"excludes": ()}, Effect.GAINS, "excludes", (None, ABSENT)),
        ("onward-names", {"recipients": ("police",)}, Effect.LOSES, "recipients", ("消防", ABSENT)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_term_changed_is_one_change_for_the_side_that_receives(
    clause_id: str, changes: dict[str, Any], effect: Effect, matter: str, said: tuple[str | None, str]
) -> None:
    base = with_clause(WHOLE, "vehicles", excludes=("delivery_vehicle",))
    change = only(compare(base, with_clause(base, clause_id, **changes)))
    assert (change.effect, change.matter, change.after) == (effect, matter, said[1])
    assert said[0] in (None, change.before)
    assert change.side == ("third" if clause_id.startswith("onward") else "municipality")
    assert change.article_before == change.article_after == clause(WHOLE, clause_id).article


def test_a_field_taken_away_is_named_by_its_heading() -> None:
    one = clause(WHOLE, "dwelling").formats[0]
    fewer = replace(one, columns=tuple(name for name in one.columns if name not in ("lon", "lat")))
    change = only(compare(WHOLE, with_clause(WHOLE, "dwelling", formats=(fewer,))))
    assert (change.effect, change.matter, change.before) == (Effect.LOSES, "columns", "経度、緯度")
    coarse = replace(one, precision=Precision.TOWN)
    change = only(compare(with_clause(WHOLE, "dwelling", formats=(coarse,)), WHOLE))
    assert (change.effect, change.matter, change.after) == (Effect.GAINS, "precision", "番地・地点")


def test_no_document_is_more_than_a_late_one_and_a_late_one_more_than_one_in_advance() -> None:
    steps = [
        with_clause(WHOLE, "dwelling", document_due_hours=0),
        with_clause(WHOLE, "dwelling", document_due_hours=48),
        with_clause(WHOLE, "dwelling", requires_document=False, document_due_hours=0),
    ]
    for less, more in pairwise(steps):
        assert only(compare(less, more)).effect is Effect.GAINS
        assert only(compare(more, less)).effect is Effect.LOSES


def test_a_clause_for_all_times_is_more_than_any_list_of_triggers() -> None:
    change = only(compare(WHOLE, with_clause(WHOLE, "delivery-status", triggers=())))
    assert (change.effect, change.after) == (Effect.GAINS, "平常時を含め、いつでも")


def test_a_clause_switched_off_is_a_loss_with_all_that_it_was_tied_to() -> None:
    less = replace(WHOLE, clauses=tuple(c for c in WHOLE.clauses if c.id != "person"))
    change = only(compare(WHOLE, less))
    assert (change.side, change.effect, change.matter) == ("municipality", Effect.LOSES, "provision")
    for said in ("受取人(配達原簿の氏名)", "安否確認、救助", "保存：受け取った日から14日", "6時間以内"):
        assert said in change.before


@pytest.mark.parametrize(
    ("changes", "effect", "matter"),
    [
        ({"effective_to": date(2028, 3, 31)}, Effect.GAINS, "ends"),
        ({"effective_to": None}, Effect.GAINS, "ends"),
        ({"effective_from": date(2026, 6, 1)}, Effect.CHANGES, "begins"),
        ({"area": ("99301", "99302")}, Effect.GAINS, "area"),
        ({"offices": ("S001",)}, Effect.LOSES, "offices"),
        ({"contacts": ()}, Effect.LOSES, "contacts"),
    ],
    ids=["later end", "no end", "later begin", "wider area", "fewer offices", "no contacts"],
)
def test_time_place_and_contacts_concern_both_sides(changes: dict[str, Any], effect: Effect, matter: str) -> None:
    base = replace(WHOLE, renewal=Renewal())
    change = only(compare(base, replace(base, **changes)))
    assert (change.side, change.effect, change.matter) == ("both", effect, matter)


_SUBSETS = st.sets(st.sampled_from([c.id for c in WHOLE.clauses]))


def _of(chosen: set[str]) -> Agreement:
    return replace(WHOLE, clauses=tuple(c for c in WHOLE.clauses if c.id in chosen))


@given(_SUBSETS, _SUBSETS)
def test_the_way_back_turns_every_gain_into_a_loss(left: set[str], right: set[str]) -> None:
    there, back = compare(_of(left), _of(right)), compare(_of(right), _of(left))
    turned = {(c.side, _OPPOSITE[c.effect], c.matter, c.subject, c.after, c.before) for c in back.changes}
    assert {(c.side, c.effect, c.matter, c.subject, c.before, c.after) for c in there.changes} == turned


@pytest.mark.parametrize("older", [OLDER, OLDEST])
def test_from_an_old_template_to_the_model_the_city_gains_data_about_homes(older: str) -> None:
    difference = compare(agreement(older), WHOLE)
    gained = {c.subject for c in difference.of("municipality", Effect.GAINS) if c.matter == "provision"}
    assert {"配達先：照会回答", "配達先：住居一覧（氏名なし）", "配達先：受取人一覧（氏名あり）"} <= gained
    assert "配達先：受取人一覧（氏名あり）" not in {c.subject for c in difference.of("municipality", Effect.LOSES)}


def test_the_table_has_japanese_headings_and_the_words_name_every_change() -> None:
    difference = compare(agreement(OLDER, agreement_id="A-1"), WHOLE)
    grids = difference.grids()
    assert grids[0].headings == ("増減", "対象", "事項", "前（A-1）", "後（99301-2026-01）", "条（前→後）")
    assert sum(len(grid.rows) for grid in grids) == len(difference.changes)
    assert {row[2] for grid in grids for row in grid.rows} <= {ja for ja, _en in MATTERS.values()}
    for lang in ("ja", "en"):
        lines = difference.in_words(lang)
        assert sum(line.startswith("■") for line in lines) == len({(c.side, c.effect) for c in difference.changes})
        assert len(lines) == len(set(lines)) < len(difference.changes)
        assert all(c.subject in "".join(lines) for c in difference.changes)
    assert {c["effect"] for c in difference.to_dict()["changes"]} <= {"gains", "loses", "changes"}


def test_what_both_lose_is_counted_for_each_side_and_named_first() -> None:
    less = replace(WHOLE, clauses=tuple(c for c in WHOLE.clauses if c.id not in ("person", "meeting", "drills")))
    difference = compare(WHOLE, less)
    assert difference.summary() == [
        "市区町村: 失うもの 3件（うち双方 2件）、得るもの 0件（うち双方 0件）、変わるもの 0件（うち双方 0件）。",
        "郵便局: 失うもの 2件（うち双方 2件）、得るもの 0件（うち双方 0件）、変わるもの 0件（うち双方 0件）。",
        "市区町村が失うもの: 配達先：受取人一覧（氏名あり）。",
        "双方が失うもの: 訓練、定期の協議。",
    ]
    assert difference.in_words() == [
        "■ 市区町村が失うもの（1件）",
        "・配達先：受取人一覧（氏名あり）を受け取れなくなります（第5条第1項第4号）。",
        "■ 双方が失うもの（2件）",
        "・「訓練」（第6条第3項）、「定期の協議」（第14条）の定めが無くなります。",
    ]
    assert difference.summary("en")[2].startswith("Lost by the municipality: ")


def test_losses_are_told_before_gains() -> None:
    changes = compare(agreement(OLDER), WHOLE).changes
    for side in ("municipality", "post", "both"):
        effects = [c.effect for c in changes if c.side == side]
        assert effects == sorted(effects, key=[Effect.LOSES, Effect.GAINS, Effect.CHANGES].index)


def test_a_provision_under_another_name_is_changed_not_lost_and_gained() -> None:
    changes = compare(agreement(OLDER), WHOLE).changes
    secrecy = [c for c in changes if "守秘" in c.subject]
    assert [(c.subject, c.article_before, c.article_after) for c in secrecy] == [("守秘と支援措置", "第6条", "第7条")]
    procedure = [c for c in changes if c.subject == "要請の手続"]
    assert [(c.effect, c.article_before, c.article_after) for c in procedure] == [(Effect.CHANGES, "第7条", "第4条")]


def test_the_first_and_last_day_of_another_agreement_are_neither_lost_nor_gained() -> None:
    base = replace(WHOLE, renewal=Renewal())
    later = replace(base, effective_from=date(2030, 4, 1), effective_to=date(2031, 3, 31))
    for changes in (compare(base, later).changes, compare(later, base).changes):
        assert {(c.effect, c.matter) for c in changes} == {(Effect.CHANGES, "begins"), (Effect.CHANGES, "ends")}


def test_work_is_gained_or_lost_by_both_and_what_frames_it_only_changes() -> None:
    changes = compare(agreement(OLDER), agreement(MODEL)).changes
    texts = {c.subject: (c.side, c.effect) for c in changes if c.matter in ("work", "article")}
    assert texts["計画の交換"] == ("both", Effect.LOSES)
    assert texts["定期の協議"] == ("both", Effect.GAINS)
    for frame in ("再提供", "協力の内容", "責任の範囲", "費用の負担"):
        assert texts[frame] == ("both", Effect.CHANGES)


_ONE_WAY = "dwelling"
_NO_FRAME = replace(WHOLE, clauses=tuple(c for c in WHOLE.clauses if c.kind not in ("implementation", "cost")))


@pytest.mark.parametrize(
    ("less", "more", "matter", "certain"),
    [
        ({"business_limit": True}, {"business_limit": False}, "business", True),
        ({"cost_rule": "requester_pays"}, {"cost_rule": "free"}, "cost", True),
        ({"cost_rule": "requester_pays"}, {"cost_rule": "each_bears"}, "cost", True),
        ({"cost_rule": "requester_pays"}, {"cost_rule": "consultation"}, "cost", False),
        ({"cost_rule": "each_bears"}, {"cost_rule": "free"}, "cost", False),
    ],
    ids=["limit dropped", "paid to free", "paid to own", "paid to consultation", "own to free"],
)
def test_what_the_receiver_need_no_longer_bear_the_giver_bears(
    less: dict[str, Any], more: dict[str, Any], matter: str, certain: bool
) -> None:
    ways = [(with_clause(_NO_FRAME, _ONE_WAY, **one) for one in pair) for pair in ((less, more), (more, less))]
    there, back = ({c.side: c.effect for c in compare(*way).changes if c.matter == matter} for way in ways)
    if certain:
        assert there == {"municipality": Effect.GAINS, "post": Effect.LOSES}
        assert back == {"municipality": Effect.LOSES, "post": Effect.GAINS}
    else:
        assert there == back == {"municipality": Effect.CHANGES}


def test_a_limit_that_still_holds_generally_or_a_burden_that_goes_both_ways_is_a_change() -> None:
    limited = with_clause(WHOLE, _ONE_WAY, business_limit=True)
    change = only(compare(limited, WHOLE))
    assert (change.effect, change.after) == (Effect.CHANGES, "『実施』の定めによる")
    mutual = with_clause(_NO_FRAME, "stockpiles", business_limit=True)
    change = only(compare(mutual, with_clause(mutual, "stockpiles", business_limit=False)))
    assert (change.side, change.effect) == ("both", Effect.CHANGES)


def test_a_clause_that_names_the_general_cost_rule_anew_is_no_difference() -> None:
    assert clause(WHOLE, "cost").cost_rule == "requester_pays"
    said, unsaid = (with_clause(WHOLE, _ONE_WAY, cost_rule=rule) for rule in ("requester_pays", ""))
    assert compare(said, unsaid).changes == ()


def test_another_number_in_the_same_role_is_neither_lost_nor_gained() -> None:
    night, *others = WHOLE.contacts
    change = only(compare(WHOLE, replace(WHOLE, contacts=(replace(night, phone="099-000-0009"), *others))))
    assert (change.side, change.effect, change.matter) == ("both", Effect.CHANGES, "contacts")
    assert night.phone in change.before
    assert "099-000-0009" in change.after
