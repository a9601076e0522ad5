"""Single records: read, create, edit, delete, restore and run actions, from what a form, the API or a file holds.

Every way in goes through here: fields are checked one by one, rights per field, rules of plugins, duplicates' keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, func, inspect, or_, select
from sqlalchemy.exc import IntegrityError

from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, SopiaError, Stale
from core.kernel.guard import ScopedSession
from core.kernel.hooks import Hooks
from core.kernel.i18n import translate as _
from core.kernel.loading import load
from core.kernel.policies import Public, Through
from core.kernel.privilege import privileged
from core.kernel.types import Money, now
from core.resources import values
from core.resources.actions import Verbs, check_reach
from core.resources.conditions import Condition, Context
from core.resources.fields import Field, Kind, ResolvedField
from core.resources.linked import set_links
from core.resources.locks import refuse_locked
from core.resources.queries import Cell, ListRequest, Lists
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Action, Check
from core.resources.row_writing import RowReader, write_rows
from core.resources.rows import undeleted

LARGEST_ID = 2**63 - 1
LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Row:
    """One record as read for showing: its id and version, and the values of each field asked for."""

    id: int
    version: int
    cells: tuple[Cell, ...]
    values: dict[str, tuple[Any, ...]]
    """By path, as many values as `Cell.width` says: of a relation id, label and perhaps colour."""


class Records:
    """Reads and changes the records of the resources of one registry."""

    def __init__(self, resources: Resources, hooks: Hooks) -> None:
        self.resources = resources
        self.verbs = Verbs(resources, hooks)
        self._hooks = hooks
        self._gathered: dict[tuple[str, str], list[int]] | None = None
        """What plugins will hear of together: ids by resource and action."""

    @contextmanager
    def together(self, session: ScopedSession, context: Context) -> Iterator[Records]:
        """The same, for many records: plugins that can hear of all at once do so at the end of the block."""
        many = Records(self.resources, self._hooks)
        many._gathered = {}
        yield many
        for (key, action), ids in many._gathered.items():
            self._hooks.react(
                "on_many", session=session, principal=context.principal, resource=key, ids=ids, action=action
            )
        session.expire_all()  # what they have done by one statement is read anew

    def row(
        self,
        connection: Connection,
        resource: ResolvedResource,
        record_id: int,
        context: Context,
        columns: tuple[str, ...] | None = None,
    ) -> Row:
        """One record with labels of all relations, in one statement; NotFound where it is missing or out of scope."""
        readable = resource.readable(context.principal)
        wanted = columns or tuple(key for key in resource.fields if key in readable)
        paths = (*wanted, "version") if "version" in resource.fields and "version" not in wanted else wanted
        if not 0 < record_id <= LARGEST_ID:
            raise NotFound
        lists = Lists(self.resources, resource)
        page = lists.page(connection, ListRequest(paths, (Condition("id", "eq", (record_id,)),), limit=1), context)
        if not page.rows:
            raise NotFound
        given = page.rows[0]
        told: dict[str, tuple[Any, ...]] = {}
        position = 1
        for cell in page.cells:
            told[cell.path] = given[position : position + cell.width]
            position += cell.width
        return Row(record_id, int(told.get("version", (0,))[0] or 0), page.cells, told)

    def get(self, session: ScopedSession, resource: ResolvedResource, record_id: int) -> Any:
        """The record itself, to change it; NotFound where it is missing or out of scope."""
        record = load(session, resource.model, record_id) if 0 < record_id <= LARGEST_ID else None
        if record is None:
            raise NotFound
        # The session itself lets go of what nobody holds, and a page asks for its record several times.
        session.info.setdefault("held", {})[resource.key, record_id] = record
        return record

    def create(
        self, session: ScopedSession, resource: ResolvedResource, given: Mapping[str, Any], context: Context
    ) -> Any:
        """A new record from values as typed or as JSON; raises Invalid naming every field that does not pass."""
        self._need(context, resource, "create")
        record = resource.model()
        reading = _Reading(self, session, resource, context, "create")
        reading.take(given)
        reading.require(record)
        reading.stop_if_faulty()
        with _unique(resource):
            session.add(record)
            reading.set(record)
            reading.check(record)
            self._decide(session, context, resource, record, "create")
            session.flush()
            reading.set_extensions(record)
            reading.set_rows(record)
            reading.set_links(record)
            session.flush()
        self._react(session, context, resource, record, "create")
        return record

    def update(
        self,
        session: ScopedSession,
        resource: ResolvedResource,
        record_id: int,
        given: Mapping[str, Any],
        context: Context,
        *,
        version: int | None,
    ) -> Any:
        """Set the given fields of a record; Stale where `version` is not the present one."""
        self._need(context, resource, "edit", "assign")
        record = self.get(session, resource, record_id)
        if version is not None and record.version != version:
            raise Stale
        refuse_locked(resource, record, given)
        reading = _Reading(self, session, resource, context, "edit", record_id)
        reading.take(given)
        reading.stop_if_faulty()
        with _unique(resource):
            reading.set_rows(record)
            reading.set(record)
            reading.check(record)
            moved = reading.moves and not reading.edits
            self._decide(session, context, resource, record, "assign" if moved else "edit")
            session.flush()
            reading.set_extensions(record)
            reading.set_links(record)
            session.flush()
        self._react(session, context, resource, record, "edit")
        return record

    def delete(
        self,
        session: ScopedSession,
        resource: ResolvedResource,
        record_id: int,
        context: Context,
        *,
        version: int | None = None,
    ) -> Any:
        """Put a record into the recycle bin; a value that others still use is refused with how many do."""
        self._need(context, resource, "delete")
        record = self.get(session, resource, record_id)
        if version is not None and record.version != version:
            raise Stale
        refuse_locked(resource, record)
        self._refuse_used(session, resource, record)
        self._decide(session, context, resource, record, "delete")
        record.deleted_at = now()
        session.flush()
        self._react(session, context, resource, record, "delete")
        return record

    def restore(self, session: ScopedSession, resource: ResolvedResource, record_id: int, context: Context) -> Any:
        """Bring a record back from the recycle bin; `session` must be one that sees the bin."""
        self._need(context, resource, "delete")
        record = self.get(session, resource, record_id)
        if record.deleted_at is None:
            raise Conflict(_("It is not in the recycle bin."))
        with _unique(resource):
            record.deleted_at = None
            session.flush()
        self._react(session, context, resource, record, "restore")
        return record

    def run(
        self,
        session: ScopedSession,
        resource: ResolvedResource,
        record_id: int,
        name: str,
        given: Mapping[str, Any],
        context: Context,
    ) -> Any:
        """Run an action of a record with the values it asks for; NotFound beyond the reach of its permission."""
        declared = next((each for each in resource.actions if each.name == name), None)
        if declared is not None and not self.verbs.allows(context.principal, resource, declared):
            raise Forbidden
        record = self.get(session, resource, record_id)
        action = declared or self.verbs.find(session, resource, record, context.principal, name)
        if not self.verbs.allows(context.principal, resource, action):
            raise Forbidden
        check_reach(session, resource, record, action.allow or action.name)
        if action.when is not None and not action.when(record):
            raise Conflict(resource.why_not(action, record))
        asked = self.asked(session, resource, action, given, context)
        self._decide(session, context, resource, record, action.name)
        session.info["operation"].verb = action.name
        with _unique(resource):
            outcome = action.run(session, record, **asked)
            session.flush()
        self._react(session, context, resource, record, action.name)
        return outcome

    def prepared(
        self, session: ScopedSession, resource: ResolvedResource, record_id: int, name: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The values of an action after the work that must be done before its transaction; `session` only reads."""
        action = next((each for each in resource.actions if each.name == name), None)
        return action.prepare(session, record_id, given) if action is not None and action.prepare else given

    def asked(
        self,
        session: ScopedSession,
        resource: ResolvedResource,
        action: Action,
        given: Mapping[str, Any],
        context: Context,
    ) -> dict[str, Any]:
        """The values that an action asks for, read; Invalid names every one that does not pass."""
        faults: list[FieldError] = []
        asked: dict[str, Any] = {}
        for each in action.ask:
            if each.kind == "json":  # a shape of the action's own, which it checks by itself
                asked[each.key] = given.get(each.key)
                continue
            resolved = as_field(resource, each)
            try:
                value = read_value(self.resources, session, resolved, given.get(each.key), context)
            except values.ValueFault as fault:
                faults.append(FieldError(each.key, fault.message))
                continue
            if each.required and value in (None, "", []):
                faults.append(FieldError(each.key, _("Please fill this in.")))
            asked[each.key] = value
        faults += [
            FieldError(key, _("There is no such field."))
            for key in given
            if all(key != each.key for each in action.ask)
        ]
        if faults:
            raise Invalid(faults)
        return asked

    def _need(self, context: Context, resource: ResolvedResource, *actions: str) -> None:
        if not any(resource.allows(context.principal, action) for action in actions):
            raise Forbidden

    def _decide(
        self, session: ScopedSession, context: Context, resource: ResolvedResource, record: Any, action: str
    ) -> None:
        if not self._hooks.implemented_by("check_action"):
            return
        refusals = self._hooks.decide(
            "check_action",
            session=session,
            principal=context.principal,
            resource=resource.key,
            record=record,
            action=action,
        )
        if refusals:
            raise Conflict(" ".join(str(refusal.reason) for refusal in refusals))

    def _react(
        self, session: ScopedSession, context: Context, resource: ResolvedResource, record: Any, action: str
    ) -> None:
        if self._hooks.implemented_by("on_change"):
            later: tuple[str, ...] = ()
            if self._gathered is not None and (later := self._hooks.concerned("on_many", resource.key)):
                self._gathered.setdefault((resource.key, action), []).append(record.id)
            self._hooks.react(
                "on_change",
                session=session,
                but=later,
                principal=context.principal,
                resource=resource.key,
                record=record,
                action=action,
            )

    def _refuse_used(self, session: ScopedSession, resource: ResolvedResource, record: Any) -> None:
        """A value of a dictionary that records refer to is archived, not deleted."""
        if not isinstance(resource.policy, Public):
            return
        used = uses(privileged(session), self.resources, resource, record.id)
        if used:
            told = ", ".join(f"{place.names}: {count}" for place, count in used)
            raise Conflict(
                _("'{name}' is still used. {places}", name=resource.label_of(record), places=told),
                getattr(resource.model, "__when_used__", _("Archive it, or replace it there first.")),
            )


