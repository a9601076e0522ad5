"""What finance adds to customers and suppliers: what is owed, what of it is overdue, and the documents."""

from plugins.finance import figures
from sopia import Extension, Panel
from sopia import translate as _

dealings = Extension(
    of="customers.customer",
    parts=(
        Panel(_("Money owed"), "finance/customer.html", figures.owed_by, glance=True),
        Panel(
            _("Receivables"),
            resource="finance.receivable",
            by="customer",
            columns=("number", "source", "due_on", "amount", "open", "state"),
        ),
        Panel(
            _("Receipts"),
            resource="finance.receipt",
            by="customer",
            columns=("number", "on", "amount", "left", "state"),
        ),
    ),
)

purchases = Extension(
    of="customers.supplier", parts=(Panel(_("Money owed"), "finance/customer.html", figures.owed_by, glance=True),)
)
