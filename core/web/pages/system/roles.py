"""A role as a grid: resource by action, each cell with its scope; what a wider row gives shows through the empty cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from sqlalchemy import func, select

from core.kernel.errors import Conflict, Invalid, Stale
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.principal import patterns
from core.kernel.roles import ACTIONS, ADMINISTRATOR, ANYTHING, GroupMember, GroupRole, Role, UserRole
from core.kernel.users import User
from core.resources.fields import GIVEN, Words
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Permission
from core.system.roles import SCOPES
from core.web.navigation import person
from core.web.pages.forms import undo_button
from core.web.pages.lists import context_of
from core.web.responses import Response
from core.web.routing import Route
from core.web.views import Button, Link, Notice, Option, Person
from core.web.views.administration import FieldAccess, GrantCell, GrantGroup, GrantRow, RoleView

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

KEY: Final = "system.role"
FACES: Final = 8
"""People with the role who are shown; the others are counted."""

HEADS: Final[tuple[tuple[str, Text], ...]] = (
    (ANYTHING, _("Any action")),
    ("view", _("View")),
    ("create", _("Create")),
    ("edit", _("Edit")),
    ("delete", _("Delete")),
    ("export", _("Export")),
    ("import", _("Import")),
    ("assign", _("Hand over")),
)

FUNCTIONS: Final[Mapping[str, tuple[Text, tuple[str, ...]]]] = {
    "system.plugin": (_("Plugins"), ("view", "edit")),
}
"""Functions of the administration that have permissions but no records."""

Grants = Mapping[str, Mapping[str, str]]


def routes(platform: Platform) -> Iterable[Route]:
    """The pages of roles that are not those of any resource."""
    pages = RolePages(platform.above, Records(platform.above, platform.registry.hooks))
    yield Route("/system/roles/new", pages.new, f"{KEY}.create")
    yield Route("/system/roles/new", pages.create, f"{KEY}.create", methods=("POST",))
    yield Route("/system/roles/{id:int}", pages.show, f"{KEY}.view")
    yield Route("/system/roles/{id:int}/edit", pages.show, f"{KEY}.edit")
    yield Route("/system/roles/{id:int}/edit", pages.save, f"{KEY}.edit", methods=("POST",))
    yield Route("/system/roles/{id:int}/copy", pages.copy, f"{KEY}.create", methods=("POST",))


class RolePages:
    """Shows and saves the grid of a role."""

    def __init__(self, resources: Resources, records: Records) -> None:
        self._resources = resources
        self._resource = resources[KEY]
        self._records = records

    def show(self, request: Request) -> Response:
        """The grid as it is."""
        role = self._records.get(request.reader, self._resource, request.params["id"])
        return self._page(request, role, _grants(role), _fields(role), str(role.title))

    def new(self, request: Request) -> Response:
        """An empty grid."""
        return self._page(request, None, {}, {}, request.query.get("name", ""))

    def create(self, request: Request) -> Response:
        """Make a role from the grid."""
        try:
            given = {"name": request.form.get("name"), **self._posted(request, {}, {})}
            record = self._records.create(request.session, self._resource, given, context_of(request))
        except (Invalid, Conflict) as refused:
            return self._again(request, None, refused)
        return request.redirect(f"/system/roles/{record.id}", self._saved(request, _("Created.")))

    def save(self, request: Request) -> Response:
        """Keep what the grid says; grants of plugins that are off stay as they are."""
        role = self._records.get(request.reader, self._resource, request.params["id"])
        given = self._posted(request, _grants(role), _fields(role))
        name = request.form.get("name")
        # A shipped role is shown by its translated name; that alone is no renaming.
        if name and name != str(role.title):
            given["name"] = name
        version = request.number("_version")
        try:
            self._records.update(request.session, self._resource, role.id, given, context_of(request), version=version)
        except (Invalid, Conflict, Stale) as refused:
            return self._again(request, role, refused)
        return request.redirect(f"/system/roles/{role.id}", self._saved(request, _("Saved.")))

    def copy(self, request: Request) -> Response:
        """Another role with the same grants, to be made one's own."""
        role = self._records.get(request.reader, self._resource, request.params["id"])
        given = {
            "name": _free_name(request, str(_("{name} (copy)", name=role.title))),
            "grants": [{"resource": g.resource, "action": g.action, "scope": g.scope} for g in role.grants],
            "fields": [{"resource": f.resource, "field": f.field, "access": f.access} for f in role.fields],
        }
        made = self._records.create(request.session, self._resource, given, context_of(request))
        return request.redirect(
            f"/system/roles/{made.id}", self._saved(request, _("Copied. Give it a name of its own."))
        )

    # ------------------------------------------------------------ what was posted

    def _posted(self, request: Request, grants: Grants, fields: Mapping[tuple[str, str], str]) -> dict[str, Any]:
        """The rows of the role: what the grid shows is replaced, what it does not show is kept."""
        form = request.form
        told = {(resource, action): scope for resource, each in grants.items() for action, scope in each.items()}
        access = dict(fields)
        for group in self._groups({}, {}, open_key=""):
            for row in group.rows:
                for cell in (*filter(None, row.cells), *(cell for _title, cell in row.own)):
                    name = f"grant.{row.resource}.{cell.action}"
                    if name in form:
                        told[row.resource, cell.action] = form.get(name)
                for field in row.fields:
                    name = f"field.{row.resource}.{field.key}"
                    if name in form:
                        access[row.resource, field.key] = form.get(name)
        return {
            "grants": [{"resource": r, "action": a, "scope": scope} for (r, a), scope in told.items() if scope],
            "fields": [
                {"resource": r, "field": f, "access": may} for (r, f), may in access.items() if may not in ("", "write")
            ],
        }

    def _again(self, request: Request, role: Role | None, refused: Invalid | Conflict | Stale) -> Response:
        request.work.undo()
        posted = self._posted(request, {}, {})
        grants: dict[str, dict[str, str]] = {}
        for row in posted["grants"]:
            grants.setdefault(row["resource"], {})[row["action"]] = row["scope"]
        fields = {(row["resource"], row["field"]): row["access"] for row in posted["fields"]}
        faults: tuple[Words, ...] = (
            tuple(each.message for each in refused.errors) if isinstance(refused, Invalid) else (str(refused),)
        )
        return self._page(request, role, grants, fields, request.form.get("name"), faults=faults, status=refused.status)

    def _saved(self, request: Request, text: Words) -> Notice:
        return Notice(text=str(text), tone="good", undo=undo_button(request.work.operation))

    # ------------------------------------------------------------ the grid

    def _page(
        self,
        request: Request,
        role: Role | None,
        grants: Grants,
        fields: Mapping[tuple[str, str], str],
        name: str,
        *,
        faults: tuple[Words, ...] = (),
        status: int = 200,
    ) -> Response:
        principal = request.principal
        fixed = role is not None and role.key == ADMINISTRATOR
        readonly = fixed or not principal.allows(KEY, "edit" if role else "create")
        users, count = _people(request, role.id) if role else ((), "")
        copy = Button(title=_("Copy"), url=f"/system/roles/{role.id}/copy", icon="copy") if role else None
        view = RoleView(
            title=role.title if role else _("New role"),
            url=f"/system/roles/{role.id}/edit" if role else "/system/roles/new",
            name=name,
            trail=(Link(title=_("Administration"), url="/system"), Link(title=_("Roles"), url="/system/roles")),
            actions=HEADS,
            scopes=tuple(Option(value=choice.value, title=choice.label) for choice in SCOPES),
            groups=tuple(self._groups(grants, fields, open_key="")),
            users=users,
            user_count=count,
            version=role.version if role else None,
            token=request.new_token(),
            readonly=readonly,
            note=_("The administrator may do everything, whatever stands here. Copy the role to make your own.")
            if fixed
            else "",
            copy=copy if principal.allows(KEY, "create") else None,
            faults=faults,
            cancel_url="/system/roles",
        )
        return request.render("role.html", view, status)

    def _groups(self, grants: Grants, fields: Mapping[tuple[str, str], str], *, open_key: str) -> Iterable[GrantGroup]:
        by_plugin: dict[str, list[ResolvedResource]] = {}
        for resource in self._resources.values():
            by_plugin.setdefault(resource.declared.plugin, []).append(resource)
        plain = tuple(key for key, _title in HEADS)
        everything = _row(ANYTHING, _("Everything in the business"), plain, grants)
        yield GrantGroup(key="all", title=_("Everything"), icon="globe", rows=(everything,))
        system = by_plugin.pop("system", [])
        for name, resources in (*by_plugin.items(), ("system", system)):
            plugin = self._resources.registry.plugin(name)
            rows = [_row(f"{name}.*", _("All of {plugin}", plugin=plugin.title), plain, grants)]
            rows += [_row_of(resource, grants, fields) for resource in resources]
            if name == "system":
                rows += [_row(key, title, (ANYTHING, *has), grants) for key, (title, has) in FUNCTIONS.items()]
            yield GrantGroup(key=name, title=plugin.title, icon=_icon(resources), rows=tuple(rows))