def uses(
    connection: Connection, resources: Resources, resource: ResolvedResource, record_id: int
) -> list[tuple[ResolvedResource, int]]:
    """How many records of which resources refer to a record, counted beyond anybody's scope."""
    found: list[tuple[ResolvedResource, int]] = []
    for place, resolved in resources.pointing_to(resource.key):
        if isinstance(place.policy, Through) and resolved.attribute.removesuffix("_id") == place.policy.parent:
            continue
        assert resolved.column is not None
        conditions = [resolved.column == record_id]
        if not resolved.extension and "deleted_at" in place.table.c:
            conditions.append(place.table.c.deleted_at.is_(None))
        count = connection.execute(select(func.count()).select_from(resolved.table).where(*conditions)).scalar_one()
        if count:
            found.append((place, int(count)))
    return found + _uses_in_rows(connection, resources, resource, record_id)


def _uses_in_rows(
    connection: Connection, resources: Resources, resource: ResolvedResource, record_id: int
) -> list[tuple[ResolvedResource, int]]:
    """How many rows inside other records refer to a record; its own rows are part of it and do not count."""
    own = {each.rows.table for each in resource.fields.values() if each.rows is not None}
    found = []
    for place, field in resources.parts.values():
        assert field.rows is not None
        table = field.rows.table
        leading = [f.column for f in field.rows.fields.values() if f.target == resource.key and f.column is not None]
        if table in own or not leading:
            continue
        meant = or_(*(column == record_id for column in leading))
        statement = select(func.count()).select_from(table).where(meant, *undeleted(table))
        if count := connection.execute(statement).scalar_one():
            found.append((place, int(count)))
    return found


