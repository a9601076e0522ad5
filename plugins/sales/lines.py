"""The lines of quotations and orders: where a price comes from, what a line amounts to, which are below the floor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from sqlalchemy import select

from plugins.catalog.models import Product
from plugins.catalog.services import price_that_applies
from plugins.customers.models import Customer
from plugins.sales.models import OrderLine, Quotation, QuotationLine
from plugins.sales.models.documents import Document, Line
from sopia import Money, Session, Text, acting
from sopia import translate as _

MOST = Money.of(50_000_000_000)
"""A line of more is a mistake; so many lines as a document may have still add up exactly."""

DIGITS = 60
"""More than a price, a quantity and a discount can have together, so that nothing is rounded on the way."""


def line_amount(price: Decimal, quantity: Decimal, discount: Decimal) -> Money:
    """Unit price × quantity × (1 − discount), rounded half up to the minor unit; the discount is in percent."""
    with localcontext() as exact:
        exact.prec = DIGITS
        amount = price * quantity * (100 - discount) / 100
        return Money.of(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def fault_of_line(_resources: Any, line: Mapping[str, Any]) -> Mapping[str, Text]:
    """What is wrong with a line as it was typed, by field."""
    quantity, price, discount = line.get("quantity"), line.get("price"), line.get("discount")
    if quantity is not None and quantity <= 0:
        return {"quantity": _("A quantity is more than 0.")}
    if price is not None and price < 0:
        return {"price": _("A price is not below 0.")}
    if discount is not None and not 0 <= discount <= 100:
        return {"discount": _("A discount is between 0 and 100 percent.")}
    if price is not None and line_amount(price, Decimal(1) if quantity is None else quantity, Decimal(0)) > MOST:
        return {"price": _("The line amounts to more than {most}. Check price and quantity.", most=in_figures(MOST))}
    return {}


def in_figures(amount: Money) -> str:
    """An amount as a sentence says it: 12,500.00."""
    return f"{amount.decimal():,.2f}"


def plainly(number: Decimal) -> str:
    """A price or quantity without needless digits."""
    return f"{number:,f}"


def lines_of(session: Session, document: Document) -> list[Any]:
    """The lines of a document in their order."""
    model: Any = QuotationLine if isinstance(document, Quotation) else OrderLine
    parent = model.quotation_id if isinstance(document, Quotation) else model.order_id
    wanted = select(model).where(parent == document.id, model.deleted_at.is_(None))
    return list(session.scalars(wanted.order_by(model.position, model.id)))


def reckon(session: Session, document: Any) -> None:
    """Fill in the prices that apply, and what lines and document amount to."""
    with acting(session, "prices and sums of a document follow from its lines") as beyond:
        here: Any = beyond.get_one(type(document), document.id)
        lines, total, below = lines_of(beyond, here), Money(0), False
        products = products_of(beyond, lines)
        kind = beyond.scalar(select(Customer.type_id).where(Customer.id == here.customer_id))
        for line in lines:
            product = products[line.product_id]
            if line.price is None:
                line.price = price_for(beyond, here, product, line.quantity, kind)
            amount = Money(0)
            if line.price is not None:
                amount = line_amount(line.price, line.quantity, line.discount)
            if line.amount != amount:
                line.amount = amount
            total += amount
            below = below or is_below_floor(line, product)
        if (here.total, here.below_floor) != (total, below):
            here.total, here.below_floor = total, below
    session.expire(document)


def price_for(
    session: Session, document: Any, product: Product, quantity: Decimal, customer_type: int | None
) -> Decimal | None:
    """The price that applies to a line; None where nothing is laid down, or where it would burst every measure."""
    offer = price_that_applies(session, product, on=document.on, quantity=quantity, customer_type=customer_type)
    if offer is None or line_amount(offer.price, quantity, Decimal(0)) > MOST:
        return None
    return offer.price


def products_of(session: Session, lines: Iterable[Line]) -> dict[int, Product]:
    """The products that lines name."""
    wanted = {line.product_id for line in lines}
    return {product.id: product for product in session.scalars(select(Product).where(Product.id.in_(wanted)))}


def net_price(line: Line) -> Decimal:
    """What one unit costs after the discount."""
    return (line.price or Decimal(0)) * (100 - line.discount) / 100


def is_below_floor(line: Line, product: Product) -> bool:
    """Whether a line sells below the lowest price of its product."""
    return line.price is not None and product.floor_price is not None and net_price(line) < product.floor_price


def why_below_floor(session: Session, document: Any) -> Text | None:
    """Which line sells below the lowest price, in figures; None where none does."""
    lines = lines_of(session, document)
    products = products_of(session, lines)
    for line in lines:
        product = products[line.product_id]
        if is_below_floor(line, product):
            return _(
                "“{product}” at {price} is below the lowest price {floor}",
                product=product.name[:40],
                price=plainly(net_price(line).normalize()),
                floor=plainly(product.floor_price or Decimal(0)),
            )
    return None


def why_incomplete(session: Session, document: Any) -> Text | None:
    """What a document lacks before it is sent on: lines, and a price on each."""
    lines = lines_of(session, document)
    if not lines:
        return _("There are no lines. Add what is sold.")
    products = products_of(session, lines)
    for number, line in enumerate(lines, 1):
        if line.price is None:
            name = products[line.product_id].name
            return _("Line {number}, “{product}”, has no price: no price list names it. Type one.",
                     number=number, product=name)  # fmt: skip
    return None
