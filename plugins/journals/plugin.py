"""Journals: what people did, what came of it and what they plan, with the customers that it is about."""

from plugins.journals import jobs, pages
from plugins.journals.demo import demo
from plugins.journals.resources import journals, on_customers, rules
from sopia import MenuEntry, Plugin, Route
from sopia import translate as _

SEEN = "journals.journal.view"

plugin = Plugin(
    name="journals",
    title=_("Journals"),
    version="1.0",
    place=60,
    requires=("customers>=1.0",),
    summary=_("Daily, weekly and monthly journals, drafted from the records, reviewed, and found from each customer."),
    demo=demo,
    resources=(journals, rules),
    extensions=(on_customers,),
    routes=(Route("/submissions", pages.page, allow=SEEN),),
    menu=(MenuEntry(_("Who has written"), pages.URL, allow=SEEN, icon="check", group=_("Journals")),),
    jobs=jobs.JOBS,
)
