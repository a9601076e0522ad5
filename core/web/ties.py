"""What a record is linked with, on its page: counted panels of declared resources, and everything else in one panel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from core.kernel.i18n import translate as _
from core.resources.conditions import Condition
from core.resources.queries import ListRequest, Lists, read_sort
from core.resources.resolved import ResolvedResource, Resources
from core.web.address import address
from core.web.pages.lists import context_of, draw_table
from core.web.showing import base_of, kind_of
from core.web.views import Button, Column, Empty, Link, Panel, Related, SmartButton
from core.web.views.shell import Words
from core.workplace.activity import parts_of
from core.workplace.declared import Linked
from core.workplace.links import Tie, has_links, ties_of

if TYPE_CHECKING:
    from core.web.requests import Request

SHOWN = 5
OPEN = 12
"""Links that stand in the panel before the rest is folded away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TieLine:
    """One link in the panel."""

    title: str
    url: str
    icon: str
    kind: Words
    note: Words
    remove: Button | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TiesView:
    """parts/ties.html: the links of a record, counted by resource, and the way to add one."""

    counts: tuple[tuple[Words, int], ...]
    lines: tuple[TieLine, ...]
    open: int
    add_url: str
    options_url: str


def tie_panels(
    request: Request, resources: Resources, resource: ResolvedResource, record_id: int
) -> tuple[list[Panel], list[SmartButton]]:
    """The panels of links on a record's page, and the counted buttons of those that are declared."""
    if not has_links(resource):
        return [], []
    ties = ties_of(request.connection, resources, resource.key, record_id)
    panels: list[Panel] = []
    smart: list[SmartButton] = []
    declared: dict[str, Linked] = {part.resource: part for part in parts_of(resources, resource, Linked)}
    for key, part in declared.items():
        target = resources.get(key)
        if target is None or not target.allows(request.principal, "view"):
            continue
        ids = tuple(dict.fromkeys(tie.record_id for tie in ties if tie.resource.key == key))
        title, field = part.title or target.names, _leading(target, resource)
        panels.append(_panel(request, resources, resource, target, title, record_id, ids, field))
        url = address(target.url, ((field, str(record_id)),)) if field else f"#panel-linked-{key.replace('.', '-')}"
        smart.append(SmartButton(title=title, count=str(len(ids)), url=url, icon=target.declared.icon))
    rest = [tie for tie in ties if tie.resource.key not in declared or tie.by_hand]
    panels.append(_rest(request, resource, record_id, rest))
    return panels, smart


def _leading(target: ResolvedResource, resource: ResolvedResource) -> str:
    """The field of links of the other resource that leads here, by which its list can be filtered."""
    return next((f.key for f in target.fields.values() if f.linked and f.target == resource.key), "")


def _panel(
    request: Request,
    resources: Resources,
    resource: ResolvedResource,
    target: ResolvedResource,
    title: Words,
    record_id: int,
    ids: tuple[int, ...],
    field: str,
) -> Panel:
    context = context_of(request)
    readable = target.readable(request.principal)
    paths = tuple(c.field for c in target.columns if c.shown and c.field.partition(".")[0] in readable)[:6]
    sort = read_sort(resources, target, "", context)
    wanted = ListRequest(paths, (Condition("id", "in", (ids,)),), sort=sort, limit=SHOWN)
    page = Lists(resources, target).page(request.connection, wanted, context)
    columns = tuple(
        Column(key=c.path, title=c.field.label, kind=kind_of(c), base=base_of(c), place="title" if i == 0 else "")
        for i, c in enumerate(page.cells)
    )
    create = None
    if field and target.allows(request.principal, "create"):
        url = address(f"{target.url}/new", ((field, str(record_id)),))
        create = Link(title=_("New {name}", name=target.name), url=url, icon="plus")
    rows = draw_table(request, target, page.cells, page.rows, columns, selectable=False) if page.rows else Markup()
    related = Related(
        columns=columns,
        rows_html=rows,
        count=str(len(ids)),
        all_url=address(target.url, ((field, str(record_id)),)) if field else "",
        create=create,
        empty=None if page.rows else Empty(title=_("No {names} yet", names=target.names), ghost="none"),
    )
    return Panel(key=f"linked-{target.key.replace('.', '-')}", title=title, related=related)


def _rest(request: Request, resource: ResolvedResource, record_id: int, ties: Iterable[Tie]) -> Panel:
    url = f"{resource.url}/{record_id}/links"
    counted: dict[str, tuple[Words, int]] = {}
    lines = []
    edits = resource.allows(request.principal, "edit")
    for tie in ties:
        name, before = counted.get(tie.resource.key, (tie.resource.names, 0))
        counted[tie.resource.key] = (name, before + 1)
        mine = not request.principal.read_only and (tie.author_id == request.principal.user_id or edits)
        remove = Button(title=_("Remove the link"), url=f"{url}/{tie.id}/delete", kind="quiet", icon="close")
        lines.append(
            TieLine(
                title=tie.label,
                url=f"{tie.resource.url}/{tie.record_id}",
                icon=tie.resource.declared.icon,
                kind=tie.resource.name,
                note=tie.note or tie.field,
                remove=remove if tie.by_hand and mine else None,
            )
        )
    view = TiesView(
        counts=tuple(counted.values()),
        lines=tuple(lines),
        open=OPEN,
        add_url="" if request.principal.read_only else url,
        options_url=f"{url}/options",
    )
    html = request.site.draw("parts/ties.html", request.locale, view=view)
    return Panel(key="links", title=_("Links"), html=html)
