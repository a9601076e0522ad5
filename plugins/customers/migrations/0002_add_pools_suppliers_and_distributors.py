"""Add pools, suppliers and distributors."""

import sqlalchemy as sa
from alembic import op

revision = "customers_0002"
down_revision = "customers_0001"


def upgrade() -> None:
    op.create_table(
        "customers_distributor_category",
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
            ["parent_id"],
            ["customers_distributor_category.id"],
            name=op.f("fk_customers_distributor_category_parent_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_distributor_category")),
    )
    with op.batch_alter_table("customers_distributor_category") as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_distributor_category_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "customers_pool",
        sa.Column("return_days", sa.Integer(), nullable=True),
        sa.Column("most_claims", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_pool")),
    )
    with op.batch_alter_table("customers_pool") as batch_op:
        batch_op.create_index(
            "uq_customers_pool_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "customers_supplier_category",
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
            ["parent_id"],
            ["customers_supplier_category.id"],
            name=op.f("fk_customers_supplier_category_parent_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_supplier_category")),
    )
    with op.batch_alter_table("customers_supplier_category") as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_supplier_category_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "customers_distributor",
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=80), nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("payment_days", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("name_key", sa.String(length=255), nullable=True),
        sa.Column("phone_key", sa.String(length=255), nullable=True),
        sa.Column("party_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["customers_distributor_category.id"],
            name=op.f("fk_customers_distributor_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_customers_distributor_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_customers_distributor_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["customers_party.id"], name=op.f("fk_customers_distributor_party_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_distributor")),
    )
    with op.batch_alter_table("customers_distributor") as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_distributor_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_distributor_department_id"), ["department_id"], unique=False)
        batch_op.create_index("ix_customers_distributor_name_key", ["name_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_distributor_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_distributor_party_id"), ["party_id"], unique=False)
        batch_op.create_index("ix_customers_distributor_phone_key", ["phone_key"], unique=False)
        batch_op.create_index(
            "ix_customers_distributor_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_customers_distributor_code",
            ["code"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "customers_pool_department",
        sa.Column("pool_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_customers_pool_department_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["customers_pool.id"], name=op.f("fk_customers_pool_department_pool_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pool_id", "department_id", name=op.f("pk_customers_pool_department")),
    )
    with op.batch_alter_table("customers_pool_department") as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_pool_department_department_id"), ["department_id"], unique=False)

    op.create_table(
        "customers_pool_user",
        sa.Column("pool_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["customers_pool.id"], name=op.f("fk_customers_pool_user_pool_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_customers_pool_user_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("pool_id", "user_id", name=op.f("pk_customers_pool_user")),
    )
    with op.batch_alter_table("customers_pool_user") as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_pool_user_user_id"), ["user_id"], unique=False)

    op.create_table(
        "customers_supplier",
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=80), nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("payment_days", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("name_key", sa.String(length=255), nullable=True),
        sa.Column("phone_key", sa.String(length=255), nullable=True),
        sa.Column("party_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["customers_supplier_category.id"],
            name=op.f("fk_customers_supplier_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_customers_supplier_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_customers_supplier_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["customers_party.id"], name=op.f("fk_customers_supplier_party_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_supplier")),
    )
    with op.batch_alter_table("customers_supplier") as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_supplier_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_supplier_department_id"), ["department_id"], unique=False)
        batch_op.create_index("ix_customers_supplier_name_key", ["name_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_supplier_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_supplier_party_id"), ["party_id"], unique=False)
        batch_op.create_index("ix_customers_supplier_phone_key", ["phone_key"], unique=False)
        batch_op.create_index(
            "ix_customers_supplier_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_customers_supplier_code",
            ["code"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    with op.batch_alter_table("customers_customer") as batch_op:
        batch_op.add_column(sa.Column("pool_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("pooled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("pool_reason", sa.String(length=200), nullable=True))
        batch_op.add_column(
            sa.Column("claimed_from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("owned_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("returns_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("silent_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_customers_customer_claimed_from_id"), ["claimed_from_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_customer_pool_id"), ["pool_id"], unique=False)
        batch_op.create_index("ix_customers_customer_returns_at", ["returns_at"], unique=False)
        batch_op.create_index("ix_customers_customer_silent_at", ["silent_at"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_customers_customer_pool_id"), "customers_pool", ["pool_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_customers_customer_claimed_from_id"),
            "customers_pool",
            ["claimed_from_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        batch_op.create_check_constraint(
            op.f("ck_customers_customer_pool"), "pool_id IS NULL OR (owner_id IS NULL AND department_id IS NULL)"
        )

    with op.batch_alter_table("customers_level") as batch_op:
        batch_op.add_column(sa.Column("contact_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("customers_level") as batch_op:
        batch_op.drop_column("contact_days")

    with op.batch_alter_table("customers_customer") as batch_op:
        batch_op.drop_constraint(op.f("ck_customers_customer_pool"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_customers_customer_claimed_from_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_customers_customer_pool_id"), type_="foreignkey")
        batch_op.drop_index("ix_customers_customer_silent_at")
        batch_op.drop_index("ix_customers_customer_returns_at")
        batch_op.drop_index(batch_op.f("ix_customers_customer_pool_id"))
        batch_op.drop_index(batch_op.f("ix_customers_customer_claimed_from_id"))
        batch_op.drop_column("silent_at")
        batch_op.drop_column("returns_at")
        batch_op.drop_column("owned_since")
        batch_op.drop_column("claimed_from_id")
        batch_op.drop_column("pool_reason")
        batch_op.drop_column("pooled_at")
        batch_op.drop_column("pool_id")

    op.drop_table("customers_supplier")
    op.drop_table("customers_pool_user")
    op.drop_table("customers_pool_department")
    op.drop_table("customers_distributor")
    op.drop_table("customers_supplier_category")
    op.drop_table("customers_pool")
    op.drop_table("customers_distributor_category")
