"""Amounts in Chinese capitals: examples from practice, and that they can be read back for every amount."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.types import Money
from core.resources.values.capitals import DIGITS, capital_amount


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("1", "壹元整"),
        ("10.50", "壹拾元零伍角整"),
        ("100.05", "壹佰元零伍分"),
        ("1205.30", "壹仟贰佰零伍元叁角整"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("10005", "壹万零伍元整"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("100000000", "壹亿元整"),
        ("100000001", "壹亿零壹元整"),
        ("1000010000", "壹拾亿零壹万元整"),
        ("1000000000000", "壹万亿元整"),
        ("1000500000000", "壹万零伍亿元整"),
        ("-3.10", "负叁元壹角整"),
    ],
)
def test_amounts_read_as_in_practice(amount: str, words: str) -> None:
    assert capital_amount(Decimal(amount)) == words


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_every_amount_can_be_read_back(fen: int) -> None:
    words = capital_amount(Money(fen))
    assert value_of(words) == fen
    assert "零零" not in words
    assert capital_amount(Decimal(fen) / 100) == words


def test_what_is_no_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="fen"):
        capital_amount(Decimal("0.001"))
    with pytest.raises(TypeError):
        capital_amount(0.5)  # type: ignore[arg-type]


def value_of(words: str) -> int:
    """The fen that the words mean, read the way a person does."""
    sign = -1 if words.startswith("负") else 1
    words = words.lstrip("负").rstrip("整")
    whole, _unit, rest = words.partition("元") if "元" in words else ("", "", words)
    fen, digit = _number(whole) * 100, 0
    for character in rest:
        if character in DIGITS:
            digit = DIGITS.index(character)
        else:
            fen += digit * {"角": 10, "分": 1}[character]
    return sign * fen


def _number(words: str) -> int:
    for unit, value in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = words.rpartition(unit)
        if found:
            return _number(head) * value + _number(tail)
    total = digit = 0
    for character in words:
        if character in DIGITS:
            digit = DIGITS.index(character)
        else:
            total += digit * {"拾": 10, "佰": 100, "仟": 1000}[character]
            digit = 0
    return total + digit
