"""Create tasks."""

import sqlalchemy as sa
from alembic import op

revision = "tasks_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "tasks_task",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("next_step", sa.String(length=300), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("giver_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("repeat", sa.String(length=20), nullable=True),
        sa.Column("repeat_until", sa.Date(), nullable=True),
        sa.Column("repeat_day", sa.Integer(), nullable=True),
        sa.Column("follows_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("progress >= 0 AND progress <= 100", name=op.f("ck_tasks_task_progress")),
        sa.CheckConstraint("starts_on <= due_on", name=op.f("ck_tasks_task_days")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_tasks_task_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["system_department.id"], name=op.f("fk_tasks_task_department_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["follows_id"], ["tasks_task.id"], name=op.f("fk_tasks_task_follows_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["giver_id"], ["system_user.id"], name=op.f("fk_tasks_task_giver_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["system_user.id"], name=op.f("fk_tasks_task_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["tasks_task.id"], name=op.f("fk_tasks_task_parent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks_task")),
    )
    with op.batch_alter_table("tasks_task") as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_task_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_task_department_id"), ["department_id"], unique=False)
        batch_op.create_index("ix_tasks_task_due_on", ["due_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_task_giver_id"), ["giver_id"], unique=False)
        batch_op.create_index(
            "ix_tasks_task_mine",
            ["owner_id", "state", "due_on"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_tasks_task_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_task_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(
            "uq_tasks_task_follows",
            ["follows_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "tasks_step",
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["tasks_task.id"], name=op.f("fk_tasks_step_task_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks_step")),
    )
    with op.batch_alter_table("tasks_step") as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_step_task_id"), ["task_id"], unique=False)

    op.create_table(
        "tasks_task_member",
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks_task.id"], name=op.f("fk_tasks_task_member_task_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_tasks_task_member_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("task_id", "user_id", name=op.f("pk_tasks_task_member")),
    )
    with op.batch_alter_table("tasks_task_member") as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_task_member_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("tasks_task_member")
    op.drop_table("tasks_step")
    op.drop_table("tasks_task")
