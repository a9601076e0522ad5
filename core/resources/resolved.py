"""The resources of one registry with everything resolved: fields, extensions, relations between them, search indexes.

Built once for each generation of enabled plugins; pages, the API, imports and exports work with it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Column as TableColumn
from sqlalchemy import ColumnElement, Select, Table, bindparam, inspect, select
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import FromClause

from core.kernel.access import Principal
from core.kernel.errors import PluginError
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.plugins import SYSTEM
from core.kernel.policies import Own, Policy, Public, Through
from core.kernel.registry import Registry
from core.kernel.search import SearchIndex
from core.resources.board import Board
from core.resources.calendar import Calendar
from core.resources.fields import GIVEN, ResolvedField, Words, derive, label_of
from core.resources.linked import links_of
from core.resources.numbering import Numbering, check_numberings
from core.resources.resource import Action, Column, Derived, Duplicates, Extension, Panel, Resource, Rows, Section
from core.resources.rows import resolve_derived, resolve_rows
from core.resources.views import SHARED, Statistics, View
from core.resources.workflow import Workflow, WorkflowPart, resolve_workflow

LABELS = ("name", "title", "number", "subject", "code", "login")
"""The columns that say what a record is called, the first that there is."""

KEPT = 2000
"""Statements, and principals' field rights, kept for each resource."""


class ResolvedExtension(NamedTuple):
    """The table that a plugin's extension adds, and the column in it that is the record's id."""

    plugin: str
    model: type[Any]
    table: Table
    key: TableColumn[Any]


