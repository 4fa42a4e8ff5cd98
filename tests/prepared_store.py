"""Databases in which the tables stand already: a store made in one has no migrations left to run.

A plugin of the test modules that name it in ``pytest_plugins``; those that try the making itself take ``store_url``.

PYTEST_DONT_REWRITE: the modules import it before pytest hears of it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from postgres_server import Server
from sqlalchemy import create_engine

from disaster.store import migrate

_TEMPLATE = "tayori_tables"


@pytest.fixture(scope="session")
def server_with_tables(postgis_server: Server) -> Server:
    """The run's server, with a template in which whoever needed it first has made the tables."""
    made = Path(postgis_server.folder) / "tables-made"
    with FileLock(made.with_suffix(".lock")):
        if not made.exists():
            postgis_server.make_template(_TEMPLATE)
            engine = create_engine(postgis_server.url(_TEMPLATE))
            with engine.begin() as connection:
                migrate.upgrade(connection)
            engine.dispose()
            made.touch()
    return postgis_server


@pytest.fixture
def prepared_postgis_url(server_with_tables: Server) -> Iterator[str]:
    """URL of a PostGIS database of its own that has the tables and no store."""
    url = server_with_tables.clone(_TEMPLATE)
    yield url
    server_with_tables.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def prepared_url(request: pytest.FixtureRequest) -> str | None:
    """Do as ``store_url``, quicker: of PostGIS, a database that has its tables."""
    return request.getfixturevalue("prepared_postgis_url") if request.param == "postgis" else None
