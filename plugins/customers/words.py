"""The words that the dictionaries start with; the administrator changes them as he likes."""

from __future__ import annotations

from plugins.customers.models import Category, Level, Source, Tag, Type
from sopia import Session
from sopia import translate as _

TYPES = (
    (_("First-time customer"), "grey"),
    (_("Interested customer"), "blue"),
    (_("Potential customer"), "amber"),
    (_("Formal customer"), "green"),
)
LEVELS = ((_("A: key customer"), "red"), (_("B: important customer"), "orange"), (_("C: ordinary customer"), "grey"))
SOURCES = (_("Exhibition"), _("Referral"), _("Website"), _("Telephone"), _("Existing customer"), _("Advertisement"))
TAGS = ((_("Visited us"), "teal"), (_("Pays late"), "red"), (_("Wants samples"), "violet"))
CATEGORIES = (_("Manufacturing"), _("Trade"), _("Services"), _("Public sector"))


def install(session: Session) -> None:
    """Put the words into the dictionaries, in the language of the installation."""
    for model, words in ((Type, TYPES), (Level, LEVELS), (Tag, TAGS)):
        session.add_all(model(name=str(w), colour=colour, position=i) for i, (w, colour) in enumerate(words, 1))
    session.add_all(Source(name=str(word), position=i) for i, word in enumerate(SOURCES, 1))
    session.add_all(Category(name=str(word), position=i) for i, word in enumerate(CATEGORIES, 1))
