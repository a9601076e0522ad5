"""Create service."""

import sqlalchemy as sa
from alembic import op

revision = "service_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "service_type",
        sa.Column("complaint", sa.Boolean(), nullable=False),
        sa.Column("working_hours", sa.BigInteger(), nullable=True),
        sa.Column("visit_days", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_type")),
    )
    with op.batch_alter_table("service_type") as batch_op:
        batch_op.create_index(
            "uq_service_type_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "service_plan",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contract", sa.BigInteger(), nullable=True),
        sa.Column("type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("occurrences", sa.Integer(), nullable=False),
        sa.Column("handler_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("occurrences BETWEEN 1 AND 200", name=op.f("ck_service_plan_occurrences")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_service_plan_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["system_department.id"], name=op.f("fk_service_plan_department_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["handler_id"], ["system_user.id"], name=op.f("fk_service_plan_handler_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_service_plan_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["type_id"], ["service_type.id"], name=op.f("fk_service_plan_type_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_plan")),
    )
    with op.batch_alter_table("service_plan") as batch_op:
        batch_op.create_index(batch_op.f("ix_service_plan_contract"), ["contract"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_plan_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_plan_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_plan_handler_id"), ["handler_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_plan_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(
            "ix_service_plan_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_service_plan_type_id"), ["type_id"], unique=False)

    op.create_table(
        "service_request",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contract", sa.BigInteger(), nullable=True),
        sa.Column("type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("complaint", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("accepted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("handler_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_service_request_score")),
        sa.ForeignKeyConstraint(
            ["accepted_by_id"], ["system_user.id"], name=op.f("fk_service_request_accepted_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["customers_contact.id"], name=op.f("fk_service_request_contact_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_service_request_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_service_request_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["handler_id"], ["system_user.id"], name=op.f("fk_service_request_handler_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_service_request_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["service_plan.id"], name=op.f("fk_service_request_plan_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["type_id"], ["service_type.id"], name=op.f("fk_service_request_type_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request")),
    )
    with op.batch_alter_table("service_request") as batch_op:
        batch_op.create_index(batch_op.f("ix_service_request_accepted_by_id"), ["accepted_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_request_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_request_contract"), ["contract"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_request_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_request_department_id"), ["department_id"], unique=False)
        batch_op.create_index("ix_service_request_due_at", ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_request_handler_id"), ["handler_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_request_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_request_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(
            "ix_service_request_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index("ix_service_request_state", ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_request_type_id"), ["type_id"], unique=False)
        batch_op.create_index(
            "uq_service_request_number",
            ["number"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_service_request_occurrence",
            ["plan_id", "occurrence"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "service_visit",
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contract", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("visitor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("on", sa.Date(), nullable=True),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_service_visit_score")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_service_visit_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_service_visit_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_service_visit_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["service_request.id"], name=op.f("fk_service_visit_request_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["visitor_id"], ["system_user.id"], name=op.f("fk_service_visit_visitor_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_visit")),
    )
    with op.batch_alter_table("service_visit") as batch_op:
        batch_op.create_index(batch_op.f("ix_service_visit_contract"), ["contract"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_visit_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_visit_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_visit_on"), ["on"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_visit_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(
            "ix_service_visit_recent",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_service_visit_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_visit_visitor_id"), ["visitor_id"], unique=False)


def downgrade() -> None:
    op.drop_table("service_visit")
    op.drop_table("service_request")
    op.drop_table("service_plan")
    op.drop_table("service_type")
