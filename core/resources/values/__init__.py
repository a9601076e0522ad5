"""Reads what people type and what files hold into Python values, one function a kind, and writes values out again.

Pure functions without a database. Each takes a string or a typed cell of a sheet, gives None (text: "") for blank, and
raises `ValueFault` with a sentence for the person: what was found, in quotes, and what to write instead.
"""

from core.resources.values.amounts import money
from core.resources.values.booleans import boolean
from core.resources.values.colours import COLOURS, colour
from core.resources.values.company_names import normalise_name
from core.resources.values.dates import date
from core.resources.values.emails import email
from core.resources.values.faults import ValueFault, is_blank
from core.resources.values.instants import instant
from core.resources.values.numbers import EXACT, decimal, integer, percent
from core.resources.values.output import boolean_text, date_text, decimal_text, instant_text, money_text
from core.resources.values.periods import Period, add_months, bounds, is_period, period
from core.resources.values.phones import Phone, phone
from core.resources.values.texts import long_text, text
from core.resources.values.urls import url

__all__ = [
    "COLOURS",
    "EXACT",
    "Period",
    "Phone",
    "ValueFault",
    "add_months",
    "boolean",
    "boolean_text",
    "bounds",
    "colour",
    "date",
    "date_text",
    "decimal",
    "decimal_text",
    "email",
    "instant",
    "instant_text",
    "integer",
    "is_blank",
    "is_period",
    "long_text",
    "money",
    "money_text",
    "normalise_name",
    "percent",
    "period",
    "phone",
    "text",
    "url",
]
