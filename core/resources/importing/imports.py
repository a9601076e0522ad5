"""Imports from the file to the result: brought, mapped, checked, corrected, run, and forgotten some day.

The state of an import is a row in the database, so that it survives a restart and belongs to one person. A run goes
chunk by chunk, each one transaction with the mark up to which the file is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Any, BinaryIO, Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.kernel.access import NOBODY, Principal, load_principal
from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, SopiaError, TooLarge
from core.kernel.generations import read_generations
from core.kernel.history import Operation
from core.kernel.i18n import translate as _
from core.kernel.jobs import enqueue
from core.kernel.platform import Platform
from core.kernel.types import now
from core.resources.conditions import Context
from core.resources.importing.judging import Judge, Verdict, new_words
from core.resources.importing.models import ImportFile, ImportRow
from core.resources.importing.plans import Plan
from core.resources.importing.targets import Guess, Target, guess, key_targets, signature, targets_of
from core.resources.importing.undoing import Undoing
from core.resources.importing.writing import Desk, Writer
from core.resources.queries import today_in
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.resources.sheets import Limits, Row, Table, read_table, write_csv
from core.resources.values.texts import plain

CHUNK: Final = 1_000
"""Rows of one transaction."""

LIMITS: Final = Limits(bytes=64 * 2**20)
KEPT: Final = 5_000
"""Rows with a fault, or that exist already, which a check keeps for looking at and correcting."""

LONGEST_CELL: Final = 4_000
MOST_CORRECTIONS: Final = 5_000
FORGOTTEN: Final = timedelta(days=90)
RETRIES: Final = 4

IMPORT: Final = ImportFile.__table__.c
ROW: Final = ImportRow.__table__.c

FINISHED: Final = frozenset({"done", "failed", "stopped", "undone"})
BUSY: Final = frozenset({"checking", "queued", "running", "undoing"})


class Ended(Exception):
    """The import is no longer to go on: its person has stopped it."""


class Tell(Protocol):
    """Hears how far a check or a run is; within the transaction of a chunk where there is one."""

    def __call__(self, done: int, total: int | None, on: Connection | None = None) -> None: ...


def silent(done: int, total: int | None, on: Connection | None = None) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Import:
    """One import as it is now."""

    id: int
    user_id: int
    resource: str
    filename: str
    file_key: str
    header: tuple[str, ...]
    signature: str
    encoding: str
    plan: Plan
    corrections: Mapping[int, Mapping[int, str]]
    state: str
    origin: str
    operation: str | None
    job_id: int | None
    rows_done: int
    rows_total: int | None
    created: int
    updated: int
    duplicates: int
    faulty: int
    new_words: Mapping[str, Sequence[str]]
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def left_out(self) -> int:
        """Rows that were, or will be, not written."""
        return self.duplicates + self.faulty

    @property
    def good(self) -> int:
        """Rows that were, or will be, written."""
        return self.created + self.updated


@dataclass(frozen=True)
class Look:
    """What is seen of a file before its columns are named."""

    kind: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    confidence: float
    sheets: tuple[str, ...]
    sheet: str
    targets: Mapping[str, Target]
    guesses: Mapping[int, Guess]


@dataclass(slots=True)
class Tally:
    """How many rows came to what."""

    done: int = 0
    created: int = 0
    updated: int = 0
    duplicates: int = 0
    faulty: int = 0

    def count(self, verdicts: Iterable[Verdict]) -> None:
        """Add the rows of a chunk."""
        for verdict in verdicts:
            self.done += 1
            match verdict.outcome:
                case "create":
                    self.created += 1
                case "update":
                    self.updated += 1
                case "duplicate":
                    self.duplicates += 1
                case _:
                    self.faulty += 1

    def values(self) -> dict[str, int]:
        """As columns of the import."""
        return {
            "rows_done": self.done,
            "created": self.created,
            "updated": self.updated,
            "duplicates": self.duplicates,
            "faulty": self.faulty,
        }


class Imports:
    """Everything that can be done with imports on one generation of the platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._database = platform.database
        self._resources: Resources = platform.above
        hooks = platform.registry.hooks
        self._desk = Desk(platform.gate, self._resources, Records(self._resources, hooks), hooks.concerned)

    # ------------------------------------------------------------------------------------------------- the file arrives

    def bring(
        self, principal: Principal, resource: ResolvedResource, file: IO[bytes], filename: str, origin: str = "page"
    ) -> Import:
        """Keep a file and find out what its columns are; Invalid where it is no table, TooLarge beyond the limits."""
        self.need(principal, resource)
        name = _tidy_name(filename)
        stored = self._platform.storage.put(file, LIMITS.bytes)
        with self._platform.storage.open(stored.key) as content, read_table(content, name, LIMITS) as table:
            if next(iter(table), None) is None:
                raise Invalid([FieldError("file", _("The file has a header and no rows below it."))])
            header, encoding = table.header, table.encoding.name if table.encoding else ""
            sheet = table.sheet
        sign = signature(header)
        with self._database.transaction(write=True) as connection:
            plan = self._first_plan(connection, principal, resource, header, sign)
            values = {
                "user_id": principal.user_id,
                "resource": resource.key,
                "filename": name,
                "file_key": stored.key,
                "header": list(header),
                "signature": sign,
                "encoding": encoding,
                "plan": replace(plan, encoding=encoding, sheet=sheet).to_json(),
                "origin": origin,
            }
            made = connection.execute(insert(ImportFile).values(values).returning(IMPORT.id)).scalar_one()
            return self.get(connection, made, principal.user_id)

    def need(self, principal: Principal, resource: ResolvedResource) -> None:
        """Refuse whoever may not import into a resource."""
        if resource.read_only or not principal.allows(resource.key, "import"):
            raise Forbidden
        if not (principal.allows(resource.key, "create") or principal.allows(resource.key, "edit")):
            raise Forbidden

    def _first_plan(
        self, connection: Connection, principal: Principal, resource: ResolvedResource, header: Sequence[str], sign: str
    ) -> Plan:
        targets = targets_of(self._resources, resource, principal)
        guesses = guess(
            header, targets, self._platform.catalogues, self._remembered(connection, principal, resource, sign)
        )
        columns = {index: each.path for index, each in guesses.items()}
        creates = principal.allows(resource.key, "create")
        keys = key_targets(targets, columns.values())
        if creates:
            return Plan(resource.key, columns)
        return Plan(resource.key, columns, mode="update", key=keys[0].path if keys else "")

    def _remembered(
        self, connection: Connection, principal: Principal, resource: ResolvedResource, sign: str
    ) -> dict[str, str]:
        """What the columns of the same header meant when it was last imported, by this person or else by anybody."""
        statement = (
            select(IMPORT.header, IMPORT.plan)
            .where(IMPORT.resource == resource.key, IMPORT.signature == sign, IMPORT.state != "new")
            .order_by((IMPORT.user_id == principal.user_id).desc(), IMPORT.id.desc())
            .limit(1)
        )
        row = connection.execute(statement).first()
        if row is None:
            return {}
        from core.resources.importing.targets import plain_name

        return {plain_name(row.header[int(index)]): path for index, path in row.plan["columns"].items()}

    # -------------------------------------------------------------------------------------------------- what there is

    def get(self, connection: Connection, import_id: int, user_id: int) -> Import:
        """A person's own import; NotFound for those of others as for those that do not exist."""
        statement = select(*ImportFile.__table__.c).where(IMPORT.id == import_id, IMPORT.user_id == user_id)
        row = connection.execute(statement).one_or_none()
        if row is None:
            raise NotFound
        given = dict(row._mapping)
        given["header"] = tuple(given["header"])
        given["plan"] = Plan.from_json(given["plan"])
        given["corrections"] = {
            int(number): {int(index): text for index, text in cells.items()}
            for number, cells in given["corrections"].items()
        }
        return Import(**given)

    def recent(
        self, connection: Connection, user_id: int, resource: str, count: int = 5
    ) -> list[tuple[int, str, str, datetime]]:
        """A person's last imports of a resource: id, name of the file, state, time."""
        statement = (
            select(IMPORT.id, IMPORT.filename, IMPORT.state, IMPORT.created_at)
            .where(IMPORT.user_id == user_id, IMPORT.resource == resource)
            .order_by(IMPORT.id.desc())
            .limit(count)
        )
        return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]

    def resource_of(self, found: Import) -> ResolvedResource:
        """The resource that an import goes into; NotFound while its plugin is off."""
        resource = self._resources.get(found.resource)
        if resource is None:
            raise NotFound
        return resource

    def targets(self, found: Import, principal: Principal) -> dict[str, Target]:
        """Where the columns of an import may go, by path."""
        return targets_of(self._resources, self.resource_of(found), principal)

    def write_left_out(self, found: Import, file: BinaryIO) -> int:
        """Write the rows that were not written, with what is wrong in a column of its own, as CSV; how many."""
        fault = str(_("What is wrong"))

        def lines() -> Iterator[list[object]]:
            after = 0
            while True:
                with self._database.transaction(write=False) as connection:
                    rows = self.rows(connection, found, after=after, count=CHUNK)
                for row in rows:
                    yield [*row.cells, _told(found, row)]
                if len(rows) < CHUNK:
                    return
                after = rows[-1].number

        return write_csv(lines(), [*found.header, fault], file)

    def look(self, found: Import, principal: Principal, rows: int = 5) -> Look:
        """The header, the first rows, and what the columns seem to be."""
        resource = self.resource_of(found)
        with self._opened(found) as table:
            first = tuple(islice(table, rows))
            encoding, header = table.encoding, table.header
            kind, sheets, sheet = table.kind, table.sheets, table.sheet
        targets = targets_of(self._resources, resource, principal)
        return Look(
            kind=kind,
            header=header,
            rows=first,
            encoding=encoding.name if encoding else "",
            confidence=encoding.confidence if encoding else 1.0,
            sheets=sheets,
            sheet=sheet,
            targets=targets,
            guesses=guess(header, targets, self._platform.catalogues),
        )

    @contextmanager
    def _opened(self, found: Import) -> Iterator[Table]:
        encoding, sheet = found.plan.encoding or None, found.plan.sheet or None
        with (
            self._platform.storage.open(found.file_key) as content,
            read_table(content, found.filename, LIMITS, encoding=encoding, sheet=sheet) as table,
        ):
            yield table

    # ------------------------------------------------------------------------------------------------ what is to be done

    def reread(self, found: Import, principal: Principal, encoding: str, sheet: str) -> Import:
        """Read the file in another encoding, or another sheet of it; the columns are guessed anew."""
        resource = self.resource_of(found)
        again = replace(found, plan=replace(found.plan, encoding=encoding, sheet=sheet))
        with self._opened(again) as table:
            header = table.header
        sign = signature(header)
        with self._database.transaction(write=True) as connection:
            plan = self._first_plan(connection, principal, resource, header, sign)
            values = {
                "plan": replace(plan, encoding=encoding, sheet=sheet).to_json(),
                "header": list(header),
                "signature": sign,
                "corrections": {},
                "state": "new",
            }
            self._set(connection, found, **values)
            return self.get(connection, found.id, found.user_id)

    def plan(self, found: Import, plan: Plan, principal: Principal) -> Import:
        """Say which column is which field and what is to happen; Invalid for what cannot be."""
        resource = self.resource_of(found)
        plan.check()
        targets = targets_of(self._resources, resource, principal)
        unknown = [path for path in plan.columns.values() if path not in targets]
        if unknown or any(index >= len(found.header) for index in plan.columns):
            raise Invalid([FieldError("map", _("There is no field '{name}'.", name=(unknown or ["?"])[0][:80]))])
        if plan.key and plan.key not in {each.path for each in key_targets(targets, plan.columns.values())}:
            raise Invalid([FieldError("key", _("Records cannot be recognised by '{field}'.", field=plan.key[:80]))])
        judge = Judge(self._resources, resource, plan, self._context(principal))
        if judge.missing and plan.mode == "create":
            raise Invalid(
                [
                    FieldError(each.path, _("No column is this field, and every record needs it."))
                    for each in judge.missing
                ]
            )
        with self._database.transaction(write=True) as connection:
            if (
                self._set(
                    connection, found, plan=plan.to_json(), state="new", corrections=dict(_texts(found.corrections))
                )
                != 1
            ):
                raise _too_late()
            return self.get(connection, found.id, found.user_id)

    def _set(self, connection: Connection, found: Import, **values: Any) -> int:
        """Change an import that nothing is happening to; how many that were."""
        statement = update(ImportFile).where(
            IMPORT.id == found.id, IMPORT.user_id == found.user_id, IMPORT.state.not_in(BUSY | FINISHED)
        )
        return connection.execute(statement.values(**values)).rowcount

    # ------------------------------------------------------------------------------------------------------- the dry run

    def check(self, found: Import, principal: Principal, tell: Tell = silent) -> Import:
        """Judge every row without writing any, and keep those that need a look."""
        judge = self._judge(found, principal)
        tally, kept, words = Tally(), list[Verdict](), dict[str, set[str]]()
        with self._opened(found) as table:
            for rows in _chunks(table):
                with self._platform.gate.connection(principal) as connection:
                    verdicts = judge.judge(connection, rows, found.corrections)
                tally.count(verdicts)
                kept += [each for each in verdicts if each.outcome in ("fault", "duplicate")][: KEPT - len(kept)]
                for key, texts in new_words(verdicts).items():
                    words.setdefault(key, set()).update(texts)
                tell(tally.done, _estimate(tally.done, table.progress))
        with self._database.transaction(write=True) as connection:
            self._forget_rows(connection, found)
            _keep_rows(connection, found.id, kept)
            counts = tally.values() | {"rows_done": 0, "rows_total": tally.done}
            told = {key: sorted(texts)[:200] for key, texts in words.items()}
            statement = update(ImportFile).where(
                IMPORT.id == found.id, IMPORT.state.in_(["new", "checking", "checked"])
            )
            connection.execute(statement.values(**counts, new_words=told, state="checked", error=""))
            return self.get(connection, found.id, found.user_id)

    def rows(
        self, connection: Connection, found: Import, *, state: str = "", after: int = 0, count: int = 50
    ) -> list[Any]:
        """Rows that were kept, in the order of the file: number, state, cells, faults, note, record_id."""
        statement = select(ROW.number, ROW.state, ROW.cells, ROW.faults, ROW.note, ROW.record_id)
        statement = statement.where(ROW.import_id == found.id, ROW.number > after)
        if state:
            statement = statement.where(ROW.state == state)
        return list(connection.execute(statement.order_by(ROW.number).limit(count)))

    def correct(
        self, found: Import, principal: Principal, changes: Mapping[int, Mapping[int, str]]
    ) -> dict[int, Verdict]:
        """Correct cells of rows that were kept; the verdicts on those rows as they are now."""
        corrections = {number: dict(cells) for number, cells in found.corrections.items()}
        for number, cells in changes.items():
            for index, text in cells.items():
                if not 0 <= index < len(found.header) or len(text) > LONGEST_CELL:
                    raise Invalid(
                        [FieldError("value", _("A cell holds at most {most} characters.", most=LONGEST_CELL))]
                    )
                corrections.setdefault(number, {})[index] = text
        if len(corrections) > MOST_CORRECTIONS:
            raise TooLarge(
                _("More than {most} rows are corrected.", most=MOST_CORRECTIONS),
                _("Correct the file itself, and bring it again."),
            )
        judge = self._judge(found, principal)
        with self._platform.gate.connection(principal) as connection:
            statement = select(ROW.number, ROW.cells).where(ROW.import_id == found.id, ROW.number.in_(list(changes)))
            kept = [Row(row.number, list(row.cells)) for row in connection.beneath.execute(statement)]
            verdicts = judge.judge(connection, kept, corrections)
        with self._database.transaction(write=True) as connection:
            if self._set(connection, found, corrections=dict(_texts(corrections))) != 1:
                raise _too_late()
            for verdict in verdicts:
                self._rewrite_row(connection, found, verdict)
            self._recount(connection, found)
        return {verdict.number: verdict for verdict in verdicts}

    def _rewrite_row(self, connection: Connection, found: Import, verdict: Verdict) -> None:
        state = verdict.outcome if verdict.outcome in ("fault", "duplicate") else "fixed"
        values = _as_row(found.id, verdict) | {"state": state}
        statement = update(ImportRow).where(ROW.import_id == found.id, ROW.number == verdict.number)
        connection.execute(statement.values({key: value for key, value in values.items() if key != "import_id"}))

    def _recount(self, connection: Connection, found: Import) -> None:
        """Set the counts after a correction; those beyond what is kept stay as the check has found them."""
        from sqlalchemy import func

        counted = select(ROW.state, func.count()).where(ROW.import_id == found.id).group_by(ROW.state)
        now_kept = {row[0]: row[1] for row in connection.execute(counted)}
        before = connection.execute(
            select(IMPORT.faulty, IMPORT.duplicates, IMPORT.rows_total).where(IMPORT.id == found.id)
        ).one()
        if before.faulty + before.duplicates > KEPT:
            return
        faulty, duplicates = now_kept.get("fault", 0), now_kept.get("duplicate", 0)
        created = (before.rows_total or 0) - faulty - duplicates - found.updated
        values = {"faulty": faulty, "duplicates": duplicates, "created": max(created, 0)}
        connection.execute(update(ImportFile).where(IMPORT.id == found.id).values(**values))

    # ----------------------------------------------------------------------------------------------------------- the run

    def start(self, found: Import, principal: Principal) -> bool:
        """Ask for the run, once however often this is called; false where it had been asked for already."""
        self.need(principal, self.resource_of(found))
        with self._platform.gate.session(principal, write=True) as session:
            connection = session.info["system"]
            asked = self._set(connection, found, state="queued", error="", rows_done=0)
            if asked:
                job = enqueue(session, RUN, {"import": found.id}, unique_key=f"import:{found.id}")
                connection.execute(update(ImportFile).where(IMPORT.id == found.id).values(job_id=job))
        return bool(asked)

    def start_check(self, found: Import, principal: Principal) -> None:
        """Ask for the check of a file that is too long to be checked while somebody waits."""
        with self._platform.gate.session(principal, write=True) as session:
            connection = session.info["system"]
            if self._set(connection, found, state="checking", error=""):
                job = enqueue(session, CHECK, {"import": found.id}, unique_key=f"import:{found.id}")
                connection.execute(update(ImportFile).where(IMPORT.id == found.id).values(job_id=job))

    def stop(self, found: Import) -> None:
        """Let a run end after the chunk that it is at; what is written stays, and can be undone."""
        with self._database.transaction(write=True) as connection:
            statement = update(ImportFile).where(IMPORT.id == found.id, IMPORT.user_id == found.user_id)
            statement = statement.where(IMPORT.state.in_(["queued", "running"]))
            connection.execute(statement.values(state="stopped", finished_at=now()))

    def run(self, import_id: int, user_id: int, tell: Tell = silent) -> Import:
        """Write the rows that pass, from where an earlier attempt has ended; the import as it is after."""
        found = self._begin(import_id, user_id)
        try:
            self._run(found, tell)
        except Ended:
            pass
        except SopiaError as error:
            if error.status < 500:
                self._end(found, "failed", str(error))
            raise
        else:
            self._end(found, "done")
        with self._database.transaction(write=False) as connection:
            return self.get(connection, import_id, user_id)

    def _begin(self, import_id: int, user_id: int) -> Import:
        """Take the import up; an operation of its own is what undoes it."""
        with self._database.transaction(write=True) as connection:
            found = self.get(connection, import_id, user_id)
            if found.state in FINISHED | {"undoing"}:
                raise Conflict(_("This import has ended already."))
            if found.operation is None or found.state != "running":
                self._forget_rows(connection, found)
                cleared = Tally().values()
                operation = found.operation or Operation(user_id, found.origin).id
                statement = update(ImportFile).where(IMPORT.id == found.id)
                connection.execute(
                    statement.values(state="running", operation=operation, started_at=now(), error="", **cleared)
                )
            return self.get(connection, import_id, user_id)

    def _run(self, found: Import, tell: Tell) -> None:
        tally = Tally(found.rows_done, found.created, found.updated, found.duplicates, found.faulty)
        desk = _Run(self, found, tally, tell)
        with self._opened(found) as table:
            if found.rows_done:
                desk.replay(islice(table, found.rows_done))
            for rows in _chunks(table):
                desk.write(rows, _estimate(tally.done + len(rows), table.progress))

    def _end(self, found: Import, state: str, error: str = "") -> None:
        with self._database.transaction(write=True) as connection:
            statement = update(ImportFile).where(IMPORT.id == found.id, IMPORT.state.in_(["running", "queued"]))
            values: dict[str, Any] = {"state": state, "error": error, "finished_at": now()}
            if state == "done":
                values["rows_total"] = IMPORT.rows_done
            connection.execute(statement.values(values))

    def _forget_rows(self, connection: Connection, found: Import) -> None:
        connection.execute(delete(ImportRow).where(ROW.import_id == found.id))

    def refuse(self, found: Import, error: str) -> None:
        """Say why a check has come to nothing; the file can be read in another way."""
        with self._database.transaction(write=True) as connection:
            statement = update(ImportFile).where(IMPORT.id == found.id, IMPORT.state == "checking")
            connection.execute(statement.values(state="new", error=error))

    # ---------------------------------------------------------------------------------------------------------- and back

    def start_undo(self, found: Import, principal: Principal) -> None:
        """Ask for everything to be taken back; Conflict where later changes stand in the way."""
        if not found.operation:
            raise Conflict(_("This import has written nothing."))
        with self._database.transaction(write=False) as connection:
            Undoing(self._platform, principal, found.operation).look(connection)
        with self._platform.gate.session(principal, write=True) as session:
            connection = session.info["system"]
            statement = update(ImportFile).where(
                IMPORT.id == found.id, IMPORT.user_id == found.user_id, IMPORT.state.in_(["done", "stopped", "failed"])
            )
            if connection.execute(statement.values(state="undoing", rows_done=0)).rowcount:
                job = enqueue(session, UNDO, {"import": found.id}, unique_key=f"import:{found.id}")
                connection.execute(update(ImportFile).where(IMPORT.id == found.id).values(job_id=job))

    def undo(self, import_id: int, user_id: int, tell: Tell = silent) -> int:
        """Take everything back, piece by piece; how many records that were."""
        with self._database.transaction(write=False) as connection:
            found = self.get(connection, import_id, user_id)
            principal = load_principal(connection, user_id)
            undoing = Undoing(self._platform, principal, found.operation or "")
            total = undoing.look(connection)
            pieces = list(undoing.created(connection))
        undoing.take_back_edits()
        done = 0
        for key, ids in pieces:
            undoing.take_back_created(key, ids)
            done += len(ids)
            tell(done, total)
        with self._database.transaction(write=True) as connection:
            statement = update(ImportFile).where(IMPORT.id == found.id)
            connection.execute(statement.values(state="undone", finished_at=now()))
        return total

    # ---------------------------------------------------------------------------------------------------- what all share

    def _judge(self, found: Import, principal: Principal) -> Judge:
        return Judge(self._resources, self.resource_of(found), found.plan, self._context(principal))

    def _context(self, principal: Principal) -> Context:
        settings = self._platform.settings
        zone = ZoneInfo(principal.timezone or settings.timezone)
        return Context(principal, zone, settings.currency, today_in(zone))


