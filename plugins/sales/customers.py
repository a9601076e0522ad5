"""What sales adds to customers: what they owe and how much credit is left, and their documents."""

from __future__ import annotations

from typing import Any

from plugins.customers.models import Customer
from plugins.sales.firms import exposure_of, today
from plugins.sales.lines import in_figures
from sopia import Extension, Panel, Session, acting
from sopia import translate as _


def credit_of(session: Session, customer: Customer) -> dict[str, Any]:
    """What the panel shows: what the firm owes, of how much, and since when something is overdue."""
    with acting(session, "what a firm owes counts all of it") as beyond:
        exposure, day = exposure_of(beyond, customer), today(beyond)
    limit = customer.credit_limit
    owed = exposure.total
    share = (
        owed.minor / limit.minor if limit is not None and limit.minor else 1.0 if owed and limit is not None else 0.0
    )
    days = (day - exposure.overdue_since).days if exposure.overdue_since is not None else 0
    return {
        "owed": in_figures(owed),
        "receivables": in_figures(exposure.receivables),
        "orders": in_figures(exposure.orders),
        "limit": None if limit is None else in_figures(limit),
        "left": None if limit is None else in_figures(limit - owed),
        "share": share,
        "tone": "bad" if days or share > 1 else "warn" if share > 0.8 else "",
        "overdue": in_figures(exposure.overdue),
        "days": days,
        "released": None,
    }


of_customer = Extension(
    of="customers.customer",
    parts=(
        Panel(_("Credit"), "sales/credit.html", credit_of, glance=True),
        Panel(
            _("Opportunities"),
            resource="sales.opportunity",
            by="customer",
            columns=("name", "stage", "amount", "close_on"),
        ),
        Panel(_("Quotations"), resource="sales.quotation", by="customer", columns=("number", "on", "total", "state")),
        Panel(_("Sales orders"), resource="sales.order", by="customer", columns=("number", "on", "total", "state")),
        Panel(
            _("Contracts"),
            resource="sales.contract",
            by="customer",
            columns=("number", "signed_on", "amount", "received", "outstanding", "state"),
        ),
    ),
)
