"""Create journals."""

import sqlalchemy as sa
from alembic import op

revision = "journals_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "journals_rule",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("weekdays", sa.String(length=20), nullable=True),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('day', 'week', 'month')", name=op.f("ck_journals_rule_kind")),
        sa.CheckConstraint('"window" >= 0', name=op.f("ck_journals_rule_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journals_rule")),
    )
    op.create_table(
        "journals_journal",
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("period_on", sa.Date(), nullable=True),
        sa.Column("done", sa.Text(), nullable=True),
        sa.Column("planned", sa.Text(), nullable=True),
        sa.Column("results", sa.Text(), nullable=True),
        sa.Column("lessons", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('day', 'week', 'month')", name=op.f("ck_journals_journal_kind")),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_journals_journal_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_journals_journal_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["system_user.id"], name=op.f("fk_journals_journal_reviewer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journals_journal")),
    )
    with op.batch_alter_table("journals_journal") as batch_op:
        batch_op.create_index(batch_op.f("ix_journals_journal_department_id"), ["department_id"], unique=False)
        batch_op.create_index("ix_journals_journal_on", ["on"], unique=False)
        batch_op.create_index(batch_op.f("ix_journals_journal_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_journals_journal_reviewer_id"), ["reviewer_id"], unique=False)
        batch_op.create_index(
            "uq_journals_journal_period",
            ["owner_id", "kind", "period_on"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "journals_rule_department",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_journals_rule_department_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["journals_rule.id"], name=op.f("fk_journals_rule_department_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "department_id", name=op.f("pk_journals_rule_department")),
    )
    with op.batch_alter_table("journals_rule_department") as batch_op:
        batch_op.create_index(batch_op.f("ix_journals_rule_department_department_id"), ["department_id"], unique=False)

    op.create_table(
        "journals_rule_group",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["system_group.id"], name=op.f("fk_journals_rule_group_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["journals_rule.id"], name=op.f("fk_journals_rule_group_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "group_id", name=op.f("pk_journals_rule_group")),
    )
    with op.batch_alter_table("journals_rule_group") as batch_op:
        batch_op.create_index(batch_op.f("ix_journals_rule_group_group_id"), ["group_id"], unique=False)

    op.create_table(
        "journals_rule_member",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["journals_rule.id"], name=op.f("fk_journals_rule_member_rule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_journals_rule_member_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("rule_id", "user_id", name=op.f("pk_journals_rule_member")),
    )
    with op.batch_alter_table("journals_rule_member") as batch_op:
        batch_op.create_index(batch_op.f("ix_journals_rule_member_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("journals_rule_member")
    op.drop_table("journals_rule_group")
    op.drop_table("journals_rule_department")
    op.drop_table("journals_journal")
    op.drop_table("journals_rule")
