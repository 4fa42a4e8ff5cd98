"""The tables, one metadata for both engines."""

from datetime import UTC, datetime

from geoalchemy2 import Geometry
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

#: Japan with its sea, in degrees: what a place must lie within.
WEST, EAST, SOUTH, NORTH = 122, 154, 20, 46
SRID = 6668


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: stored in UTC, returned aware; a naive value is refused (SQLite drops zones without a word)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Bring an aware time to UTC."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("the store keeps aware times only")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Wkb(TypeDecorator[bytes]):
    """Well-known binary of a geometry in EPSG:6668 where the engine knows no geometry."""

    impl = LargeBinary
    cache_ok = True


def _geometry() -> TypeDecorator[bytes]:
    # this way round: with Geometry first, SQLite needs DDL stubs and the GiST index is lost (measured)
    return Wkb().with_variant(Geometry("GEOMETRY", srid=SRID, spatial_index=False), "postgresql")


def _json() -> JSON:
    return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def _word(name: str) -> Column[str]:
    """Return a text that the rows of version 0001 have not: empty there."""
    return Column(name, Text, nullable=False, server_default="")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("format", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("municipalities", _json(), nullable=False),
    Column("key_check", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("side IN ('post', 'municipality', 'demo')", name="side"),
)

batch = Table(
    "batch",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("batch_id", Text, primary_key=True),
    Column("number", Integer, nullable=False),  # order of arrival within the municipality
    Column("kind", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("sources", _json(), nullable=False),
    Column("content_sha256", Text),  # of the rows; None once purged
    Column("read", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("set_aside", _json(), nullable=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("ingested_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("pack_id", Text),
    Column("file", Text, nullable=False),  # below the folder of the store, with forward slashes
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),  # of the snapshot file
    Column("personal", Boolean, nullable=False),
    Column("wrapped_key", LargeBinary),  # None: not encrypted, or purged
    Column("state", Text, nullable=False),
    Column("purged_at", UtcDateTime),
    UniqueConstraint("municipality", "number"),
    CheckConstraint("state IN ('active', 'purged')", name="state"),
    CheckConstraint("read = accepted + refused", name="counts"),
    CheckConstraint("NOT personal OR state = 'purged' OR wrapped_key IS NOT NULL", name="personal_is_encrypted"),
    Index("ix_batch_municipality_kind_dataset", "municipality", "kind", "dataset"),
)

feature = Table(
    "feature",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("batch_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True),  # row of the snapshot, from 0
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("properties", _json(), nullable=False),
    Column("west", Float(53)),  # bounds of the geometry, degrees
    Column("south", Float(53)),
    Column("east", Float(53)),
    Column("north", Float(53)),
    Column("geometry", _geometry()),
    ForeignKeyConstraint(["municipality", "batch_id"], ["batch.municipality", "batch.batch_id"], ondelete="CASCADE"),
    CheckConstraint(
        f"west >= {WEST} AND south >= {SOUTH} AND east <= {EAST} AND north <= {NORTH}", name="within_japan"
    ),
    CheckConstraint(
        "(geometry IS NULL) = (west IS NULL) AND (geometry IS NULL) = (south IS NULL)"
        " AND (geometry IS NULL) = (east IS NULL) AND (geometry IS NULL) = (north IS NULL)",
        name="bounds_known",
    ),
    Index("ix_feature_geometry", "geometry", postgresql_using="gist").ddl_if(dialect="postgresql"),
)

agreement = Table(
    "agreement",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("agreement_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # each text that was ever in force stays
    Column("text", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)

assessment = Table(
    "assessment",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("assessment_id", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
)

trigger = Table(
    "trigger",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("recorded_at", UtcDateTime),  # None: when it happened
    _word("confirmed_by"),
    ForeignKeyConstraint(["municipality", "event_id"], ["event.municipality", "event.event_id"]),
)

event_area = Table(
    "event_area",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("area_id", Text, primary_key=True),
    Column("added_at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    ForeignKeyConstraint(["municipality", "event_id"], ["event.municipality", "event.event_id"]),
)

request = Table(
    "request",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("requester", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("channel", Text, nullable=False),
    Column("confirmed_by", Text, nullable=False),
    Column("document_no", Text, nullable=False),
    Column("event_id", Text),
    Column("fields", _json()),
    Column("area", Text),
    Column("added_at", UtcDateTime, nullable=False),
    _word("reason"),
    _word("person"),
    _word("role"),
)

step = Table(
    "step",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),  # order of the steps, from 0
    Column("act", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("number", Text, nullable=False),  # of a document, a pack or a receipt
    ForeignKeyConstraint(["municipality", "request_id"], ["request.municipality", "request.request_id"]),
)

provision = Table(
    "provision",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("provision_id", Text, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("staging", Text, nullable=False),
    Column("final", Text, nullable=False),
    Column("sha256", Text),
    Column("decision", _json(), nullable=False),
    Column("reason", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("released_at", UtcDateTime),
    Column("ended_at", UtcDateTime),  # handed or failed
    Column("manifest", _json()),  # None: not released, or by version 0001
    ForeignKeyConstraint(["municipality", "request_id"], ["request.municipality", "request.request_id"]),
    CheckConstraint("state IN ('staging', 'released', 'handed', 'failed')", name="state"),
)

subjects = Table(
    "subjects",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("pack_id", Text, primary_key=True),
    Column("file", Text, nullable=False),  # below the folder of the store, with forward slashes
    Column("size", BigInteger, nullable=False),  # how many keys
    Column("sha256", Text, nullable=False),  # of the file
    ForeignKeyConstraint(["municipality", "pack_id"], ["provision.municipality", "provision.provision_id"]),
)

received = Table(
    "received",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("pack_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("event_id", Text),
    Column("drill", Boolean, nullable=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("manifest", _json(), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)

recall = Table(
    "recall",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("recall_id", Text, primary_key=True),
    Column("pack_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("due_by", UtcDateTime, nullable=False),
    Column("files", _json(), nullable=False),  # SHA-256 by path
)

receipt = Table(
    "receipt",
    metadata,
    Column("municipality", Text, primary_key=True),
    Column("receipt_id", Text, primary_key=True),
    Column("pack_id", Text, nullable=False),
    Column("deleted_at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("complete", Boolean, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
