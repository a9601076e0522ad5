"""The steps of an import as its pages show them: the file, the columns, the progress, the result."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from core.kernel import formats
from core.kernel.errors import FieldError
from core.kernel.i18n import Text, ngettext
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources.importing.imports import Look
from core.resources.importing.kept import Import
from core.resources.importing.plans import MODES, SAMES, Plan
from core.resources.importing.targets import NUMBER, Target, key_targets
from core.resources.importing.workshop import LIMITS
from core.resources.resolved import ResolvedResource
from core.resources.values.texts import plain
from core.web import limits
from core.web.views import (
    Empty,
    ImportColumn,
    ImportHead,
    ImportLine,
    ImportsView,
    Link,
    MappingView,
    Option,
    ProgressView,
    ResultView,
    Tone,
    UploadView,
    Words,
)

if TYPE_CHECKING:
    from core.kernel.jobs import Progress
    from core.web.requests import Request

ALL: Final = "/imports"
"""Where one's own imports are listed."""

SAMPLES: Final = 3
"""Values of a column that are shown."""

ENCODINGS: Final = (
    ("gb18030", _("Simplified Chinese (GB18030, GBK)")),
    ("utf-8", _("Unicode (UTF-8)")),
    ("utf-16", _("Unicode (UTF-16)")),
    ("big5hkscs", _("Traditional Chinese (Big5)")),
    ("cp1252", _("Western (Windows-1252)")),
    ("shift_jis", _("Japanese (Shift JIS)")),
    ("euc_kr", _("Korean (EUC-KR)")),
    ("cp1251", _("Cyrillic (Windows-1251)")),
)

MODE_WORDS: Final[Mapping[str, Text]] = {
    "create": _("make a new record"),
    "update": _("change the record that exists"),
    "both": _("change it if it exists, else make it"),
}

SAME_WORDS: Final[Mapping[str, Text]] = {
    "skip": _("leave them out"),
    "update": _("change the record that exists"),
    "create": _("import them all the same"),
}

STATES: Final[Mapping[str, tuple[Text, Tone]]] = {
    "new": (_("Not checked yet"), "quiet"),
    "checking": (_("Being checked"), "accent"),
    "checked": (_("Checked, not imported"), "warn"),
    "queued": (_("Waiting"), "accent"),
    "running": (_("Running"), "accent"),
    "done": (_("Imported"), "good"),
    "failed": (_("Failed"), "bad"),
    "stopped": (_("Stopped"), "warn"),
    "undoing": (_("Being undone"), "accent"),
    "undone": (_("Undone"), "quiet"),
}

ENDINGS: Final[Mapping[str, tuple[Text, Tone]]] = {
    "done": (_("The import is done."), "good"),
    "failed": (_("The import has failed. What was written before stays, and can be undone."), "bad"),
    "stopped": (_("The import was stopped. What was written before stays, and can be undone."), "warn"),
    "undone": (
        _("The import is undone: what it created is in the recycle bin, what it changed is as before."),
        "quiet",
    ),
}


def count(value: int | None) -> str:
    """A number of rows."""
    return f"{value or 0:,}"


def address_of(resource: ResolvedResource, found: Import) -> str:
    """The page of an import, whatever step it is at."""
    return f"{resource.url}/import/{found.id}"


def head(resource: ResolvedResource, step: int, found: Import | None = None) -> ImportHead:
    """What all steps have above them."""
    about = []
    if found is not None and found.rows_total:
        about.append(rows(found.rows_total))
    if found is not None and found.plan.encoding:
        about.append(found.plan.encoding.upper().removesuffix("-SIG"))
    return ImportHead(
        title=_("Import {names}", names=resource.names),
        step=step,
        back=Link(title=resource.names, url=resource.url),
        file=found.filename if found else "",
        about=" · ".join(about),
    )


def rows(number: int) -> str:
    """So many rows, in words."""
    return ngettext("{count} row", "{count} rows", number).format(count=count(number))