@dataclass(eq=False)
class ResolvedResource:
    """One resource as the running system knows it."""

    declared: Resource
    fields: dict[str, ResolvedField]
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    panels: tuple[Panel, ...]
    actions: tuple[Action, ...]
    extensions: dict[str, ResolvedExtension]
    index: SearchIndex | None
    workflow: Workflow | None = None
    """Its states and the steps between them, with those that other parts add."""
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What is worked out once and kept: statements by their shape, field rights by principal."""

    @property
    def key(self) -> str:
        """The resource key."""
        return self.declared.key

    @property
    def address(self) -> str:
        """Where its pages are, without the leading slash."""
        return self.declared.address

    @property
    def url(self) -> str:
        """The address of its list."""
        return f"/{self.declared.address}"

    @property
    def name(self) -> Words:
        """What one record is called."""
        return self.declared.name

    @property
    def names(self) -> Words:
        """What the collection is called."""
        return self.declared.names

    @property
    def model(self) -> type[Any]:
        """The mapped class."""
        return self.declared.model

    @property
    def mapper(self) -> Mapper[Any]:
        """The mapper of the class."""
        return inspect(self.declared.model)  # type: ignore[no-any-return]

    @property
    def table(self) -> Table:
        """The table of the class."""
        return self.declared.model.__table__  # type: ignore[no-any-return]

    @property
    def policy(self) -> Policy:
        """Who sees its rows."""
        return self.declared.model.__policy__  # type: ignore[no-any-return]

    @property
    def scoped(self) -> bool:
        """Whether its records have an owner."""
        return isinstance(self.policy, Own)

    @property
    def has_bin(self) -> bool:
        """Whether its records can be deleted and brought back."""
        return "deleted_at" in self.table.c

    @property
    def read_only(self) -> bool:
        """Whether nobody writes its records by hand: history."""
        return all(each.readonly for each in self.fields.values())

    @cached_property
    def labels(self) -> Select[Any]:
        """Asks for id and label of the records whose `ids` are given."""
        return select(self.table.c.id, self.label).where(self.table.c.id.in_(bindparam("ids", expanding=True)))

    @cached_property
    def label(self) -> TableColumn[Any]:
        """The column that says what a record is called."""
        own = getattr(self.model, "__label__", None)
        names = (own, *LABELS) if own else LABELS
        return next((self.table.c[name] for name in names if name in self.table.c), self.table.c.id)

    def label_in(self, table: FromClause) -> ColumnElement[Any]:
        """What a record is called, in a statement that reads `table`: the resource's own or an alias of it.

        A model whose name stands elsewhere says how to find it by `__named_by__(table)`, within the reader's scope.
        """
        named_by = getattr(self.model, "__named_by__", None)
        found: ColumnElement[Any] = named_by(table) if named_by is not None else table.c[self.label.key]
        return found

    @property
    def duplicates(self) -> Duplicates | None:
        """The rule by which two records are the same."""
        return next(iter(self.declared.of_kind(Duplicates)), None)

    @property
    def board(self) -> Board | None:
        """How its records stand on a board."""
        return next(iter(self.declared.of_kind(Board)), None)

    @property
    def numberings(self) -> tuple[Numbering, ...]:
        """How its records get their numbers."""
        return self.declared.of_kind(Numbering)

    def why_not(self, action: Action, record: Any) -> Text:
        """Why an action is not possible on a record now."""
        if self.workflow is not None and self.workflow.find(action.name) is not None:
            return self.workflow.why_not(action.name, record)
        return _("'{action}' is not possible now.", action=str(action.title))

    @property
    def sort(self) -> str:
        """The order of its lists until the reader chooses one."""
        return self.declared.sort

    def label_of(self, record: Any) -> str:
        """What a record is called."""
        value = getattr(record, self.mapper.get_property_by_column(self.label).key)
        return str(value) if value not in (None, "") else f"#{record.id}"

    @property
    def worded(self) -> bool:
        """Whether some of its records are called differently in each language."""
        return hasattr(self.model, "__shown__")

    def shown(self, label: str | None) -> str:
        """A label as people read it: the names that come with the platform in their language."""
        told = getattr(self.model, "__shown__", None)
        return told(label) if told is not None and label else label or ""

    @cached_property
    def is_common(self) -> bool:
        """Whether everybody sees its records, or the records of which they are parts."""
        model: Any = self.model
        while isinstance(policy := model.__policy__, Through):
            columns = model.__table__.c
            (key,) = columns[policy.parent if policy.parent in columns else f"{policy.parent}_id"].foreign_keys
            model = next(each.class_ for each in model.registry.mappers if each.local_table is key.column.table)
        return isinstance(policy, Public)

    def allows(self, principal: Principal, action: str) -> bool:
        """Whether a person has the function at all: to write what everybody sees he needs it for everything."""
        if action != "view" and self.is_common:
            return principal.reach(self.key, action).level == "all"
        return principal.allows(self.key, action)

    def readable(self, principal: Principal) -> frozenset[str]:
        """The keys of the fields that a person may read."""
        return self._rights(principal)[0]

    def writable(self, principal: Principal) -> frozenset[str]:
        """The keys of the fields that a person may set, where he may edit the record at all."""
        return self._rights(principal)[1]

    def _rights(self, principal: Principal) -> tuple[frozenset[str], frozenset[str]]:
        rights = self.kept.get(principal)
        if rights is None:
            access = {key: principal.field_access(self.key, key) for key in self.fields}
            readable = frozenset(
                key for key, may in access.items() if may != "hidden" and self._sees(principal, self.fields[key])
            )
            writable = frozenset(key for key in readable if access[key] == "write" and not self.fields[key].readonly)
            rights = self.keep(principal, (readable, writable))
        return rights  # type: ignore[no-any-return]

    def _sees(self, principal: Principal, each: ResolvedField) -> bool:
        needs = each.rows.declared.needs if each.rows else ""
        return not needs or principal.allows(needs, "view") or principal.allows(self.key, "edit")

    def keep(self, key: Any, value: Any) -> Any:
        """Remember what was worked out; everything is forgotten when it becomes too much."""
        if len(self.kept) >= KEPT:
            self.kept.clear()
        self.kept[key] = value
        return value


class Resources(Mapping[str, ResolvedResource]):
    """All resources of one registry, by key."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._by_key = {
            key: _resolve(resource, registry)
            for key, resource in registry.resources.items()
            if isinstance(resource, Resource)
        }
        self._by_address = {resource.address: resource for resource in self._by_key.values()}
        for resource in self._by_key.values():
            _check_names(self, resource)
            check_numberings(resource)

    def __getitem__(self, key: str) -> ResolvedResource:
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def at(self, address: str) -> ResolvedResource | None:
        """The resource at an address such as `customers/follow-ups`."""
        return self._by_address.get(address.strip("/"))

    def find(self, name: str) -> ResolvedResource | None:
        """The resource of a key or an address, as commands take either."""
        return self._by_key.get(name) or self.at(name)

    @cached_property
    def parts(self) -> Mapping[str, tuple[ResolvedResource, ResolvedField]]:
        """Rows that are no resource of their own, by the key under which grants and history know them."""
        return {
            each.rows.resource: (resource, each)
            for resource in self._by_key.values()
            for each in resource.fields.values()
            if each.rows is not None and each.rows.resource not in self._by_key
        }

    @cached_property
    def models(self) -> dict[str, type[Any]]:
        """The classes of all records that people change, by the key under which history knows them."""
        rows = {each.rows.resource: each.rows.model for _place, each in self.parts.values() if each.rows}
        return {**rows, **{key: resource.model for key, resource in self._by_key.items()}}

    def fields_of(self, key: str, principal: Principal) -> dict[str, ResolvedField] | None:
        """The fields of a resource or of rows that a person may read, by attribute; None where there is neither."""
        resource, part = self.get(key), self.parts.get(key)
        if resource is not None:
            readable = resource.readable(principal)
            return {f.attribute: f for f in resource.fields.values() if f.key in readable and not f.extension}
        if part is None or part[1].rows is None:
            return None
        if part[1].key not in part[0].readable(principal):
            return {}
        return {f.attribute: f for f in part[1].rows.readable(principal).values()}

    def of(self, model: type[Any]) -> ResolvedResource | None:
        """The resource of a mapped class."""
        return next((resource for resource in self._by_key.values() if resource.model is model), None)

    def target(self, resolved: ResolvedField) -> ResolvedResource | None:
        """The resource that a relation leads to; None while its plugin is parked."""
        return self._by_key.get(resolved.target)

    def walk(self, resource: ResolvedResource, path: str) -> list[tuple[ResolvedResource, ResolvedField]] | None:
        """The fields along a path such as `customer.owner.name`; None where the path leads nowhere."""
        found: list[tuple[ResolvedResource, ResolvedField]] = []
        here: ResolvedResource | None = resource
        rest = path
        while rest:
            if here is None:
                return None
            key, resolved = _first(here, rest)
            if resolved is None:
                return None
            found.append((here, resolved))
            rest = rest[len(key) + 1 :]
            if rest and (not resolved.is_relation or resolved.column is None):
                return None
            here = self.target(resolved)
        return found or None

    def pointing_to(self, key: str) -> list[tuple[ResolvedResource, ResolvedField]]:
        """The relations of all resources that lead to this one."""
        return [
            (resource, resolved)
            for resource in self._by_key.values()
            for resolved in resource.fields.values()
            if resolved.is_relation and resolved.target == key and resolved.column is not None
        ]