class _Run:
    """One attempt at a run: judges each chunk with the present rights of its person and writes it."""

    def __init__(self, imports: Imports, found: Import, tally: Tally, tell: Tell) -> None:
        self._imports = imports
        self._found = found
        self._tally = tally
        self._tell = tell
        self._access = -1
        self._judge: Judge | None = None
        self._operation = Operation(found.user_id, "import", id=found.operation or "")

    def replay(self, rows: Iterable[Row]) -> None:
        """Know the rows of an earlier attempt."""
        with self._imports._database.transaction(write=False) as connection:
            self._judge_now(connection).replay(list(rows), self._found.corrections)

    def write(self, rows: Sequence[Row], total: int | None) -> None:
        """Judge and write one chunk; again where somebody's access, or a value that must be unique, has changed."""
        for attempt in range(RETRIES):
            access, judge, verdicts = self._read(rows)
            try:
                with self._imports._database.transaction(write=True) as system:
                    if read_generations(system)[0] == access:
                        self._write(system, judge, verdicts, total, singly=attempt > 1)
                        return
            except IntegrityError:
                if attempt + 1 == RETRIES:
                    raise
            judge.again()
        raise Conflict(_("The access of people changes all the time; the import waits for a quieter moment."))

    def _read(self, rows: Sequence[Row]) -> tuple[int, Judge, list[Verdict]]:
        platform = self._imports._platform
        with self._imports._database.transaction(write=False) as system:
            judge = self._judge_now(system)
            connection = platform.gate.adopted_connection(system, judge.context.principal)
            return self._access, judge, judge.judge(connection, rows, self._found.corrections)

    def _judge_now(self, connection: Connection) -> Judge:
        """The judge with the rights that the person has at this moment."""
        access = read_generations(connection)[0]
        if self._judge is None or access != self._access:
            principal = load_principal(connection, self._found.user_id)
            if principal is NOBODY:
                raise Forbidden
            self._imports.need(principal, self._imports.resource_of(self._found))
            judge = self._imports._judge(self._found, principal)
            if self._judge is not None:
                judge.take_over(self._judge)
            self._judge, self._access = judge, access
        return self._judge

    def _write(
        self, system: Connection, judge: Judge, verdicts: list[Verdict], total: int | None, *, singly: bool
    ) -> None:
        writer = Writer(self._imports._desk, judge, self._operation)
        writer.in_bulk = writer.in_bulk and not singly
        writer.write(system, verdicts)
        tally = replace(self._tally)
        tally.count(verdicts)
        statement = update(ImportFile).where(IMPORT.id == self._found.id, IMPORT.state == "running")
        if system.execute(statement.values(**tally.values())).rowcount != 1:
            raise Ended
        _keep_rows(system, self._found.id, [v for v in verdicts if v.outcome in ("fault", "duplicate")])
        self._tell(tally.done, total, system)
        self._tally = tally


