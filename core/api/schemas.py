"""Fields as JSON Schema: how a value reads, and what may be sent for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.kernel.principal import Principal
from core.kernel.types import minor_digits
from core.resources import values
from core.resources.conditions import operators_of
from core.resources.fields import GIVEN, Kind, ResolvedField
from core.resources.resolved import ResolvedResource

Schema = dict[str, Any]

RELATION: Final[Schema] = {
    "type": "object",
    "description": "A record that this one leads to. The label is null where it lies outside your scope.",
    "properties": {"id": {"type": ["integer", "null"]}, "label": {"type": ["string", "null"]}},
    "required": ["id", "label"],
}

PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "What is wrong, and what to do about it (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
            },
        },
        "reference": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}

DECIMAL: Final = r"^-?[0-9]+(\.[0-9]+)?$"

PLAIN: Final[Mapping[Kind, Schema]] = {
    "text": {"type": "string"},
    "long": {"type": "string"},
    "phone": {"type": "string"},
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
    "colour": {"type": "string"},
    "integer": {"type": "integer"},
    "decimal": {"type": "string", "pattern": DECIMAL},
    "percent": {"type": "string", "pattern": DECIMAL},
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
    "password": {"type": "string", "format": "password", "writeOnly": True},
    "json": {},
}

COUNTED: Final = frozenset({"integer"})
LIMITED: Final = frozenset({"text", "long", "email", "url", "phone"})


def properties_read(resource: ResolvedResource, principal: Principal, currency: str) -> dict[str, Schema]:
    """What one record reads as, by field."""
    readable = resource.readable(principal)
    return {key: reads(each, currency) for key, each in resource.fields.items() if key in readable}


def properties_written(resource: ResolvedResource, principal: Principal, currency: str) -> dict[str, Schema]:
    """What may be sent for a record, by field."""
    writable = resource.writable(principal)
    return {key: writes(each, currency) for key, each in resource.fields.items() if key in writable}


def needed(resource: ResolvedResource, principal: Principal) -> list[str]:
    """The fields that a new record cannot do without."""
    writable = resource.writable(principal)
    return [key for key, each in resource.fields.items() if each.required and key in writable and not each.extension]


def reads(field: ResolvedField, currency: str) -> Schema:
    """How the value of a field reads."""
    if field.rows is not None:
        return _told(field, {"type": "array", "items": _row_read(field, currency)})
    if field.many:
        return _told(field, {"type": "array", "items": {"$ref": "#/components/schemas/relation"}})
    if field.is_relation:
        return _told(field, {"oneOf": [{"$ref": "#/components/schemas/relation"}, {"type": "null"}]})
    return _told(field, _or_null(field, _plain(field, currency)), read_only=field.readonly)


def writes(field: ResolvedField, currency: str) -> Schema:
    """What may be sent for a field."""
    if field.rows is not None:
        return _told(field, {"type": "array", "items": _row_written(field, currency)})
    if field.many:
        return _told(field, {"type": "array", "items": _record_id(), "maxItems": 200})
    if field.is_relation:
        return _told(field, _or_null(field, _record_id()))
    return _told(field, _or_null(field, _plain(field, currency)), default=field.default)


def filters(field: ResolvedField, currency: str) -> dict[str, Schema]:
    """The operators that a list can be filtered by, each with what it takes."""
    if field.is_relation or field.many or field.rows is not None:
        plain: Schema = {"type": "string", "pattern": "^([0-9]+|me)$"}
    elif field.kind in ("date", "instant"):
        plain = {"type": "string", "examples": ["2026-11-23", "today", "this_month", "-30d"]}
    elif field.kind == "boolean":
        plain = {"type": "boolean"}
    else:
        plain = _plain(field, currency)
        plain.pop("maxLength", None)
    told: dict[str, Schema] = {}
    for operator in operators_of(field):
        if operator == "empty":
            told[operator] = {"type": "boolean"}
        elif operator == "in":
            told[operator] = {"type": "array", "items": plain}
        elif operator in ("contains", "startswith"):
            told[operator] = {"type": "string"}
        else:
            told[operator] = plain
    return told


def _plain(field: ResolvedField, currency: str) -> Schema:
    """A single value of a field, as it reads and is best sent."""
    if field.kind == "money":
        digits = minor_digits(currency)
        part = rf"\.[0-9]{{{digits}}}" if digits else ""
        return {"type": "string", "pattern": rf"^-?[0-9]+{part}$", "description": currency}
    schema = dict(PLAIN.get(field.kind, {"type": "string"}))
    if field.choices:
        schema = {"type": "string", "enum": [choice.value for choice in field.choices]}
    elif field.kind == "colour":
        schema["enum"] = list(values.COLOURS)
    elif field.kind in LIMITED:
        schema["maxLength"] = field.max_length
    return schema


def _or_null(field: ResolvedField, schema: Schema) -> Schema:
    empty = field.kind == "colour" and not field.nullable
    if empty:
        return {**schema, "enum": [*schema["enum"], ""]}
    if not field.nullable or field.required or "type" not in schema:
        return schema
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable


def _record_id() -> Schema:
    return {"type": "integer", "minimum": 1, "description": "The id of a record in your scope."}


def _row_read(field: ResolvedField, currency: str) -> Schema:
    assert field.rows is not None
    told = {key: reads(each, currency) for key, each in field.rows.fields.items()}
    if field.rows.declared.plain:
        told.pop(field.rows.lead.key, None)
        told["label"] = {"type": ["string", "null"]}
    return {"type": "object", "properties": {"id": {"type": ["integer", "null"]}, **told}, "required": ["id"]}


def _row_written(field: ResolvedField, currency: str) -> Schema:
    assert field.rows is not None
    told = {key: writes(each, currency) for key, each in field.rows.fields.items() if not each.readonly}
    row = {"type": "object", "properties": {"id": {"type": "integer"}, **told}}
    if not field.rows.declared.plain:
        required = [key for key, each in field.rows.fields.items() if each.required and key in told]
        known_or_whole = [{"required": ["id"]}, {"required": required}]
        return {**row, "additionalProperties": False, "anyOf": known_or_whole}
    return {"oneOf": [row, {"type": ["integer", "string"], "description": "Its number, key or name."}]}


def _told(field: ResolvedField, schema: Schema, *, read_only: bool = False, default: Any = None) -> Schema:
    told = {"title": str(field.label), **schema}
    if field.help:
        told["description"] = str(field.help)
    if read_only or field.key in GIVEN:
        told["readOnly"] = True
    if isinstance(default, bool | int | str) and default != "":
        told["default"] = default
    return told