def upload(
    resource: ResolvedResource,
    targets: Mapping[str, Target],
    recent: Iterable[Import],
    request: Request,
    error: Words = "",
) -> UploadView:
    """The first step: choose a file."""
    url = f"{resource.url}/import"
    most = min(LIMITS.bytes, limits.UPLOAD)
    megabytes = most // 2**20
    return UploadView(
        head=head(resource, 1),
        url=url,
        accept=".csv,.txt,.tsv,.xlsx,.xls,.ods",
        limit=_("At most {most} MB.", most=megabytes),
        most=most,
        too_large=_("This file is larger than {most} MB. Split it into several files.", most=megabytes),
        template_url=f"{url}/template",
        error=error,
        fields=tuple(each.label for path, each in targets.items() if path != NUMBER),
        recent=tuple(_recent(resource, each, request) for each in recent),
        all_url=ALL,
    )


def _recent(resource: ResolvedResource, found: Import, request: Request) -> Link:
    state, tone = STATES[found.state]
    return Link(
        title=found.filename,
        url=address_of(resource, found),
        count=str(state),
        tone=tone,
        hint=" · ".join(filter(None, (_when(found, request), str(figures(found))))),
    )


def _when(found: Import, request: Request) -> str:
    return formats.instant(found.created_at, str(request.timezone), now())


def figures(found: Import) -> Words:
    """What came, or would come, of an import."""
    if found.state in ("new", "checking", "queued"):
        return ""
    if found.state == "checked":
        return _("{good} right, {faulty} with a fault", good=count(found.good), faulty=count(found.left_out))
    return _(
        "{created} created, {updated} changed, {left_out} left out",
        created=count(found.created),
        updated=count(found.updated),
        left_out=count(found.left_out),
    )


def listed(
    found: Sequence[tuple[Import, ResolvedResource]], request: Request, previous_url: str, next_url: str
) -> ImportsView:
    """All imports of a person."""
    lines = []
    for each, resource in found:
        state, tone = STATES[each.state]
        lines.append(
            ImportLine(
                file=each.filename,
                url=address_of(resource, each),
                resource=resource.names,
                icon=resource.declared.icon or "import",
                state=state,
                tone=tone,
                figures=figures(each),
                when=_when(each, request),
            )
        )
    empty = Empty(
        title=_("No imports yet"),
        text=_("Open a list and choose “Import a spreadsheet”. What you bring stands here, finished or not."),
        icon="import",
    )
    return ImportsView(lines=tuple(lines), previous_url=previous_url, next_url=next_url, empty=None if lines else empty)


# ----------------------------------------------------------------------------------------------------------- the columns


def mapping(
    resource: ResolvedResource,
    found: Import,
    look: Look,
    plan: Plan,
    faults: Iterable[FieldError] = (),
) -> MappingView:
    """The second step: which column is which field. `plan` is what was chosen last, even if it cannot be."""
    url = address_of(resource, found)
    missing = [look.targets[each.field].label for each in faults if each.field in look.targets]
    errors = [str(each.message) for each in faults if each.field not in look.targets]
    return MappingView(
        head=head(resource, 2, found),
        url=f"{url}/columns",
        columns=tuple(_column(index, title, look, plan) for index, title in enumerate(look.header)),
        encodings=tuple(_encodings(look)) if look.kind == "csv" else (),
        sheets=tuple(Option(value=each, title=each, selected=each == look.sheet) for each in look.sheets)
        if len(look.sheets) > 1
        else (),
        modes=tuple(Option(value=each, title=MODE_WORDS[each], selected=each == plan.mode) for each in MODES),
        keys=tuple(_keys(look, plan)),
        sames=tuple(Option(value=each, title=SAME_WORDS[each], selected=each == plan.same) for each in SAMES)
        if resource.duplicates is not None
        else (),
        drop_url=f"{url}/drop",
        missing=tuple(missing),
        error=" ".join(filter(None, [*errors, found.error])),
    )


def _column(index: int, title: str, look: Look, plan: Plan) -> ImportColumn:
    chosen = plan.columns.get(index, "")
    guess = look.guesses.get(index)
    samples = [text for row in look.rows if (text := plain(row.cells[index]))]
    leave = Option(value="", title=_("Leave out"), selected=not chosen)
    return ImportColumn(
        index=index,
        title=title,
        samples=tuple(dict.fromkeys(samples))[:SAMPLES],
        options=(leave, *(_option(path, each, chosen) for path, each in look.targets.items())),
        reason=guess.reason if guess is not None and guess.path == chosen else "",
        warning="" if chosen else _("left out"),
    )


