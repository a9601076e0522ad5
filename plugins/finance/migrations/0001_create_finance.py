"""Create finance."""

import sqlalchemy as sa
from alembic import op

revision = "finance_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "finance_account",
        sa.Column("holder", sa.String(length=80), nullable=True),
        sa.Column("card", sa.String(length=60), nullable=True),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_account")),
    )
    with op.batch_alter_table("finance_account") as batch_op:
        batch_op.create_index(
            "uq_finance_account_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "finance_expense_category",
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
            ["finance_expense_category.id"],
            name=op.f("fk_finance_expense_category_parent_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_expense_category")),
    )
    with op.batch_alter_table("finance_expense_category") as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_expense_category_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "finance_payment_method",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_payment_method")),
    )
    with op.batch_alter_table("finance_payment_method") as batch_op:
        batch_op.create_index(
            "uq_finance_payment_method_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "finance_expense",
        sa.Column("number", sa.String(length=30), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("order", sa.String(length=200), nullable=True),
        sa.Column("method_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("countered_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_finance_expense_amount")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["finance_account.id"], name=op.f("fk_finance_expense_account_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["finance_expense_category.id"],
            name=op.f("fk_finance_expense_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_finance_expense_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_finance_expense_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["finance_payment_method.id"], name=op.f("fk_finance_expense_method_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_finance_expense_owner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_expense")),
    )
    with op.batch_alter_table("finance_expense") as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_expense_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_expense_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_expense_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_expense_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_expense_method_id"), ["method_id"], unique=False)
        batch_op.create_index("ix_finance_expense_on", ["on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_expense_order"), ["order"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_expense_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(
            "ix_finance_expense_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_finance_expense_number",
            ["number"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "finance_payable",
        sa.Column("number", sa.String(length=30), nullable=True),
        sa.Column("party_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("source_key", sa.String(length=120), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_finance_payable_amount")),
        sa.CheckConstraint("open = amount - settled", name=op.f("ck_finance_payable_open")),
        sa.CheckConstraint("settled >= 0 AND settled <= amount", name=op.f("ck_finance_payable_settled")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_finance_payable_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_finance_payable_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_finance_payable_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["customers_party.id"], name=op.f("fk_finance_payable_party_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_payable")),
    )
    with op.batch_alter_table("finance_payable") as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_payable_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payable_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payable_due_on"), ["due_on"], unique=False)
        batch_op.create_index("ix_finance_payable_on", ["on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payable_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payable_party_id"), ["party_id"], unique=False)
        batch_op.create_index(
            "ix_finance_payable_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_finance_payable_source"), ["source"], unique=False)
        batch_op.create_index(
            "uq_finance_payable_number",
            ["number"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_finance_payable_source_key",
            ["source_key"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "finance_payment",
        sa.Column("number", sa.String(length=30), nullable=True),
        sa.Column("party_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("method_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("countered_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("allocated = 0 OR state = 'confirmed'", name=op.f("ck_finance_payment_state")),
        sa.CheckConstraint('"left" = amount - allocated', name=op.f("ck_finance_payment_left")),
        sa.CheckConstraint("allocated >= 0 AND allocated <= amount", name=op.f("ck_finance_payment_allocated")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_finance_payment_amount")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["finance_account.id"], name=op.f("fk_finance_payment_account_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_finance_payment_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_finance_payment_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["finance_payment_method.id"], name=op.f("fk_finance_payment_method_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_finance_payment_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["customers_party.id"], name=op.f("fk_finance_payment_party_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_payment")),
    )
    with op.batch_alter_table("finance_payment") as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_payment_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payment_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payment_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payment_method_id"), ["method_id"], unique=False)
        batch_op.create_index("ix_finance_payment_on", ["on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payment_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payment_party_id"), ["party_id"], unique=False)
        batch_op.create_index(
            "ix_finance_payment_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_finance_payment_number",
            ["number"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "finance_receipt",
        sa.Column("number", sa.String(length=30), nullable=True),
        sa.Column("party_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("method_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("countered_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("allocated = 0 OR state = 'confirmed'", name=op.f("ck_finance_receipt_state")),
        sa.CheckConstraint('"left" = amount - allocated', name=op.f("ck_finance_receipt_left")),
        sa.CheckConstraint("allocated >= 0 AND allocated <= amount", name=op.f("ck_finance_receipt_allocated")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_finance_receipt_amount")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["finance_account.id"], name=op.f("fk_finance_receipt_account_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_finance_receipt_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_finance_receipt_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["finance_payment_method.id"], name=op.f("fk_finance_receipt_method_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_finance_receipt_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["customers_party.id"], name=op.f("fk_finance_receipt_party_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_receipt")),
    )
    with op.batch_alter_table("finance_receipt") as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_receipt_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receipt_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receipt_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receipt_method_id"), ["method_id"], unique=False)
        batch_op.create_index("ix_finance_receipt_on", ["on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receipt_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receipt_party_id"), ["party_id"], unique=False)
        batch_op.create_index(
            "ix_finance_receipt_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_finance_receipt_number",
            ["number"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "finance_receivable",
        sa.Column("number", sa.String(length=30), nullable=True),
        sa.Column("party_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("source_key", sa.String(length=120), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_finance_receivable_amount")),
        sa.CheckConstraint("open = amount - settled", name=op.f("ck_finance_receivable_open")),
        sa.CheckConstraint("settled >= 0 AND settled <= amount", name=op.f("ck_finance_receivable_settled")),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_finance_receivable_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_finance_receivable_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_finance_receivable_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["customers_party.id"], name=op.f("fk_finance_receivable_party_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_receivable")),
    )
    with op.batch_alter_table("finance_receivable") as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_receivable_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receivable_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receivable_due_on"), ["due_on"], unique=False)
        batch_op.create_index("ix_finance_receivable_on", ["on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receivable_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_receivable_party_id"), ["party_id"], unique=False)
        batch_op.create_index(
            "ix_finance_receivable_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_finance_receivable_source"), ["source"], unique=False)
        batch_op.create_index(
            "uq_finance_receivable_number",
            ["number"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_finance_receivable_source_key",
            ["source_key"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "finance_allocation",
        sa.Column("receipt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receivable_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_finance_allocation_amount")),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["finance_receipt.id"], name=op.f("fk_finance_allocation_receipt_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["receivable_id"],
            ["finance_receivable.id"],
            name=op.f("fk_finance_allocation_receivable_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_allocation")),
    )
    with op.batch_alter_table("finance_allocation") as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_allocation_receipt_id"), ["receipt_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_allocation_receivable_id"), ["receivable_id"], unique=False)

    op.create_table(
        "finance_payment_allocation",
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payable_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_finance_payment_allocation_amount")),
        sa.ForeignKeyConstraint(
            ["payable_id"],
            ["finance_payable.id"],
            name=op.f("fk_finance_payment_allocation_payable_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["finance_payment.id"],
            name=op.f("fk_finance_payment_allocation_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_payment_allocation")),
    )
    with op.batch_alter_table("finance_payment_allocation") as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_payment_allocation_payable_id"), ["payable_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finance_payment_allocation_payment_id"), ["payment_id"], unique=False)


def downgrade() -> None:
    op.drop_table("finance_payment_allocation")
    op.drop_table("finance_allocation")
    op.drop_table("finance_receivable")
    op.drop_table("finance_receipt")
    op.drop_table("finance_payment")
    op.drop_table("finance_payable")
    op.drop_table("finance_expense")
    op.drop_table("finance_payment_method")
    op.drop_table("finance_expense_category")
    op.drop_table("finance_account")
