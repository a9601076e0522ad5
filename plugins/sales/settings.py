"""What the company decides about sales."""

from sopia import Setting
from sopia import translate as _

CHECKED = Setting(
    "credit_check",
    default=True,
    title=_("Check credit when an order is confirmed"),
    help=_("What the customer owes and what he has ordered stays within his credit limit."),
)

OVERDUE_DAYS = Setting(
    "overdue_days",
    default=30,
    title=_("Overdue days that stop new orders"),
    unit=_("days"),
    help=_("Whoever has owed money for longer gets no order confirmed until somebody releases it."),
)

REMIND_DAYS = Setting(
    "remind_days",
    default=7,
    title=_("Remind of instalments"),
    unit=_("days before"),
    help=_("For new payment plans; each instalment can have days of its own."),
)
