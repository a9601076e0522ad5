"""Keep files that hang on records."""

revision = "system_0004"
down_revision = "system_0003"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