def _option(path: str, target: Target, chosen: str) -> Option:
    title = _("{field} (required)", field=target.label) if target.required and path != NUMBER else target.label
    return Option(value=path, title=title, selected=path == chosen)


def _encodings(look: Look) -> Iterable[Option]:
    # A mark at the beginning is part of how the file is read, and of no interest to anybody.
    known = look.encoding.removesuffix("-sig")
    if known not in dict(ENCODINGS):
        yield Option(value=look.encoding, title=look.encoding.upper(), selected=True)
    for name, title in ENCODINGS:
        yield Option(value=look.encoding if name == known else name, title=title, selected=name == known)


def is_same_encoding(one: str, other: str) -> bool:
    """Whether two names mean the same encoding."""
    try:
        return one == other or codecs.lookup(one).name == codecs.lookup(other).name
    except LookupError:
        return False


def _keys(look: Look, plan: Plan) -> Iterable[Option]:
    yield Option(value="", title=_("choose a field"), selected=not plan.key)
    for each in key_targets(look.targets, look.targets):
        yield Option(value=each.path, title=each.label, selected=each.path == plan.key)


# ---------------------------------------------------------------------------------------------------- progress and result


def progress(resource: ResolvedResource, found: Import, job: Progress | None) -> ProgressView:
    """How far a check, a run or an undo is."""
    url = address_of(resource, found)
    done, total = how_far(found, job)
    stands = job is not None and job.state in ("failed", "cancelled")
    return ProgressView(
        head=head(resource, 3 if found.state == "checking" else 4, found),
        status_url="" if stands else f"{url}/status",
        done=done,
        total=total,
        text=doing(found, done, total),
        cancel_url=f"{url}/stop" if found.state in ("queued", "running") and not stands else "",
        all_url=ALL,
        error=(job.error or _("The work was broken off.")) if job is not None and stands else "",
        again_url=f"{url}/again" if stands else "",
    )


def how_far(found: Import, job: Progress | None) -> tuple[int, int]:
    """Rows that have been dealt with, and of how many; 0 where nobody knows yet."""
    if found.state in ("checking", "undoing"):
        return (job.done, job.total or 0) if job is not None else (0, 0)
    total = (job.total if job is not None else None) or found.rows_total or 0
    return found.rows_done, max(total, found.rows_done)


def doing(found: Import, done: int, total: int) -> str:
    """What is being done, in a sentence."""
    if found.state == "queued":
        return str(_("Waiting for its turn …"))
    if not total:
        return str({"checking": _("Checking the rows …"), "undoing": _("Undoing …")}.get(found.state, _("Starting …")))
    words: Mapping[str, Text] = {
        "checking": _("{done} of {total} rows checked", done=count(done), total=count(total)),
        "undoing": _("{done} of {total} records taken back", done=count(done), total=count(total)),
    }
    return str(words.get(found.state, _("{done} of {total} rows imported", done=count(done), total=count(total))))


def result(resource: ResolvedResource, found: Import, error: Words = "") -> ResultView:
    """What came of an import."""
    url = address_of(resource, found)
    title, tone = ENDINGS[found.state]
    return ResultView(
        head=head(resource, 5, found),
        title=title,
        tone=tone,
        created=count(found.created),
        updated=count(found.updated),
        left_out=count(found.left_out),
        took=_took(found),
        list_url=f"{resource.url}?sort=-created_at",
        faults_url=f"{url}/left-out" if found.left_out else "",
        undo_url=f"{url}/undo" if found.state in ("done", "stopped", "failed") and found.good else "",
        new_url=f"{resource.url}/import",
        error=error or found.error,
    )


def _took(found: Import) -> str:
    if found.started_at is None or found.finished_at is None or found.state == "undone":
        return ""
    seconds = (found.finished_at - found.started_at).total_seconds()
    return str(_("{rows} in {seconds} seconds", rows=rows(found.rows_done), seconds=f"{max(seconds, 0.1):,.1f}"))
