"""Service: requests and complaints taken on and carried out, plans that bring them about, and return visits."""

from plugins.service.customers import on_customers
from plugins.service.demo import demo
from plugins.service.resources import plans, requests, types, visits
from plugins.service.words import install
from sopia import Plugin, ShippedRole
from sopia import translate as _

STAFF = ShippedRole(
    "service",
    _("Service staff"),
    # Whoever answers the telephone finds the customer that calls, whosever he is.
    {"service.*": {"*": "department"}, "customers.*": {"view": "all"}},
)

HEAD = ShippedRole(
    "service_head",
    _("Head of service"),
    {"service.*": {"*": "branch"}, "service.type": {"*": "all"}, "customers.*": {"view": "all"}},
)

plugin = Plugin(
    name="service",
    title=_("Service"),
    version="1.0",
    place=40,
    requires=("customers>=1.0",),
    summary=_("Service requests and complaints with deadlines in working time, service plans, and return visits."),
    demo=demo,
    install=install,
    resources=(requests, visits, plans, types),
    extensions=(on_customers,),
    roles=(STAFF, HEAD),
)