class _Reading:
    """The values of one form, JSON body or row on their way into a record."""

    def __init__(
        self,
        records: Records,
        session: ScopedSession,
        resource: ResolvedResource,
        context: Context,
        action: str,
        record_id: int | None = None,
    ) -> None:
        self._records = records
        self._session = session
        self._resource = resource
        self._context = context
        self._action = action
        self._record_id = record_id
        self._faults: list[FieldError] = []
        self._values: dict[str, Any] = {}

    @property
    def moves(self) -> bool:
        """Whether owner or department are among the values."""
        return any(self._resource.fields[key].moves for key in self._values)

    @property
    def edits(self) -> bool:
        """Whether anything but owner and department is among the values."""
        return any(not self._resource.fields[key].moves for key in self._values)

    def take(self, given: Mapping[str, Any]) -> None:
        """Read every value; what does not pass is noted with its field."""
        principal = self._context.principal
        readable, writable = self._resource.readable(principal), self._resource.writable(principal)
        for key, raw in given.items():
            resolved = self._resource.fields.get(key)
            if resolved is None or key not in readable:
                self._fault(key, _("There is no such field."))
            elif key not in writable:
                self._fault(key, _("This field cannot be set."))
            else:
                self._read(resolved, raw)

    def _read(self, resolved: ResolvedField, raw: Any) -> None:
        if resolved.rows is not None:
            reader = RowReader(self._records.resources, self._session, resolved, self._context, read_value)
            self._values[resolved.key] = reader.take(raw, self._record_id)
            self._faults += reader.faults
            return
        try:
            value = read_value(self._records.resources, self._session, resolved, raw, self._context)
        except values.ValueFault as fault:
            self._fault(resolved.key, fault.message)
            return
        if resolved.required and value in (None, "", []):
            self._fault(resolved.key, _("Please fill this in."))
            return
        if value is not None and self._leads_back(resolved, value):
            self._fault(resolved.key, _("The record would stand below itself. Choose another one."))
            return
        self._values[resolved.key] = value

    def _leads_back(self, resolved: ResolvedField, value: Any) -> bool:
        """Whether a tree would close to a circle: the chosen record is this one, or stands below it."""
        column = resolved.column
        if self._record_id is None or column is None or resolved.extension or resolved.target != self._resource.key:
            return False
        # Beyond anybody's scope: what one does not see closes a circle as well.
        connection, table = privileged(self._session), self._resource.table
        seen: set[int] = set()
        while value is not None and value not in seen:
            if value == self._record_id:
                return True
            seen.add(value)
            value = connection.execute(select(column).where(table.c.id == value)).scalar()
        return False

    def require(self, record: Any) -> None:
        """Note the required fields that are not among the values and have no default."""
        told = {fault.field for fault in self._faults} | self._values.keys()
        for key, resolved in self._resource.fields.items():
            if resolved.required and key not in told and not resolved.extension and not resolved.readonly:
                self._fault(key, _("Please fill this in."))

    def stop_if_faulty(self) -> None:
        """Raise what was noted."""
        if self._faults:
            raise Invalid(self._faults)

    def set(self, record: Any) -> None:
        """Put the values into the record; what duplicates are recognised by follows."""
        for key, value in self._values.items():
            resolved = self._resource.fields[key]
            if resolved.extension or resolved.rows is not None or resolved.linked:
                continue
            if resolved.moves and self._action == "edit" and getattr(record, resolved.attribute) == value:
                continue
            if resolved.many:
                if {target.id for target in getattr(record, resolved.attribute)} != {target.id for target in value}:
                    setattr(record, resolved.attribute, value)
                    record.updated_at = now()
            elif getattr(record, resolved.attribute) != value:
                setattr(record, resolved.attribute, value)
        set_duplicate_keys(self._resource, record)

    def check(self, record: Any) -> None:
        """Raise what the rules between fields find wrong with the record as it would be."""
        with self._session.no_autoflush:
            for rule in self._resource.declared.of_kind(Check):
                for key, reason in rule.find(self._session, record).items():
                    self._fault(key, reason)
        self.stop_if_faulty()

    def set_extensions(self, record: Any) -> None:
        """Put the values of extensions into their own tables; that raises the record's version as well."""
        for plugin, extension in self._resource.extensions.items():
            own = {key: value for key, value in self._values.items() if self._resource.fields[key].extension == plugin}
            if not own:
                continue
            key = inspect(extension.model).get_property_by_column(extension.key).key
            statement = select(extension.model).where(extension.key == record.id)
            part = self._session.scalars(statement).one_or_none()
            if part is None:
                part = extension.model(**{key: record.id})
                self._session.add(part)
            for name, value in own.items():
                setattr(part, self._resource.fields[name].attribute, value)
            if self._session.is_modified(part) and self._action == "edit":
                record.updated_at = now()

    def set_links(self, record: Any) -> None:
        """Link what the fields of links hold; a change of them is one of the record."""
        for key, value in self._values.items():
            resolved = self._resource.fields[key]
            target = self._records.resources.target(resolved) if resolved.linked else None
            if target is not None:
                ids = [each.id for each in value]
                if set_links(self._session, resolved, target, record, ids) and self._action == "edit":
                    record.updated_at = now()

    def set_rows(self, record: Any) -> None:
        """Make the rows of the record those wanted; a change of them is one of the record, whose version it raises."""
        for key, value in self._values.items():
            if self._resource.fields[key].rows is None:
                continue
            new = self._action == "create"
            if write_rows(self._session, self._resource, record, key, value, new=new) and not new:
                record.updated_at = now()

    def _fault(self, key: str, message: Any) -> None:
        self._faults.append(FieldError(key, message))


