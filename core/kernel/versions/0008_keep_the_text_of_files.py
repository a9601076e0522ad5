"""Keep the text of files, by which the records that are about them are found."""

import sqlalchemy as sa
from alembic import op

revision = "system_0008"
down_revision = "system_0007"


def upgrade() -> None:
    with op.batch_alter_table("system_attachment") as batch_op:
        batch_op.add_column(sa.Column("text", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("system_attachment") as batch_op:
        batch_op.drop_column("text")
