"""Documents: what the company knows, in files with versions, graded by the knowledge keeper and found by their text."""

from plugins.documents.demo import demo
from plugins.documents.resources import documents, folders, levels, on_customers, tags
from plugins.documents.words import ROLES, install
from sopia import Plugin
from sopia import translate as _

plugin = Plugin(
    name="documents",
    title=_("Documents"),
    version="1.0",
    place=70,
    requires=("customers>=1.0",),
    summary=_("Files with versions in a tree of folders, found by their text, shared, and graded by levels."),
    demo=demo,
    install=install,
    roles=ROLES,
    resources=(documents, folders, levels, tags),
    extensions=(on_customers,),
)