def _first(resource: ResolvedResource, path: str) -> tuple[str, ResolvedField | None]:
    """The first step of a path: an extension's field has a point in its own name."""
    parts = path.split(".", 2)
    if len(parts) > 1 and (resolved := resource.fields.get(f"{parts[0]}.{parts[1]}")):
        return f"{parts[0]}.{parts[1]}", resolved
    return parts[0], resource.fields.get(parts[0])


def _resolve(resource: Resource, registry: Registry) -> ResolvedResource:
    told = {each.key: each for each in resource.fields}
    fields = derive(resource.model, domain_of(resource.plugin), told)
    domain = domain_of(resource.plugin)
    fields |= _linked(resource, registry, domain_of(resource.plugin))
    fields |= {part.name: resolve_rows(resource, part, domain) for part in resource.of_kind(Rows)}
    fields |= {part.field.key: resolve_derived(resource, part, domain) for part in resource.of_kind(Derived)}
    absent = {key for key, each in fields.items() if _leads_nowhere(each, registry)}
    fields = {key: each for key, each in fields.items() if key not in absent}
    parked = absent | links_of(resource.model).keys() - fields.keys()
    columns = [_column(each) for each in resource.list] or [Column(key) for key in list(fields)[:6] if key not in GIVEN]
    sections = _sections(resource.form, fields)
    panels, actions = list(resource.of_kind(Panel)), list(resource.of_kind(Action))
    workflow = resolve_workflow(resource, fields)
    if workflow is not None:
        actions += workflow.actions()
        panels += [panel for part in resource.of_kind(WorkflowPart) for panel in part.panels()]
    for numbering in resource.of_kind(Numbering):
        fields[numbering.field] = replace(fields[numbering.field], readonly=True, required=False)
    extensions: dict[str, ResolvedExtension] = {}
    for plugin, extension in registry.extensions_of(resource.key):
        assert isinstance(extension, Extension)
        _extend(plugin, extension, resource, fields, columns, sections, extensions)
        panels += [part for part in extension.parts if isinstance(part, Panel)]
        actions += [part for part in extension.parts if isinstance(part, Action)]
    columns = [column for column in columns if column.field not in parked]
    sections = [
        replace(section, fields=tuple(name for name in section.fields if name not in parked)) for section in sections
    ]
    indexed = tuple(name for name in resource.search if "." not in name)
    return ResolvedResource(
        declared=resource,
        fields=fields,
        columns=tuple(columns),
        sections=tuple(sections),
        panels=tuple(panels),
        actions=tuple(actions),
        extensions=extensions,
        index=SearchIndex(resource.model.__tablename__) if indexed else None,
        workflow=workflow,
    )


def _linked(resource: Resource, registry: Registry, domain: str) -> dict[str, ResolvedField]:
    """The fields of links whose other end is there."""
    return {
        name: ResolvedField(
            key=name,
            label=each.label or label_of(name, domain),
            kind="relations",
            attribute=name,
            table=resource.model.__table__,
            column=None,
            help=each.help,
            target=each.to,
            linked=True,
        )
        for name, each in links_of(resource.model).items()
        if each.to in registry.resources
    }