def set_duplicate_keys(resource: ResolvedResource, record: Any) -> None:
    """Keep the columns by which duplicates are recognised in step with the fields they are made of."""
    if resource.duplicates is None:
        return
    for column, key, make in resource.duplicates.keys:
        value = getattr(record, resource.fields[key].attribute)
        made = make(value)[:255] if value else None
        if getattr(record, column) != made:
            setattr(record, column, made or None)


def as_field(resource: ResolvedResource, asked: Field) -> ResolvedField:
    """What an action asks for, as a field that values are read by."""
    from core.resources.fields import label_of

    return ResolvedField(
        key=asked.key,
        label=asked.label or label_of(asked.key, resource.declared.plugin),
        kind=asked.kind or ("choice" if asked.choices else "relation" if asked.target else "text"),
        attribute=asked.key,
        table=resource.table,
        column=None,
        required=bool(asked.required),
        help=asked.help,
        choices=asked.choices,
        max_length=asked.max_length or 255,
        default=asked.default,
        target=asked.target,
        unit=asked.unit,
    )


def read_value(
    resources: Resources, session: ScopedSession, resolved: ResolvedField, raw: Any, context: Context
) -> Any:
    """The value of a field from what was typed or sent; a ValueFault tells what is wrong with it."""
    if resolved.is_relation:
        return _read_relation(resources, session, resolved, raw, context)
    if resolved.many:
        return _read_relations(resources, session, resolved, raw, context)
    return read_plain(resolved, raw, context)


