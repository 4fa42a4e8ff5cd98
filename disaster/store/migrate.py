"""Bringing a database to the shape that this version knows."""

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from disaster.errors import StoreError

PACKAGE = "disaster.store.migrations"


def _config(folder: Path, connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def revision(connection: Connection) -> str | None:
    """Return the revision of the tables, None if there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def is_current(connection: Connection) -> bool:
    """Whether the tables have the shape that this version knows.

    Raises
    ------
    StoreError
        If a newer version of Tayori made them.
    """
    found, (head, known) = revision(connection), _revisions()
    if found is not None and found not in known:
        raise StoreError("disaster.store_newer", version=found, known=head)
    return found == head


@cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    """Return the newest revision and all that this version knows: its own files, so that once is enough."""
    with as_file(files(PACKAGE)) as folder:
        scripts = ScriptDirectory.from_config(_config(folder, None))
        return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


def upgrade(connection: Connection) -> None:
    """Make or alter the tables within the transaction of `connection`.

    Raises
    ------
    StoreError
        If the database lacks PostGIS and may not install it.
    """
    if connection.dialect.name == "postgresql":
        try:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
        except DBAPIError as error:
            raise StoreError("disaster.no_postgis") from error
    with as_file(files(PACKAGE)) as folder:
        command.upgrade(_config(folder, connection), "head")
