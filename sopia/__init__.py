"""The door for plugins: every name that a plugin may use, built-in or not. Nothing else of the platform is promised."""

from core.kernel import formats
from core.kernel.announcing import announce
from core.kernel.database import Model, Session, between
from core.kernel.errors import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    SopiaError,
    Stale,
)
from core.kernel.events import RecordChanged, RecordCreated, RecordDeleted, RecordRestored, listen
from core.kernel.expressions import among, days_after
from core.kernel.gate import acting
from core.kernel.hooks import concerning, hookimpl
from core.kernel.i18n import Text, translate, translate_plural, translator
from core.kernel.jobs import Job, Schedule, enqueue
from core.kernel.kept import Question
from core.kernel.plugin_settings import read_setting
from core.kernel.plugins import Plugin, Setting, ShippedRole
from core.kernel.policies import Attached, Commons, Own, Private, Public, Restrict, Scoped, Sealed, Through
from core.kernel.quiet import write_quietly
from core.kernel.types import Exact, Instant, Money, MoneyType, link, now
from core.resources import values
from core.resources.board import Board
from core.resources.bulk import take_ids
from core.resources.calendar import Calendar
from core.resources.fields import Choice, Field
from core.resources.importing.declared import Alongside, Brings, Headings
from core.resources.linked import Links
from core.resources.merging import merge_records
from core.resources.numbering import Numbering
from core.resources.resource import (
    BASIC_DATA,
    Action,
    Branches,
    Check,
    Column,
    Derived,
    Duplicates,
    Extension,
    Panel,
    Permission,
    Resource,
    Rows,
    Section,
)
from core.resources.values.capitals import capital_amount
from core.resources.views import Statistics, View
from core.resources.workflow import State, StateChanged, Transition, Workflow
from core.web import charts
from core.web.menu import MenuEntry
from core.web.routing import Everybody, Route
from core.workplace.activity import activity_of
from core.workplace.approval import Approval
from core.workplace.attachments import Content, file_versions
from core.workplace.declared import Activity, Draft, Linked, Reminder
from core.workplace.demo import Demo
from core.workplace.dictionaries import Dictionary, Tree, dictionary
from core.workplace.guidance import remark_on
from core.workplace.notifications import notify
from core.workplace.working_calendar import (
    add_working_days,
    add_working_hours,
    today_at_work,
    working_calendar,
    working_hours_between,
)

__all__ = [
    "BASIC_DATA",
    "Action",
    "Activity",
    "Alongside",
    "Approval",
    "Attached",
    "BadRequest",
    "Board",
    "Branches",
    "Brings",
    "Calendar",
    "Check",
    "Choice",
    "Column",
    "Commons",
    "Conflict",
    "Content",
    "Demo",
    "Derived",
    "Dictionary",
    "Draft",
    "Duplicates",
    "Everybody",
    "Exact",
    "Extension",
    "Field",
    "FieldError",
    "Forbidden",
    "Headings",
    "Instant",
    "Invalid",
    "Job",
    "Linked",
    "Links",
    "MenuEntry",
    "Model",
    "Money",
    "MoneyType",
    "NotFound",
    "Numbering",
    "Own",
    "Panel",
    "Permission",
    "Plugin",
    "Private",
    "Public",
    "Question",
    "RecordChanged",
    "RecordCreated",
    "RecordDeleted",
    "RecordRestored",
    "Reminder",
    "Resource",
    "Restrict",
    "Route",
    "Rows",
    "Schedule",
    "Scoped",
    "Sealed",
    "Section",
    "Session",
    "Setting",
    "ShippedRole",
    "SopiaError",
    "Stale",
    "State",
    "StateChanged",
    "Statistics",
    "Text",
    "Through",
    "Transition",
    "Tree",
    "View",
    "Workflow",
    "acting",
    "activity_of",
    "add_working_days",
    "add_working_hours",
    "among",
    "announce",
    "between",
    "capital_amount",
    "charts",
    "concerning",
    "days_after",
    "dictionary",
    "enqueue",
    "file_versions",
    "formats",
    "hookimpl",
    "link",
    "listen",
    "merge_records",
    "notify",
    "now",
    "read_setting",
    "remark_on",
    "take_ids",
    "today_at_work",
    "translate",
    "translate_plural",
    "translator",
    "values",
    "working_calendar",
    "working_hours_between",
    "write_quietly",
]
