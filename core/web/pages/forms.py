"""Creating and editing a record: the form, what was posted, and what happens when somebody else was quicker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from core.kernel.guard import is_within
from core.kernel.i18n import translate as _
from core.kernel.plugins import SYSTEM
from core.kernel.privilege import privileged
from core.resources.fields import ResolvedField, Words
from core.resources.records import Records, Row
from core.resources.resolved import ResolvedResource, Resources
from core.web import lines
from core.web.files import take
from core.web.forms import Forms, text_of, texts_of
from core.web.pages.lists import context_of
from core.web.responses import Response
from core.web.showing import fact_of
from core.web.stages import is_locked_row, is_open
from core.web.views import (
    Button,
    Confirm,
    Duplicate,
    FormFile,
    FormSection,
    FormView,
    Link,
    MergeField,
    MergeView,
    Notice,
)
from core.workplace.activity import parts_of
from core.workplace.attachments import CONTENT, LARGEST, attach, content_of
from core.workplace.declared import Draft

if TYPE_CHECKING:
    from core.web.requests import Request


class FormPages:
    """The pages on which records of one resource are written."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records
        self._forms = Forms(resources, resource)
        self._takes_file = content_of(resource) is not None

    def new(self, request: Request) -> Response:
        """The empty form; parameters of the address fill fields, as when it is opened from a related record."""
        if not self._resource.allows(request.principal, "create"):
            raise Forbidden
        fields = self._forms.shown(request, creating=True)
        texts: dict[str, Any] = {
            f.key: text_of(f, f.default, context_of(request)) for f in fields if f.default is not None
        }
        labels: dict[str, Any] = {}
        self._begin(request, fields, texts, labels)
        for field in fields:
            if field.key in request.query and field.rows is None:
                texts[field.key] = request.query.all(field.key) if field.many else request.query[field.key]
                labels[field.key] = (
                    self._named(request, field, texts[field.key])
                    if field.many
                    else self._label(request, field, request.query[field.key])
                )
            elif field.key == "owner":
                texts["owner"], labels["owner"] = str(request.principal.user_id), request.principal.name
        return self._form(request, fields, texts, labels, {}, row=None)

    def _begin(
        self, request: Request, fields: Sequence[ResolvedField], texts: dict[str, Any], labels: dict[str, Any]
    ) -> None:
        """Fill in what the resource and its extensions draft."""
        for part in parts_of(self._resources, self._resource, Draft):
            asked = {key: request.query[key] for key in request.query}
            drafted = part.make(request.reader, request.principal, asked)
            for field in (each for each in fields if drafted.get(each.key) is not None):
                value, target = drafted[field.key], self._resources.target(field)
                if field.many and target is not None:
                    texts[field.key] = [str(each) for each in value]
                    labels[field.key] = self._named(request, field, texts[field.key])
                else:
                    texts[field.key] = text_of(field, value, context_of(request))

    def create(self, request: Request) -> Response:
        """Make the record, or show the form again with what is wrong."""
        fields = self._forms.shown(request, creating=True)
        # Stored before the transaction is opened: nobody waits for a file that is on its way to the disk.
        sent = take(request) if self._takes_file and request.form.file("file") else []
        try:
            given = self._forms.posted(request, fields, given={})
            filled = {key: value for key, value in given.items() if value not in ("", [])}
            for _stored, name, _kind in sent:
                filled.setdefault(self._resource.label.key, name.rpartition(".")[0] or name)
            record = self._records.create(request.session, self._resource, filled, context_of(request))
            for stored, name, kind in sent:
                attach(request.session, self._resource, record.id, stored, name, kind, CONTENT)
        except (Invalid, Conflict) as refused:
            return self._again(request, fields, refused, row=None)
        if request.form.get("_then") == "new":
            return request.redirect(f"{self._resource.url}/new", self._saved(request, _("Created.")))
        return request.redirect(f"{self._resource.url}/{record.id}", self._saved(request, _("Created.")))

    def edit(self, request: Request) -> Response:
        """The form with what the record holds."""
        row = self._row(request)
        texts, labels = texts_of(row, context_of(request))
        return self._form(request, self._open(request, row), texts, labels, {}, row=row)

    def update(self, request: Request) -> Response:
        """Change the record; where somebody was quicker, ask which of the two shall hold."""
        row = self._row(request)
        context = context_of(request)
        fields = self._open(request, row)
        texts, _labels = texts_of(row, context)
        version = request.number("_version")
        try:
            given = self._forms.posted(request, fields, given=texts)
            self._records.update(request.session, self._resource, row.id, given, context, version=version)
        except (Invalid, Conflict) as refused:
            return self._again(request, fields, refused, row=row)
        except Stale:
            request.work.undo()
            return self._merge(request, fields)
        return request.redirect(f"{self._resource.url}/{row.id}", self._saved(request, _("Saved.")))

    def duplicates(self, request: Request) -> Response:
        """The records that may be the same as what is being typed, as a fragment."""
        found = self.similar(
            request, {key: request.query.get(key) for key in request.query}, request.query.get("id", "")
        )
        return request.render("parts/duplicates.html", FormView(title="", url="", sections=(), duplicates=found))

    def similar(self, request: Request, texts: Mapping[str, Any], own: str = "") -> tuple[Duplicate, ...]:
        """Records with the same comparable name or phone, anywhere; those out of scope say only that they exist."""
        rule = self._resource.duplicates
        if rule is None:
            return ()
        found: dict[int, Duplicate] = {}
        table = self._resource.table
        for column, key, make in rule.keys:
            made = make(str(texts.get(key) or ""))
            if not made:
                continue
            field = self._resource.fields[key]
            reason = _("same {field}", field=field.label)
            # Duplicates count beyond the scope, but nothing is told of what lies there.
            anywhere = select(table.c.id).where(table.c[column] == made, table.c.deleted_at.is_(None)).limit(6)
            ids = [i for i in privileged(request.connection).scalars(anywhere) if str(i) != own]
            seen = select(table.c.id, self._resource.label).where(table.c.id.in_(ids))
            visible = {row[0]: str(row[1]) for row in request.connection.execute(seen)} if ids else {}
            for record_id in ids:
                title = visible.get(record_id)
                url = f"{self._resource.url}/{record_id}" if title else ""
                hint = "" if title else _("It belongs to another department.")
                found.setdefault(
                    record_id, Duplicate(title=title or str(self._resource.name), reason=reason, url=url, hint=hint)
                )
        return tuple(found.values())

    def field(self, request: Request) -> Response:
        """One field of a record as a small form, to edit it in its place."""
        row = self._row(request)
        texts, labels = texts_of(row, context_of(request))
        return self._field_form(request, row, self._one(request), texts, labels, {})

    def set_field(self, request: Request) -> Response:
        """Set one field; a script gets the fact as it reads now, or the form with what is wrong."""
        field = self._one(request)
        row = self._row(request)
        context = context_of(request)
        home = f"{self._resource.url}/{row.id}"
        texts, labels = texts_of(row, context)
        try:
            given = self._forms.posted(request, [field], given=texts)
            version = request.number("_version")
            self._records.update(request.session, self._resource, row.id, given, context, version=version)
        except Invalid as invalid:
            request.work.undo()
            faults: dict[str, list[Words]] = {}
            for error in invalid.errors:
                faults.setdefault(error.field, []).append(error.message)
            typed = {field.key: request.form.all(field.key) if field.many else request.form.get(field.key)}
            kept: dict[str, Any] = {field.key: request.form.get(f"{field.key}__label") or labels.get(field.key)}
            if field.many:
                kept = {field.key: self._named(request, field, request.form.all(field.key))}
            return self._field_form(request, row, field, typed, kept, faults, status=422)
        except Stale:
            request.work.undo()
            return Response(b"", 412, "text/plain").header("Location", f"{home}/edit")
        if not request.wants_fragment:
            return request.redirect(home, self._saved(request, _("Saved.")))
        connection = request.session.connection()
        row = self._records.row(connection, self._resource, row.id, context, (field.key,))
        return request.render("fact.html", fact_of(request, self._resource, row, row.cells[0]))

    def _open(self, request: Request, row: Row) -> list[ResolvedField]:
        """The fields of the form that the state of the record lets be edited; a Conflict where there is none."""
        resource = self._resource
        if not any(is_within(request.connection, resource.key, row.id, each) for each in ("edit", "assign")):
            raise NotFound
        fields = [f for f in self._forms.shown(request, creating=False) if is_open(resource, row, f.key)]
        if not fields and resource.workflow is not None:
            raise Conflict(resource.workflow.locked_words(self._records.get(request.reader, resource, row.id)))
        return fields

    def _one(self, request: Request) -> ResolvedField:
        shown = {field.key: field for field in self._forms.shown(request, creating=False)}
        field = shown.get(request.params["field"])
        if field is None or field.key not in self._resource.writable(request.principal):
            raise NotFound
        return field

    def _field_form(
        self,
        request: Request,
        row: Row,
        field: ResolvedField,
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: dict[str, list[Words]],
        status: int = 200,
    ) -> Response:
        sections, _tabs = self._forms.sections(request, [field], texts, labels, faults, creating=False)
        version = request.form.get("_version") if status != 200 else ""
        view = FormView(
            title=field.label,
            url=f"{self._resource.url}/{row.id}/fields/{field.key}",
            sections=[FormSection(fields=[replace(f, autofocus=True) for s in sections for f in s.fields])],
            token=request.new_token(),
            version=int(version) if version.isdigit() else row.version,
            faults=tuple(m for key, messages in faults.items() if key != field.key for m in messages),
            cancel_url=f"{self._resource.url}/{row.id}",
            fragment=True,
        )
        template = "form_fragment.html" if request.wants_fragment else "form.html"
        return request.render(template, view, status)

    def _row(self, request: Request) -> Row:
        record_id = request.params["id"]
        return self._records.row(request.connection, self._resource, record_id, context_of(request))

    def _label(self, request: Request, field: ResolvedField, text: str) -> Any:
        target = self._resources.target(field) if field.is_relation else None
        if target is None or not text.isascii() or not text.isdigit() or len(text) > 18:
            return ""
        return request.connection.execute(select(target.label).where(target.table.c.id == int(text))).scalar()

    def _named(self, request: Request, field: ResolvedField, texts: Iterable[str]) -> tuple[tuple[int, str, str], ...]:
        """Several related records with their names, as far as the reader sees them."""
        target = self._resources.target(field)
        ids = sorted({int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19})
        if target is None or not ids:
            return ()
        return tuple((row[0], str(row[1]), "") for row in request.connection.execute(target.labels, {"ids": ids}))

    def _again(
        self, request: Request, fields: list[ResolvedField], refused: Invalid | Conflict, row: Row | None
    ) -> Response:
        """The form with everything that was typed, and each fault beside its field; a broken rule above them all."""
        request.work.undo()
        faults: dict[str, list[Words]] = {}
        for error in refused.errors if isinstance(refused, Invalid) else ():
            faults.setdefault(error.field, []).append(error.message)
        if isinstance(refused, Conflict):
            faults[""] = [str(refused)]
        form = request.form
        texts: dict[str, Any] = {f.key: form.all(f.key) if f.many else form.get(f.key) for f in fields}
        labels: dict[str, Any] = {f.key: form.get(f"{f.key}__label") for f in fields if f.is_relation}
        labels |= {f.key: self._named(request, f, texts[f.key]) for f in fields if f.many}
        for field in fields:
            if field.rows is not None and lines.is_posted(form, field):
                texts[field.key], labels[field.key] = lines.typed(request, field)
        return self._form(request, fields, texts, labels, faults, row=row, status=refused.status)

    def _form(
        self,
        request: Request,
        fields: list[ResolvedField],
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: dict[str, list[Words]],
        *,
        row: Row | None,
        status: int = 200,
    ) -> Response:
        resource = self._resource
        sections, tabs = self._forms.sections(request, fields, texts, labels, faults, creating=row is None)
        known = {field.key for field in fields}
        known |= {path for field in fields if field.rows is not None for path in lines.faults_of(field, faults)}
        whole = [message for key, messages in faults.items() if key not in known for message in messages]
        home = f"{resource.url}/{row.id}" if row else resource.url
        version = request.form.get("_version") if status != 200 else ""
        view = FormView(
            title=_("New {name}", name=resource.name) if row is None else self._title(row),
            url=f"{home}/edit" if row else f"{resource.url}/new",
            sections=sections,
            trail=trail_of(resource),
            icon=resource.declared.icon,
            tabs=tabs,
            token=request.new_token(),
            version=None if row is None else int(version) if version.isdigit() else row.version,
            faults=tuple(whole),
            duplicates=self.similar(request, texts, str(row.id) if row else "") if status != 200 else (),
            duplicates_url=f"{resource.url}/duplicates" if resource.duplicates else "",
            submit=_("Create") if row is None else _("Save"),
            submit_more=_("Create and new") if row is None else "",
            cancel_url=home,
            remove=self._remove(request, row) if row and not is_locked_row(resource, row) else None,
            multipart=row is None and self._takes_file,
            file=_file_of(resource) if row is None else None,
            redraft=tuple(self._drafted_on()) if row is None and status == 200 else (),
        )
        return request.render("form.html", view, status)

    def _drafted_on(self) -> Iterable[str]:
        """The fields on which the draft of a new record depends."""
        for part in parts_of(self._resources, self._resource, Draft):
            yield from part.on

    def _title(self, row: Row) -> str:
        key = self._resource.label.key
        return str(row.values[key][0] or f"#{row.id}") if key in row.values else f"#{row.id}"

    def _remove(self, request: Request, row: Row) -> Button | None:
        return remove_button(request, self._resource, row.id, self._title(row))

    def _saved(self, request: Request, text: Words) -> Notice:
        return Notice(text=str(text), tone="good", undo=undo_button(request.work.operation))

    def _merge(self, request: Request, fields: Sequence[ResolvedField]) -> Response:
        """Both versions of what two people changed, side by side."""
        row = self._row(request)
        context = context_of(request)
        texts, labels = texts_of(row, context)
        mine = self._forms.posted(request, fields, given=texts)
        merged = []
        for field in fields:
            if field.key not in mine:
                continue
            if field.rows is not None:
                merged.append(_merged_rows(request, field, texts, labels))
                continue
            value = mine[field.key]
            theirs = labels.get(field.key) if field.is_relation else texts.get(field.key)
            merged.append(
                MergeField(
                    key=field.key,
                    title=field.label,
                    theirs=_words(theirs),
                    mine=_words(request.form.get(f"{field.key}__label") or value),
                    mine_value=_words(value),
                    theirs_value=_words(texts.get(field.key)),
                )
            )
        view = MergeView(
            title=self._title(row),
            url=f"{self._resource.url}/{row.id}/edit",
            version=row.version,
            person=None,
            at=_("in the meantime"),
            fields=tuple(merged),
            cancel_url=f"{self._resource.url}/{row.id}",
        )
        return request.render("merge.html", view, 412)


