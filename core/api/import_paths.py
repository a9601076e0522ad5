"""The description of imports in the API (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from core.api.schemas import Schema
from core.kernel.i18n import translate as _
from core.resources.importing.plans import MODES, SAMES
from core.resources.resolved import ResolvedResource

Operation = Callable[..., dict[str, Any]]
"""Makes an operation: its verb, its summary, its refusals, and what else is told of it."""

TEXT: Final[Schema] = {"type": "string"}
MAYBE: Final[Schema] = {"type": ["string", "null"]}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
JOB: Final[Mapping[str, Any]] = {"application/json": {"schema": {"$ref": "#/components/schemas/import"}}}
ONE: Final = [{"$ref": "#/components/parameters/id"}]

STATES: Final = (
    "new", "checking", "checked", "queued", "running", "done", "failed", "stopped", "undoing", "undone",
)  # fmt: skip

IMPORT: Final[Schema] = {
    "type": "object",
    "description": "An import. It has come to an end as checked, done, failed, stopped or undone.",
    "properties": {
        "id": {"type": "integer"},
        "url": TEXT,
        "resource": TEXT,
        "file": TEXT,
        "state": {"type": "string", "enum": list(STATES)},
        "done": COUNT | {"description": "Rows, or records taken back, so far."},
        "total": {"type": ["integer", "null"], "description": "Of how many; null where nobody knows yet."},
        "created": COUNT,
        "updated": COUNT,
        "duplicates": COUNT | {"description": "Rows left out because they seem to exist already."},
        "faulty": COUNT | {"description": "Rows left out because of a fault."},
        "left_out": MAYBE | {"description": "Where all rows left out are, as a file with what is wrong."},
        "mode": {"type": "string", "enum": list(MODES)},
        "key": MAYBE,
        "same": {"type": "string", "enum": list(SAMES)},
        "encoding": MAYBE,
        "map": {"type": "object", "additionalProperties": TEXT},
        "faults": {
            "type": "array",
            "description": "What is wrong with the first rows left out.",
            "items": {
                "type": "object",
                "properties": {
                    "row": {"type": "integer", "description": "As spreadsheet programs number it."},
                    "column": MAYBE,
                    "field": MAYBE,
                    "value": MAYBE,
                    "message": TEXT,
                },
                "required": ["row", "column", "field", "value", "message"],
            },
        },
        "error": MAYBE,
        "created_at": {"type": "string", "format": "date-time"},
        "started_at": {"type": ["string", "null"], "format": "date-time"},
        "finished_at": {"type": ["string", "null"], "format": "date-time"},
    },
    "required": ["id", "url", "state", "done", "total", "created", "updated", "duplicates", "faulty", "faults"],
}

SENT: Final[Schema] = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "contentMediaType": "application/octet-stream", "description": "CSV, XLSX, XLS, ODS."},
        "key": {"type": "string", "description": "The field by which records that exist are recognised and changed."},
        "map": {
            "type": "array",
            "items": TEXT,
            "description": "COLUMN=FIELD for each column that is not guessed; an empty field leaves it out.",
        },
        "mode": {"type": "string", "enum": list(MODES), "description": "With a key, both; without, create."},
        "same": {
            "type": "string",
            "enum": list(SAMES),
            "default": "skip",
            "description": "What becomes of rows that seem to exist already.",
        },
        "dry_run": {"type": "boolean", "default": False, "description": "Only check; nothing is written."},
        "encoding": {"type": "string", "description": "Where the guess is wrong: gb18030, utf-8, …"},
        "sheet": {"type": "string", "description": "Of a workbook; without this, the first."},
    },
    "required": ["file"],
    "additionalProperties": False,
}  # fmt: skip


def import_paths(resource: ResolvedResource, url: str, operation: Operation) -> dict[str, Any]:
    """The addresses of imports into a resource."""
    one = f"{url}/import/{{id}}"
    started = {
        "202": {
            "description": str(_("It is on its way; ask its address how far it is.")),
            "headers": {"Location": {"schema": TEXT, "description": "The address of the import."}},
            "content": JOB,
        }
    }

    def verb(name: str, summary: object) -> dict[str, Any]:
        return {
            "post": operation(f"import.{name}", summary, (401, 403, 404, 409, 429), parameters=ONE, answers=started)
        }

    return {
        f"{url}/import": {
            "post": operation(
                "import",
                _("Import {names}", names=resource.names),
                (400, 401, 403, 409, 413, 422, 429),
                parameters=[{"$ref": "#/components/parameters/once"}],
                requestBody={"required": True, "content": {"multipart/form-data": {"schema": SENT}}},
                answers=started,
            )
        },
        one: {
            "get": operation(
                "import.read",
                _("How an import stands"),
                (401, 403, 404, 429),
                parameters=ONE,
                answers={"200": {"description": str(_("The import.")), "content": JOB}},
            )
        },
        f"{one}/left-out": {
            "get": operation(
                "import.left_out",
                _("The rows left out, as a file"),
                (401, 403, 404, 429),
                parameters=ONE,
                answers={
                    "200": {
                        "description": str(_("The file.")),
                        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
                    }
                },
            )
        },
        f"{one}/run": verb("run", _("Import after a dry run")),
        f"{one}/stop": verb("stop", _("Stop the import; what is written stays")),
        f"{one}/undo": verb("undo", _("Undo the import")),
    }