def _row_of(resource: ResolvedResource, grants: Grants, fields: Mapping[tuple[str, str], str]) -> GrantRow:
    own = {each.allow or each.name: each.title for each in resource.actions if "." not in each.allow}
    own |= {each.name: each.title for each in resource.declared.of_kind(Permission)}
    return _row(
        resource.key,
        resource.names,
        _actions_of(resource),
        grants,
        own=tuple((title, name) for name, title in own.items() if name not in ACTIONS),
        fields=tuple(
            FieldAccess(
                key=key,
                title=field.label,
                access=cast(Literal["hidden", "read", "write"], fields.get((resource.key, key), "write")),
            )
            for key, field in resource.fields.items()
            if key not in GIVEN
        ),
    )


def _actions_of(resource: ResolvedResource) -> tuple[str, ...]:
    if resource.read_only:
        return (ANYTHING, "view", "export")
    usual = (ANYTHING, *ACTIONS)
    return usual if resource.scoped else tuple(name for name in usual if name != "assign")


def _row(
    key: str,
    title: Words,
    actions: Sequence[str],
    grants: Grants,
    *,
    own: tuple[tuple[Words, str], ...] = (),
    fields: tuple[FieldAccess, ...] = (),
) -> GrantRow:
    return GrantRow(
        resource=key,
        title=title,
        cells=tuple(_cell(key, action, grants) if action in actions else None for action, _title in HEADS),
        own=tuple((words, _cell(key, action, grants)) for words, action in own),
        fields=fields,
    )