RUN: Final = "system.import"
CHECK: Final = "system.import_check"
UNDO: Final = "system.import_undo"


def _keep_rows(connection: Connection, import_id: int, verdicts: Sequence[Verdict]) -> None:
    if verdicts:
        connection.execute(insert(ImportRow), [_as_row(import_id, verdict) for verdict in verdicts])


def _as_row(import_id: int, verdict: Verdict) -> dict[str, Any]:
    return {
        "import_id": import_id,
        "number": verdict.number,
        "state": verdict.outcome,
        "cells": [plain(cell) for cell in verdict.cells],
        "faults": {str(index): str(message) for index, message in verdict.faults.items()},
        "note": str(verdict.note),
        "record_id": verdict.record_id if verdict.outcome == "duplicate" else None,
    }


def _told(found: Import, row: Any) -> str:
    """What is wrong with a row that was kept, in one line."""
    parts = [
        f"{found.header[int(index)]}: {message}" if 0 <= int(index) < len(found.header) else message
        for index, message in row.faults.items()
    ]
    return " ".join([*parts, row.note]).strip()


def _chunks(table: Table) -> Iterator[list[Row]]:
    rows: Iterator[Row] = iter(table)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _estimate(done: int, progress: float) -> int | None:
    """How many rows there will be, told from how much of the file has been read."""
    return max(done, round(done / progress)) if progress > 0.01 else None


def _texts(corrections: Mapping[int, Mapping[int, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    return ((str(number), {str(i): text for i, text in cells.items()}) for number, cells in corrections.items())


def _tidy_name(filename: str) -> str:
    name = "".join(letter for letter in filename.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    return name.encode("utf-8", "replace").decode("utf-8")[-200:] or "table"


def _too_late() -> Conflict:
    return Conflict(
        _("This import is running or has ended, and cannot be changed any more."), _("Bring the file anew.")
    )
