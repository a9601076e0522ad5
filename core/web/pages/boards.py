"""The board of a list: its records as cards in columns, and the moves between them, which are steps or edits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from core.kernel import formats
from core.kernel.errors import Conflict, Invalid, NotFound, SopiaError
from core.kernel.i18n import translate as _
from core.resources.board import Board
from core.resources.conditions import Condition, Context
from core.resources.dimensions import COUNT, Dimension, Measure
from core.resources.fields import ResolvedField
from core.resources.queries import CONTROL, Cell, ListRequest, Lists, read_list
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.resources.statistics import Counts, Table
from core.resources.workflow import TO, Transition
from core.web.address import Pairs, address, filters_of, state_of, without
from core.web.bars import bar_of
from core.web.dictionaries import options_of
from core.web.navigation import person
from core.web.responses import Json, Response
from core.web.showing import Reader, drawer, kind_of
from core.web.stages import reaches
from core.web.views import BoardView, Card, Empty, Lane, Link, Words

if TYPE_CHECKING:
    from core.web.requests import Request

CARDS: Final = 30
"""Cards that a column shows; the list behind it has them all."""

OPEN: Final = "_open"
"""Columns that somebody has opened, in the address of a board."""

NONE: Final = ""
"""The column of records whose field is empty."""

Values = tuple[tuple[str, Words, str], ...]
"""The columns: key, title, colour."""


class BoardPages:
    """The board of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        assert resource.board is not None
        self._resources = resources
        self._resource = resource
        self._records = records
        self._board: Board = resource.board

    # ------------------------------------------------------------ what stands there

    def show(self, request: Request) -> Response:
        """The page."""
        from core.web.pages.lists import context_of

        if self._board.by not in self._resource.readable(request.principal):
            raise NotFound
        context, pairs = context_of(request), state_of(request.query.pairs)
        listed = read_list(self._resources, self._resource, request.query.pairs, context)
        table = self._counted(request, listed, context)
        moves = self._moves(request)
        lanes = tuple(self._lane(request, listed, context, table, pairs, moves, each) for each in self._values(request))
        total = sum(sums.count for sums in table.groups.values())
        view = BoardView(
            bar=bar_of(request, self._resources, self._resource, listed, pairs),
            lanes=lanes,
            move_url=f"{self._resource.url}/move" if any(moves.values()) else "",
            empty=None if total else self._empty(request, pairs),
        )
        return request.render("board.html", view)

    @property
    def _field(self) -> ResolvedField:
        return self._resource.fields[self._board.by]

    @property
    def _by_steps(self) -> bool:
        """Whether a move is a step of the workflow."""
        return self._resource.workflow is not None and self._resource.workflow.field == self._board.by

    def _values(self, request: Request) -> Values:
        """The columns in their order."""
        field = self._field
        if field.is_relation:
            target = self._resources.target(field)
            words = options_of(request, target) if target is not None else None
            told: Values = tuple((str(i), name, colour) for i, name, colour in words or ())
        else:
            told = tuple((choice.value, choice.label, choice.colour) for choice in field.choices)
        return told if field.required or self._by_steps else (*told, (NONE, _("None"), ""))

    def _counted(self, request: Request, listed: ListRequest, context: Context) -> Table:
        """How many records and how much there is in each column, in one statement."""
        total = self._resource.fields.get(self._board.total)
        summed = total is not None and total.key in self._resource.readable(request.principal)
        measures = (COUNT, Measure(self._board.total, "sum", total)) if summed else (COUNT,)
        target = self._resources.target(self._field) if self._field.is_relation else None
        by = (Dimension(self._board.by, "", self._field, target),)
        return Counts(self._resources, self._resource).table(request.connection, listed, context, by, measures)

    def _lane(
        self,
        request: Request,
        listed: ListRequest,
        context: Context,
        table: Table,
        pairs: Pairs,
        moves: Mapping[str, tuple[str, ...]],
        value: tuple[str, Words, str],
    ) -> Lane:
        key, title, colour = value
        opened = [text for name, text in pairs if name == OPEN]
        folded = key in self._board.folded and key not in opened
        group = next((sums for keys, sums in table.groups.items() if str(keys[0] or "") == key), None)
        amount, whole = self._sum(group), [self._sum(each) for each in table.groups.values()]
        everything = sum(each for each in whole if each and each > 0)
        count = group.count if group else 0
        cards = () if folded or not count else tuple(self._cards(request, listed, context, key))
        more = address(self._resource.url, (*without(pairs, "view", OPEN, self._board.by), *self._only(key)))
        return Lane(
            key=key,
            title=title,
            colour=colour or "grey",
            count=f"{count:,}",
            total=self._money(request, amount) if amount else "",
            share=round(100 * amount / everything) if amount and amount > 0 and everything else 0,
            cards=cards,
            more_url=more if count > len(cards) and not folded else "",
            create_url=self._create(request, key),
            folded=folded,
            open_url=address(self._resource.url, (*pairs, (OPEN, key))) if folded else "",
            movable=any(key in targets for targets in moves.values()),
            targets=moves.get(key, ()),
        )

    def _only(self, key: str) -> Pairs:
        """The filter that shows what stands in one column."""
        return ((self._board.by, key),) if key else ((f"{self._board.by}__empty", "true"),)

    def _sum(self, group: Any) -> Any:
        found = group.numbers.get(self._board.total) if group is not None else None
        return found[0] if found is not None else None

    def _money(self, request: Request, amount: Any) -> str:
        field = self._resource.fields[self._board.total]
        if field.kind == "money":
            return formats.money(int(amount), request.platform.settings.currency)
        return formats.number(amount)

    def _create(self, request: Request, key: str) -> str:
        if not self._resource.allows(request.principal, "create"):
            return ""
        if self._by_steps:
            workflow = self._resource.workflow
            return f"{self._resource.url}/new" if workflow is not None and key == workflow.initial else ""
        return address(f"{self._resource.url}/new", ((self._board.by, key),) if key else ())

    def _cards(self, request: Request, listed: ListRequest, context: Context, key: str) -> Iterable[Card]:
        from core.web.pages.lists import reader_of

        here = (
            Condition(self._board.by, "empty", (True,))
            if not key
            else Condition(self._board.by, "eq", (_id(key, self._field),))
        )
        wanted = ListRequest(
            columns=self._columns(request),
            conditions=(*listed.conditions, here),
            sort=listed.sort,
            terms=listed.terms,
            limit=CARDS,
        )
        page = Lists(self._resources, self._resource).page(request.connection, wanted, context)
        ended = self._is_final(key)
        reader = reader_of(request)
        return [self._card(page.cells, row, reader, ended=ended) for row in page.rows]

    def _columns(self, request: Request) -> tuple[str, ...]:
        board, readable = self._board, self._resource.readable(request.principal)
        label = self._resource.label.key
        named = (label if label in readable else "id", "version", board.person, board.total, board.due, *board.facts)
        seen = (name for name in named if name and name.partition(".")[0] in readable | {"id"})
        return tuple(dict.fromkeys(seen))

    def _is_final(self, key: str) -> bool:
        state = self._resource.workflow.state(key) if self._by_steps and self._resource.workflow else None
        return state is not None and state.final

    def _card(self, cells: tuple[Cell, ...], row: tuple[Any, ...], reader: Reader, *, ended: bool) -> Card:
        told: dict[str, tuple[Any, ...]] = {}
        drawn: dict[str, tuple[Any, ...]] = {}
        kinds: dict[str, str] = {}
        position = 1
        for cell in cells:
            told[cell.path] = row[position : position + cell.width]
            drawn[cell.path], kinds[cell.path] = drawer(cell, reader)(told[cell.path]), kind_of(cell)
            position += cell.width
        board = self._board
        who = told.get(board.person, (None, None))
        due = told.get(board.due, (None,))[0]
        late = due is not None and not ended and (due.date() if hasattr(due, "date") else due) < reader.today
        facts = [name for name in board.facts if name in drawn and drawn[name][0] not in ("", None)]
        return Card(
            id=row[0],
            title=str(drawn[cells[0].path][0] or f"#{row[0]}"),
            url=f"{self._resource.url}/{row[0]}",
            amount=str(drawn[board.total][0]) if board.total in drawn and board.total not in board.facts else "",
            facts=tuple(str(drawn[name][0]) for name in facts if kinds[name] not in ("choice", "tags")),
            tags=tuple((str(drawn[n][0]), str(drawn[n][1])) for n in facts if kinds[n] == "choice"),
            person=person(who[0], who[1]) if who[0] and who[1] else None,
            due=str(drawn[board.due][0]) if due is not None else "",
            due_tone="bad" if late else "",
            version=int(told.get("version", (0,))[0] or 0),
        )

    def _empty(self, request: Request, pairs: Pairs) -> Empty:
        if any(name == "q" for name, _text in pairs) or filters_of(pairs, CONTROL):
            return Empty(
                title=_("Nothing matches"),
                text=_("No {names} in your scope match the search and all filters.", names=self._resource.names),
                icon="filter",
                button=Link(title=_("Clear all filters"), url=address(self._resource.url, (("view", "board"),))),
            )
        create = self._resource.allows(request.principal, "create")
        new = Link(title=_("New {name}", name=self._resource.name), url=f"{self._resource.url}/new", icon="plus")
        return Empty(
            title=_("No {names} yet", names=self._resource.names),
            icon=self._resource.declared.icon,
            ghost="cards",
            button=new if create else None,
        )

    # ------------------------------------------------------------ moving

    def _moves(self, request: Request) -> dict[str, tuple[str, ...]]:
        """From each column, those to which this person may move its cards."""
        keys = [key for key, _title, _colour in self._values(request)]
        if not self._by_steps:
            writable = self._board.by in self._resource.writable(request.principal)
            may = writable and self._resource.allows(request.principal, "edit")
            free = [key for key in keys if key or not self._field.required] if may else []
            return {key: tuple(other for other in free if other != key) for key in keys}
        return {key: tuple(o for o in keys if o != key and self._leading(request, key, o)) for key in keys}

    def _leading(self, request: Request, state: str, to: str) -> list[Transition]:
        """The steps that lead from one state to another and that this person may take."""
        workflow, verbs = self._resource.workflow, self._records.verbs
        assert workflow is not None
        actions = {action.name: action for action in self._resource.actions}
        return [
            step
            for step in workflow.transitions
            if state in workflow.sources_of(step)
            and to in workflow.targets_of(step)
            and verbs.allows(request.principal, self._resource, actions[step.name])
        ]

    def move(self, request: Request) -> Response:
        """Put a card into another column; a script is told the version, or where to fill in what the step asks for."""
        back = address(self._resource.url, (("view", "board"),))
        try:
            told = self._move(request)
        except SopiaError as refused:
            if not request.wants_fragment or refused.status >= 500:
                raise
            request.work.undo()
            return Response(_said(refused).encode(), refused.status, "text/plain; charset=utf-8")
        if request.wants_fragment:
            return Json(told)
        return request.redirect(str(told.get("ask") or back))

    def _move(self, request: Request) -> dict[str, Any]:
        from core.web.pages.lists import context_of

        record_id, to = request.number("id") or 0, request.form.get("to")
        if not self._by_steps:
            given, version = {self._board.by: to}, request.number("version")
            record = self._records.update(
                request.session, self._resource, record_id, given, context_of(request), version=version
            )
            return {"version": record.version, "lane": to}
        record = self._records.get(request.reader, self._resource, record_id)
        step = self._step(request, record, to)
        action = next(each for each in self._resource.actions if each.name == step.name)
        if any(each.key != TO for each in action.ask):
            url = f"{self._resource.url}/{record_id}/actions/{step.name}"
            return {"ask": address(url, ((TO, to),) if isinstance(step.to, tuple) else ()), "title": str(step.title)}
        asked = {TO: to} if isinstance(step.to, tuple) else {}
        session = request.session
        self._records.run(session, self._resource, record_id, step.name, asked, context_of(request))
        moved = self._records.get(session, self._resource, record_id)
        session.refresh(moved)
        return {"version": moved.version, "lane": getattr(moved, self._field.attribute)}

    def _step(self, request: Request, record: Any, to: str) -> Transition:
        """The step that a move means; a Conflict where there is none."""
        workflow, resource = self._resource.workflow, self._resource
        assert workflow is not None
        actions = {action.name: action for action in resource.actions}
        found = [
            step
            for step in self._leading(request, workflow.of(record), to)
            if workflow.is_possible(step, record) and reaches(request.principal, resource, record, actions[step.name])
        ]
        if not found:
            raise Conflict(
                _(
                    "No step of yours leads from “{before}” to “{after}”.",
                    before=workflow.title_of(workflow.of(record)),
                    after=workflow.title_of(to),
                )
            )
        # Where several lead there, the one that asks for nothing is the plain meaning of a move.
        return min(found, key=lambda step: len(step.ask))


def _id(key: str, field: ResolvedField) -> Any:
    return int(key) if field.is_relation else key


def _said(refused: SopiaError) -> str:
    """The reason in one line."""
    if isinstance(refused, Invalid):
        return " ".join(str(error.message) for error in refused.errors)
    return str(refused)
