"""Forms of resources: what stands in each field, what was posted, what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import translate as _
from core.kernel.search import parse
from core.kernel.types import Money
from core.resources import values
from core.resources.conditions import Condition, Context
from core.resources.fields import Kind, ResolvedField, Words
from core.resources.queries import MOST, ListRequest, Lists, Sort
from core.resources.records import Row
from core.resources.resolved import ResolvedResource, Resources
from core.web import lines, views
from core.web.dictionaries import options_of
from core.web.views import FormSection, FormTab, Option

if TYPE_CHECKING:
    from core.web.requests import Request

KINDS: Final[dict[Kind, views.FieldKind]] = {
    "text": "text", "long": "long", "integer": "integer", "decimal": "decimal", "money": "money", "percent": "percent",
    "date": "date", "instant": "instant", "boolean": "boolean", "choice": "choice", "relation": "relation",
    "relations": "relations", "colour": "colour", "email": "email", "phone": "phone", "url": "url",
    "password": "password", "json": "long",
}  # fmt: skip

NARROW = frozenset({"integer", "decimal", "money", "percent", "date", "instant"})


class Forms:
    """Draws and reads the form of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource) -> None:
        self._resources = resources
        self._resource = resource

    def shown(self, request: Request, *, creating: bool) -> list[ResolvedField]:
        """The fields that stand in the form for this person, in the order of the form."""
        principal = request.principal
        readable = self._resource.readable(principal)
        named = dict.fromkeys(
            name for section in self._resource.sections if not (creating and section.later) for name in section.fields
        )
        fields = [self._resource.fields[name] for name in named if name in readable and name in self._resource.fields]
        may_assign = self._resource.allows(principal, "assign")
        wide = principal.reach(self._resource.key, "create").level in ("departments", "all")
        return [f for f in fields if not f.moves or may_assign or (creating and wide)]

    def posted(self, request: Request, fields: Iterable[ResolvedField], *, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values posted for these fields, ready for `Records`; `given` is what stands there now."""
        form = request.form
        found: dict[str, Any] = {}
        for field in fields:
            if field.rows is not None:
                if lines.is_posted(form, field):
                    found[field.key] = lines.posted(form, field, partial(self._relation, request))
                continue
            if field.key not in form and f"{field.key}__label" not in form:
                continue
            if field.many:
                found[field.key] = self._several(request, field)
            elif field.is_relation:
                found[field.key] = self._relation(request, field, form.get(field.key), form.get(f"{field.key}__label"))
            else:
                found[field.key] = form.get(field.key)
        return {key: value for key, value in found.items() if value != given.get(key, _UNKNOWN)}

    def _several(self, request: Request, field: ResolvedField) -> list[str]:
        """The ids of several related records: those that are ticked, and the one that was typed and never picked."""
        ticked = [text for text in request.form.all(field.key) if text]
        typed = request.form.get(f"{field.key}__label")
        more = self._relation(request, field, "", typed) if typed.strip() else ""
        return [*ticked, more] if more and more not in ticked else ticked

    def _relation(self, request: Request, field: ResolvedField, text: str, label: str) -> str:
        """The id of a relation; where no script has set it, the one record that bears the typed label."""
        candidate = request.form.get(f"{field.key}__candidate")
        if candidate or not label.strip():
            return candidate or ("" if f"{field.key}__label" in request.form else text)
        target = self._resources.target(field)
        if target is None:
            return ""
        if text.isascii() and text.isdigit() and len(text) < 19:
            statement = select(target.label_in(target.table)).where(target.table.c.id == int(text))
            name = str(request.connection.execute(statement).scalar() or "")
            if label.strip() in (name, target.shown(name)):
                return text
        found = look_up(request, self._resources, target, label, 6)
        exact = [record_id for record_id, name, _hint in found if name == label.strip()]
        if len(exact) == 1 or len(found) == 1:
            return str(exact[0] if len(exact) == 1 else found[0][0])
        raise Invalid(
            [FieldError(field.key, _("“{text}” could be several; choose one.", text=label) if found
                        else _("Nothing is called “{text}”.", text=label))]
        )  # fmt: skip

    def sections(
        self,
        request: Request,
        fields: Sequence[ResolvedField],
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: Mapping[str, list[Words]],
        *,
        creating: bool,
    ) -> tuple[list[FormSection], tuple[FormTab, ...]]:
        """The form's sections with `texts` in the fields and `faults` beside them."""
        present = {field.key: field for field in fields}
        writable = self._resource.writable(request.principal)
        sections: list[FormSection] = []
        tabs: dict[str, FormTab] = {}
        first = True
        for number, section in enumerate(self._resource.sections):
            drawn = []
            for name in section.fields:
                if name not in present:
                    continue
                drawn.append(
                    self._field(request, present[name], texts, labels, faults, writable, first=first, new=creating)
                )
                first = False
            if not drawn:
                continue
            tab = f"t{number}" if section.tab else ""
            if tab:
                wrong = sum(bool(field.errors) for field in drawn)
                tabs[tab] = FormTab(key=tab, title=section.tab, faults=wrong)
            sections.append(FormSection(fields=drawn, title=section.title, tab=tab, key=f"s{number}"))
        return sections, tuple(tabs.values())

    def drawn(
        self,
        request: Request,
        fields: Sequence[ResolvedField],
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: Mapping[str, list[Words]],
    ) -> list[views.Field]:
        """Fields that are no part of the resource, such as those that an action asks for."""
        may = frozenset(field.key for field in fields)
        return [
            self._field(request, field, texts, labels, faults, may, first=number == 0, new=True)
            for number, field in enumerate(fields)
        ]

    def _field(
        self,
        request: Request,
        field: ResolvedField,
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: Mapping[str, list[Words]],
        writable: frozenset[str],
        *,
        first: bool,
        new: bool,
    ) -> views.Field:
        if field.rows is not None:
            return self._rows(request, field, texts, labels, faults, readonly=field.key not in writable, new=new)
        kind = KINDS.get(field.kind, "static")
        value = texts.get(field.key)
        target = self._resources.target(field) if field.is_relation or field.many else None
        words = options_of(request, target) if target is not None else None
        options: tuple[Option, ...] = ()
        chosen: tuple[Option, ...] = ()
        if field.kind == "choice":
            options = tuple(Option(value=c.value, title=c.label, colour=c.colour) for c in field.choices)
        elif field.kind == "colour":
            options = tuple(Option(value=name, title=title, colour=name) for name, title in values.COLOURS.items())
        elif field.many and target is not None:
            picked = {str(item) for item in value or ()}
            if words is not None:
                kind = "multiple"
                options = tuple(Option(value=str(i), title=n, colour=c, selected=str(i) in picked) for i, n, c in words)
            else:
                chosen = tuple(
                    Option(value=str(i), title=n) for i, n, _c in labels.get(field.key, ()) if str(i) in picked
                )
        elif words is not None:
            kind = "choice"
            present = [Option(value=str(i), title=n, colour=c) for i, n, c in words]
            if value and all(option.value != value for option in present):
                # An archived word stays where it is used.
                present.append(Option(value=str(value), title=labels.get(field.key) or f"#{value}"))
            options = tuple(present)
        if field.key not in writable:
            kind = "static"
        matched = self._resource.duplicates.keys if self._resource.duplicates else ()
        return views.Field(
            key=field.key,
            title=field.label,
            kind=kind,
            value="" if field.many or value is None else str(value),
            label=str(labels.get(field.key) or "") if field.is_relation else "",
            chosen=chosen,
            options=options,
            endpoint=f"{target.url}/options" if target is not None and kind in ("relation", "relations") else "",
            checked=value in (True, "true"),
            required=field.required,
            help=field.help,
            errors=tuple(faults.get(field.key, ())),
            max_length=field.max_length if field.kind in ("text", "long", "email", "phone", "url") else None,
            unit=str(field.unit or (request.platform.settings.currency if field.kind == "money" else "")),
            wide=field.kind == "long",
            narrow=field.kind in NARROW,
            autofocus=first,
            suggest=any(field.key == key for _column, key, _make in matched),
        )

    def _rows(
        self,
        request: Request,
        field: ResolvedField,
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: Mapping[str, list[Words]],
        *,
        readonly: bool,
        new: bool,
    ) -> views.Field:
        """A table of fields, or a picker where a row is nothing but a link."""
        wrong = lines.faults_of(field, faults)
        text, label = texts.get(field.key), labels.get(field.key)
        if lines.is_picked(field):
            told = {field.key: [message for found in wrong.values() for message in found]}
            may = frozenset() if readonly else frozenset({field.key})
            as_many = replace(field, kind="relations", rows=None)
            return self._field(
                request, as_many, {field.key: text}, {field.key: label or ()}, told, may, first=False, new=new
            )

        def cell(
            child: ResolvedField, t: Mapping[str, Any], n: Mapping[str, Any], f: Mapping[str, list[Words]]
        ) -> views.Field:
            may = frozenset() if readonly or child.readonly else frozenset({child.key})
            return self._field(request, child, t, n, f, may, first=False, new=new)

        return lines.draw(field, text, label, wrong, readonly=readonly, cell=cell)


_UNKNOWN: Final = object()


def texts_of(row: Row, context: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands in the fields of a form for a record: values as typed, and labels of relations."""
    texts: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    for cell in row.cells:
        given = row.values[cell.path]
        if cell.field.rows is not None:
            told = partial(_text_of, context)
            texts[cell.path], labels[cell.path] = lines.texts_of_lines(cell.field, given[0] or (), told, cell.target)
        elif cell.field.many:
            texts[cell.path] = [str(record_id) for record_id, _label, _colour in given[0] or ()]
            labels[cell.path] = given[0] or ()
        elif cell.field.is_relation:
            texts[cell.path] = "" if given[0] is None else str(given[0])
            labels[cell.path] = given[1]
        else:
            texts[cell.path] = text_of(cell.field, given[0], context)
    return texts, labels


def _text_of(context: Context, field: ResolvedField, value: Any) -> str:
    return text_of(field, value, context)


def text_of(field: ResolvedField, value: Any, context: Context) -> str:
    """A value as it is typed into its field."""
    if value is None:
        return ""
    match field.kind:
        case "money":
            return values.money_text(value.minor if isinstance(value, Money) else int(value), context.currency)
        case "instant":
            return f"{value.astimezone(context.timezone):%Y-%m-%d %H:%M}"
        case "date":
            return str(value.isoformat())
        case "boolean":
            return "true" if value else "false"
        case "decimal" | "percent":
            return values.decimal_text(value)
        case _:
            return str(value)


def look_up(
    request: Request, resources: Resources, target: ResolvedResource, text: str, most: int
) -> list[tuple[int, str, str]]:
    """Records of a resource in the reader's scope that a typed text may mean: id, label, hint."""
    from core.web.pages.lists import context_of

    if hasattr(target.model, "__named_by__"):
        return _by_name(request, target, text, most)
    context = context_of(request)
    columns = [target.label.key]
    hint = next((name for name in ("code", "login", "customer", "tree", "region") if name in target.fields), "")
    readable = target.readable(request.principal)
    if hint and hint != columns[0] and hint in readable:
        columns.append(hint)
    label = columns[0] if columns[0] in readable else "id"
    columns[0] = label
    sort = (Sort(label, descending=False),) if not text else ()
    terms = parse(text if target.index and not target.worded else "")
    # What is archived stays where it is used, and is no longer offered.
    offered = (Condition("archived", "eq", (False,)),) if "archived" in readable else ()
    wanted = ListRequest(tuple(columns), offered, sort=sort, terms=terms, limit=MOST if target.worded else most)
    page = Lists(resources, target).page(request.connection, wanted, context)
    found = [
        (row[0], target.shown(str(row[1] or f"#{row[0]}")), str(row[-1] or "") if len(row) > 2 else "")
        for row in page.rows
    ]
    # Names that are said in the reader's language are no index's; they are few.
    return [each for each in found if text.strip().lower() in each[1].lower()][:most] if target.worded else found


def _by_name(request: Request, target: ResolvedResource, text: str, most: int) -> list[tuple[int, str, str]]:
    """Records whose name stands elsewhere, by a piece of it; those whose name the reader does not see come last."""
    name = target.label_in(target.table).label("name")
    named = select(target.table.c.id, name).subquery("named")
    statement = select(named).order_by(named.c.name.is_(None), named.c.id.desc()).limit(most)
    if text.strip():
        statement = statement.where(func.lower(named.c.name).contains(text.strip().lower(), autoescape=True))
    return [(row[0], row[1] or f"#{row[0]}", "") for row in request.connection.execute(statement)]
