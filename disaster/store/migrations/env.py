"""How Alembic runs the migrations: on the connection, and in the transaction, that the store gives."""

from typing import Any

from alembic import context

from disaster.store.tables import metadata


def _ours(thing: Any, name: str | None, kind: str, _reflected: bool, compared: Any) -> bool:
    """Leave out what PostGIS brings, and what only one engine has."""
    if kind == "table":
        return name in metadata.tables
    # the spatial index exists on PostgreSQL only
    postgresql = context.get_context().dialect.name == "postgresql"
    return postgresql or compared is not None or not (kind == "index" and "postgresql_using" in str(thing.kwargs))


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, include_object=_ours, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
