"""Keep the links by which files are opened to whoever has them."""

import sqlalchemy as sa
from alembic import op

revision = "system_0009"
down_revision = "system_0008"


def upgrade() -> None:
    op.create_table(
        "system_open_link",
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["system_user.id"], name=op.f("fk_system_open_link_author_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_open_link")),
    )
    with op.batch_alter_table("system_open_link") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_open_link_author_id"), ["author_id"], unique=False)
        batch_op.create_index("ix_system_open_link_record", ["resource", "record_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("system_open_link") as batch_op:
        batch_op.drop_index("ix_system_open_link_record")
        batch_op.drop_index(batch_op.f("ix_system_open_link_author_id"))
    op.drop_table("system_open_link")
