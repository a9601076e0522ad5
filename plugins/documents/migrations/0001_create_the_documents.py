"""Create the documents."""

import sqlalchemy as sa
from alembic import op

revision = "documents_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "documents_folder",
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["documents_folder.id"], name=op.f("fk_documents_folder_parent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents_folder")),
    )
    with op.batch_alter_table("documents_folder") as batch_op:
        batch_op.create_index(batch_op.f("ix_documents_folder_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "documents_level",
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("rank >= 0", name=op.f("ck_documents_level_rank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents_level")),
    )
    with op.batch_alter_table("documents_level") as batch_op:
        batch_op.create_index(
            "uq_documents_level_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "documents_tag",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents_tag")),
    )
    with op.batch_alter_table("documents_tag") as batch_op:
        batch_op.create_index(
            "uq_documents_tag_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "documents_document",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("folder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("level_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_documents_document_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_documents_document_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["documents_folder.id"], name=op.f("fk_documents_document_folder_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["level_id"], ["documents_level.id"], name=op.f("fk_documents_document_level_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_documents_document_owner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents_document")),
    )
    with op.batch_alter_table("documents_document") as batch_op:
        batch_op.create_index(batch_op.f("ix_documents_document_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_documents_document_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_documents_document_folder_id"), ["folder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_documents_document_level_id"), ["level_id"], unique=False)
        batch_op.create_index(
            "ix_documents_document_mine",
            ["owner_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_documents_document_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(
            "ix_documents_document_recent",
            ["created_at", "id", "owner_id", "department_id", "rank"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index("ix_documents_document_title", ["title"], unique=False)
        batch_op.create_index("ix_documents_document_updated_at", ["updated_at"], unique=False)

    op.create_table(
        "documents_document_tag",
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents_document.id"],
            name=op.f("fk_documents_document_tag_document_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["documents_tag.id"], name=op.f("fk_documents_document_tag_tag_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("document_id", "tag_id", name=op.f("pk_documents_document_tag")),
    )
    with op.batch_alter_table("documents_document_tag") as batch_op:
        batch_op.create_index(batch_op.f("ix_documents_document_tag_tag_id"), ["tag_id"], unique=False)


def downgrade() -> None:
    op.drop_table("documents_document_tag")
    op.drop_table("documents_document")
    op.drop_table("documents_tag")
    op.drop_table("documents_level")
    op.drop_table("documents_folder")