def _leads_nowhere(field: ResolvedField, registry: Registry) -> bool:
    """Whether a relation without a foreign key names a resource that is not there, because its plugin is off."""
    column = field.column
    loose = field.is_relation and column is not None and not column.foreign_keys
    return loose and field.target not in registry.resources


def domain_of(plugin: str) -> str:
    """The catalogue with a plugin's words; the platform's own are in `core`."""
    return "core" if plugin == SYSTEM else plugin


def _column(each: str | Column) -> Column:
    return each if isinstance(each, Column) else Column(each)


def _sections(form: tuple[Any, ...], fields: dict[str, ResolvedField]) -> list[Section]:
    names = form or tuple(key for key, each in fields.items() if not each.readonly)
    sections: list[Section] = []
    loose: list[str] = []
    for each in names:
        if isinstance(each, Section):
            if loose:
                sections.append(Section("", tuple(loose)))
                loose = []
            sections.append(each)
        else:
            loose.append(each)
    if loose:
        sections.append(Section("", tuple(loose)))
    return sections


def _extend(
    plugin: str,
    extension: Extension,
    resource: Resource,
    fields: dict[str, ResolvedField],
    columns: list[Column],
    sections: list[Section],
    extensions: dict[str, ResolvedExtension],
) -> None:
    if extension.record is None:
        return
    table: Table = extension.record.__table__
    key = next((c for c in table.c if c.references(resource.model.__table__.c.id)), None)
    if key is None:
        raise PluginError(
            _("The extension '{model}' does not lead to '{resource}'.",
              model=extension.record.__name__, resource=resource.key),
            _("Give it a column with link({model}, …).", model=resource.model.__name__),
        )  # fmt: skip
    extensions[plugin] = ResolvedExtension(plugin, extension.record, table, key)
    told = {each.key: each for each in extension.fields}
    for name, resolved in derive(extension.record, plugin, told).items():
        if name in GIVEN or resolved.column is key:
            continue
        fields[f"{plugin}.{name}"] = replace(resolved, key=f"{plugin}.{name}", extension=plugin)
    for each in extension.list:
        column = _column(each)
        columns.append(replace(column, field=f"{plugin}.{column.field}"))
    for section in _sections(extension.form, {}):
        named = tuple(f"{plugin}.{name}" for name in section.fields)
        title = section.title or label_of(plugin, plugin)
        if named:
            sections.append(replace(section, title=title, fields=named))


def _check_names(resources: Resources, resource: ResolvedResource) -> None:
    declared = resource.declared
    names = [
        *((column.field, "list") for column in resource.columns),
        *((name, "form") for section in resource.sections for name in section.fields),
        *((name, "search") for name in declared.search),
        (declared.sort.lstrip("-"), "sort"),
        *((each.key, "fields") for each in declared.fields if not each.hidden),
        *_named_by_views(declared),
    ]
    for name, place in names:
        if resources.walk(resource, name) is None and not _parked_target(resources, resource, name):
            raise PluginError(
                _("The resource '{resource}' names '{name}' in '{place}', but has no such field.",
                  resource=resource.key, name=name, place=place),
                _("Use one of: {fields}.", fields=", ".join(sorted(resource.fields))),
            )  # fmt: skip


def _named_by_views(declared: Resource) -> Iterator[tuple[str, str]]:
    """The fields that the declared ways to look at a resource name."""
    for statistics in declared.of_kind(Statistics):
        measured = (name for name in statistics.measure if name != "count")
        yield from ((name.partition(":")[0], "Statistics") for name in (*statistics.by, *measured))
    for calendar in declared.of_kind(Calendar):
        named = (calendar.start, calendar.end, calendar.title, calendar.colour)
        yield from ((name, "Calendar") for name in named if name)
    for view in declared.of_kind(View):
        paths = (*view.filters, *view.columns, *view.sort.replace("-", "").split(","), view.group)
        paths = tuple(name for name in paths if name and name not in ("q", SHARED))
        yield from ((name.partition("__")[0].partition(":")[0], "View") for name in paths)


def _parked_target(resources: Resources, resource: ResolvedResource, name: str) -> bool:
    """A path through a relation whose plugin is off reads as nothing; it is no mistake."""
    if name in links_of(resource.model):
        return True
    if any(each.key == name and each.target and each.target not in resources for each in resource.declared.fields):
        return True
    first, resolved = _first(resource, name)
    return resolved is not None and resolved.is_relation and first != name and resources.target(resolved) is None
