"""Amounts of money into whole minor units, from ￥12,000.00, 5万, 1.2亿元, RMB 300 and (1,200.00)."""

from __future__ import annotations

import re
from decimal import Decimal

from core.kernel.i18n import translate as _
from core.kernel.types import MONEY_LIMIT, Money, minor_digits
from core.resources.values.faults import ValueFault, is_blank, quoted
from core.resources.values.letters import typed
from core.resources.values.numbers import decimals, from_cell, plain_number, signed

LONGEST_AMOUNT = 60

MULTIPLES = {
    "千": 10**3,
    "K": 10**3,
    "万": 10**4,
    "W": 10**4,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "万亿": 10**12,
}

DOLLARS = frozenset({"USD", "HKD", "TWD", "SGD", "AUD", "CAD", "NZD", "MOP"})
YUAN = frozenset({"CNY", "HKD", "TWD", "MOP"})

MARKS = {
    "¥": frozenset({"CNY", "JPY"}),
    "$": DOLLARS,
    "元": YUAN,
    "圆": YUAN,
    "块": YUAN,
    "块钱": YUAN,
    **{mark: frozenset({"CNY"}) for mark in ("RMB", "人民币", "CN¥")},
    **{mark: frozenset({"USD"}) for mark in ("US$", "美元", "美金")},
    **{mark: frozenset({"HKD"}) for mark in ("HK$", "港元", "港币")},
    **{mark: frozenset({"TWD"}) for mark in ("NT$", "台币", "新台币")},
    **{mark: frozenset({"JPY"}) for mark in ("JP¥", "日元", "円")},
    **{mark: frozenset({"EUR"}) for mark in ("€", "欧元")},
    **{mark: frozenset({"GBP"}) for mark in ("£", "英镑")},
    **{mark: frozenset({"KRW"}) for mark in ("₩", "韩元")},
    **{
        code: frozenset({code})
        for code in re.findall("...", "CNYUSDEURGBPHKDTWDJPYKRWSGDAUDCADNZDCHFMOPTHBVNDINRRUBMYR")
    },
}
"""How currencies are written, and which ones each mark may mean."""

_MARK = "|".join(re.escape(mark) for mark in sorted(MARKS, key=len, reverse=True))
_MULTIPLE = "|".join(sorted(MULTIPLES, key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?P<before>(?:(?:{_MARK})\s*)*):?\s*(?P<sign>[-+]?)\s*(?P<number>[0-9.,' ]+?)"
    rf"\s*(?P<multiple>{_MULTIPLE})?\s*(?P<after>(?:(?:{_MARK})\s*)?)[整正]?"
)
_EACH_MARK = re.compile(_MARK)
_COMMON = re.compile(r"[¥￥]?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})(?:\.([0-9]{2}))?(万)?")


def money(value: object, currency: str = "CNY") -> int | None:
    """An amount in minor units of `currency`; None for blank. 万 and 亿 multiply, parentheses and a minus negate.

    A mark of another currency is a fault, never a conversion; so are more decimals than the currency has, words
    (面议, 约5万), ranges, and amounts beyond what is counted exactly.
    """
    if type(value) is str:
        common = _COMMON.fullmatch(value)
        if common is not None and currency == "CNY":
            whole, part, wan = common.groups()
            minor = int(whole.replace(",", "")) * 100 + (int(part) if part else 0)
            return _checked(minor * 10_000 if wan else minor, value)
    exact = _exact(value, currency)
    if exact is None:
        return None
    digits = minor_digits(currency)
    if decimals(exact) > digits:
        raise ValueFault(
            _(
                '"{value}" has more than the {digits} decimals of {currency}. Round it.',
                value=quoted(value),
                digits=digits,
                currency=currency,
            )
        )
    return _checked(int(exact.scaleb(digits)), value)


def _exact(value: object, currency: str) -> Decimal | None:
    if isinstance(value, Money):
        if value.currency not in (None, currency):
            raise _foreign(f"{value} {value.currency}", currency)
        return Decimal(value.minor).scaleb(-minor_digits(currency))
    number = from_cell(value)
    if number is not None:
        return number
    if is_blank(value):
        return None
    if not isinstance(value, str):
        raise _no_amount(value)
    return _written(value, currency)


def _written(value: str, currency: str) -> Decimal:
    written = typed(value[: LONGEST_AMOUNT + 1]).upper()
    unsigned, negative = signed(written)
    match = _AMOUNT.fullmatch(unsigned) if len(written) <= LONGEST_AMOUNT else None
    if match is None or (match["sign"] and unsigned != written):
        raise _no_amount(value)
    for mark in _EACH_MARK.findall(match["before"] + match["after"]):
        if currency not in MARKS[mark]:
            raise _foreign(value, currency)
    number = plain_number(match["number"].strip())
    if number is None:
        raise _no_amount(value)
    number *= MULTIPLES.get(match["multiple"] or "", 1)
    return -number if negative or match["sign"] == "-" else number


def _checked(minor: int, value: object) -> int:
    if abs(minor) > MONEY_LIMIT:
        raise ValueFault(_('The amount "{value}" is too large. Check the number of digits.', value=quoted(value)))
    return minor


def _no_amount(value: object) -> ValueFault:
    return ValueFault(_('"{value}" is not an amount. Write it as 12000.00 or 1.2万.', value=quoted(value)))


def _foreign(value: object, currency: str) -> ValueFault:
    return ValueFault(
        _(
            '"{value}" is in another currency. Convert it to {currency} and write the number alone.',
            value=quoted(value),
            currency=currency,
        )
    )
