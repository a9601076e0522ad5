"""Writes judged rows: new records in bulk where no plugin wants to hear of each, everything else record by record.

Values, permission and scope have been checked by the judge. Whoever calls it holds the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from core.kernel.access import Principal
from core.kernel.errors import FieldError, Invalid, NotFound, SopiaError
from core.kernel.gate import Gate
from core.kernel.guard import ScopedSession
from core.kernel.history import Operation
from core.kernel.i18n import translate as _
from core.kernel.policies import Own, Public, Through
from core.resources.bulk import insert_many, insert_records, insert_tuples
from core.resources.fields import ResolvedField
from core.resources.importing.declared import Alongside, Brings
from core.resources.importing.judging import WHOLE_ROW, Judge, Verdict, new_words
from core.resources.importing.linking import NewWord
from core.resources.importing.ownership import Ownership
from core.resources.importing.targets import NUMBER
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources


@dataclass(frozen=True)
class Desk:
    """What writing needs of the platform."""

    gate: Gate
    resources: Resources
    records: Records
    concerned: Callable[[str, str], tuple[str, ...]]
    """The plugins that want to hear through a hook of each record of a resource."""


class Writer:
    """Writes the rows of one file, chunk by chunk, as one operation of one person."""

    def __init__(self, desk: Desk, judge: Judge, operation: Operation) -> None:
        self._desk = desk
        self._judge = judge
        self._operation = operation
        self._resource = judge.resource
        self._principal: Principal = judge.context.principal
        self._parts = [
            (part, child)
            for part in self._resource.declared.of_kind(Alongside)
            if (child := desk.resources.get(part.resource)) is not None
        ]
        self.in_bulk = self._may_bulk()

    def write(self, system: Connection, verdicts: Sequence[Verdict]) -> None:
        """Write what shall be written; a row that cannot be, becomes a fault and leaves nothing behind."""
        session_of = self._desk.gate.adopted(
            system, self._principal, write=True, origin=self._operation.origin, operation=self._operation
        )
        new = [verdict for verdict in verdicts if verdict.outcome == "create"]
        changes = [verdict for verdict in verdicts if verdict.outcome == "update"]
        singly = changes if self.in_bulk else sorted([*new, *changes], key=lambda verdict: verdict.number)
        words = new_words(verdicts)
        if words or singly:
            with session_of as session:
                self._make_words(session, words)
                self._fill_in_words(verdicts)
                for verdict in singly:
                    self._write_one(session, verdict)
        if self.in_bulk and new:
            self._insert(system, new)

    # --------------------------------------------------------------------------------------------------------- in bulk

    def _may_bulk(self) -> bool:
        """Whether new records can be inserted without asking the unit of work about each."""
        resource, principal = self._resource, self._principal
        reach = principal.reach(resource.key, "create")
        own = isinstance(resource.policy, Own) and not resource.policy.restrict
        public = isinstance(resource.policy, Public) and reach.level == "all"
        if not (own or public) or self._hears(resource.key, ""):
            return False
        return all(
            principal.reach(child.key, "create") == reach
            and isinstance(child.policy, Through)
            # The plugin that declares the part vouches for it; another may have its own idea of such a record.
            and not self._hears(child.key, resource.declared.plugin)
            for part, child in self._parts
            if any(column.target.alongside is part for column in self._judge.columns)
        )

    def _hears(self, key: str, but: str) -> bool:
        hooks = ("check_action", "on_change")
        return any(plugin != but for hook in hooks for plugin in self._desk.concerned(hook, key))

    def _insert(self, system: Connection, verdicts: Sequence[Verdict]) -> None:
        resource = self._resource
        mapped = [column.target.field for column in self._judge.columns if column.target.alongside is None]
        plain = [each for each in mapped if each.column is not None and not each.extension and each.key != NUMBER]
        blanks = [(each.key, each.column.name, _blank(each)) for each in plain if each.column is not None]
        rows = [
            {name: values.get(key, blank) for key, name, blank in blanks}
            for values in (verdict.values for verdict in verdicts)
        ]
        self._add_keys(rows, verdicts)
        self._add_owners(rows, verdicts)
        self._add_brought(system, rows)
        several = [each for each in mapped if each.many]
        told = [
            {each.attribute: sorted(found) for each in several if (found := v.values.get(each.key))} for v in verdicts
        ]
        ids = insert_many(system, resource, self._operation, rows, told)
        for verdict, record_id in zip(verdicts, ids, strict=True):
            verdict.record_id = record_id
        for each in several:
            self._link(system, each, verdicts)
        self._insert_extensions(system, [each for each in mapped if each.extension], verdicts)
        for part, child in self._parts:
            self._insert_part(system, part, child, verdicts)

    def _add_keys(self, rows: Sequence[dict[str, Any]], verdicts: Sequence[Verdict]) -> None:
        """What duplicates are recognised by."""
        columns = (
            [column for column, _path, _make in self._resource.duplicates.keys] if self._resource.duplicates else []
        )
        for row, verdict in zip(rows, verdicts, strict=True):
            row.update(zip(columns, verdict.keys, strict=True))

    def _add_owners(self, rows: Sequence[dict[str, Any]], verdicts: Sequence[Verdict]) -> None:
        policy = self._resource.policy
        if not isinstance(policy, Own):
            return
        ownership = self._judge.ownership
        assert isinstance(ownership, Ownership)
        for row, verdict in zip(rows, verdicts, strict=True):
            owner, department = ownership.complete(verdict)
            row[policy.people[0]] = owner
            if policy.department:
                row[policy.department] = department

    def _add_brought(self, system: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Make the records that every new one brings along."""
        for part in self._resource.declared.of_kind(Brings):
            column = self._resource.fields[part.field].column
            assert column is not None
            table = next(iter(column.foreign_keys)).column.table
            model = next(m for m in self._desk.resources.registry.models if m.__table__ is table)
            ids = insert_records(system, model, self._operation, [{} for _row in rows])
            for row, made in zip(rows, ids, strict=True):
                row[column.name] = made

    def _link(self, system: Connection, each: ResolvedField, verdicts: Sequence[Verdict]) -> None:
        """Tie records to the several others that a field names."""
        secondary = self._resource.mapper.relationships[each.attribute].secondary
        assert isinstance(secondary, Table)
        mine = next(c for c in secondary.c if c.references(self._resource.table.c.id))
        theirs = next(c for c in secondary.c if c is not mine)
        pairs = [(v.record_id, other) for v in verdicts for other in v.values.get(each.key) or ()]
        insert_tuples(system, secondary, [mine.name, theirs.name], pairs)

    def _insert_extensions(
        self, system: Connection, fields: Sequence[ResolvedField], verdicts: Sequence[Verdict]
    ) -> None:
        by_plugin: dict[str, list[ResolvedField]] = defaultdict(list)
        for each in fields:
            by_plugin[each.extension].append(each)
        for plugin, own in by_plugin.items():
            extension = self._resource.extensions[plugin]
            rows = [
                {extension.key.name: v.record_id}
                | {f.column.name: v.values.get(f.key, _blank(f)) for f in own if f.column is not None}
                for v in verdicts
                if any(f.key in v.values for f in own)
            ]
            insert_records(system, extension.model, self._operation, rows)

    def _insert_part(
        self, system: Connection, part: Alongside, child: ResolvedResource, verdicts: Sequence[Verdict]
    ) -> None:
        given = [(verdict.record_id, found) for verdict in verdicts if (found := verdict.alongside.get(part.name))]
        fields = [child.fields[key] for key in (*part.fields, *part.fixed)]
        parent = child.fields[part.by].column
        assert parent is not None
        rows = [
            {parent.name: record_id}
            | {f.column.name: {**part.fixed, **found}.get(f.key, _blank(f)) for f in fields if f.column is not None}
            for record_id, found in given
        ]
        insert_many(system, child, self._operation, rows)

    # ------------------------------------------------------------------------------------------------ record by record

    def _make_words(self, session: ScopedSession, words: Mapping[str, set[str]]) -> None:
        """Put new words into their dictionaries; somebody may have done so since the rows were judged."""
        for key, texts in words.items():
            target = self._desk.resources[key]
            for text in sorted(texts):
                present = select(target.table.c.id).where(target.label == text, target.table.c.deleted_at.is_(None))
                found = session.info["system"].scalars(present).first()
                if found is None:
                    given = {target.label.key: text}
                    found = self._desk.records.create(session, target, given, self._judge.context).id
                for links in self._judge.links:
                    if links.target is target:
                        links.learn(text, found)

    def _fill_in_words(self, verdicts: Sequence[Verdict]) -> None:
        by_field = {c.target.field.key: c.links for c in self._judge.columns if c.links is not None}
        for verdict in verdicts:
            for key, links in by_field.items():
                value = verdict.values.get(key)
                if isinstance(value, NewWord):
                    verdict.values[key] = links.find(value.text)
                elif isinstance(value, list):
                    verdict.values[key] = [links.find(v.text) if isinstance(v, NewWord) else v for v in value]

    def _write_one(self, session: ScopedSession, verdict: Verdict) -> None:
        """One record by the ordinary way; what is refused becomes a fault of its row."""
        try:
            with session.begin_nested():
                if verdict.outcome == "update":
                    self._update(session, verdict)
                else:
                    self._create(session, verdict)
        except Invalid as invalid:
            for error in invalid.errors:
                self._refuse(verdict, error)
        except NotFound:
            verdict.fault(WHOLE_ROW, _("You may not change this record."))
        except SopiaError as error:
            verdict.fault(WHOLE_ROW, str(error))
        session.expunge_all()

    def _refuse(self, verdict: Verdict, error: FieldError) -> None:
        verdict.fault(self._judge.position.get(error.field, WHOLE_ROW), error.message)

    def _create(self, session: ScopedSession, verdict: Verdict) -> None:
        context = self._judge.context
        record = self._desk.records.create(session, self._resource, _told(verdict), context)
        verdict.record_id = record.id
        for part, child in self._parts:
            if found := verdict.alongside.get(part.name):
                given = {part.by: record.id, **part.fixed, **found}
                self._desk.records.create(session, child, given, context)

    def _update(self, session: ScopedSession, verdict: Verdict) -> None:
        """Set what the row says; a blank cell leaves the value as it is."""
        context, record_id = self._judge.context, verdict.record_id
        assert record_id is not None
        self._desk.records.update(session, self._resource, record_id, _told(verdict), context, version=None)
        for part, child in self._parts:
            if found := verdict.alongside.get(part.name):
                self._update_part(session, part, child, record_id, found)

    def _update_part(
        self, session: ScopedSession, part: Alongside, child: ResolvedResource, record_id: int, found: dict[str, Any]
    ) -> None:
        context, columns = self._judge.context, child.table.c
        fixed = [(child.fields[key].column, value) for key, value in {part.by: record_id, **part.fixed}.items()]
        conditions = [column == value for column, value in fixed if column is not None]
        statement = select(columns.id).where(*conditions, columns.deleted_at.is_(None)).order_by(columns.id)
        present = session.scalars(statement.limit(1)).first()
        if present is not None:
            self._desk.records.update(session, child, present, found, context, version=None)
        else:
            given = {part.by: record_id, **part.fixed, **found}
            self._desk.records.create(session, child, given, context)


def _told(verdict: Verdict) -> dict[str, Any]:
    """What the row says of its record, whose number nobody sets."""
    return {key: value for key, value in verdict.values.items() if key != NUMBER}


def _blank(each: ResolvedField) -> Any:
    """What a column holds where the row says nothing."""
    column = each.column
    assert column is not None
    if column.default is not None and column.default.is_scalar:
        return column.default.arg  # type: ignore[attr-defined]
    return None if column.nullable else ""
