"""Sales: opportunities, quotations, orders under a credit check, contracts with payment plans, and targets."""

from plugins.sales.customers import of_customer
from plugins.sales.demo import demo
from plugins.sales.plans import age
from plugins.sales.resources import contracts, installments, opportunities, orders, quotations, targets
from plugins.sales.settings import CHECKED, OVERDUE_DAYS, REMIND_DAYS
from sopia import Job, Plugin, Schedule
from sopia import translate as _

plugin = Plugin(
    name="sales",
    title=_("Sales"),
    version="1.0",
    place=20,
    requires=("customers>=1.0", "catalog>=1.0"),
    summary=_(
        "Opportunities, quotations, orders checked against the credit limit, contracts with payment plans, targets."
    ),
    demo=demo,
    resources=(opportunities, quotations, orders, contracts, installments, targets),
    extensions=(of_customer,),
    settings=(CHECKED, OVERDUE_DAYS, REMIND_DAYS),
    jobs=(
        Job("sales.age", age),
        Schedule("sales.age", "2 0 * * *", "sales.age", "instalments become due and overdue with the day"),
    ),
)
