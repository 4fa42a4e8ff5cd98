"""Courses of requests, assessments, areas of events, and what follows a release."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _json() -> sa.JSON:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def _words(table: str, *names: str) -> None:
    for name in names:
        op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=""))


def upgrade() -> None:
    _words("request", "reason", "person", "role")
    op.add_column("trigger", sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True))
    _words("trigger", "confirmed_by")
    # version 0001 did not ask who confirmed a call, this one does not read a call without it
    op.execute(sa.text("UPDATE trigger SET confirmed_by = '記録なし' WHERE kind = 'telephone'"))
    op.add_column("provision", sa.Column("manifest", _json(), nullable=True))
    op.create_table(
        "event_area",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("area_id", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality", "event_id"], ["event.municipality", "event.event_id"], name="fk_event_area_event"
        ),
        sa.PrimaryKeyConstraint("municipality", "event_id", "area_id", name="pk_event_area"),
    )
    op.create_table(
        "step",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality", "request_id"], ["request.municipality", "request.request_id"], name="fk_step_request"
        ),
        sa.PrimaryKeyConstraint("municipality", "request_id", "n", name="pk_step"),
    )
    op.create_table(
        "assessment",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("assessment_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "assessment_id", name="pk_assessment"),
    )
    op.create_table(
        "subjects",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality", "pack_id"],
            ["provision.municipality", "provision.provision_id"],
            name="fk_subjects_provision",
        ),
        sa.PrimaryKeyConstraint("municipality", "pack_id", name="pk_subjects"),
    )
    op.create_table(
        "recall",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("recall_id", sa.Text(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("files", _json(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "recall_id", name="pk_recall"),
    )
    op.create_table(
        "receipt",
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "receipt_id", name="pk_receipt"),
    )


def downgrade() -> None:
    for table in ("receipt", "recall", "subjects", "assessment", "step", "event_area"):
        op.drop_table(table)
    op.drop_column("provision", "manifest")
    for name in ("confirmed_by", "recorded_at"):
        op.drop_column("trigger", name)
    for name in ("role", "person", "reason"):
        op.drop_column("request", name)
