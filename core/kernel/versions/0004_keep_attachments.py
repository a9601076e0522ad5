"""Keep files that hang on records."""

import sqlalchemy as sa
from alembic import op

revision = "system_0004"
down_revision = "system_0003"


def upgrade() -> None:
    op.create_table(
        "system_attachment",
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file_key", sa.String(length=64), nullable=False),
        sa.Column("preview_file_key", sa.String(length=64), nullable=True),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["system_user.id"], name=op.f("fk_system_attachment_author_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_attachment")),
    )
    with op.batch_alter_table("system_attachment") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_attachment_author_id"), ["author_id"], unique=False)
        batch_op.create_index("ix_system_attachment_file_key", ["file_key"], unique=False)
        batch_op.create_index("ix_system_attachment_record", ["resource", "record_id", "slot", "number"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("system_attachment") as batch_op:
        batch_op.drop_index("ix_system_attachment_record")
        batch_op.drop_index("ix_system_attachment_file_key")
        batch_op.drop_index(batch_op.f("ix_system_attachment_author_id"))
    op.drop_table("system_attachment")
