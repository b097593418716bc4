"""The application's tables, and pgmerit beside them."""

import sqlalchemy as sa
from alembic import op
from pgmerit.contrib.sqlalchemy import install, uninstall

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    install(op.get_bind())
    op.create_table(
        "people",
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
    )
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Integer(), primary_key=True),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column(
            "called_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("calls")
    op.drop_table("people")
    uninstall(op.get_bind())
