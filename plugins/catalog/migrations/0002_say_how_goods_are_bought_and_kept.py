"""Let products say how they are bought and where they are kept, and warehouses how goods usually come and go."""

import sqlalchemy as sa
from alembic import op

revision = "catalog_0002"
down_revision = "catalog_0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LINKS = (
    ("catalog_product", "purchase_type_id", "catalog_purchase_type"),
    ("catalog_product", "warehouse_id", "catalog_warehouse"),
    ("catalog_warehouse", "stock_in_nature_id", "catalog_stock_in_nature"),
    ("catalog_warehouse", "stock_out_nature_id", "catalog_stock_out_nature"),
)


def upgrade() -> None:
    for table, column, target in LINKS:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column(column, KEY, nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_{table}_{column}"), target, [column], ["id"], ondelete="RESTRICT")
            batch_op.create_index(op.f(f"ix_{table}_{column}"), [column], unique=False)


def downgrade() -> None:
    for table, column, _target in reversed(LINKS):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_index(op.f(f"ix_{table}_{column}"))
            batch_op.drop_constraint(op.f(f"fk_{table}_{column}"), type_="foreignkey")
            batch_op.drop_column(column)
