"""Keep approvals and their rules, numbers and their counters."""

revision = "system_0005"
down_revision = "system_0004"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
