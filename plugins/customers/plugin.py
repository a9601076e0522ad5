"""Customers: the firms that buy, who works there, and what was said with them."""

from plugins.customers.demo import demo
from plugins.customers.resources import categories, contacts, customers, dictionaries, follow_ups
from plugins.customers.words import install
from sopia import Plugin
from sopia import translate as _

plugin = Plugin(
    name="customers",
    title=_("Customers"),
    version="1.0",
    summary=_("Customers with types, categories and levels, their contacts, and the record of every follow-up."),
    demo=demo,
    install=install,
    resources=(customers, contacts, follow_ups, *dictionaries, categories),
)
