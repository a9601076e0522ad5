"""Imports from the file to the result: brought, mapped, checked, corrected, run, taken back.

Files and rows are read outside of transactions that write; those only put down what was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Any, BinaryIO, Final

from sqlalchemy import Connection, insert, select

from core.kernel.access import Principal, load_principal
from core.kernel.errors import Conflict, FieldError, Invalid, SopiaError, TooLarge
from core.kernel.i18n import translate as _
from core.kernel.jobs import enqueue
from core.kernel.platform import Platform
from core.kernel.privilege import privileged
from core.kernel.types import now
from core.resources.importing import kept
from core.resources.importing.judging import Verdict, new_words
from core.resources.importing.kept import IMPORT, KEPT, Import, Tally
from core.resources.importing.models import ImportFile
from core.resources.importing.plans import Plan
from core.resources.importing.running import Run
from core.resources.importing.targets import Guess, Target, guess, key_targets, plain_name, signature, targets_of
from core.resources.importing.undoing import Undoing
from core.resources.importing.workshop import CHUNK, LARGEST, LIMITS, Tell, Workshop, chunks, estimate, silent
from core.resources.resolved import ResolvedResource
from core.resources.sheets import Row, read_table, write_csv

LONGEST_CELL: Final = 4_000
MOST_CORRECTIONS: Final = 5_000

RUN: Final = "system.import"
CHECK: Final = "system.import_check"
UNDO: Final = "system.import_undo"


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


class Imports:
    """Everything that can be done with imports on one generation of the platform."""

    def __init__(self, platform: Platform) -> None:
        self._workshop = Workshop(platform)
        self._platform = platform
        self._database = platform.database

    # ------------------------------------------------------------------------------------------------- the file arrives

    def bring(
        self, principal: Principal, resource: ResolvedResource, file: IO[bytes], filename: str, origin: str = "page"
    ) -> Import:
        """Keep a file and find out what its columns are; Invalid where it is no table, TooLarge beyond the limits."""
        self._workshop.need(principal, resource)
        name = _tidy_name(filename)
        limits = LARGEST if origin == "command" else LIMITS
        stored = self._platform.storage.put(file, limits.bytes)
        with self._platform.storage.open(stored.key) as content, read_table(content, name, limits) as table:
            if next(iter(table), None) is None:
                raise Invalid([FieldError("file", _("The file has a header and no rows below it."))])
            encoding, sheet = table.encoding.name if table.encoding else "", table.sheet
            header = table.header
        with self._database.transaction(write=True) as connection:
            values = {
                "user_id": principal.user_id,
                "resource": resource.key,
                "filename": name,
                "file_key": stored.key,
                "encoding": encoding,
                "origin": origin,
                **self._first_values(connection, principal, resource, header, encoding, sheet),
            }
            made = connection.execute(insert(ImportFile).values(values).returning(IMPORT.id)).scalar_one()
            return kept.get(connection, made, principal.user_id)

    def _first_values(
        self,
        connection: Connection,
        principal: Principal,
        resource: ResolvedResource,
        header: Sequence[str],
        encoding: str,
        sheet: str,
    ) -> dict[str, Any]:
        """Header and plan of a file that nobody has said anything about."""
        sign = signature(header)
        targets = targets_of(self._workshop.resources, resource, principal)
        remembered = self._remembered(connection, principal, resource, sign)
        guesses = guess(header, targets, self._platform.catalogues, remembered)
        plan = Plan(resource.key, {i: each.path for i, each in guesses.items()}, encoding=encoding, sheet=sheet)
        if not principal.allows(resource.key, "create"):
            keys = key_targets(targets, plan.columns.values())
            plan = replace(plan, mode="update", key=keys[0].path if keys else "")
        return {"header": list(header), "signature": sign, "plan": plan.to_json()}

    def _remembered(
        self, connection: Connection, principal: Principal, resource: ResolvedResource, sign: str
    ) -> dict[str, str]:
        """What the columns of the same header meant when it was last imported, by this person or else by anybody."""
        statement = (
            select(IMPORT.header, IMPORT.plan, IMPORT.user_id)
            .where(IMPORT.resource == resource.key, IMPORT.signature == sign, IMPORT.state != "new")
            .order_by((IMPORT.user_id == principal.user_id).desc(), IMPORT.id.desc())
        )
        row = connection.execute(statement.limit(1)).first()
        if row is None:
            return {}
        columns = row.plan["columns"]
        told = {plain_name(row.header[int(index)]): path for index, path in columns.items()}
        if row.user_id == principal.user_id:
            # What one has left out oneself stays left out; others may have left out what they could not fill.
            told |= {plain_name(name): "" for index, name in enumerate(row.header) if str(index) not in columns}
        return told

    # -------------------------------------------------------------------------------------------------- what there is

    def get(self, connection: Connection, import_id: int, user_id: int) -> Import:
        """A person's own import; NotFound for those of others as for those that do not exist."""
        return kept.get(connection, import_id, user_id)

    def targets(self, found: Import, principal: Principal) -> dict[str, Target]:
        """Where the columns of an import may go, by path."""
        return targets_of(self._workshop.resources, self._workshop.resource_of(found), principal)

    def look(self, found: Import, principal: Principal, rows: int = 5) -> Look:
        """The header, the first rows, and what the columns seem to be."""
        targets = self.targets(found, principal)
        with self._workshop.opened(found) as table:
            first = tuple(islice(table, rows))
            encoding = table.encoding
            with self._database.transaction(write=False) as connection:
                resource = self._workshop.resource_of(found)
                remembered = self._remembered(connection, principal, resource, signature(table.header))
            return Look(
                kind=table.kind,
                header=table.header,
                rows=first,
                encoding=encoding.name if encoding else "",
                confidence=encoding.confidence if encoding else 1.0,
                sheets=table.sheets,
                sheet=table.sheet,
                targets=targets,
                guesses=guess(table.header, targets, self._platform.catalogues, remembered),
            )

    def write_left_out(self, found: Import, file: BinaryIO) -> int:
        """Write the rows that were not written, with what is wrong in a column of its own, as CSV; how many."""

        def lines() -> Iterator[list[object]]:
            after, width = 0, len(found.header)
            while True:
                with self._database.transaction(write=False) as connection:
                    rows = kept.rows(connection, found, after=after, count=CHUNK)
                for row in (each for each in rows if each.state != "fixed"):
                    yield [*row.cells[:width], kept.in_words(found, row), *row.cells[width:]]
                if len(rows) < CHUNK:
                    return
                after = rows[-1].number

        return write_csv(lines(), [*found.header, str(_("What is wrong"))], file)

    # ------------------------------------------------------------------------------------------------ what is to be done

    def reread(self, found: Import, principal: Principal, encoding: str, sheet: str) -> Import:
        """Read the file in another encoding, or another sheet of it; the columns are guessed anew."""
        resource = self._workshop.resource_of(found)
        again = replace(found, plan=replace(found.plan, encoding=encoding, sheet=sheet))
        with self._workshop.opened(again) as table:
            header = table.header
        with self._database.transaction(write=True) as connection:
            values = self._first_values(connection, principal, resource, header, encoding, sheet)
            kept.change(connection, found, **values, corrections={}, state="new")
            return kept.get(connection, found.id, found.user_id)

    def plan(self, found: Import, plan: Plan, principal: Principal) -> Import:
        """Say which column is which field and what is to happen; Invalid for what cannot be."""
        plan.check()
        targets = self.targets(found, principal)
        unknown = [path for path in plan.columns.values() if path not in targets]
        if unknown or any(index >= len(found.header) for index in plan.columns):
            raise Invalid([FieldError("map", _("There is no field '{name}'.", name=(unknown or ["?"])[0][:80]))])
        if plan.key and plan.key not in {each.path for each in key_targets(targets, plan.columns.values())}:
            raise Invalid([FieldError("key", _("Records cannot be recognised by '{field}'.", field=plan.key[:80]))])
        missing = self._workshop.judge(replace(found, plan=plan), principal).missing
        if missing and plan.mode == "create":
            raise Invalid(
                FieldError(each.path, _("No column is this field, and every record needs it.")) for each in missing
            )
        with self._database.transaction(write=True) as connection:
            kept.change(connection, found, plan=plan.to_json(), state="new")
            return kept.get(connection, found.id, found.user_id)

    # ------------------------------------------------------------------------------------------------------- the dry run

    def check(self, found: Import, principal: Principal, tell: Tell = silent) -> Import:
        """Judge every row without writing any, and keep those that need a look."""
        judge = self._workshop.judge(found, principal)
        tally, keep, words = Tally(), list[Verdict](), dict[str, set[str]]()
        with self._workshop.opened(found) as table:
            for rows in chunks(table):
                with self._workshop.gate.connection(principal) as connection:
                    verdicts = judge.judge(connection, rows, found.corrections)
                tally = tally.with_(verdicts)
                keep += [each for each in verdicts if each.outcome in ("fault", "duplicate")][: KEPT - len(keep)]
                for key, texts in new_words(judge, verdicts).items():
                    words.setdefault(key, set()).update(texts)
                tell(tally.done, estimate(tally.done, table.progress))
        with self._database.transaction(write=True) as connection:
            kept.forget_rows(connection, found)
            kept.keep_rows(connection, found.id, keep)
            counts = tally.values() | {"rows_done": 0, "rows_total": tally.done}
            told = {key: sorted(texts)[:200] for key, texts in words.items()}
            idle = ["new", "checking", "checked"]
            kept.advance(connection, found.id, idle, **counts, new_words=told, state="checked", error="")
            return kept.get(connection, found.id, found.user_id)

    def refuse(self, found: Import, error: str) -> None:
        """Say why a check has come to nothing; the file can be read in another way."""
        with self._database.transaction(write=True) as connection:
            kept.advance(connection, found.id, ["checking"], state="new", error=error)

    def correct(
        self, found: Import, principal: Principal, changes: Mapping[int, Mapping[int, str]]
    ) -> dict[int, Verdict]:
        """Correct cells of rows that were kept; the verdicts on those rows as they are now."""
        corrections = {number: dict(cells) for number, cells in found.corrections.items()}
        for number, cells in changes.items():
            if any(not 0 <= index < len(found.header) or len(text) > LONGEST_CELL for index, text in cells.items()):
                raise Invalid([FieldError("value", _("A cell holds at most {most} characters.", most=LONGEST_CELL))])
            corrections.setdefault(number, {}).update(cells)
        if len(corrections) > MOST_CORRECTIONS:
            raise TooLarge(
                _("More than {most} rows are corrected.", most=MOST_CORRECTIONS),
                _("Correct the file itself, and bring it again."),
            )
        judge = self._workshop.judge(found, principal)
        with self._workshop.gate.connection(principal) as connection:
            rows = [
                # Whoever corrects a row has seen what stands right of the header.
                Row(row.number, list(row.cells[: len(found.header)]))
                for row in kept.rows_of(privileged(connection), found, list(changes))
            ]
            verdicts = judge.judge(connection, rows, corrections)
        with self._database.transaction(write=True) as connection:
            kept.change(connection, found, corrections=kept.as_json(corrections))
            for verdict in verdicts:
                kept.rewrite_row(connection, found, verdict)
            kept.recount(connection, found)
        return {verdict.number: verdict for verdict in verdicts}

    # ----------------------------------------------------------------------------------------------------------- the run

    def start(self, found: Import, principal: Principal) -> None:
        """Ask for the run; it happens once, however often this is called."""
        self._workshop.need(principal, self._workshop.resource_of(found))
        self._ask(found, principal, RUN, ["new", "checked"], state="queued", error="", rows_done=0)

    def resume(self, found: Import, principal: Principal) -> None:
        """Ask for the rest of a run that was stopped or has failed; rows that are written are not written again."""
        self._workshop.need(principal, self._workshop.resource_of(found))
        if not found.operation:
            raise Conflict(_("This import has written nothing."), _("Start it from the beginning."))
        self._ask(found, principal, RUN, ["stopped", "failed"], state="queued", error="", finished_at=None)

    def start_check(self, found: Import, principal: Principal) -> None:
        """Ask for the check of a file that is too long to be checked while somebody waits."""
        self._ask(found, principal, CHECK, ["new", "checked"], state="checking", error="", rows_done=0)

    def start_undo(self, found: Import, principal: Principal) -> None:
        """Ask for everything to be taken back; Conflict where later changes stand in the way."""
        if not found.operation:
            raise Conflict(_("This import has written nothing."))
        with self._database.transaction(write=False) as connection:
            Undoing(self._platform, principal, found.operation).look(connection)
        self._ask(found, principal, UNDO, ["done", "stopped", "failed"], state="undoing", error="")

    def _ask(self, found: Import, principal: Principal, job: str, states: Sequence[str], **values: Any) -> None:
        with self._workshop.gate.session(principal, write=True) as session:
            connection = privileged(session)
            if kept.advance(connection, found.id, states, **values):
                job_id = enqueue(session, job, {"import": found.id}, unique_key=f"import:{found.id}")
                kept.advance(connection, found.id, [values["state"]], job_id=job_id)

    def stop(self, found: Import) -> None:
        """Let a run end after the chunk that it is at; what is written stays, and can be undone."""
        with self._database.transaction(write=True) as connection:
            ended: dict[str, Any] = {"state": "stopped", "finished_at": now()}
            # What has not begun has written nothing, whatever the check has counted.
            nothing: dict[str, Any] = {} if found.operation else Tally().values() | {"started_at": None}
            if not kept.advance(connection, found.id, ["queued"], **ended, **nothing):
                kept.advance(connection, found.id, ["running"], **ended)

    def run(self, import_id: int, user_id: int, tell: Tell = silent) -> Import:
        """Write the rows that pass, from where an earlier attempt has ended; the import as it is after."""
        return Run(self._workshop, import_id, user_id, tell).go()

    def undo(self, import_id: int, user_id: int, tell: Tell = silent) -> int:
        """Take everything back, piece by piece; how many records that were. What stands in the way is told before."""
        with self._database.transaction(write=False) as connection:
            found = kept.get(connection, import_id, user_id)
            principal = load_principal(connection, user_id)
        undoing = Undoing(self._platform, principal, found.operation or "")
        try:
            done = self._take_back(undoing, tell)
        except SopiaError as error:
            with self._database.transaction(write=True) as connection:
                state = "done" if found.rows_done == found.rows_total else "stopped"
                kept.advance(connection, found.id, ["undoing"], state=state, error=str(error))
            raise
        with self._database.transaction(write=True) as connection:
            kept.advance(connection, found.id, [found.state], state="undone", error="", finished_at=now())
        return done

    def _take_back(self, undoing: Undoing, tell: Tell) -> int:
        with self._database.transaction(write=False) as connection:
            total = undoing.look(connection)
            edits, created = list(undoing.edits(connection)), list(undoing.created(connection))
        done = 0
        for entries in edits:
            undoing.take_back_edits(entries)
            done += len(entries)
            tell(done, total)
        for key, ids in created:
            undoing.take_back_created(key, ids)
            done += len(ids)
            tell(done, total)
        return total


def _tidy_name(filename: str) -> str:
    name = "".join(letter for letter in filename.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    return name.encode("utf-8", "replace").decode("utf-8")[-200:] or "table"
