"""Records as JSON: what the API answers and webhooks carry. Money is a string, an instant UTC with Z, a relation id and label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.resources import values
from core.resources.fields import ResolvedField
from core.resources.queries import Cell
from core.resources.rows import Line, ResolvedRows


def objects(cells: Sequence[Cell], rows: Sequence[tuple[Any, ...]], currency: str) -> list[dict[str, Any]]:
    """Rows of a list page as JSON objects."""
    plan: list[tuple[Cell, int, int]] = []
    position = 1
    for cell in cells:
        plan.append((cell, position, position + cell.width))
        position += cell.width
    return [
        {"id": row[0], **{cell.path: json_of(cell.field, row[start:end], currency) for cell, start, end in plan}}
        for row in rows
    ]


def json_of(field: ResolvedField, given: tuple[Any, ...], currency: str) -> Any:
    """The values of one cell as JSON."""
    value = given[0]
    if field.rows is not None:
        return [_line(field.rows, line, currency) for line in value or ()]
    if field.many:
        return [{"id": record_id, "label": label} for record_id, label, _colour in value or ()]
    if value is None:
        return None
    if field.is_relation:
        # A record that is out of scope, or of a plugin that is off, has no label to tell.
        return {"id": value, "label": given[1]}
    match field.kind:
        case "money":
            return values.money_text(int(value), currency)
        case "instant":
            return values.instant_text(value)
        case "date":
            return values.date_text(value)
        case "decimal" | "percent":
            return values.decimal_text(value)
        case "boolean":
            return bool(value)
        case _:
            return value


def _line(rows: ResolvedRows, line: Line, currency: str) -> dict[str, Any]:
    """A row as an object; one that is little more than a link reads as the linked record with what else it says."""
    told = {key: json_of(rows.fields[key], given, currency) for key, given in line.values.items()}
    if not rows.declared.plain:
        return {"id": line.id, **told}
    lead = told.pop(rows.lead.key, None) or {"id": None, "label": None}
    return {**lead, **told}
