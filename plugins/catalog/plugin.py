"""The catalog: what is sold and bought, at which price, and the words of purchase and stock."""

from plugins.catalog.demo import demo
from plugins.catalog.resources import categories, dictionaries, price_lists, prices, products
from plugins.catalog.words import install
from sopia import Plugin, ShippedRole
from sopia import translate as _

KEEPER = ShippedRole(
    "catalog_keeper",
    _("Keeper of the catalog"),
    # Price lists are for types of customers.
    {"catalog.*": {"*": "all"}, "customers.type": {"view": "all"}},
)
"""Goods, prices and the words of stock belong to nobody, so whoever keeps them needs them for everything."""

plugin = Plugin(
    name="catalog",
    title=_("Catalog"),
    version="1.0",
    place=80,
    requires=("customers>=1.0",),
    summary=_(
        "Products in a tree of categories, price lists for sale and purchase, warehouses and the natures of stock."
    ),
    demo=demo,
    install=install,
    roles=(KEEPER,),
    resources=(products, price_lists, prices, categories, *dictionaries),
)
