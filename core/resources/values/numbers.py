"""Whole numbers, exact decimals and percentages, with separators as people and spreadsheets write them."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, is_blank, quoted
from core.resources.values.letters import typed

EXACT = 2**53
"""Beyond this, programs that read numbers as floats (spreadsheets, JavaScript) change the last digits."""

LONGEST_NUMBER = 28
"""More figures than this are no business number, and decimal arithmetic would begin to round them."""

_NUMBER = re.compile(
    r"""(?P<plain>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)                      # 1234.5
      | (?P<english>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?)           # 1,234.5
      | (?P<spaced>[0-9]{1,3}(?:[ ][0-9]{3})+(?:\.[0-9]+|,(?![0-9]{3}$)[0-9]+)?
                 | [0-9]{1,3}(?:'[0-9]{3})+(?:\.[0-9]+)?)            # 1 234,5   1'234.5
      | (?P<european>[0-9]{1,3}(?:\.[0-9]{3})+,(?![0-9]{3}$)[0-9]+   # 1.234,5
                 | [0-9]{1,3}(?:\.[0-9]{3}){2,})                     # 1.234.567
    """,
    re.VERBOSE,
)


def integer(value: object, smallest: int = -EXACT, largest: int = EXACT, units: tuple[str, ...] = ()) -> int | None:
    """A whole number; None for blank. `units` may follow it and are dropped: 30天 with `units=("天", "日")`."""
    if type(value) is str and len(value) < 10 and value.isascii() and value.isdigit():
        number = int(value)
    else:
        exact = _exact(value, units)
        if exact is None:
            return None
        if exact != int(exact):
            raise ValueFault(_('"{value}" is not a whole number. Leave the decimals out.', value=quoted(value)))
        number = int(exact)
    if not smallest <= number <= largest:
        raise _out_of_range(value, smallest, largest)
    return number


def decimal(
    value: object,
    digits: int = 6,
    smallest: Decimal | int = -EXACT,
    largest: Decimal | int = EXACT,
    units: tuple[str, ...] = (),
) -> Decimal | None:
    """An exact decimal with at most `digits` behind the point; None for blank. A spreadsheet's float is read to the
    15 digits that the spreadsheet shows."""
    exact = _exact(value, units)
    if exact is None:
        return None
    if decimals(exact) > digits:
        raise ValueFault(
            _('"{value}" has more than {digits} digits behind the point. Round it.', value=quoted(value), digits=digits)
        )
    if not smallest <= exact <= largest:
        raise _out_of_range(value, smallest, largest)
    return exact or Decimal(0)


def percent(
    value: object, digits: int = 4, smallest: Decimal | int = 0, largest: Decimal | int = 100
) -> Decimal | None:
    """A percentage in points: "30%", "30 %", "３０％" and "30" are all 30; None for blank."""
    if isinstance(value, str):
        written = typed(value).removesuffix("%")
        value = written if written else value
    return decimal(value, digits, smallest, largest)


def plain_number(written: str) -> Decimal | None:
    """The number in a half-width text without signs or units; None where it is none or could be read in two ways.

    A comma before three digits groups thousands. A comma is the decimal sign only where the groups show it: "12 000,50"
    and "1.234,50" are read, "12,50" is not, because it may as well be a mistyped 12,500.
    """
    if len(written) > LONGEST_NUMBER:
        return None
    match = _NUMBER.fullmatch(written)
    if match is None:
        return None
    kind = match.lastgroup
    if kind == "english":
        written = written.replace(",", "")
    elif kind == "spaced":
        written = written.replace(" ", "").replace("'", "").replace(",", ".")
    elif kind == "european":
        written = written.replace(".", "").replace(",", ".")
    return Decimal(written)


def decimals(number: Decimal) -> int:
    """How many digits stand behind the point, zeros at the end not counted."""
    _sign, figures, exponent = number.as_tuple()
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    written = "".join(map(str, figures))
    return max(0, -exponent - (len(written) - len(written.rstrip("0")))) if number else 0


def from_cell(value: object) -> Decimal | None:
    """The exact number in a typed cell; None for a value of another type. Infinity and NaN are a fault."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _not_a_number(value)
        return Decimal(f"{value:.15g}")
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Decimal):
        if not value.is_finite() or value.adjusted() > LONGEST_NUMBER:
            raise _not_a_number(value)
        return value
    return None


def signed(written: str) -> tuple[str, bool]:
    """The text without its sign, and whether it was negative: -5 or, as accountants write, (5)."""
    if written.startswith("(") and written.endswith(")"):
        return written[1:-1].strip(), True
    if written[:1] in ("-", "+"):
        return written[1:].lstrip(), written[0] == "-"
    return written, False


def _exact(value: object, units: tuple[str, ...]) -> Decimal | None:
    number = from_cell(value)
    if number is not None:
        return number
    if is_blank(value):
        return None
    if not isinstance(value, str):
        raise _not_a_number(value)
    written = typed(value)
    for unit in units:
        if written.endswith(unit):
            written = written[: -len(unit)].rstrip()
            break
    written, negative = signed(written)
    number = plain_number(written)
    if number is None:
        raise _not_a_number(value)
    return -number if negative else number


def _not_a_number(value: object) -> ValueFault:
    return ValueFault(_('"{value}" is not a number. Write figures, for example 1234.5.', value=quoted(value)))


def _out_of_range(value: object, smallest: Decimal | int, largest: Decimal | int) -> ValueFault:
    return ValueFault(
        _(
            '"{value}" is outside what is allowed. Give a number from {smallest} to {largest}.',
            value=quoted(value),
            smallest=smallest,
            largest=largest,
        )
    )
