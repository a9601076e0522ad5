"""The verbs of sales for other plugins: report what is owed and what has arrived, ask what a customer owes."""

from __future__ import annotations

from plugins.sales.credit import note_receivable, note_receivables
from plugins.sales.firms import Exposure, exposure_of, today
from plugins.sales.lines import line_amount
from plugins.sales.plans import Due, Term, by_terms, evenly, note_received, plan, state_of

__all__ = [
    "Due",
    "Exposure",
    "Term",
    "by_terms",
    "evenly",
    "exposure_of",
    "line_amount",
    "note_receivable",
    "note_receivables",
    "note_received",
    "plan",
    "state_of",
    "today",
]
