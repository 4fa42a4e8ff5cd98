"""What the room says: sentences with advice, in two languages that tell the same."""

import re
import string
import tomllib
from datetime import datetime, timedelta
from importlib.resources import files

import pytest

import agreements
from agreements.clock import JST
from agreements.errors import RequestError
from agreements.request import Event, Trigger, TriggerKind
from agreements.template import load_template
from geo.faults import words

CATALOGUE: dict[str, dict[str, str]] = tomllib.loads(
    files("agreements").joinpath("messages.toml").read_text(encoding="utf-8")
)
#: Words that need no advice: good news, conditions that say all themselves, comparisons, what is said to a caller.
WITHOUT_HINT = re.compile(r"granted|condition_(consent|excludes)|(milder|diff|say)_\w+")
#: What stands above sentences or around one is none itself.
AROUND = re.compile(r"diff_(one|group_\w+)")


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_code_speaks_japanese_and_english_with_advice(code: str) -> None:
    entry = CATALOGUE[code]
    wanted = {"ja", "en"} if WITHOUT_HINT.fullmatch(code) else {"ja", "en", "hint_ja", "hint_en"}
    assert set(entry) == wanted
    if not AROUND.fullmatch(code):
        assert entry["ja"].endswith("。")
        assert re.search(r"[ぁ-ん]", entry["ja"])
    assert not re.search(r"[ぁ-んァ-ン一-龥]", entry["en"])


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_both_languages_tell_the_same_things(code: str) -> None:
    entry = CATALOGUE[code]

    def names(*keys: str) -> set[str]:
        text = "".join(entry.get(key, "") for key in keys)
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert names("ja", "hint_ja") == names("en", "hint_en")


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_sentence_can_be_filled_in(code: str) -> None:
    names = {name for text in CATALOGUE[code].values() for _, name, _, _ in string.Formatter().parse(text)} - {None}
    for lang in ("ja", "en"):
        said = [words(f"agreements.{code}", dict.fromkeys(names, "○"), lang=lang, hint=hint) for hint in (False, True)]
        assert "？" not in "".join(said)
        assert all(name.isidentifier() for name in names if name is not None)


def test_the_public_names_are_sorted_few_and_there() -> None:
    assert agreements.__all__ == sorted(agreements.__all__)
    assert len(agreements.__all__) <= 25
    assert all(getattr(agreements, name) is not None for name in agreements.__all__)


NOON = datetime(2026, 11, 21, 12, tzinfo=JST)


def test_an_event_that_contradicts_itself_is_refused_in_words() -> None:
    with pytest.raises(RequestError, match="誰によるものか"):
        Trigger(TriggerKind.LIKELY, NOON, " ")
    with pytest.raises(RequestError, match="時差"):
        Trigger(TriggerKind.LIKELY, NOON.replace(tzinfo=None), "市長")
    with pytest.raises(RequestError, match="始まりの時刻"):
        Trigger(TriggerKind.LIKELY, NOON, "市長", ended_at=NOON - timedelta(seconds=1))
    with pytest.raises(RequestError, match="始まりの時刻"):
        Event("E1", "大雨", "99301", False, NOON, (), NOON - timedelta(seconds=1))


def test_an_event_is_open_from_its_first_second_to_its_last() -> None:
    event = Event("E1", "大雨", "99301", False, NOON, (), NOON + timedelta(hours=1))
    moments = (NOON - timedelta(seconds=1), NOON, NOON + timedelta(hours=1))
    assert [event.open(at) for at in moments] == [False, True, False]


def test_a_template_is_read_once() -> None:
    assert load_template("common-2015") is load_template("common-2015")
