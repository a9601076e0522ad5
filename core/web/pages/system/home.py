"""The way to every page of the administration, and how the installation is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, func, select

from core.kernel import formats
from core.kernel.departments import Department
from core.kernel.generations import read_generations
from core.kernel.i18n import translate as _
from core.kernel.jobs import QueuedJob
from core.kernel.roles import Group, Role
from core.kernel.users import User
from core.web.responses import Response
from core.web.routing import Route
from core.web.views import Link, Words
from core.web.views.administration import AdministrationGroup, AdministrationView
from core.web.views.shell import Tone

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

OPENS: Final = (
    "system.user.create",
    "system.user.edit",
    "system.department.create",
    "system.department.edit",
    "system.role.view",
    "system.plugin.view",
    "system.setting.view",
)
"""Any one of these opens the administration; each of its pages has a permission of its own."""

Health = tuple[Words, Words, Tone]


def routes(platform: Platform) -> Iterable[Route]:
    """The first page of the administration."""
    yield Route("/system", show, OPENS)


def show(request: Request) -> Response:
    """What there is to administer, as far as this person may."""
    groups = [
        AdministrationGroup(title=title, links=links)
        for title, found in ((_("People"), _people(request)), (_("Platform"), _platform(request)))
        if (links := tuple(found))
    ]
    health = tuple(_health(request)) if request.principal.allows("system.plugin", "view") else ()
    return request.render("administration.html", AdministrationView(
        title=_("Administration"), groups=tuple(groups), health=health,
    ))  # fmt: skip


def _people(request: Request) -> Iterable[Link]:
    for noun, model, title, hint, icon in (
        ("user", User, _("Users"), _("Who signs in, with departments, roles and password"), "person"),
        ("department", Department, _("Departments"), _("The organisation, regions and projects as trees"), "tree"),
        ("group", Group, _("Groups"), _("People who share roles across departments"), "people"),
        ("role", Role, _("Roles"), _("Who may do what, and with whose records"), "shield"),
    ):
        if request.principal.allows(f"system.{noun}", "view"):
            yield Link(title=title, url=f"/system/{noun}s", icon=icon, hint=hint, count=_count(request, model))


def _platform(request: Request) -> Iterable[Link]:
    allows = request.principal.allows
    if allows("system.plugin", "view"):
        count = str(len(request.platform.registry.plugins) - 1)
        hint = _("What is installed and switched on")
        yield Link(title=_("Plugins"), url="/system/plugins", icon="plugin", hint=hint, count=count)
    if allows("system.setting", "view"):
        hint = _("What plugins let you choose, and how the installation is set up")
        yield Link(title=_("Settings"), url="/system/settings", icon="gear", hint=hint)
    for noun, title, hint, icon in (
        ("approval_rule", _("Approval rules"), _("What is approved by whom, step by step"), "check"),
        ("deputy", _("Deputies"), _("Who decides for those who are away"), "people"),
        ("number_rule", _("Numbering"), _("How documents are numbered"), "tag"),
    ):
        if allows(f"system.{noun}", "view"):
            yield Link(title=title, url=request.platform.above[f"system.{noun}"].url, icon=icon, hint=hint)
    if allows("system.history", "view"):
        hint = _("Who changed what and when, everywhere; undo it from there")
        yield Link(title=_("History"), url="/system/history", icon="history", hint=hint)


def _count(request: Request, model: Any) -> str:
    table: Table = model.__table__
    return f"{request.connection.execute(select(func.count()).select_from(table)).scalar_one():,}"


def _health(request: Request) -> Iterable[Health]:
    platform = request.platform
    yield _("Database"), _database(request), "good"
    broken = platform.registry.broken
    yield (
        _("Plugins"),
        _("{count} broken: {names}", count=len(broken), names=", ".join(broken)) if broken else _("all work"),
        "bad" if broken else "good",
    )
    with platform.database.transaction(write=False) as connection:
        rows = connection.execute(select(QueuedJob.state, func.count()).group_by(QueuedJob.state))
        counted = {row[0]: row[1] for row in rows}
        newest = read_generations(connection)[1]
    failed, waiting = counted.get("failed", 0), counted.get("waiting", 0)
    yield (
        _("Jobs"),
        _("{waiting} waiting, {failed} failed", waiting=waiting, failed=failed),
        "warn" if failed else "good",
    )
    if request.site.host.failure is not None:
        yield _("Generation"), _("The newest set of plugins could not be started."), "bad"
    elif newest > platform.generation:
        yield _("Generation"), _("A change is being taken up."), "warn"
    if platform.safe:
        yield _("Safe mode"), _("All plugins are left out."), "warn"


def _database(request: Request) -> str:
    settings = request.platform.settings
    if settings.database_file is None:
        return "PostgreSQL"
    size = sum(
        path.stat().st_size
        for path in settings.database_file.parent.glob(f"{settings.database_file.name}*")
        if path.is_file()
    )
    return f"SQLite, {formats.file_size(size)}"
