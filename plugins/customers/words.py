"""The words that the dictionaries start with; the administrator changes them as he likes."""

from __future__ import annotations

from plugins.customers.models import (
    Category,
    DistributorCategory,
    Level,
    Pool,
    Source,
    SupplierCategory,
    Tag,
    Type,
)
from sopia import Session
from sopia import translate as _

TYPES = (
    (_("First-time customer"), "grey"),
    (_("Interested customer"), "blue"),
    (_("Potential customer"), "amber"),
    (_("Formal customer"), "green"),
)
LEVELS = (
    (_("A: key customer"), "red", 15),
    (_("B: important customer"), "orange", 30),
    (_("C: ordinary customer"), "grey", 90),
)
SOURCES = (_("Exhibition"), _("Referral"), _("Website"), _("Telephone"), _("Existing customer"), _("Advertisement"))
TAGS = ((_("Visited us"), "teal"), (_("Pays late"), "red"), (_("Wants samples"), "violet"))
CATEGORIES = (_("Manufacturing"), _("Trade"), _("Services"), _("Public sector"))
SUPPLIERS = (_("Raw materials"), _("Parts and packing"), _("Transport"), _("Office and services"))
DISTRIBUTORS = (_("Exclusive distributor"), _("Regional distributor"), _("Retailer"), _("Online shop"))
TREES = ((Category, CATEGORIES), (SupplierCategory, SUPPLIERS), (DistributorCategory, DISTRIBUTORS))


def install(session: Session) -> None:
    """Put the words into the dictionaries, in the language of the installation."""
    for model, words in ((Type, TYPES), (Tag, TAGS)):
        session.add_all(model(name=str(w), colour=colour, position=i) for i, (w, colour) in enumerate(words, 1))
    session.add_all(Source(name=str(word), position=i) for i, word in enumerate(SOURCES, 1))
    session.add_all(
        Level(name=str(word), colour=colour, contact_days=days, position=i)
        for i, (word, colour, days) in enumerate(LEVELS, 1)
    )
    for tree, branches in TREES:
        session.add_all(tree(name=str(word), position=i) for i, word in enumerate(branches, 1))
    session.add(Pool(name=str(_("Public pool")), position=1))