def _cell(key: str, action: str, grants: Grants) -> GrantCell:
    """The scope that is set here, and the one that counts while nothing is: the most particular of the wider ones."""
    scope = grants.get(key, {}).get(action, "")
    inherited = ""
    if action != ANYTHING:
        inherited = grants.get(key, {}).get(ANYTHING, "")
    for pattern in () if inherited else _wider(key):
        actions = grants.get(pattern, {})
        inherited = actions.get(action) or actions.get(ANYTHING) or ""
        if inherited:
            break
    return GrantCell(action=action, scope=scope, inherited=inherited)


def _wider(key: str) -> tuple[str, ...]:
    if key == ANYTHING:
        return ()
    if key.endswith(".*"):
        return () if key == "system.*" else (ANYTHING,)
    return patterns(key)[1:]


def _icon(resources: Sequence[ResolvedResource]) -> str:
    return next((resource.declared.icon for resource in resources if resource.declared.icon), "square")


def _grants(role: Role) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for grant in role.grants:
        found.setdefault(grant.resource, {})[grant.action] = grant.scope
    return found


def _fields(role: Role) -> dict[tuple[str, str], str]:
    return {(each.resource, each.field): each.access for each in role.fields}


def _people(request: Request, role_id: int) -> tuple[tuple[Person, ...], str]:
    """Some of the people who have a role, themselves or by a group, and how many they are."""
    given = select(UserRole.user_id).where(UserRole.role_id == role_id, UserRole.deleted_at.is_(None))
    grouped = (
        select(GroupMember.user_id)
        .join(GroupRole, GroupRole.group_id == GroupMember.group_id)
        .where(GroupRole.role_id == role_id, GroupRole.deleted_at.is_(None), GroupMember.deleted_at.is_(None))
    )
    has = (User.id.in_(given) | User.id.in_(grouped), User.active)
    rows = request.connection.execute(select(User.id, User.name).where(*has).order_by(User.name).limit(FACES)).all()
    count = request.connection.execute(select(func.count(User.id)).where(*has)).scalar_one()
    return tuple(person(row[0], row[1], url=f"/system/users/{row[0]}") for row in rows), f"{count:,}"


def _free_name(request: Request, wanted: str) -> str:
    """The name, with a number where there is such a role already."""
    taken = set(request.connection.execute(select(Role.name)).scalars())
    names = (wanted if number == 1 else f"{wanted} {number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
