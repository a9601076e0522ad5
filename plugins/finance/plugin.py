"""Finance: what is owed and by whom, what came in and went out, expenses, and what is earned by each deal."""

from plugins.finance import pages
from plugins.finance.customers import dealings, purchases
from plugins.finance.demo import demo
from plugins.finance.resources import (
    accounts,
    allocations,
    categories,
    expenses,
    methods,
    payables,
    payments,
    receipts,
    receivables,
)
from plugins.finance.words import install
from sopia import Plugin
from sopia import translate as _

plugin = Plugin(
    name="finance",
    title=_("Finance"),
    version="1.0",
    place=30,
    requires=("customers>=1.0",),
    summary=_(
        "Receivables and payables, receipts and payments with allocation, expenses, and what is earned by each deal."
    ),
    demo=demo,
    install=install,
    resources=(receivables, receipts, payables, payments, expenses, *allocations, categories, methods, accounts),
    extensions=(dealings, purchases),
    routes=pages.ROUTES,
    menu=pages.MENU,
)
