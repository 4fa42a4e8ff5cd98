"""From request to deletion: rights by role, the order of steps, and two persons where it takes two."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.errors import RequestError, WorkflowError
from agreements.workflow import (
    ACTS,
    REVIEW_HOURS,
    RIGHTS,
    ROLES,
    STATES,
    Act,
    Actor,
    Course,
    Role,
    State,
    same_person,
)

AT = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
CLERK = Actor("架空 太郎", Role.OFFICE)
HEAD = Actor("架空 花子", Role.REPRESENTATIVE_OFFICE)
OFFICER = Actor("架空 次郎", Role.PROTECTION_OFFICER)
CALLER = "潮見 三郎"


def course(*acts: tuple[Act, Actor]) -> Course:
    """Return a course of steps one minute apart, each with a reason and a number."""
    made = Course("R20261120-001", asked_by=CALLER)
    for number, (act, actor) in enumerate(acts):
        made = made.next(act, actor, AT + timedelta(minutes=number), "理由", "第1号")
    return made


ASKED = ((Act.REQUEST, CLERK),)
APPROVED = (*ASKED, (Act.APPROVE, HEAD))
HANDED = (*APPROVED, (Act.RELEASE, CLERK), (Act.HAND, CLERK))
ALONE = (*ASKED, (Act.BREAK_GLASS, CLERK))


def refused(made: Course, act: Act, actor: Actor, **said: object) -> str:
    """Return the code with which a step is refused; the words stand in both languages."""
    values = {"at": AT + timedelta(hours=1), "reason": "理由", "number": "第1号"} | said
    with pytest.raises(WorkflowError) as caught:
        made.next(act, actor, **values)  # type: ignore[arg-type]
    for lang in ("ja", "en"):
        sentence = caught.value.sentence(lang)
        assert "{" not in sentence
        assert "？" not in sentence
    return caught.value.code


def test_the_usual_course_goes_from_the_call_to_the_deletion() -> None:
    states = [course(*HANDED[: number + 1]).state for number in range(len(HANDED))]
    assert states == [State.REQUESTED, State.APPROVED, State.RELEASED, State.HANDED]
    recalled = course(*HANDED, (Act.RECALL, OFFICER))
    assert recalled.state is State.RECALLED
    assert recalled.next(Act.RECEIPT, HEAD, AT + timedelta(days=1), number="消去1号").state is State.DELETED


@pytest.mark.parametrize("name", ["架空太郎", "架空　太郎", " 架空 太郎 ", CALLER, "潮見　三郎", "潮見三郎"])
def test_neither_the_caller_nor_who_took_the_call_approves(name: str) -> None:
    assert refused(course(*ASKED), Act.APPROVE, Actor(name, Role.BRANCH)) == "agreements.approver_is_requester"


def test_variant_kanji_and_case_make_no_other_person() -> None:
    assert same_person("髙﨑 一", ["高崎一"])
    assert same_person("ＴＡＲＯ", ["taro"])
    assert not same_person("架空花子", ["架空太郎", ""])


@pytest.mark.parametrize(
    "name",
    [
        "架空太郎\u3164",
        "架空\u2800太郎",
        "架空\u200b太郎",
        "架空・太郎",
        "架空太郎（窓口局）",
        "架空太郞",
        "架空太郎\uffa0",
        "架空太\U000e0100郎",
    ],
    ids=ascii,
)
def test_nothing_that_a_reader_overlooks_makes_another_person(name: str) -> None:
    assert refused(course(*ASKED), Act.APPROVE, Actor(name, Role.BRANCH)) == "agreements.approver_is_requester"


@pytest.mark.parametrize(("one", "other"), [("山二 口工", "山ニロエ"), ("Sato Ken", "Ѕаtо Kеn"), ("高橋一", "高橋ー")])
def test_letters_that_look_the_same_make_no_other_person(one: str, other: str) -> None:
    assert same_person(one, [other])


@pytest.mark.parametrize("blank", ["", " 　", "\u3164", "\u2800\u200b", "・"], ids=ascii)
def test_what_says_nothing_is_neither_name_nor_reason(blank: str) -> None:
    assert refused(course(*ASKED), Act.APPROVE, Actor(blank, Role.BRANCH)) == "agreements.step_without_name"
    if blank != "・":
        assert refused(course(*ASKED), Act.BREAK_GLASS, CLERK, reason=blank) == "agreements.step_without_reason"
        assert refused(course(*ASKED), Act.DOCUMENT, CLERK, number=blank) == "agreements.step_without_number"


def test_another_person_approves_even_of_the_same_role() -> None:
    asked = course((Act.REQUEST, HEAD))
    assert asked.next(Act.APPROVE, Actor("架空 四郎", HEAD.role), AT + timedelta(minutes=1)).state is State.APPROVED


def test_one_person_alone_opens_with_a_reason_and_another_one_reviews_in_72_hours() -> None:
    alone = course(*ALONE)
    assert alone.releasable
    assert alone.review_due == alone.steps[-1].at + timedelta(hours=REVIEW_HOURS) == AT + timedelta(minutes=1, hours=72)
    for name in (CLERK.name, "架空太郎", CALLER):
        assert refused(alone, Act.REVIEW, Actor(name, Role.JP_HQ)) == "agreements.reviewer_is_party"
    out = replace(alone, steps=(*alone.steps, *course(*HANDED).steps[2:]))
    assert out.review_due == alone.review_due
    closed = out.next(Act.REVIEW, OFFICER, AT + timedelta(hours=80), "妥当")
    assert (closed.review_due, closed.state) == (None, State.HANDED)
    assert refused(closed, Act.REVIEW, HEAD, at=AT + timedelta(hours=81)) == "agreements.not_in_this_state"


def test_whoever_broke_the_glass_does_not_review_it_in_another_role() -> None:
    alone = course(*ASKED, (Act.BREAK_GLASS, HEAD))
    assert refused(alone, Act.REVIEW, Actor(HEAD.name, Role.PROTECTION_OFFICER)) == "agreements.reviewer_is_party"


@pytest.mark.parametrize("act", [Act.REJECT, Act.WITHDRAW, Act.BREAK_GLASS])
def test_steps_that_turn_something_over_need_a_reason(act: Act) -> None:
    assert refused(course(*ASKED), act, HEAD, reason="　") == "agreements.step_without_reason"


def test_a_document_needs_its_number_and_moves_nothing() -> None:
    assert refused(course(*ASKED), Act.DOCUMENT, CLERK, number=" ") == "agreements.step_without_number"
    later = course(*HANDED, (Act.DOCUMENT, CLERK))
    assert (later.state, later.document_no) == (State.HANDED, "第1号")
    assert course(*HANDED).document_no == ""


@pytest.mark.parametrize("name", ["", " ", "　", "\u200b"])
def test_a_step_without_a_person_is_none(name: str) -> None:
    assert refused(course(*ASKED), Act.APPROVE, Actor(name, Role.BRANCH)) == "agreements.step_without_name"


@pytest.mark.parametrize(("acts", "act"), [
    ((), Act.APPROVE), ((), Act.RELEASE), (ASKED, Act.RELEASE), (ASKED, Act.REQUEST), (ASKED, Act.REVIEW),
    (APPROVED, Act.APPROVE), (APPROVED, Act.BREAK_GLASS), (APPROVED, Act.HAND), (HANDED, Act.RELEASE),
    (HANDED, Act.WITHDRAW), ((*ASKED, (Act.REJECT, HEAD)), Act.APPROVE),
    ((*ASKED, (Act.REJECT, HEAD)), Act.BREAK_GLASS),
    ((*ASKED, (Act.WITHDRAW, CLERK)), Act.APPROVE), (APPROVED, Act.RECEIPT), (APPROVED, Act.RECALL),
])  # fmt: skip
def test_a_step_out_of_its_order_is_refused(acts: tuple[tuple[Act, Actor], ...], act: Act) -> None:
    boss = Actor("架空 五郎", Role.JP_HQ)
    assert refused(course(*acts), act, boss) == "agreements.not_in_this_state"


def test_a_refused_request_can_be_approved_once_what_was_missing_is_there() -> None:
    told = course(*ASKED, (Act.REFUSE, CLERK))
    assert (told.state, told.releasable) == (State.REFUSED, False)
    assert told.next(Act.APPROVE, HEAD, AT + timedelta(hours=1)).state is State.APPROVED


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("role", list(Role))
def test_each_act_is_refused_to_roles_without_the_right(role: Role, act: Act) -> None:
    stage = {
        Act.REQUEST: (), Act.RELEASE: APPROVED, Act.HAND: HANDED[:3], Act.REVIEW: ALONE, Act.RECALL: HANDED,
        Act.RECEIPT: HANDED,
    }.get(act, ASKED)  # fmt: skip
    before, actor = course(*stage), Actor("架空 六郎", role)
    if act in RIGHTS[role]:
        assert before.next(act, actor, AT + timedelta(hours=1), "理由", "第1号").steps[-1].actor == actor
    else:
        assert refused(before, act, actor) == "agreements.no_right"


def test_the_asking_side_does_not_judge_and_an_office_does_not_approve() -> None:
    judges = {Act.APPROVE, Act.REJECT, Act.BREAK_GLASS, Act.REVIEW, Act.RECALL}
    assert not RIGHTS[Role.MUNICIPAL_HQ] & judges
    assert not RIGHTS[Role.PREFECTURE] & (judges | {Act.RELEASE, Act.HAND})
    assert not RIGHTS[Role.OFFICE] & {Act.APPROVE, Act.REJECT, Act.REVIEW}
    assert not RIGHTS[Role.PROTECTION_OFFICER] & {Act.REQUEST, Act.RELEASE, Act.HAND, Act.BREAK_GLASS}


def test_a_step_is_never_dated_before_the_last_one_nor_without_a_zone() -> None:
    early = AT - timedelta(seconds=1)
    assert refused(course(*ASKED), Act.APPROVE, HEAD, at=early) == "agreements.step_before_last"
    assert course(*ASKED).next(Act.APPROVE, HEAD, AT).state is State.APPROVED
    with pytest.raises(RequestError):
        course(*ASKED).next(Act.APPROVE, HEAD, datetime(2026, 11, 20))  # noqa: DTZ001


def test_everything_has_words_for_people() -> None:
    assert set(ROLES) == set(Role) == set(RIGHTS)
    assert set(ACTS) == set(Act)
    assert set(STATES) == set(State)


def test_a_course_is_told_as_json_can_hold_it() -> None:
    told = course(*ALONE).to_dict()
    assert (told["format"], told["version"], told["state"]) == ("tayori-course", 1, "break_glass")
    assert told["review_due"] == "2026-11-23T09:31:00+09:00"
    assert told["steps"][1]["actor"] == {"name": "架空 太郎", "role": "office"}


PEOPLE = st.sampled_from(["架空 太郎", "架空太郎", "架空 花子", CALLER, "架空 次郎"])
MOVES = st.lists(st.tuples(st.sampled_from(list(Act)), PEOPLE, st.sampled_from(list(Role))), max_size=30)


@given(moves=MOVES)
def test_whatever_is_tried_nothing_goes_out_without_two_persons_or_a_break_glass(
    moves: list[tuple[Act, str, Role]],
) -> None:
    made = Course("R1", asked_by=CALLER)
    for act, name, role in moves:
        try:
            made = made.next(act, Actor(name, role), AT, "理由", "第1号")
        except WorkflowError:
            continue
    acts = [step.act for step in made.steps]
    assert all(step.act in RIGHTS[step.actor.role] for step in made.steps)
    assert acts.count(Act.RELEASE) <= 1
    asking = [CALLER, *(step.actor.name for step in made.steps if step.act is Act.REQUEST)]
    alone = [step.actor.name for step in made.steps if step.act is Act.BREAK_GLASS]
    for number, step in enumerate(made.steps):
        if step.act is Act.APPROVE:
            assert not same_person(step.actor.name, asking)
        if step.act is Act.REVIEW:
            assert not same_person(step.actor.name, [*asking, *alone])
        if step.act is Act.RELEASE:
            before = acts[:number]
            assert Act.APPROVE in before or Act.BREAK_GLASS in before
            assert not {Act.REJECT, Act.WITHDRAW} & set(before)
