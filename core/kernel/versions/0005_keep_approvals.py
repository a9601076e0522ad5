"""Keep approvals and their rules, numbers and their counters."""

import sqlalchemy as sa
from alembic import op

revision = "system_0005"
down_revision = "system_0004"


def upgrade() -> None:
    op.create_table(
        "system_approval_rule",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("condition", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_approval_rule")),
    )
    with op.batch_alter_table("system_approval_rule") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_approval_rule_resource"), ["resource"], unique=False)

    op.create_table(
        "system_counter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("series", sa.String(length=200), nullable=False),
        sa.Column("value", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_counter")),
        sa.UniqueConstraint("series", name=op.f("uq_system_counter_series")),
    )
    op.create_table(
        "system_number_rule",
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("declared", sa.String(length=80), nullable=False),
        sa.Column("pattern", sa.String(length=80), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_number_rule")),
    )
    with op.batch_alter_table("system_number_rule") as batch_op:
        batch_op.create_index(
            "uq_system_number_rule_resource_field",
            ["resource", "field"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "system_approval_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("requester_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["requester_id"],
            ["system_user.id"],
            name=op.f("fk_system_approval_request_requester_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_approval_request")),
    )
    with op.batch_alter_table("system_approval_request") as batch_op:
        batch_op.create_index("ix_system_approval_request_record", ["resource", "record_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_approval_request_requester_id"), ["requester_id"], unique=False)

    op.create_table(
        "system_approval_rule_step",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('person', 'head', 'role')", name=op.f("ck_system_approval_rule_step_kind")),
        sa.ForeignKeyConstraint(
            ["role_id"], ["system_role.id"], name=op.f("fk_system_approval_rule_step_role_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["system_approval_rule.id"],
            name=op.f("fk_system_approval_rule_step_rule_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_approval_rule_step_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_approval_rule_step")),
    )
    with op.batch_alter_table("system_approval_rule_step") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_approval_rule_step_role_id"), ["role_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_approval_rule_step_rule_id"), ["rule_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_approval_rule_step_user_id"), ["user_id"], unique=False)

    op.create_table(
        "system_deputy",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("deputy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["deputy_id"], ["system_user.id"], name=op.f("fk_system_deputy_deputy_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_deputy_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_deputy")),
    )
    with op.batch_alter_table("system_deputy") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_deputy_deputy_id"), ["deputy_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_deputy_user_id"), ["user_id"], unique=False)

    op.create_table(
        "system_approval_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_for_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["system_user.id"],
            name=op.f("fk_system_approval_step_decided_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_for_id"],
            ["system_user.id"],
            name=op.f("fk_system_approval_step_decided_for_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["system_approval_request.id"],
            name=op.f("fk_system_approval_step_request_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["system_role.id"], name=op.f("fk_system_approval_step_role_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_approval_step_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_approval_step")),
    )
    with op.batch_alter_table("system_approval_step") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_approval_step_decided_by_id"), ["decided_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_approval_step_decided_for_id"), ["decided_for_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_approval_step_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_approval_step_role_id"), ["role_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_approval_step_user_id"), ["user_id"], unique=False)

    op.create_table(
        "system_approval_asked",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("for_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("share_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["for_id"], ["system_user.id"], name=op.f("fk_system_approval_asked_for_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["step_id"], ["system_approval_step.id"], name=op.f("fk_system_approval_asked_step_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_approval_asked_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_approval_asked")),
    )
    with op.batch_alter_table("system_approval_asked") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_approval_asked_for_id"), ["for_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_approval_asked_step_id"), ["step_id"], unique=False)
        batch_op.create_index("ix_system_approval_asked_user_id_step_id", ["user_id", "step_id"], unique=False)


def downgrade() -> None:
    op.drop_table("system_approval_asked")
    op.drop_table("system_approval_step")
    op.drop_table("system_deputy")
    op.drop_table("system_approval_rule_step")
    op.drop_table("system_approval_request")
    op.drop_table("system_number_rule")
    op.drop_table("system_counter")
    op.drop_table("system_approval_rule")
