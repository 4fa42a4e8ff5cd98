"""Every code that the room can say has its words, and no words wait for a code that is gone."""

import ast
import re
import string
import tomllib
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

import agreements
from agreements.clock import JST
from agreements.errors import RequestError
from agreements.request import Event, Trigger, TriggerKind
from agreements.template import load_template

ROOM = Path(agreements.__file__).parent
CATALOGUE: dict[str, dict[str, str]] = tomllib.loads(
    files("agreements").joinpath("messages.toml").read_text(encoding="utf-8")
)
#: Codes that need no advice: good news, and conditions that say all themselves.
WITHOUT_HINT = {"granted", "condition_consent", "condition_excludes"}


def _codes_in(source: str) -> set[str]:
    """Find "agreements.x" written out, and the first argument of `fault(...)` and `reason(...)`."""
    found = set(re.findall(r'"agreements\.([a-z_]+)"', source))
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("fault", "reason")
        ):
            leaves = [leaf for argument in node.args[:1] for leaf in ast.walk(argument)]
            found |= {leaf.value for leaf in leaves if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)}
    return found


USED = {code for path in sorted(ROOM.glob("*.py")) for code in _codes_in(path.read_text(encoding="utf-8"))}
MODULES = {path.stem for path in ROOM.glob("*.py")} | {"templates"}


def test_every_code_has_words_and_every_word_a_code() -> None:
    assert set(CATALOGUE) == USED - MODULES


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_code_speaks_japanese_and_english_with_advice(code: str) -> None:
    entry = CATALOGUE[code]
    wanted = {"ja", "en"} if code in WITHOUT_HINT else {"ja", "en", "hint_ja", "hint_en"}
    assert set(entry) == wanted
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
