"""Keep saved views and holidays; China's public holidays of 2025 and 2026 come with it."""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "system_0007"
down_revision = "system_0006"

SPRING, QINGMING, LABOUR = "Spring Festival", "Qingming Festival", "Labour Day"
BOAT, AUTUMN, NATIONAL, NEW_YEAR = "Dragon Boat Festival", "Mid-Autumn Festival", "National Day", "New Year"

FREE = (
    (date(2025, 1, 1), 1, NEW_YEAR),
    (date(2025, 1, 28), 8, SPRING),
    (date(2025, 4, 4), 3, QINGMING),
    (date(2025, 5, 1), 5, LABOUR),
    (date(2025, 5, 31), 3, BOAT),
    (date(2025, 10, 1), 8, "National Day and Mid-Autumn Festival"),
    (date(2026, 1, 1), 3, NEW_YEAR),
    (date(2026, 2, 15), 9, SPRING),
    (date(2026, 4, 4), 3, QINGMING),
    (date(2026, 5, 1), 5, LABOUR),
    (date(2026, 6, 19), 3, BOAT),
    (date(2026, 9, 25), 3, AUTUMN),
    (date(2026, 10, 1), 7, NATIONAL),
)
"""The first day of each, and how many there are, as the State Council has published them."""

WORKED = (
    date(2025, 1, 26), date(2025, 2, 8), date(2025, 4, 27), date(2025, 9, 28), date(2025, 10, 11),
    date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10),
)  # fmt: skip
"""Days at the weekend that are worked to make up for them."""

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    holiday = op.create_table(
        "system_holiday",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_holiday")),
    )
    with op.batch_alter_table("system_holiday") as batch_op:
        batch_op.create_index(
            "uq_system_holiday_on",
            ["on"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
    days = [(first + timedelta(days=number), name, False) for first, count, name in FREE for number in range(count)]
    days += [(day, "Make-up working day", True) for day in WORKED]
    moment = datetime.now(UTC)
    given = {"version": 1, "created_at": moment, "updated_at": moment}
    op.bulk_insert(holiday, [{"on": day, "name": name, "works": works, **given} for day, name, works in sorted(days)])
    op.create_table(
        "system_view",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("role_id", KEY, nullable=True),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["system_department.id"], name=op.f("fk_system_view_department_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["system_role.id"], name=op.f("fk_system_view_role_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_view_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_view")),
    )
    with op.batch_alter_table("system_view") as batch_op:
        for column in ("department_id", "role_id", "user_id"):
            batch_op.create_index(batch_op.f(f"ix_system_view_{column}"), [column], unique=False)
        batch_op.create_index("ix_system_view_resource", ["resource"], unique=False)
    op.create_table(
        "system_view_choice",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("view", sa.String(length=60), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_view_choice_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_view_choice")),
    )
    with op.batch_alter_table("system_view_choice") as batch_op:
        batch_op.create_index("uq_system_view_choice", ["user_id", "resource", "view"], unique=True)


def downgrade() -> None:
    op.drop_table("system_view_choice")
    op.drop_table("system_view")
    op.drop_table("system_holiday")
