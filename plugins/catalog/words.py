"""The words that the dictionaries of the catalog start with; the administrator changes them as he likes."""

from __future__ import annotations

from plugins.catalog.models import Category, PurchaseType, StockInNature, StockOutNature, Warehouse
from sopia import Session
from sopia import translate as _

WORDS = (
    (Category, (_("Finished goods"), _("Spare parts"), _("Raw materials"), _("Service work"))),
    (PurchaseType, (_("Purchase for stock"), _("Purchase for an order"), _("Purchase for own use"))),
    (Warehouse, (_("Main warehouse"), _("Returns warehouse"))),
    (StockInNature, (_("Received from purchase"), _("Returned by customer"), _("Found at stocktaking"))),
    (StockOutNature, (_("Delivered to customer"), _("Returned to supplier"), _("Used up"), _("Lost or damaged"))),
)


def install(session: Session) -> None:
    """Put the words into the dictionaries, in the language of the installation."""
    for model, words in WORDS:
        session.add_all(model(name=str(word), position=i) for i, word in enumerate(words, 1))
