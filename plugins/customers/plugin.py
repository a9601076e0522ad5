"""Customers: the firms that buy, who works there, and what was said with them; suppliers and distributors beside them."""

from plugins.customers.demo import demo
from plugins.customers.ownership import keep_pools
from plugins.customers.partner_resources import distributors, suppliers
from plugins.customers.resources import contacts, customers, dictionaries, follow_ups, parties, pools
from plugins.customers.words import install
from sopia import Job, MenuEntry, Plugin, Schedule, Setting
from sopia import translate as _

POOL = (
    "/customers/customers?pool__empty=false&sort=-pooled_at"
    "&columns=name,type,level,region,industry,pool,pooled_at,pool_reason"
)
"""The list of those whom nobody has."""

plugin = Plugin(
    name="customers",
    title=_("Customers"),
    version="1.1",
    place=10,
    summary=_(
        "Customers with contacts and follow-ups, a public pool with rules, silent customers, suppliers and distributors."
    ),
    demo=demo,
    install=install,
    resources=(customers, contacts, follow_ups, suppliers, distributors, parties, pools, *dictionaries),
    menu=(
        MenuEntry(
            _("Public pool"),
            POOL,
            "customers.customer.claim",
            group=_("Customers"),
        ),
    ),
    settings=(
        Setting(
            "silent_days",
            default=60,
            title=_("Days until a customer is silent"),
            unit=_("days"),
            help=_("For customers without a level, or of a level that says nothing else."),
        ),
    ),
    jobs=(
        Job("customers.keep_pools", keep_pools),
        Schedule(
            "customers.keep_pools",
            "10 3 * * *",
            "customers.keep_pools",
            "customers return to the pool by its rules, whoever has them",
        ),
    ),
)
