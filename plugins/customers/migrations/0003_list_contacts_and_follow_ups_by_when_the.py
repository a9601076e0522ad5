"""List contacts and follow-ups by when they were made."""

import sqlalchemy as sa
from alembic import op

revision = "customers_0003"
down_revision = "customers_0002"


def upgrade() -> None:
    with op.batch_alter_table("customers_contact") as batch_op:
        batch_op.create_index(
            "ix_customers_contact_recent",
            ["created_at", "id", "customer_id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    with op.batch_alter_table("customers_follow_up") as batch_op:
        batch_op.create_index(
            "ix_customers_follow_up_recent",
            ["at", "id", "customer_id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("customers_follow_up") as batch_op:
        batch_op.drop_index(
            "ix_customers_follow_up_recent",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    with op.batch_alter_table("customers_contact") as batch_op:
        batch_op.drop_index(
            "ix_customers_contact_recent",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
