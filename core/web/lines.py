"""Rows inside a form: a table of fields for each line, or a picker where a row is nothing but a link."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from core.kernel.errors import BadRequest, FieldError, Invalid
from core.kernel.i18n import translate as _
from core.resources.fields import ResolvedField, Words
from core.resources.queries import Cell, today_in
from core.resources.resolved import ResolvedResource, Resources
from core.resources.row_writing import MOST
from core.resources.rows import Line, ResolvedRows
from core.web import views
from core.web.showing import Reader, base_of, drawer, kind_of

if TYPE_CHECKING:
    from core.web.bodies import Form
    from core.web.requests import Request

TextOf = Callable[[ResolvedField, Any], str]
Relation = Callable[[ResolvedField, str, str], str]
"""The id of a relation's field from its id and its label as they were posted."""

Draw = Callable[[ResolvedField, Mapping[str, Any], Mapping[str, Any], Mapping[str, list[Words]]], views.Field]
"""Draws one field of a form with its texts, labels and faults."""


def rows_of(field: ResolvedField) -> ResolvedRows:
    """What the rows of a field are."""
    assert field.rows is not None
    return field.rows


def is_picked(field: ResolvedField) -> bool:
    """Whether rows are nothing but links, which are picked like the records of any field."""
    return field.rows is not None and field.rows.declared.plain and len(field.rows.fields) == 1


def is_table(field: ResolvedField) -> bool:
    """Whether rows say more than what they lead to, and so are shown as a table."""
    return field.rows is not None and not field.rows.declared.plain


def panel(request: Request, resources: Resources, cell: Cell, lines: Sequence[Line]) -> views.Panel:
    """The rows of a record as a table on its page."""
    rows = rows_of(cell.field)
    zone = request.timezone
    reader = Reader(zone, today_in(zone), request.platform.settings.currency)
    columns = [key for key in rows.fields if key in lines[0].values]
    cells = {key: _cell_of(resources, rows.fields[key]) for key in columns}
    drawn = [
        [
            views.Fact(key=key, title="", kind=kind_of(cells[key]), base=base_of(cells[key]),
                       values=drawer(cells[key], reader)((*_quiet(line.values[key]), None)))
            for key in columns
        ]
        for line in lines
    ]  # fmt: skip
    template = request.site.templates.get_template("parts/line_table.html")
    html = Markup(template.render(columns=[rows.fields[key].label for key in columns], rows=drawn))
    return views.Panel(key=f"rows-{cell.path}", title=cell.field.label, html=html)


