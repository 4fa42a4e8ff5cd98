"""Claims about the shape of the code itself."""

import ast
import importlib
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("geo", "agreements", "exporters", "disaster")
MAY_IMPORT = {
    "geo": {"geo"},
    "agreements": {"agreements", "geo"},
    "exporters": {"exporters", "agreements", "geo"},
    "disaster": {"disaster", "exporters", "agreements", "geo"},
}
#: Floors of the house ``disaster``; a module may import from its own floor and those below.
FLOORS = (
    {"bareword", "models", "noun", "reference", "batch", "commands", "errors", "progress", "smalltext", "version"},
    {"schemas", "layouts", "settings", "signing", "audit"},
    {"guard", "housenumber", "matchlist", "residents", "layers", "situation", "town"},
    {
        "faultfile",
        "faultsheet",
        "ingest",
        "mapping",
        "newfolder",
        "proposal",
        "merging",
        "placing",
        "placelist",
        "store",
        "cover",
        "case",
        "channel",
        "explain",
        "manifest",
        "openlayers",
        "pack",
        "packfiles",
        "lateness",
        "register",
        "ruling",
        "selfsaid",
        "verify",
    },
    {"intake", "requests", "handover", "trial"},
    {"provide", "receive", "publish", "reconcile", "aftercare", "papers"},
    {"demo", "onward"},
    {"service", "cli", "__main__"},
)


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                found.append((name, path))
    return found


@cache
def imports(path: Path) -> list[tuple[str, ast.stmt, bool]]:
    """Return every imported module name, and whether it stands outside of functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inner = {id(node) for function in functions for node in ast.walk(function)}
    found: list[tuple[str, ast.stmt, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node, id(node) not in inner) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.module or "", node, id(node) not in inner)]
            found += [(f"{node.module}.{alias.name}", node, id(node) not in inner) for alias in node.names]
    return found


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_package_imports_only_what_lies_below_it(name: str, path: Path) -> None:
    own = name.split(".", maxsplit=1)[0]
    for target, _node, _top in imports(path):
        package = target.split(".")[0]
        if package in PACKAGES:
            assert package in MAY_IMPORT[own], f"{name} imports {target}"


def test_disaster_is_built_in_floors() -> None:
    floor_of = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    for name, path in modules():
        parts = name.split(".")
        if parts[0] != "disaster" or len(parts) == 1:
            continue
        assert parts[1] in floor_of, f"{parts[1]} stands on no floor"
        for target, _node, _top in imports(path):
            pieces = target.split(".")
            if pieces[0] == "disaster" and len(pieces) > 1 and pieces[1] in floor_of:
                assert floor_of[pieces[1]] <= floor_of[parts[1]], f"{name} imports {target} from a floor above"


def test_service_and_cli_reach_exporters_only_to_print_published_layers() -> None:
    for name, path in modules():
        if name.startswith("disaster.cli"):
            assert not any(target.startswith("exporters") for target, _n, _t in imports(path)), name


def test_no_import_stands_inside_a_function() -> None:
    for name, path in modules():
        assert all(top for _target, _node, top in imports(path)), name


def test_there_are_no_import_cycles_between_modules() -> None:
    known = {name for name, _path in modules()}
    graph = {
        name: {target for target, _n, _t in imports(path) if target in known and target != name}
        for name, path in modules()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in sorted(graph[name]):
                # A package's __init__ gathers its own modules' names; that is no cycle of meaning.
                if not target.startswith(f"{name}.") and not name.startswith(f"{target}."):
                    visit(target, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_only_the_door_makes_an_extract() -> None:
    for name, path in modules():
        if name in ("disaster.provide", "exporters.model"):
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        for call in calls:
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            assert called != "Extract", f"{name}:{call.lineno} makes an Extract"


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_sorted_and_few(package: str) -> None:
    names = importlib.import_module(package).__all__
    # The linter's order: constants, classes, functions, each by name.
    assert list(names) == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert len(names) <= 25
    assert all(hasattr(importlib.import_module(package), name) for name in names)


def test_wide_modules_stay_readable() -> None:
    for name, path in modules():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 450, name


@pytest.mark.parametrize("package", PACKAGES)
def test_every_code_has_words_in_both_languages(package: str) -> None:
    entries = tomllib.loads((ROOT / package / "messages.toml").read_text(encoding="utf-8"))
    for code, entry in entries.items():
        assert entry["ja"], code
        assert entry["en"], code
        assert set(entry) <= {"ja", "en", "hint_ja", "hint_en"}, code


def test_versions_stand_without_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines
    assert not any("://" in line for line in lines)
    names = [line.split("==")[0] for line in lines]
    assert all(one <= two for one, two in pairwise(names))
