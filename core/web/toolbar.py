"""The line above every list: search, filters, chips, columns, sorts, views; made of the resource and the address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from core.kernel.i18n import translate as _
from core.kernel.principal import Principal
from core.resources.calendar import Calendar
from core.resources.dimensions import offered
from core.resources.fields import Kind, ResolvedField, Words
from core.resources.queries import CONTROL, ListRequest
from core.resources.resolved import ResolvedResource, Resources
from core.resources.views import SHARED
from core.web.address import Pairs, address, changed, filters_of, first, of_field, without
from core.web.dictionaries import options_of
from core.web.views import Chip, ColumnChoice, FilterField, Link, Option, Toolbar
from core.web.views.lists import FilterKind

if TYPE_CHECKING:
    from core.web.requests import Request

FILTERS: Final[dict[Kind, FilterKind]] = {
    "text": "text", "long": "text", "email": "text", "phone": "text", "url": "text", "integer": "number",
    "decimal": "number", "percent": "number", "money": "money", "date": "date", "instant": "date",
    "boolean": "boolean", "choice": "choice", "relation": "relation", "relations": "choice",
}  # fmt: skip

PERIODS: Final = (
    ("today", _("Today")),
    ("yesterday", _("Yesterday")),
    ("this_week", _("This week")),
    ("last_week", _("Last week")),
    ("this_month", _("This month")),
    ("last_month", _("Last month")),
    ("this_quarter", _("This quarter")),
    ("this_year", _("This year")),
    ("last_30_days", _("Last 30 days")),
    ("next_7_days", _("Next 7 days")),
)


def toolbar(
    request: Request, resources: Resources, resource: ResolvedResource, wanted: ListRequest, pairs: Pairs
) -> Toolbar:
    """The toolbar of a list in the state that `pairs` say."""
    principal = request.principal
    readable = resource.readable(principal)
    filters = tuple(_filters(request, resources, resource, readable, pairs))
    conditions = filters_of(pairs, CONTROL)
    kept = without(pairs, *(name for name, _text in conditions))
    q = first([text for name, text in pairs if name == "q"])
    create = resource.allows(principal, "create")
    is_list = not any(name == "view" and text != "list" for name, text in pairs)
    from core.web.pages.views import menu_of

    return Toolbar(
        title=resource.names,
        address=resource.url,
        q=q,
        placeholder=_("Search {names}", names=resource.names),
        keep=without(pairs, "q"),
        keep_columns=without(pairs, "columns"),
        keep_filters=kept,
        chips=tuple(_chips(resource, filters, pairs)),
        clear_url=address(resource.url, without(kept, "q")),
        filters=filters,
        columns=tuple(_columns(resources, resource, readable, wanted)) if is_list else (),
        reset_columns_url=address(resource.url, without(pairs, "columns")),
        switch=_switch(resource, pairs),
        sorts=tuple(_sorts(resources, resource, readable, wanted, pairs)) if is_list else (),
        groups=tuple(_groups(resources, resource, principal, pairs)) if is_list else (),
        saved=menu_of(request, resources, resource, pairs),
        save_url="" if principal.read_only else f"{resource.url}/views",
        query=address("", pairs).removeprefix("?"),
        create=Link(title=_("New {name}", name=resource.name), url=f"{resource.url}/new", icon="plus")
        if create
        else None,
        more=tuple(_more(request, resource, pairs)),
    )


def _switch(resource: ResolvedResource, pairs: Pairs) -> tuple[Link, ...]:
    """The ways to look at the same records: what is filtered stays, what only one of them knows goes."""
    current = first([text for name, text in pairs if name == "view"]) or "list"
    rest = tuple(pair for pair in without(pairs, "view", "group") if not pair[0].startswith("_"))
    return tuple(
        Link(title=title, url=address(resource.url, changed(rest, "view", view)), icon=icon, current=shown == current)
        for view, shown, title, icon in _views(resource)
    )


def _views(resource: ResolvedResource) -> Iterable[tuple[str, str, Words, str]]:
    """What a resource can be looked at as: the word in the address, the view, its title and icon."""
    yield "", "list", _("List"), "list"
    if resource.board is not None:
        yield "board", "board", _("Board"), "board"
    if resource.declared.of_kind(Calendar):
        yield "calendar", "calendar", _("Calendar"), "calendar"
    yield "statistics", "statistics", _("Statistics"), "chart"


def _more(request: Request, resource: ResolvedResource, pairs: Pairs) -> Iterable[Link]:
    principal = request.principal
    if resource.allows(principal, "import") and request.site.router.find(f"{resource.url}/import"):
        yield Link(title=_("Import a spreadsheet"), url=f"{resource.url}/import", icon="import")
    if resource.allows(principal, "export"):
        # What is on the page: the statistics where it shows those, else the list.
        state = pairs if ("view", "statistics") in pairs else without(pairs, "view")
        yield Link(
            title=_("Export as XLSX"),
            url=address(f"{resource.url}/export", (*state, ("format", "xlsx"))),
            icon="download",
        )
        yield Link(
            title=_("Export as CSV"),
            url=address(f"{resource.url}/export", (*state, ("format", "csv"))),
            icon="download",
        )
    if resource.allows(principal, "delete") and resource.has_bin:
        yield Link(title=_("Recycle bin"), url=f"{resource.url}/bin", icon="trash")


def _columns(
    resources: Resources, resource: ResolvedResource, readable: frozenset[str], wanted: ListRequest
) -> Iterable[ColumnChoice]:
    named = [column.field for column in resource.columns]
    offered = [*wanted.columns, *named, *(key for key in sorted(readable) if "." not in key and key != "version")]
    for path in dict.fromkeys(offered):
        steps = resources.walk(resource, path)
        if steps is None or steps[0][1].key not in readable or steps[-1][1].kind in ("json",):
            continue
        yield ColumnChoice(
            key=path,
            title=title_of(resource, path, steps[-1][1]),
            shown=path in wanted.columns,
            fixed=path == wanted.columns[0],
            source=steps[-1][1].extension,
        )


def title_of(resource: ResolvedResource, path: str, found: ResolvedField) -> Words:
    """The head of a column: the author's word for it, else the field's."""
    told = next((column.label for column in resource.columns if column.field == path and column.label), "")
    return told or found.label


def _sorts(
    resources: Resources, resource: ResolvedResource, readable: frozenset[str], wanted: ListRequest, pairs: Pairs
) -> Iterable[Link]:
    current = wanted.sort[0] if wanted.sort else None
    for path in dict.fromkeys((*wanted.columns, "created_at", "updated_at")):
        steps = resources.walk(resource, path)
        if steps is None or steps[0][1].key not in readable or not steps[-1][1].sortable:
            continue
        down = steps[-1][1].kind in ("date", "instant", "money", "integer", "decimal")
        here = current is not None and current.path == path
        falling = (not current.descending) if here and current else down
        text = f"-{path}" if falling else path
        yield Link(title=steps[-1][1].label, url=address(resource.url, changed(pairs, "sort", text)), current=here)


def _groups(resources: Resources, resource: ResolvedResource, principal: Principal, pairs: Pairs) -> Iterable[Link]:
    """What the list can be grouped by, and the way back to one without groups."""
    current = first([text for name, text in pairs if name == "group"]).partition(":")[0]
    plain = tuple(pair for pair in without(pairs, "group") if pair[0] not in ("_open", "_in"))
    yield Link(title=_("No groups"), url=address(resource.url, plain), current=not current)
    for path in offered(resources, resource, principal):
        steps = resources.walk(resource, path)
        title = " · ".join(str(step.label) for _place, step in steps or ())
        yield Link(title=title, url=address(resource.url, changed(plain, "group", path)), current=path == current)


def _filters(
    request: Request, resources: Resources, resource: ResolvedResource, readable: frozenset[str], pairs: Pairs
) -> Iterable[FilterField]:
    for field, target in filtered(request, resources, resource, readable):
        yield _filter(request, field, target, of_field(pairs, field.key))


def filtered(
    request: Request, resources: Resources, resource: ResolvedResource, readable: frozenset[str]
) -> Sequence[tuple[ResolvedField, ResolvedResource | None]]:
    """The fields that one may filter by, and what those lead to that are relations."""
    key = ("filtered", request.principal)
    found: Sequence[tuple[ResolvedField, ResolvedResource | None]] | None = resource.kept.get(key)
    if found is None:
        order = [column.field for column in resource.columns]
        named = sorted(readable, key=lambda key: (order.index(key) if key in order else 99, key))
        found = resource.keep(key, tuple(_with_targets(request, resources, [resource.fields[key] for key in named])))
    return found


def _with_targets(
    request: Request, resources: Resources, fields: Iterable[ResolvedField]
) -> Iterable[tuple[ResolvedField, ResolvedResource | None]]:
    for field in fields:
        if field.kind not in FILTERS or field.key in ("id", "version"):
            continue
        target = resources.target(field) if field.is_relation or field.many else None
        if (field.is_relation or field.many) and (target is None or not target.allows(request.principal, "view")):
            continue
        yield field, target


def _filter(
    request: Request, field: ResolvedField, target: ResolvedResource | None, said: dict[str, list[str]]
) -> FilterField:
    kind = FILTERS[field.kind]
    words = options_of(request, target) if target is not None else None
    if words is not None:
        kind = "choice"
    # Of a tree a branch is meant with all that is below it.
    operator = "under" if words is not None and target is not None and is_tree(target) else "in"
    told = (*said.get(operator, ()), *said.get("in", ()), *said.get("eq", ()))
    chosen = {part for text in told for part in text.split(",")}
    options: tuple[Option, ...] = ()
    if kind == "choice" and words is not None:
        options = tuple(
            Option(value=str(i), title=name, colour=tint, selected=str(i) in chosen) for i, name, tint in words
        )
    elif kind == "choice":
        options = tuple(
            Option(value=c.value, title=c.label, colour=c.colour, selected=c.value in chosen) for c in field.choices
        )
    elif kind == "date":
        options = tuple(Option(value=v, title=t, selected=first(said.get("eq")) == v) for v, t in PERIODS)
    elif kind == "relation" and field.target == "system.user":
        options = (Option(value="me", title=_("Me"), selected=first(said.get("eq")) == "me"),)
    value = first(said.get("contains")) if kind == "text" else first(said.get("eq"))
    return FilterField(
        key=field.key,
        title=field.label,
        kind=kind,
        value=value,
        label=_label(request, target, value) if kind == "relation" else "",
        low=first(said.get("gte")),
        high=first(said.get("lte")),
        empty=first(said.get("empty")) if first(said.get("empty")) in ("true", "false") else "",  # type: ignore[arg-type]
        options=options,
        operator=operator,
        endpoint=f"{target.url}/options" if kind == "relation" and target is not None else "",
        unit=str(field.unit),
        active=bool(said),
    )


def is_tree(target: ResolvedResource) -> bool:
    """Whether its records stand below one another."""
    return any(column.references(target.table.c.id) for column in target.table.c)


def _label(request: Request, target: ResolvedResource | None, value: str) -> str:
    """What the chosen record of a filter is called; one statement, and only where such a filter is set."""
    if target is None or not value or not value.isdigit() or len(value) > 18:
        return str(_("Me")) if value == "me" else ""
    statement = select(target.label_in(target.table)).where(target.table.c.id == int(value))
    return str(request.connection.execute(statement).scalar() or "")


def _chips(resource: ResolvedResource, filters: Sequence[FilterField], pairs: Pairs) -> Iterable[Chip]:
    shown = {each.key: each for each in filters}
    for key in dict.fromkeys(name.partition("__")[0] for name, _text in filters_of(pairs, CONTROL)):
        names = [name for name, _text in pairs if name.partition("__")[0] == key]
        remove = address(resource.url, without(pairs, *names))
        each = shown.get(key)
        said = of_field(pairs, key)
        text = _in_words(each, said) if each is not None else ", ".join(t for texts in said.values() for t in texts)
        if key == SHARED:
            yield Chip(title=_("Shared with"), text=_("Me"), remove_url=remove, key=key)
            continue
        yield Chip(title=each.title if each else key, text=text, remove_url=remove, key=key)


def _in_words(each: FilterField, said: dict[str, list[str]]) -> str:
    """What a filter says, in the reader's words."""
    parts: list[str] = []
    if each.empty:
        parts.append(str(_("is empty") if each.empty == "true" else _("is filled in")))
    chosen = [str(option.title) for option in each.options if option.selected]
    if chosen:
        parts.append(str(_(" or ")).join(chosen))
    elif each.kind == "relation" and each.value:
        parts.append(each.label or "…")
    elif each.kind == "boolean" and each.value:
        parts.append(str(_("yes") if each.value in ("true", "1") else _("no")))
    elif each.kind == "text" and (each.value or "eq" in said):
        parts.append(str(_("contains “{text}”", text=each.value)) if each.value else ", ".join(said["eq"]))
    elif each.value:
        parts.append(each.value)
    if each.low:
        parts.append(f"≥ {each.low}")
    if each.high:
        parts.append(f"≤ {each.high}")
    known = {"eq", "in", each.operator, "contains", "gte", "lte", "empty"}
    signs = {"ne": "≠", "lt": "<", "gt": ">", "startswith": "^", "under": "↳", "period": ""}
    parts += [f"{signs.get(op, op)} {', '.join(texts)}".strip() for op, texts in said.items() if op not in known]
    return ", ".join(parts)
