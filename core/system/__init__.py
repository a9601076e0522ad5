"""The platform's own plugin: people, departments, groups, roles and history as resources like any other."""

from __future__ import annotations

from core.kernel.i18n import translate as _
from core.kernel.plugins import SYSTEM, Plugin, platform_version
from core.kernel.upkeep import UPKEEP
from core.resources.importing.jobs import IMPORTS
from core.resources.many import MANY
from core.system.approvals import approval_rules, deputies
from core.system.departments import departments, memberships
from core.system.history import history
from core.system.holidays import holidays
from core.system.numbering import numberings
from core.system.roles import groups, roles
from core.system.settings import settings
from core.system.users import users
from core.workplace.imports_told import telling
from core.workplace.mailing import MAILING
from core.workplace.open_links import SETTING as OPEN_LINKS
from core.workplace.previews import FILES
from core.workplace.printing import ON_PAPER
from core.workplace.reminders import REMINDERS
from core.workplace.texts import READING
from core.workplace.working_calendar import SETTINGS

plugin = Plugin(
    name=SYSTEM,
    title=_("Administration"),
    version=platform_version(),
    resources=(
        users,
        departments,
        groups,
        roles,
        memberships,
        numberings,
        approval_rules,
        deputies,
        holidays,
        history,
        settings,
    ),
    jobs=(*UPKEEP, *FILES, *READING, *telling(IMPORTS), *MANY, *REMINDERS, *MAILING),
    settings=(*SETTINGS, *ON_PAPER, OPEN_LINKS),
    module="core.system",
)
