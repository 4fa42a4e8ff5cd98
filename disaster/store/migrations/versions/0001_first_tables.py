"""The first tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _json() -> sa.JSON:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def _geometry() -> sa.LargeBinary:
    return sa.LargeBinary().with_variant(Geometry("GEOMETRY", srid=6668, spatial_index=False), "postgresql")


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("agreement_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "agreement_id", "number", name="pk_agreement"),
    )
    op.create_table(
        "batch",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("sources", _json(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("set_aside", _json(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pack_id", sa.Text(), nullable=True),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "NOT personal OR state = 'purged' OR wrapped_key IS NOT NULL", name="ck_batch_personal_is_encrypted"
        ),
        sa.CheckConstraint("state IN ('active', 'purged')", name="ck_batch_state"),
        sa.CheckConstraint("read = accepted + refused", name="ck_batch_counts"),
        sa.PrimaryKeyConstraint("municipality", "batch_id", name="pk_batch"),
        sa.UniqueConstraint("municipality", "number", name="uq_batch_municipality_number"),
    )
    op.create_index("ix_batch_municipality_kind_dataset", "batch", ["municipality", "kind", "dataset"], unique=False)
    op.create_table(
        "event",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("municipality", "event_id", name="pk_event"),
    )
    op.create_table(
        "ledger",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_ledger_head_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_head"),
    )
    op.create_table(
        "meta",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("municipalities", _json(), nullable=False),
        sa.Column("key_check", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('post', 'municipality', 'demo')", name="ck_meta_side"),
        sa.CheckConstraint("id = 1", name="ck_meta_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_meta"),
    )
    op.create_table(
        "received",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("manifest", _json(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "pack_id", name="pk_received"),
    )
    op.create_table(
        "request",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("fields", _json(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "request_id", name="pk_request"),
    )
    op.create_table(
        "feature",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("properties", _json(), nullable=False),
        sa.Column("west", sa.Float(precision=53), nullable=True),
        sa.Column("south", sa.Float(precision=53), nullable=True),
        sa.Column("east", sa.Float(precision=53), nullable=True),
        sa.Column("north", sa.Float(precision=53), nullable=True),
        sa.Column("geometry", _geometry(), nullable=True),
        sa.CheckConstraint(
            "(geometry IS NULL) = (west IS NULL) AND (geometry IS NULL) = (south IS NULL)"
            " AND (geometry IS NULL) = (east IS NULL) AND (geometry IS NULL) = (north IS NULL)",
            name="ck_feature_bounds_known",
        ),
        sa.CheckConstraint(
            "west >= 122 AND south >= 20 AND east <= 154 AND north <= 46", name="ck_feature_within_japan"
        ),
        sa.ForeignKeyConstraint(
            ["municipality", "batch_id"],
            ["batch.municipality", "batch.batch_id"],
            name="fk_feature_batch",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("municipality", "batch_id", "n", name="pk_feature"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_feature_geometry", "feature", ["geometry"], unique=False, postgresql_using="gist")
    op.create_table(
        "provision",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("provision_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("staging", sa.Text(), nullable=False),
        sa.Column("final", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("decision", _json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('staging', 'released', 'handed', 'failed')", name="ck_provision_state"),
        sa.ForeignKeyConstraint(
            ["municipality", "request_id"], ["request.municipality", "request.request_id"], name="fk_provision_request"
        ),
        sa.PrimaryKeyConstraint("municipality", "provision_id", name="pk_provision"),
    )
    op.create_table(
        "trigger",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality", "event_id"], ["event.municipality", "event.event_id"], name="fk_trigger_event"
        ),
        sa.PrimaryKeyConstraint("municipality", "event_id", "n", name="pk_trigger"),
    )


def downgrade() -> None:
    op.drop_table("trigger")
    op.drop_table("provision")
    op.drop_table("feature")
    op.drop_table("request")
    op.drop_table("received")
    op.drop_table("meta")
    op.drop_table("ledger_head")
    op.drop_table("ledger")
    op.drop_table("event")
    op.drop_table("batch")
    op.drop_table("agreement")
