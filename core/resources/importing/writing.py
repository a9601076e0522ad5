"""Writes judged rows: new records in bulk where no plugin wants to hear of each, everything else record by record.

Values, permission and scope have been checked by the judge. Whoever calls it holds the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Table, select
from sqlalchemy.exc import DataError, IntegrityError

from core.kernel.access import Principal
from core.kernel.announcing import Announcer
from core.kernel.errors import FieldError, Invalid, NotFound, SopiaError
from core.kernel.gate import Gate
from core.kernel.guard import ScopedSession
from core.kernel.history import Operation
from core.kernel.hooks import Hooks
from core.kernel.i18n import translate as _
from core.kernel.policies import Own, Public, Through
from core.kernel.privilege import privileged
from core.resources.bulk import Batch, insert_pairs
from core.resources.fields import ResolvedField
from core.resources.importing.declared import Alongside, Brings
from core.resources.importing.judging import WHOLE_ROW, Judge, Verdict, new_words
from core.resources.importing.linking import NewWord
from core.resources.importing.targets import NUMBER
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Check


@dataclass(frozen=True)
class Desk:
    """What writing needs of the platform."""

    gate: Gate
    resources: Resources
    records: Records
    hooks: Hooks


@dataclass(slots=True)
class _Part:
    """The parts made alongside new records: of which of these, and ready to be inserted."""

    parents: list[int]
    column: str
    batch: Batch
    resource: str


@dataclass(slots=True)
class Prepared:
    """New records of a chunk, ready to be inserted without much ado."""

    verdicts: list[Verdict]
    records: Batch
    brought: dict[str, Batch]
    """By the column that leads to them."""
    parts: list[_Part]


class Writer:
    """Writes the rows of one file, chunk by chunk, as one operation of one person."""

    def __init__(self, desk: Desk, judge: Judge, operation: Operation) -> None:
        self._desk = desk
        self._judge = judge
        self._operation = operation
        self._resource = judge.resource
        self._principal: Principal = judge.context.principal
        self._dialect: Dialect = desk.gate.database.writer.dialect
        mapped = [column.target for column in judge.columns if column.target.alongside is None]
        self._fields = [each.field for each in mapped if each.path != NUMBER]
        self._several = [each for each in self._fields if each.many]
        self._parts = [
            (part, child)
            for part in self._resource.declared.of_kind(Alongside)
            if (child := desk.resources.get(part.resource)) is not None
            and any(column.target.alongside is part for column in judge.columns)
        ]
        self.in_bulk = self._may_bulk()

    def prepare(self, verdicts: Sequence[Verdict]) -> Prepared | None:
        """Make ready what can be without the database; None where words must be put into dictionaries first."""
        if not self.in_bulk or new_words(self._judge, verdicts):
            return None
        return self._prepare([verdict for verdict in verdicts if verdict.outcome == "create"])

    def write(self, system: Connection, verdicts: Sequence[Verdict], prepared: Prepared | None) -> None:
        """Write what shall be written; a row that cannot be, becomes a fault and leaves nothing behind."""
        new = [verdict for verdict in verdicts if verdict.outcome == "create"]
        changes = [verdict for verdict in verdicts if verdict.outcome == "update"]
        singly = changes if self.in_bulk else sorted([*new, *changes], key=lambda verdict: verdict.number)
        words = new_words(self._judge, verdicts)
        if words or singly:
            with self._session(system) as session:
                self._make_words(session, words)
                self._fill_in_words(verdicts)
                with self._desk.records.together(session, self._judge.context) as records:
                    for verdict in singly:
                        self._write_one(records, session, verdict)
        if self.in_bulk and new:
            self._insert(system, prepared or self._prepare(new))

    def _session(self, system: Connection) -> AbstractContextManager[ScopedSession]:
        operation = self._operation
        return self._desk.gate.adopted(
            system, self._principal, write=True, origin=operation.origin, operation=operation
        )

    # --------------------------------------------------------------------------------------------------------- in bulk

    def _may_bulk(self) -> bool:
        """Whether new records can be inserted without asking the unit of work about each."""
        resource, principal = self._resource, self._principal
        reach = principal.reach(resource.key, "create")
        own = isinstance(resource.policy, Own) and not resource.policy.restrict
        public = isinstance(resource.policy, Public) and reach.level == "all"
        singly = (
            bool(resource.numberings)
            or bool(resource.declared.of_kind(Check))
            or bool(self._desk.hooks.need_each(resource.key))
        )
        if singly or not (own or public):
            return False
        return all(
            principal.reach(child.key, "create") == reach
            and isinstance(child.policy, Through)
            # The plugin that declares the part vouches for it; another may have its own idea of such a record.
            and not set(self._desk.hooks.need_each(child.key)) - {resource.declared.plugin}
            for _part, child in self._parts
        )

    def _prepare(self, verdicts: list[Verdict]) -> Prepared:
        plain = [each for each in self._fields if each.column is not None and not each.extension]
        cells = [(each.key, _blank(each)) for each in plain]
        names = [each.column.name for each in plain if each.column is not None]
        more, extra = self._extra(verdicts)
        rows = [
            (*[values.get(key, blank) for key, blank in cells], *added)
            for values, added in zip((verdict.values for verdict in verdicts), extra, strict=True)
        ]
        told = [
            {each.attribute: sorted(found) for each in self._several if (found := verdict.values.get(each.key))}
            for verdict in verdicts
        ] if self._several else ()  # fmt: skip
        records = Batch(self._dialect, self._resource.model, [*names, *more], rows, resource=self._resource, told=told)
        brought = {column: Batch(self._dialect, model, [], [()] * len(rows)) for column, model in self._brought()}
        parts = [self._prepare_part(part, child, verdicts) for part, child in self._parts]
        return Prepared(verdicts, records, brought, parts)

    def _extra(self, verdicts: Sequence[Verdict]) -> tuple[list[str], list[tuple[Any, ...]]]:
        """What is not in the file: by what duplicates are recognised, and whose the records are."""
        rule = self._resource.duplicates
        names = [column for column, _path, _make in rule.keys] if rule else []
        policy, ownership = self._resource.policy, self._judge.ownership
        if not isinstance(policy, Own) or ownership is None:
            return names, [verdict.keys for verdict in verdicts]
        # Owner and department may be columns of the file, and are completed whether they are or not.
        pairs = [ownership.complete(verdict) for verdict in verdicts]
        taken = {each.key for each in self._fields}
        places = [(policy.people[0], 0), *([(policy.department, 1)] if policy.department else [])]
        for attribute, place in places:
            key = next(each.key for each in self._resource.fields.values() if each.attribute == attribute)
            if key in taken:
                for verdict, pair in zip(verdicts, pairs, strict=True):
                    verdict.values[key] = pair[place]
        free = [(n, p) for n, p in places if not any(f.attribute == n for f in self._fields)]
        names = [*names, *[name for name, _place in free]]
        return names, [(*v.keys, *[pair[p] for _n, p in free]) for v, pair in zip(verdicts, pairs, strict=True)]

    def _brought(self) -> Iterator[tuple[str, type[Any]]]:
        """The records that every new one brings along: the column that leads to them, and their model."""
        for part in self._resource.declared.of_kind(Brings):
            column = self._resource.fields[part.field].column
            assert column is not None
            table = next(iter(column.foreign_keys)).column.table
            yield column.name, next(m for m in self._desk.resources.registry.models if m.__table__ is table)

    def _prepare_part(self, part: Alongside, child: ResolvedResource, verdicts: Sequence[Verdict]) -> _Part:
        fields = [child.fields[key] for key in dict.fromkeys((*part.fields, *part.fixed))]
        cells = [(each.key, _blank(each)) for each in fields]
        names = [each.column.name for each in fields if each.column is not None]
        given = [(number, found) for number, v in enumerate(verdicts) if (found := v.alongside.get(part.name))]
        rows = [
            tuple([part.fixed[key] if key in part.fixed else found.get(key, blank) for key, blank in cells])
            for _number, found in given
        ]
        parent = child.fields[part.by].column
        assert parent is not None
        batch = Batch(self._dialect, child.model, names, rows, resource=child)
        return _Part([number for number, _found in given], parent.name, batch, child.key)

    def _insert(self, system: Connection, prepared: Prepared) -> None:
        brought = {column: batch.insert(system, self._operation) for column, batch in prepared.brought.items()}
        ids = prepared.records.insert(system, self._operation, brought)
        for verdict, record_id in zip(prepared.verdicts, ids, strict=True):
            verdict.record_id = record_id
        parts: list[tuple[str, Sequence[int]]] = []
        for part in prepared.parts:
            links = {part.column: [ids[number] for number in part.parents]}
            parts.append((part.resource, part.batch.insert(system, self._operation, links)))
        for each in self._several:
            self._link(system, each, prepared.verdicts)
        self._insert_extensions(system, prepared.verdicts)
        for key, made in ((self._resource.key, ids), *parts):
            self._announce(system, key, made)
        self._tell_plugins(system, self._resource.key, ids)
        for key, made in parts:
            self._tell_plugins(system, key, made, but=(self._resource.declared.plugin,))

    def _tell_plugins(self, system: Connection, key: str, ids: Sequence[int], but: tuple[str, ...] = ()) -> None:
        """Let the hooks of plugins hear of new records, all at once."""
        hooks = self._desk.hooks
        if not ids or not set(hooks.concerned("on_many", key)) - set(but):
            return
        with self._session(system) as session:
            hooks.react(
                "on_many", session=session, but=but, principal=self._principal, resource=key, ids=ids, action="create"
            )

    def _announce(self, system: Connection, key: str, ids: Sequence[int]) -> None:
        """Let listeners hear of records that no unit of work has made."""
        for watcher in self._desk.gate.watchers:
            if isinstance(watcher, Announcer):
                watcher.announce_many(system, self._operation, "create", key, ids)

    def _link(self, system: Connection, each: ResolvedField, verdicts: Sequence[Verdict]) -> None:
        """Tie records to the several others that a field names."""
        secondary = self._resource.mapper.relationships[each.attribute].secondary
        assert isinstance(secondary, Table)
        mine = next(c for c in secondary.c if c.references(self._resource.table.c.id))
        theirs = next(c for c in secondary.c if c is not mine)
        pairs = [(v.record_id or 0, other) for v in verdicts for other in v.values.get(each.key) or ()]
        insert_pairs(system, secondary, [mine.name, theirs.name], pairs)

    def _insert_extensions(self, system: Connection, verdicts: Sequence[Verdict]) -> None:
        by_plugin: dict[str, list[ResolvedField]] = defaultdict(list)
        for each in self._fields:
            if each.extension:
                by_plugin[each.extension].append(each)
        for plugin, own in by_plugin.items():
            extension = self._resource.extensions[plugin]
            given = [v for v in verdicts if any(f.key in v.values for f in own)]
            names = [f.column.name for f in own if f.column is not None]
            rows = [tuple([v.values.get(f.key, _blank(f)) for f in own]) for v in given]
            batch = Batch(self._dialect, extension.model, names, rows)
            batch.insert(system, self._operation, {extension.key.name: [v.record_id or 0 for v in given]})

    # ------------------------------------------------------------------------------------------------ record by record

    def _make_words(self, session: ScopedSession, words: Mapping[str, set[str]]) -> None:
        """Put new words into their dictionaries; somebody may have done so since the rows were judged."""
        for key, texts in words.items():
            target = self._desk.resources[key]
            for text in sorted(texts):
                present = select(target.table.c.id).where(target.label == text, target.table.c.deleted_at.is_(None))
                found = privileged(session).scalars(present).first()
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

    def _write_one(self, records: Records, session: ScopedSession, verdict: Verdict) -> None:
        """One record by the ordinary way; what is refused becomes a fault of its row."""
        try:
            with session.begin_nested():
                if verdict.outcome == "update":
                    self._update(records, session, verdict)
                else:
                    self._create(records, session, verdict)
        except Invalid as invalid:
            for error in invalid.errors:
                self._refuse(verdict, error)
        except NotFound:
            verdict.fault(WHOLE_ROW, _("You may not change this record."))
        except SopiaError as error:
            verdict.fault(WHOLE_ROW, str(error))
        except (IntegrityError, DataError):
            verdict.fault(WHOLE_ROW, _("The row contradicts another record, or what the database can hold."))
        session.expunge_all()

    def _refuse(self, verdict: Verdict, error: FieldError) -> None:
        verdict.fault(self._judge.position.get(error.field, WHOLE_ROW), error.message)

    def _create(self, records: Records, session: ScopedSession, verdict: Verdict) -> None:
        context = self._judge.context
        record = records.create(session, self._resource, _told(verdict), context)
        verdict.record_id = record.id
        for part, child in self._parts:
            if found := verdict.alongside.get(part.name):
                given = {part.by: record.id, **part.fixed, **found}
                records.create(session, child, given, context)

    def _update(self, records: Records, session: ScopedSession, verdict: Verdict) -> None:
        """Set what the row says; a blank cell leaves the value as it is."""
        context, record_id = self._judge.context, verdict.record_id
        assert record_id is not None
        records.update(session, self._resource, record_id, _told(verdict), context, version=None)
        for part, child in self._parts:
            if found := verdict.alongside.get(part.name):
                self._update_part(records, session, part, child, record_id, found)

    def _update_part(
        self,
        records: Records,
        session: ScopedSession,
        part: Alongside,
        child: ResolvedResource,
        record_id: int,
        found: dict[str, Any],
    ) -> None:
        context, columns = self._judge.context, child.table.c
        fixed = [(child.fields[key].column, value) for key, value in {part.by: record_id, **part.fixed}.items()]
        conditions = [column == value for column, value in fixed if column is not None]
        statement = select(columns.id).where(*conditions, columns.deleted_at.is_(None)).order_by(columns.id)
        present = session.scalars(statement.limit(1)).first()
        if present is not None:
            records.update(session, child, present, found, context, version=None)
        else:
            given = {part.by: record_id, **part.fixed, **found}
            records.create(session, child, given, context)


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
