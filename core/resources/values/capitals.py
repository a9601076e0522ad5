"""Amounts in Chinese capitals (大写金额), as contracts and receipts in China have them, safe from being altered."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.kernel.types import Money

DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
PLACES: Final = ("", "拾", "佰", "仟")
GROUPS: Final = ("", "万", "亿", "万亿", "亿亿")


def capital_amount(amount: Money | Decimal | int, *, unit: str = "元") -> str:
    """An amount in Chinese capitals: 1,205.30 is 壹仟贰佰零伍元叁角整. Fractions of a fen are refused."""
    fen = _fen(amount)
    if abs(fen) >= 10**20:
        raise ValueError(f"{amount} is too large to be written in capitals")
    sign, whole = "负" if fen < 0 else "", abs(fen)
    yuan, jiao, rest = whole // 100, whole // 10 % 10, whole % 10
    if not whole:
        return f"零{unit}整"
    text = f"{_whole(yuan)}{unit}" if yuan else ""
    if not jiao and not rest:
        return f"{sign}{text}整"
    if jiao:
        # 壹拾元零伍角: a gap before the jiao is said, as one before the fen is.
        text += f"{'零' if yuan and not yuan % 10 else ''}{DIGITS[jiao]}角"
    elif yuan:
        text += "零"
    return f"{sign}{text}{DIGITS[rest]}分" if rest else f"{sign}{text}整"


def _fen(amount: Money | Decimal | int) -> int:
    if isinstance(amount, Money):
        return amount.minor
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int):
        raise TypeError(f"An amount is Money, a decimal or a whole number, not {amount!r}")
    scaled = Decimal(amount) * 100
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has fractions of a fen; round it first")
    return int(scaled)


def _whole(number: int) -> str:
    """A whole number from 1 on, in groups of four digits."""
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text, gap = "", False
    for position in range(len(groups) - 1, -1, -1):
        group = groups[position]
        if not group:
            gap = bool(text)
            continue
        if text and (gap or group < 1000):
            text += "零"
        text += _four(group) + _group(position, groups)
        gap = False
    return text


def _group(position: int, groups: list[int]) -> str:
    """万, 亿, 万亿: of 万亿 the 亿 is said by the group below, if there is one."""
    if position == 3:
        return "万" if groups[2] else "万亿"
    return GROUPS[position]


def _four(number: int) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if not digit:
            gap = bool(text)
            continue
        text += f"{'零' if gap else ''}{DIGITS[digit]}{PLACES[place]}"
        gap = False
    return text