def read_plain(resolved: ResolvedField, raw: Any, context: Context) -> Any:
    """The value of a field that leads to no other record."""
    if isinstance(raw, (dict, list)):
        raise values.ValueFault(_("This is not a single value."))
    read = READERS.get(resolved.kind)
    if read is None:
        raise values.ValueFault(_("This field cannot be set."))
    return read(resolved, raw, context)


def _money(resolved: ResolvedField, raw: Any, context: Context) -> Money | None:
    minor = values.money(raw, context.currency)
    return None if minor is None else Money(minor)


def _phone(resolved: ResolvedField, raw: Any, context: Context) -> str | None:
    found = values.phone(raw)
    return _or_none(resolved, found.shown if found else "")


READERS: Final[dict[Kind, Callable[[ResolvedField, Any, Context], Any]]] = {
    "text": lambda field, raw, _c: _or_none(field, values.text(_said(raw), field.max_length)),
    "long": lambda field, raw, _c: _or_none(field, values.long_text(_said(raw), field.max_length)),
    "integer": lambda field, raw, _c: values.integer(raw, *_bounds(field)),
    "decimal": lambda field, raw, _c: values.decimal(raw, *field.precision),
    "percent": lambda field, raw, _c: values.percent(raw, field.precision[0]),
    "money": _money,
    "date": lambda _f, raw, _c: values.date(raw),
    "instant": lambda _f, raw, context: values.instant(raw, context.timezone),
    "boolean": lambda _f, raw, _c: bool(values.boolean(raw)),
    "email": lambda field, raw, _c: _or_none(field, values.email(raw) or ""),
    "phone": _phone,
    "url": lambda field, raw, _c: _or_none(field, values.url(raw) or ""),
    "colour": lambda field, raw, _c: _or_none(field, values.colour(raw) or ""),
    "choice": lambda field, raw, _c: _read_choice(field, raw),
    "password": lambda _f, raw, _c: raw if isinstance(raw, str) else "",
}
"""How the text or JSON of each kind of field becomes its value."""


