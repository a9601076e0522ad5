"""The lists, forms and pages of sales, one noun a file."""

from plugins.sales.resources.contracts import contracts, installments
from plugins.sales.resources.documents import orders, quotations
from plugins.sales.resources.opportunities import opportunities
from plugins.sales.resources.targets import targets

__all__ = ["contracts", "installments", "opportunities", "orders", "quotations", "targets"]
