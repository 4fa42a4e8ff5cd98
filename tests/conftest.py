"""What the tests share: engines for the store, the browser, real data, one fixed moment."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import pytest
import typer.testing
from filelock import FileLock
from hypothesis import HealthCheck, settings
from postgres_server import Server, find_binaries
from read_files import Files
from typer.main import get_command

from geo.read import Reader

#: What ``--require`` can turn from a skip into a failure.
REQUIRABLE = ("postgis", "chromium")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: Files of tests that take longest, in this order (``make test`` gives whole files to its workers).
_LONGEST = (
    "test_disaster_cli", "test_disaster_kill", "test_exporters_webmap", "test_documents", "test_disaster_provide",
    "test_hostile_files", "test_real_files", "test_disaster_leaks", "test_disaster_receive", "test_geo_read_real",
    "test_disaster_store_batches", "test_disaster_cli_request", "test_disaster_store_killed", "test_disaster_onward",
    "test_disaster_reconcile", "test_disaster_service", "test_bad_input", "test_geo_read", "test_disaster_town_story",
    "test_hostile_text",
)  # fmt: skip
#: What a property is tried with: a few cases in ``make test``, many in ``make test-long``.
_FEW = settings(max_examples=20, deadline=None,
                suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
settings.register_profile("few", _FEW)
settings.register_profile("many", _FEW, max_examples=250)
settings.load_profile("few")  # or what --hypothesis-profile names
_RUN_FOLDER = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require",
        default="",
        metavar="NAMES",
        help=f"comma-separated, of {', '.join(REQUIRABLE)}: fail instead of skipping where one of them is absent",
    )


def pytest_configure(config: pytest.Config) -> None:
    unknown = _required(config) - set(REQUIRABLE)
    if unknown:
        raise pytest.UsageError(f"--require knows {', '.join(REQUIRABLE)}, not {', '.join(sorted(unknown))}")
    given = getattr(config, "workerinput", {}).get("run_folder")
    config.stash[_RUN_FOLDER] = Path(given or tempfile.mkdtemp(prefix="tayori-test-"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: begun last, one of them would keep one worker busy and the others not."""
    items.sort(key=lambda item: _LONGEST.index(item.path.stem) if item.path.stem in _LONGEST else len(_LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist which folder the whole run shares."""
    node.workerinput["run_folder"] = str(node.config.stash[_RUN_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server of this run, once, after the last worker."""
    folder = config.stash.get(_RUN_FOLDER, None)
    if folder is None or hasattr(config, "workerinput"):
        return
    state = folder / "postgres.json"
    if state.exists():
        Server(**json.loads(state.read_text(encoding="utf-8"))).stop()
    shutil.rmtree(folder, ignore_errors=True)


def _required(config: pytest.Config) -> set[str]:
    return {name.strip() for name in config.getoption("--require").split(",") if name.strip()}


def _absent(config: pytest.Config, name: str, reason: str) -> NoReturn:
    """Skip by name, or fail where the run requires what is absent."""
    if name in _required(config):
        pytest.fail(f"{name} is required: {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Let this process write without waiting: its tests end processes, never the machine (as the server's do)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_program_for_all_commands() -> Iterator[None]:
    """Build the commands of a program once: the runner would build all the verbs anew to run one of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(get_command))
        yield


@pytest.fixture(scope="session")
def now() -> datetime:
    """One fixed moment in Japan."""
    return datetime(2026, 11, 20, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """One parser for all tests of this process: to start one takes most of a second."""
    with Reader() as opened:
        yield opened


@pytest.fixture
def files(reader: Reader, tmp_path: Path) -> Files:
    """A folder of the test's own, and the parser."""
    return Files(reader, tmp_path)


@pytest.fixture
def one_parser(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands of a test share the parser that runs already, where each would start its own."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith(("disaster.cli.", "disaster.demo")) and hasattr(module, "Reader"):
            monkeypatch.setattr(module, "Reader", lambda: nullcontext(reader))


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> Path:
    """Path of the browser."""
    for name in (os.environ.get("TAYORI_CHROMIUM", ""), *_BROWSERS):
        found = shutil.which(name) if name else None
        if found:
            return Path(found)
    _absent(pytestconfig, "chromium", f"none of {', '.join(_BROWSERS)} is installed (or set TAYORI_CHROMIUM)")


@pytest.fixture(scope="session")
def real_data(pytestconfig: pytest.Config) -> Path:
    """Folder of the open data that the project does not ship."""
    folder = Path(os.environ.get("TAYORI_SHARED_DATA", pytestconfig.rootpath.parent / "shared/data"))
    if not folder.is_dir():
        pytest.skip(f"real_data: no folder {folder} (set TAYORI_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def postgis_server(pytestconfig: pytest.Config) -> Server:
    """PostgreSQL with PostGIS, started by whoever needs it first in this run."""
    if find_binaries() is None:
        _absent(pytestconfig, "postgis", "no PostgreSQL with PostGIS under /usr/lib/postgresql")
    folder = pytestconfig.stash[_RUN_FOLDER]
    state = folder / "postgres.json"
    with FileLock(folder / "postgres.lock"):
        if not state.exists():
            state.write_text(Server.start(durable=False).to_json(), encoding="utf-8")
    return Server(**json.loads(state.read_text(encoding="utf-8")))


@pytest.fixture
def postgis_url(postgis_server: Server) -> Iterator[str]:
    """URL of an empty database of its own with PostGIS."""
    url = postgis_server.clone()
    yield url
    postgis_server.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """Each engine in turn: None for SQLite in the store's own folder, or the URL of a new PostGIS database."""
    return request.getfixturevalue("postgis_url") if request.param == "postgis" else None