def _bounds(resolved: ResolvedField) -> tuple[int, int]:
    """The whole numbers that fit into the column."""
    wide = resolved.column is not None and isinstance(resolved.column.type, BigInteger)
    return (-values.EXACT, values.EXACT) if wide else (-LARGEST_INTEGER, LARGEST_INTEGER)


def _said(raw: Any) -> Any:
    if isinstance(raw, bool):
        raise values.ValueFault(_("This is not a text."))
    return raw


def _or_none(resolved: ResolvedField, text: str) -> str | None:
    """Nothing is NULL where the column allows it, and the empty text where it does not."""
    if len(text) > resolved.max_length:
        raise values.ValueFault(
            _(
                '"{value}" has {length} characters; at most {longest} are allowed. Shorten it.',
                value=text[:40],
                length=len(text),
                longest=resolved.max_length,
            )
        )
    return text if text or not resolved.nullable else None


def _read_choice(resolved: ResolvedField, raw: Any) -> str | None:
    text = values.text(raw)
    if not text:
        return _or_none(resolved, "")
    for choice in resolved.choices:
        if text in (choice.value, str(choice.label)):
            return choice.value
    allowed = ", ".join(str(choice.label) for choice in resolved.choices)
    raise values.ValueFault(_("'{value}' is not among: {allowed}.", value=text[:50], allowed=allowed))


def _read_id(raw: Any) -> int | None:
    if isinstance(raw, dict):
        raw = raw.get("id")
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise values.ValueFault(_("A relation is given as the number of the record."))
    text = str(raw).strip()
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:20]) <= LARGEST_ID:
        raise values.ValueFault(_("'{value}' is not the number of a record.", value=text[:50]))
    return int(text)


def _read_relation(
    resources: Resources, session: ScopedSession, resolved: ResolvedField, raw: Any, context: Context
) -> int | None:
    found = context.principal.user_id if raw == "me" and resolved.target == "system.user" else _read_id(raw)
    if found is None:
        return None
    target = resources.target(resolved)
    if target is None or session.get(target.model, found) is None:
        raise _no_record(found)
    return found


def _read_relations(
    resources: Resources, session: ScopedSession, resolved: ResolvedField, raw: Any, context: Context
) -> list[Any]:
    items = raw if isinstance(raw, list | tuple) else [] if raw in (None, "") else str(raw).split(",")
    wanted = [found for item in items if (found := _read_id(item)) is not None]
    target = resources.target(resolved)
    if target is None:
        raise values.ValueFault(_("This field cannot be set."))
    if len(wanted) > 200:
        raise values.ValueFault(_("At most 200 records fit here."))
    found_records = session.scalars(select(target.model).where(target.model.id.in_(wanted))).all() if wanted else []
    known = {record.id: record for record in found_records}
    for record_id in wanted:
        if record_id not in known:
            raise _no_record(record_id)
    return [known[record_id] for record_id in dict.fromkeys(wanted)]


def _no_record(record_id: int) -> values.ValueFault:
    return values.ValueFault(_("There is no record with the number {id}.", id=record_id))


@contextmanager
def _unique(resource: ResolvedResource) -> Iterator[None]:
    """Turn the database's word that a value is taken into one about the field."""
    try:
        yield
    except IntegrityError as error:
        raise _explained(resource, error) from None


def _explained(resource: ResolvedResource, error: IntegrityError) -> SopiaError:
    words = str(error.orig)
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
    unique = "unique" in words.lower() or constraint.startswith(("uq_", "ix_"))
    for key, resolved in resource.fields.items():
        column = resolved.column
        if column is None:
            continue
        named = re.search(rf"\b{re.escape(resolved.table.name)}\.{re.escape(column.name)}\b", words)
        if unique and (named or constraint.endswith(f"_{column.name}")):
            return Invalid([FieldError(key, _("This value is already taken."))])
    if unique:
        return Invalid([FieldError("", _("A record with these values exists already."))])
    return Conflict(_("The database does not accept these values."), _("Load the record again and check them."))
