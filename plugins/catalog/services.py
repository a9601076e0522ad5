"""What a product costs: which price list applies, and which of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import or_, select

from plugins.catalog.models import Price, PriceList, Product
from sopia import Session


@dataclass(frozen=True, slots=True)
class Offer:
    """A unit price with where it comes from; `price_list` is None for the product's own price."""

    price: Decimal
    price_list: int | None = None
    name: str = ""


def price_that_applies(
    session: Session,
    product: Product,
    *,
    on: date,
    quantity: Decimal,
    customer_type: int | None = None,
    kind: str = "sale",
) -> Offer | None:
    """The unit price on a day for a quantity, or None where nothing is laid down.

    A list for the customer's own type goes before one for everybody, of two such the one that began last; within the
    list the highest step that the quantity reaches. Where no list names the product, its own price holds.
    """
    for_all = PriceList.customer_type_id.is_(None)
    mine = for_all if customer_type is None else or_(for_all, PriceList.customer_type_id == customer_type)
    found = session.execute(
        select(Price.price, PriceList.id, PriceList.name)
        .join(PriceList, PriceList.id == Price.price_list_id)
        .where(
            Price.product_id == product.id,
            Price.minimum_quantity <= quantity,
            PriceList.kind == kind,
            PriceList.archived.is_(False),
            or_(PriceList.valid_from.is_(None), PriceList.valid_from <= on),
            or_(PriceList.valid_to.is_(None), PriceList.valid_to >= on),
            mine,
        )
        .order_by(
            for_all,
            PriceList.valid_from.is_(None),
            PriceList.valid_from.desc(),
            PriceList.id.desc(),
            Price.minimum_quantity.desc(),
        )
        .limit(1)
    ).first()
    if found is not None:
        return Offer(found[0], found[1], found[2])
    own = product.purchase_price if kind == "purchase" else product.sale_price
    return None if own is None else Offer(own)
