"""Every code that the packages can say has its words, and no words wait for a code that is gone."""

import ast
import importlib
import string
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from geo.errors import ReadError
from geo.faults import CodedError, Fault, Faults

PACKAGES = ("geo", "agreements", "exporters", "disaster")
LANGUAGES = ("ja", "en")
#: Parameters that say where: they must not be lost in translation.
WHERE = {"file", "row", "rows", "line", "lines", "column", "columns", "limit"}


@cache
def catalogue(package: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(files(package).joinpath("messages.toml").read_text(encoding="utf-8"))


@cache
def modules(package: str) -> tuple[Path, ...]:
    return tuple(sorted(Path(str(importlib.import_module(package).__file__)).parent.rglob("*.py")))


@cache
def texts(path: Path) -> frozenset[str]:
    """Every text written in a module, docstrings aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asides = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return frozenset(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in asides
    )


def is_module(dotted: str) -> bool:
    package, _, name = dotted.partition(".")
    folder = Path(str(importlib.import_module(package).__file__)).parent
    return (folder / f"{name}.py").exists() or (folder / name).is_dir()


@cache
def codes_said() -> frozenset[str]:
    said = {text for package in PACKAGES for path in modules(package) for text in texts(path)}
    dotted = {text for text in said if text.partition(".")[0] in PACKAGES and text.count(".") == 1}
    return frozenset(text for text in dotted if text.partition(".")[2].isidentifier() and not is_module(text))


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_code_that_is_said_has_words(package: str) -> None:
    said = {code.partition(".")[2] for code in codes_said() if code.startswith(f"{package}.")}
    assert said, f"no code of {package} is said anywhere: the search is broken"
    assert said - set(catalogue(package)) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_words_wait_for_a_code_that_is_gone(package: str) -> None:
    said = {code.partition(".")[2] for code in codes_said() if code.startswith(f"{package}.")}
    said |= {text for path in modules(package) for text in texts(path)}  # a room may write its own codes without prefix
    assert set(catalogue(package)) - said == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_words_are_whole_sentences_in_both_languages(package: str) -> None:
    for name, entry in catalogue(package).items():
        assert entry["ja"].endswith(("。", "）", "}")), f"{package}.{name}"
        assert entry["en"].endswith((".", ")", "}", "?")), f"{package}.{name}"
        assert ("hint_ja" in entry) == ("hint_en" in entry), f"{package}.{name} advises in one language only"


@pytest.mark.parametrize("package", PACKAGES)
def test_both_languages_say_where(package: str) -> None:
    for name, entry in catalogue(package).items():
        said = [placeholders(entry[language] + entry.get(f"hint_{language}", "")) & WHERE for language in LANGUAGES]
        assert said[0] == said[1], f"{package}.{name}"


@cache
def takes_plain_parameters(called: str) -> bool:
    """Whether an error is made with nothing but the parameters of its sentence."""
    errors = [getattr(importlib.import_module(f"{package}.errors"), called, None) for package in PACKAGES]
    return any(error is not None and error.__init__ is CodedError.__init__ for error in errors)


def refusals(path: Path) -> Iterator[tuple[int, str, set[str | None]]]:
    """Every ``SomeError("package.name", a=..., b=...)`` written out: the line, the code, the parameters given."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            code = node.args[0].value
            if isinstance(code, str) and code.partition(".")[0] in PACKAGES and takes_plain_parameters(called):
                yield node.lineno, code, {keyword.arg for keyword in node.keywords}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_refusal_brings_every_parameter_of_its_sentence(package: str) -> None:
    lacking = []
    for path in modules(package):
        for line, code, given in refusals(path):
            entry = catalogue(code.partition(".")[0]).get(code.partition(".")[2], {})
            needed = set().union(*(placeholders(sentence) for sentence in entry.values()))
            if None not in given and not needed <= given:  # **params are known only at run time
                lacking.append(f"{path.name}:{line} {code} lacks {sorted(needed - given)}")
    assert lacking == []


def test_a_sentence_says_what_is_wrong_and_then_what_to_do() -> None:
    error = ReadError("geo.no_such_file", file="避難所.csv")
    assert str(error) == "ファイル「避難所.csv」が見つかりません。 ファイル名とフォルダを確かめてください。"
    assert error.sentence("en") == "There is no file 避難所.csv. Check its name and folder."


def test_all_faults_are_counted_and_only_the_first_of_a_kind_kept() -> None:
    faults = Faults.of(Fault("geo.coordinate_zero", row=row) for row in range(1, 2_502))
    assert faults.total == 2_501
    assert faults.counts == {"geo.coordinate_zero": 2_501}
    assert len(faults.kept) == 1_000
    assert len(faults.refused_rows) == 2_501
