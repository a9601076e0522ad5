"""The tables of sales, one noun a file."""

from plugins.sales.models.contracts import Contract, Installment, Receipt, contract_order
from plugins.sales.models.documents import Order, OrderLine, Quotation, QuotationLine
from plugins.sales.models.firms import Debt
from plugins.sales.models.opportunities import Opportunity
from plugins.sales.models.targets import Target

__all__ = [
    "Contract",
    "Debt",
    "Installment",
    "Opportunity",
    "Order",
    "OrderLine",
    "Quotation",
    "QuotationLine",
    "Receipt",
    "Target",
    "contract_order",
]
