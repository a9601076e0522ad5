"""What becomes of each row: a new record, a change, left out as a duplicate, or a fault that names cell and remedy.

The dry run and the real run ask the same judge, so what the first says the second does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from core.kernel.compiler import ScopedConnection
from core.kernel.i18n import translate as _
from core.kernel.privilege import privileged
from core.resources import values
from core.resources.conditions import Context
from core.resources.fields import Words
from core.resources.importing.linking import Links, NewWord
from core.resources.importing.ownership import Ownership
from core.resources.importing.plans import Plan
from core.resources.importing.reading import ColumnReader, no_surplus
from core.resources.importing.recognising import Match, Recognition
from core.resources.importing.targets import NUMBER, Target, targets_of
from core.resources.resolved import ResolvedResource, Resources
from core.resources.sheets import Cell, Row

Outcome = Literal["create", "update", "duplicate", "fault"]

WHOLE_ROW = -1
"""The column of a fault that is of the row and of no cell."""

Corrections = Mapping[int, Mapping[int, str]]
"""Cells that the person has corrected, by the number of the row and the position of the column."""


@dataclass(slots=True)
class Verdict:
    """What is to become of one row."""

    number: int
    cells: list[Cell]
    surplus: tuple[Cell, ...] = ()
    """What stands right of the header, and is kept with a faulty row."""
    outcome: Outcome = "create"
    values: dict[str, Any] = field(default_factory=dict)
    """By the key of the field; only what the row says."""
    alongside: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The fields of parts made alongside, by the part's name."""
    record_id: int | None = None
    """The record that is changed, or that the row is probably the same as, where its importer sees it."""
    faults: dict[int, Words] = field(default_factory=dict)
    note: Words = ""
    keys: tuple[str | None, ...] = ()
    """By what duplicates are recognised, in the order of the resource's rule."""

    def fault(self, column: int, message: Words) -> None:
        """Note what is wrong with a cell, or with the whole row; the first fault of a cell is the one that is told."""
        self.outcome = "fault"
        self.faults.setdefault(column, message)


