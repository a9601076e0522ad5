"""What finance starts with: categories of expenses, payment methods and accounts; the administrator changes them."""

from __future__ import annotations

from plugins.finance.models import Account, ExpenseCategory, PaymentMethod
from sopia import Session
from sopia import translate as _

CATEGORIES = (
    (_("Travel"), (_("Tickets and transport"), _("Hotel"), _("Daily allowance"))),
    (_("Selling"), (_("Business meals"), _("Advertising"), _("Samples and gifts"))),
    (_("Office"), (_("Rent and energy"), _("Office supplies"), _("Telephone and network"))),
    (_("Transport of goods"), ()),
    (_("Other expenses"), ()),
)
METHODS = (_("Bank transfer"), _("Cash"), _("WeChat Pay"), _("Alipay"), _("Bill of exchange"))
ACCOUNTS = (_("Company bank account"), _("Cash box"))


def install(session: Session) -> None:
    """Put the words in, in the language of the installation."""
    for position, (name, below) in enumerate(CATEGORIES, 1):
        above = ExpenseCategory(name=str(name), position=position * 10)
        session.add(above)
        session.flush()
        session.add_all(
            ExpenseCategory(name=str(word), parent_id=above.id, position=position * 10 + place)
            for place, word in enumerate(below, 1)
        )
    session.add_all(PaymentMethod(name=str(word), position=place) for place, word in enumerate(METHODS, 1))
    session.add_all(Account(name=str(word), position=place) for place, word in enumerate(ACCOUNTS, 1))
