"""Column types and their values: money in minor units, exact decimals, instants in UTC, links to other records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKey, Integer
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

MONEY_LIMIT = 2**53
"""Amounts stay exact in every program that reads JSON numbers as floats, so no more minor units than this."""

EXACT_LIMIT = 10**17
"""Smallest steps of an exact decimal; sums of many still fit into the database's whole numbers."""

DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "BHD": 3, "KWD": 3, "TND": 3}
"""Minor digits of the currencies that do not have two."""

Key = BigInteger().with_variant(Integer, "sqlite")
"""The type of every record's id. SQLite numbers rows by itself only for a plain INTEGER key."""


def minor_digits(currency: str) -> int:
    """How many digits a currency has behind the point: 2 for CNY, 0 for JPY."""
    return DIGITS.get(currency, 2)


class Money:
    """An exact amount: whole minor units (分, cents) of one currency; `currency=None` means the installation's own.

    Never made from a float: 0.1 has no exact float, and money must not drift.
    """

    __slots__ = ("currency", "minor")

    def __init__(self, minor: int, currency: str | None = None) -> None:
        if isinstance(minor, bool) or not isinstance(minor, int):
            raise TypeError(
                f"Money takes whole minor units, not {minor!r}; write Money.of('12.50') for a decimal amount"
            )
        self.minor = minor
        self.currency = currency

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str | None = None) -> Money:
        """Money from a decimal amount such as `"1234.50"`; more digits than the currency has are an error."""
        if isinstance(amount, (float, bool)):
            raise TypeError(f"Money takes a decimal or a string, not {amount!r}, because a float is not exact")
        digits = minor_digits(currency or "CNY")
        scaled = Decimal(amount).scaleb(digits)
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"'{amount}' has more than {digits} digits behind the point; round it first")
        return cls(int(scaled), currency)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """How the queue keeps it in an event: minor units and currency."""
        from pydantic_core import core_schema

        kept = core_schema.plain_serializer_function_ser_schema(lambda money: [money.minor, money.currency])
        return core_schema.no_info_plain_validator_function(
            lambda told: told if isinstance(told, cls) else cls(*told), serialization=kept
        )

    def decimal(self) -> Decimal:
        """The amount as a decimal number of whole units."""
        digits = minor_digits(self.currency or "CNY")
        return Decimal(self.minor).scaleb(-digits)

    def times(self, factor: Decimal | int) -> Money:
        """The amount times an exact factor (a quantity, a rate), rounded half up to the minor unit."""
        if isinstance(factor, float):
            raise TypeError("Money is multiplied by a decimal or a whole number, because a float is not exact")
        exact = (Decimal(self.minor) * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return Money(int(exact), self.currency)

    def split(self, weights: list[int]) -> list[Money]:
        """The amount in parts after `weights`, whose sum is exact: what is left over goes to the largest remainders."""
        whole = sum(weights)
        if not weights or whole <= 0 or min(weights) < 0:
            raise ValueError(f"The weights {weights} split nothing; give at least one positive whole number")
        size, sign = abs(self.minor), -1 if self.minor < 0 else 1
        shares = [divmod(size * weight, whole) for weight in weights]
        left = size - sum(share for share, _ in shares)
        first = sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))[:left]
        return [Money(sign * (share + (i in first)), self.currency) for i, (share, _) in enumerate(shares)]

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"Money is added to money, not to {other!r}")
        if self.currency != other.currency and None not in (self.currency, other.currency):
            raise ValueError(f"{self.currency} and {other.currency} do not add up; convert one of them first")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency or other.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency or other.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and (self.minor, self.currency) == (other.minor, other.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __hash__(self) -> int:
        return hash((self.minor, self.currency))

    def __str__(self) -> str:
        return f"{self.decimal():f}"

    def __repr__(self) -> str:
        return f"Money({self.minor}{f', {self.currency!r}' if self.currency else ''})"


class MoneyType(TypeDecorator[Money]):
    """A column of `Money`, kept as whole minor units; refuses numbers that are not `Money`."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Dialect) -> int | None:
        """The minor units, or an error for anything that is not money."""
        if value is None:
            return None
        if not isinstance(value, Money):
            raise TypeError(f"A money column takes Money, not {value!r}")
        if abs(value.minor) > MONEY_LIMIT:
            raise ValueError(f"{value} is too large an amount")
        return value.minor

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Money | None:
        """Money of the installation's own currency; sums come back as decimals from some databases."""
        return None if value is None else Money(int(value))


class Exact(TypeDecorator[Decimal]):
    """A column of exact decimals (quantities, unit prices, percentages), kept as whole numbers of the smallest step.

    `digits` may stand behind the point; at least `least` of them are shown: a price is 12.50, a quantity 3. Refuses
    floats, and what has more digits: round it first, where the business says how.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, digits: int = 4, least: int = 0) -> None:
        super().__init__()
        self.digits = digits
        self.least = least

    @property
    def python_type(self) -> type[Decimal]:
        """Decimal, not the whole number that the database keeps."""
        return Decimal

    @property
    def largest(self) -> Decimal:
        """The largest number that fits, up and down."""
        return Decimal(EXACT_LIMIT).scaleb(-self.digits)

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """The number of steps, or an error for what is not exact."""
        if value is None:
            return None
        if isinstance(value, (float, bool)) or not isinstance(value, (Decimal, int)):
            raise TypeError(f"A column of exact decimals takes a decimal or a whole number, not {value!r}")
        scaled = Decimal(value).scaleb(self.digits)
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"'{value}' has more than {self.digits} digits behind the point; round it first")
        if abs(scaled) > EXACT_LIMIT:
            raise ValueError(f"{value} is too large a number")
        return int(scaled)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """The decimal, with as many digits as are to be shown."""
        if value is None:
            return None
        number = Decimal(int(value)).scaleb(-self.digits).normalize()
        exponent = number.as_tuple().exponent
        shown = max(self.least, -exponent if isinstance(exponent, int) else 0)
        return number.quantize(Decimal(1).scaleb(-shown))


class Instant(TypeDecorator[datetime]):
    """A moment in time: goes in with any offset, comes out in UTC; refuses datetimes without an offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC; SQLite keeps it without the offset so that text order is time order."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone; an instant needs one, for example datetime.now(UTC)")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def link(
    target: type[Any] | str, *, nullable: bool = False, ondelete: str = "RESTRICT", index: bool = True
) -> MappedColumn[Any]:
    """A column that holds the id of a `target` record, given as a model or as a table's name."""
    table = target if isinstance(target, str) else target.__tablename__
    return mapped_column(Key, ForeignKey(f"{table}.id", ondelete=ondelete), nullable=nullable, index=index)
