"""Keep remarks, links, followers, notifications and reminders."""

revision = "system_0006"
down_revision = "system_0005"


def upgrade() -> None:
    """Filled in with the mechanisms."""


def downgrade() -> None:
    """Filled in with the mechanisms."""
