"""What service adds to the page of a customer: his requests, plans and return visits."""

from __future__ import annotations

from sopia import Extension, Panel
from sopia import translate as _

on_customers = Extension(
    "customers.customer",
    parts=(
        Panel(
            _("Service requests"), resource="service.request", by="customer",
            columns=("number", "subject", "type", "state", "handler", "due_at"),
        ),
        Panel(
            _("Service plans"), resource="service.plan", by="customer",
            columns=("name", "rule", "first_on", "occurrences"),
        ),
        Panel(
            _("Return visits"), resource="service.visit", by="customer",
            columns=("on", "subject", "state", "score", "feedback"),
        ),
    ),
)  # fmt: skip