class Judge:
    """Judges the rows of one file, a chunk at a time, for one person."""

    def __init__(self, resources: Resources, resource: ResolvedResource, plan: Plan, context: Context) -> None:
        self.resource = resource
        self.plan = plan
        self.context = context
        principal = context.principal
        self.targets = targets_of(resources, resource, principal)
        self.columns = [
            self._column(resources, index, self.targets[path])
            for index, path in sorted(plan.columns.items())
            if path in self.targets
        ]
        self.position = {column.target.path: column.index for column in self.columns}
        self.creates = plan.mode != "update" and principal.allows(resource.key, "create")
        self.updates = plan.mode != "create" or plan.same == "update"
        self._required = [each for each in self.targets.values() if each.required and each.path != NUMBER]
        self._own = [column for column in self.columns if column.target.alongside is None]
        self._beside = [column for column in self.columns if column.target.alongside is not None]
        self.recognition = Recognition(resource, plan, context.principal)
        self.ownership = Ownership(resource, principal) if resource.scoped else None

    def _column(self, resources: Resources, index: int, target: Target) -> ColumnReader:
        other = resources.target(target.field) if target.field.is_relation or target.field.many else None
        links = None
        if other is not None:
            links = Links(target.field, other, self.context.principal, new_words=self.plan.new_words)
        return ColumnReader(index, target, self.context, links)

    @property
    def missing(self) -> list[Target]:
        """What every new record needs and no column gives."""
        return [each for each in self._required if each.path not in self.position] if self.creates else []

    @property
    def links(self) -> list[Links]:
        """The relations among the columns."""
        return [column.links for column in self.columns if column.links is not None]

    def judge(
        self, connection: ScopedConnection, rows: Sequence[Row], corrections: Corrections | None = None
    ) -> list[Verdict]:
        """The verdicts on the next rows of the file, in their order."""
        rows = [_corrected(row, corrections or {}) for row in rows]
        cells = [row.cells for row in rows]
        for column in self.columns:
            if column.links is not None:
                column.links.prepare(connection, column.words(cells))
        verdicts = [self._read(row) for row in rows]
        self._decide(connection, verdicts)
        return verdicts

    def take_over(self, other: Judge) -> None:
        """Go on where another has stopped, whose person's access has changed meanwhile."""
        self.recognition.take_over(other.recognition)

    def replay(self, rows: Sequence[Row], corrections: Corrections) -> None:
        """Know rows that an earlier attempt has written, so that later ones that repeat them are recognised."""
        for row in (_corrected(row, corrections) for row in rows):
            verdict = Verdict(row.number, row.cells)
            for column in self._own:
                if column.links is None:
                    with suppress(values.ValueFault):
                        verdict.values[column.target.field.key] = column.value(row.cells[column.index])
            self.recognition.give_keys([verdict])
            self.recognition.remember(verdict)

    # ------------------------------------------------------------------------------------------------------ the cells

    def _read(self, row: Row) -> Verdict:
        verdict = Verdict(row.number, row.cells, row.surplus)
        cells, told = row.cells, verdict.values
        for column in self._own:
            try:
                value = column.value(cells[column.index])
            except values.ValueFault as fault:
                verdict.fault(column.index, fault.message)
                continue
            if value is not None:
                told[column.target.field.key] = value
        if self._beside:
            self._read_beside(verdict)
        if row.surplus:
            verdict.fault(WHOLE_ROW, no_surplus().message)
        return verdict

    def _read_beside(self, verdict: Verdict) -> None:
        for column in self._beside:
            part = column.target.alongside
            assert part is not None
            try:
                value = column.value(verdict.cells[column.index])
            except values.ValueFault as fault:
                verdict.fault(column.index, fault.message)
                continue
            if value is not None:
                verdict.alongside.setdefault(part.name, {})[column.target.field.key] = value

    # ------------------------------------------------------------------------------------------------------- the rows

    def _decide(self, connection: ScopedConnection, verdicts: Sequence[Verdict]) -> None:
        recognised = self.recognition.look(connection, verdicts)
        if self.ownership is not None:
            self.ownership.prepare(privileged(connection), verdicts)
        for verdict in verdicts:
            match = recognised.get(verdict.number)
            if match is not None and match.fault:
                verdict.fault(self.position.get(match.path, WHOLE_ROW), match.fault)
            elif (again := self.recognition.same_key(verdict)) is not None:
                self._repeats(verdict, again)
            elif match is not None and match.by_key:
                self._change(verdict, match)
            elif self.plan.mode == "update":
                self._no_record(verdict)
            else:
                self._make(verdict, match)
            if verdict.outcome == "update" and (again := self.recognition.same_record(verdict)) is not None:
                self._repeats(verdict, again)
            if verdict.outcome in ("create", "update"):
                # Only rows that are written can be repeated by a later one.
                self.recognition.remember(verdict)

    def _make(self, verdict: Verdict, match: Match | None) -> None:
        """A new record, unless an earlier row or a record that exists says the same.

        Earlier rows come first: whether they are in the database already must make no difference.
        """
        self._check_new(verdict)
        if verdict.outcome == "fault":
            return
        again = self.recognition.repeated(verdict)
        if again is not None and (again.taken or self.plan.same != "create"):
            self._repeats(verdict, again)
        elif match is not None:
            self._same(verdict, match)

    def _repeats(self, verdict: Verdict, again: Match) -> None:
        if again.taken:
            verdict.fault(self.position.get(again.path, WHOLE_ROW), again.note)
        elif verdict.outcome != "fault":
            verdict.outcome, verdict.record_id, verdict.note = "duplicate", None, again.note

    def _change(self, verdict: Verdict, match: Match) -> None:
        if verdict.outcome == "fault":
            return
        if not match.editable:
            verdict.fault(WHOLE_ROW, _("You may not change this record."))
            return
        verdict.outcome, verdict.record_id = "update", match.record_id

    def _no_record(self, verdict: Verdict) -> None:
        column = self.position.get(self.plan.key, WHOLE_ROW)
        given = verdict.values.get(self.plan.key)
        if given is None:
            verdict.fault(column, _("Please fill this in."))
        else:
            verdict.fault(column, _("There is no record with “{value}” among those you see.", value=str(given)[:50]))

    def _check_new(self, verdict: Verdict) -> None:
        if not self.creates:
            verdict.fault(WHOLE_ROW, _("You may not make new records here."))
            return
        for target in self._required:
            if verdict.values.get(target.field.key) in (None, ""):
                verdict.fault(self.position.get(target.path, WHOLE_ROW), _("Please fill this in."))
        for column in self._beside:
            part = column.target.alongside
            assert part is not None
            given = verdict.alongside.get(part.name)
            if given and column.target.field.required and column.target.field.key not in given:
                verdict.fault(column.index, _("Please fill this in, or clear what else the row says of it."))
        if self.ownership is not None and (refusal := self.ownership.refusal(verdict)):
            verdict.fault(self.position.get("owner", self.position.get("department", WHOLE_ROW)), refusal)

    def _same(self, verdict: Verdict, match: Match) -> None:
        """The row is probably the same as a record that exists, or as an earlier row."""
        if match.taken:
            verdict.fault(self.position.get(match.path, WHOLE_ROW), match.note)
        elif self.plan.same == "create":
            verdict.note = match.note
        elif self.plan.same == "update" and match.record_id is not None and match.editable:
            verdict.outcome, verdict.record_id, verdict.note = "update", match.record_id, match.note
        else:
            verdict.outcome, verdict.record_id, verdict.note = "duplicate", match.record_id, match.note


def new_words(judge: Judge, verdicts: Iterable[Verdict]) -> dict[str, set[str]]:
    """The words that are to be put into dictionaries, by the dictionary's resource key."""
    found: dict[str, set[str]] = defaultdict(set)
    keys = [column.target.field.key for column in judge.columns if column.links is not None and column.links.grows]
    for verdict in verdicts if keys else ():
        if verdict.outcome not in ("create", "update"):
            continue
        told = verdict.values
        for value in [told[key] for key in keys if key in told]:
            if type(value) is int:
                continue
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, NewWord):
                    found[each.resource].add(each.text)
    return found


def _corrected(row: Row, corrections: Corrections) -> Row:
    changed = corrections.get(row.number)
    if not changed:
        return row
    cells = [changed.get(index, cell) for index, cell in enumerate(row.cells)]
    return Row(row.number, cells)
