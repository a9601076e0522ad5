"""Keep saved views and holidays."""

revision = "system_0007"
down_revision = "system_0006"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
