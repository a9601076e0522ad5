"""Keep saved views and holidays."""

revision = "system_0005"
down_revision = "system_0004"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