def _quiet(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """A no in a table of ticks says nothing, and so stays blank."""
    return (None,) if given == (False,) and isinstance(given[0], bool) else given


def _cell_of(resources: Resources, child: ResolvedField) -> Cell:
    return Cell(child.key, child, 2 if child.is_relation else 1, resources.target(child) if child.is_relation else None)


def texts_of_lines(
    field: ResolvedField, lines: Sequence[Line], text_of: TextOf, target: ResolvedResource | None
) -> tuple[Any, Any]:
    """What stands in the cells of present rows, and the labels of the relations; `target` is what rows are about."""
    rows = rows_of(field)

    def shown(key: str, label: str | None) -> str:
        return target.shown(label) if target is not None and key == rows.lead.key else label or ""

    if is_picked(field):
        found = [line.values[rows.lead.key] for line in lines if rows.lead.key in line.values]
        names = [shown(rows.lead.key, given[1]) or "…" for given in found]
        return [str(given[0]) for given in found], [(g[0], name, "") for g, name in zip(found, names, strict=True)]
    texts = [
        {"id": str(line.id), **{key: text_of(rows.fields[key], given[0]) for key, given in line.values.items()}}
        for line in lines
    ]
    labels = [{key: shown(key, given[1]) for key, given in line.values.items() if len(given) > 1} for line in lines]
    return texts, labels


def is_posted(form: Form, field: ResolvedField) -> bool:
    """Whether a form says anything about the rows of a field."""
    return field.key in form or f"{field.key}-count" in form


def posted(form: Form, field: ResolvedField, relation: Relation) -> list[Any]:
    """The rows posted, ready for `Records`: those left empty or taken away are not among them."""
    if is_picked(field):
        return [part for text in form.all(field.key) for part in text.split(",") if part.strip()]
    if f"{field.key}-count" not in form:
        return _from_json(form, field)
    found = []
    for number, (index, line) in enumerate(_kept(form, field)):
        values = {key: line[key] for key in line if not key.endswith("__label")}
        for key, child in rows_of(field).fields.items():
            if not child.is_relation or not {key, f"{key}__label"} & line.keys():
                continue
            try:
                at = replace(child, key=f"{field.key}-{index}-{key}")
                values[key] = relation(at, line.get(key, ""), line.get(f"{key}__label", ""))
            except Invalid as invalid:
                raise Invalid(FieldError(f"{field.key}.{number}.{key}", e.message) for e in invalid.errors) from None
        found.append(values)
    return found


def typed(request: Request, field: ResolvedField) -> tuple[Any, Any]:
    """What was typed into the cells, to be shown again beside what is wrong with it."""
    form = request.form
    if is_picked(field):
        from core.resources.rows import labels_of

        ids = [int(text) for text in form.all(field.key) if text.isascii() and text.isdigit() and len(text) < 19]
        labels = labels_of(request.connection, request.platform.above, rows_of(field).lead, ids)
        return [str(i) for i in ids], [(i, labels.get(i, "…"), "") for i in ids]
    texts, labels_of_lines = [], []
    for _index, line in _kept(form, field):
        texts.append({key: text for key, text in line.items() if not key.endswith("__label")})
        labels_of_lines.append(
            {key.removesuffix("__label"): text for key, text in line.items() if key.endswith("__label")}
        )
    return texts, labels_of_lines


def draw(
    field: ResolvedField,
    texts: Any,
    labels: Any,
    faults: Mapping[str, list[Words]],
    *,
    readonly: bool,
    cell: Draw,
) -> views.Field:
    """The field with a table of its rows, and one row more that is empty."""
    rows = rows_of(field)
    lines = [] if texts in ("", None) else list(texts)
    drawn = [
        _line(field, number, line, labels[number] if labels else {}, faults, cell) for number, line in enumerate(lines)
    ]
    if not readonly:
        drawn.append(_line(field, len(lines), {}, {}, {}, cell))
    return views.Field(
        key=field.key,
        title=field.label,
        kind="rows",
        help=field.help,
        errors=tuple(text for path, found in faults.items() if _of_whole(field, path, len(lines)) for text in found),
        columns=tuple(cell(child, {}, {}, {}) for child in rows.fields.values()),
        rows=tuple(drawn),
        add=rows.declared.add,
        readonly=readonly,
    )


def in_words(field: ResolvedField, texts: Any, labels: Any) -> str:
    """What the rows are about, one after the other."""
    if is_picked(field):
        names = [str(label[1]) for label in labels or ()]
    else:
        lead = rows_of(field).lead
        names = [
            str((labels[number] if labels else {}).get(lead.key) or line.get(lead.key) or "")
            for number, line in enumerate(texts or ())
        ]
    return str(_(", ")).join(name for name in names if name)


def as_value(field: ResolvedField, texts: Any) -> str:
    """The rows as one value of a form, which `posted` reads again."""
    return ",".join(texts or ()) if is_picked(field) else json.dumps(texts or [], ensure_ascii=False)


def faults_of(field: ResolvedField, faults: Mapping[str, list[Words]]) -> dict[str, list[Words]]:
    """The faults that belong to a field of rows, cell by cell."""
    return {path: found for path, found in faults.items() if path == field.key or path.startswith(f"{field.key}.")}


def _of_whole(field: ResolvedField, path: str, count: int) -> bool:
    """Whether a fault stands below the table: it belongs to no cell that is drawn."""
    cells = {f"{field.key}.{number}.{key}" for number in range(count) for key in rows_of(field).fields}
    lead = {f"{field.key}.{number}" for number in range(count)} if rows_of(field).declared.plain else set()
    return path not in cells | lead


def _line(
    field: ResolvedField,
    number: int,
    line: Mapping[str, str],
    labels: Mapping[str, str],
    faults: Mapping[str, list[Words]],
    cell: Draw,
) -> tuple[views.Field, ...]:
    rows = rows_of(field)
    drawn = []
    for key, child in rows.fields.items():
        at = replace(child, key=f"{field.key}-{number}-{key}")
        wrong = [*faults.get(f"{field.key}.{number}.{key}", ())]
        if rows.declared.plain and key == rows.lead.key:
            wrong += faults.get(f"{field.key}.{number}", ())
        drawn.append(cell(at, {at.key: line.get(key)}, {at.key: labels.get(key)}, {at.key: wrong}))
    if line.get("id"):
        drawn.append(views.Field(key=f"{field.key}-{number}-id", title="", kind="hidden", value=line["id"]))
    return tuple(drawn)


def _kept(form: Form, field: ResolvedField) -> list[tuple[int, dict[str, str]]]:
    """The rows that were filled in and not taken away, each with the number under which it was posted."""
    counted = form.get(f"{field.key}-count")
    if not (counted.isascii() and counted.isdigit() and len(counted) < 5):
        raise BadRequest(_("'{name}' is not a number of rows.", name=counted[:20]), _("Load the page again."))
    found = []
    for index in range(min(int(counted), MOST + 1)):
        prefix = f"{field.key}-{index}-"
        if form.get(f"{prefix}_remove") == "true":
            continue
        line = {}
        for key in ("id", *rows_of(field).fields):
            for name in (key, f"{key}__label"):
                if prefix + name in form:
                    line[name] = form.get(prefix + name)
        if not line.get("id"):
            # A tick that was not made says nothing of a new row: what it begins with decides.
            line = {name: text for name, text in line.items() if text not in ("", "false")}
        if line:
            found.append((index, line))
    return found


def _from_json(form: Form, field: ResolvedField) -> list[Any]:
    try:
        found = json.loads(form.get(field.key) or "[]")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise BadRequest(_("'{name}' is not a list of rows.", name=field.key), _("Load the page again."))
    return found
