"""Let types of service say what is asked."""

import sqlalchemy as sa
from alembic import op

revision = "service_0002"
down_revision = "service_0001"


def upgrade() -> None:
    with op.batch_alter_table("service_type") as batch_op:
        batch_op.add_column(sa.Column("outline", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("needs_contact", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("service_type") as batch_op:
        batch_op.drop_column("needs_contact")
        batch_op.drop_column("outline")