def _file_of(resource: ResolvedResource) -> FormFile | None:
    """The place for the file of a new record that is about one."""
    content = content_of(resource)
    if content is None:
        return None
    return FormFile(
        title=content.title or _("File"),
        most=LARGEST,
        too_large=_("The file has more than {limit} MB.", limit=f"{LARGEST / 1_000_000:g}"),
        names=resource.label.key,
        accept=",".join(content.accept),
    )


def _merged_rows(
    request: Request, field: ResolvedField, texts: Mapping[str, Any], labels: Mapping[str, Any]
) -> MergeField:
    """Rows that two people changed: one takes all of the one or all of the other."""
    mine, named = lines.typed(request, field)
    return MergeField(
        key=field.key,
        title=field.label,
        theirs=lines.in_words(field, texts.get(field.key), labels.get(field.key)),
        mine=lines.in_words(field, mine, named),
        mine_value=lines.as_value(field, mine),
        theirs_value=lines.as_value(field, texts.get(field.key)),
    )


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(str(item[1] if isinstance(item, tuple) else item) for item in value)
    return "" if value is None else str(value)


def trail_of(resource: ResolvedResource) -> tuple[Link, ...]:
    """The way back from a page of a record: to its list, and of people and roles to the administration."""
    home = (Link(title=_("Administration"), url="/system"),) if resource.declared.plugin == SYSTEM else ()
    return (*home, Link(title=resource.names, url=resource.url))


def undo_button(operation: str) -> Button:
    """The button that takes an operation back."""
    return Button(title=_("Undo"), url="/undo", fields=(("operation", operation),), icon="undo", kind="quiet")


def remove_button(request: Request, resource: ResolvedResource, record_id: int, title: str) -> Button | None:
    """The button that moves a record to the recycle bin; None for whoever may not."""
    if not resource.allows(request.principal, "delete") or not resource.has_bin:
        return None
    confirm = Confirm(
        title=_("Delete “{title}”?", title=title),
        text=_("It goes to the recycle bin and can be brought back from there."),
        button=_("Delete"),
        undoable=True,
    )
    return Button(
        title=_("Delete"), url=f"{resource.url}/{record_id}/delete", icon="trash", kind="danger", confirm=confirm
    )
