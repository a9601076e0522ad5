"""Values that somebody might type into the fields of a resource, as the API takes them, and what it answers for them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

_numbers = itertools.count(1)

UNTYPED = frozenset({"json", "password", "rows"})
"""Kinds of fields for which nothing can be made up."""


def typed_fields(resource: Any, principal: Any) -> list[Any]:
    """The fields of a resource that a person may type into, without owner and department."""
    writable = resource.writable(principal)
    return [
        each
        for key, each in resource.fields.items()
        if key in writable and each.kind not in UNTYPED and not each.moves and not each.extension
        and each.work_out is None and not each.linked and each.target != resource.key
    ]  # fmt: skip


def typed_values(
    fields: list[Any], given: Mapping[str, Any], make_target: Callable[[str], int | None]
) -> dict[str, Any]:
    """A value for each field that has none among those given; relations lead to new records."""
    found = dict(given)
    for each in fields:
        if each.key in found:
            continue
        value = [make_target(each.target)] if each.many else make_target(each.target) if each.is_relation else \
            typed_value(each)  # fmt: skip
        if value is not None and value != [None]:
            found[each.key] = value
    return found


def typed_value(field: Any) -> Any:
    """A value of the field's kind, another one each time; None where there is none to make up."""
    number = next(_numbers)
    made: dict[str, Any] = {
        "text": f"{field.key} {number}"[-field.max_length :].strip(),
        "long": f"{field.key} {number}\nand more",
        "email": f"checks{number}@example.com",
        "phone": f"138{number:08d}",
        "url": f"https://www.example.com/{number}",
        "integer": number % 30 + 1,
        "decimal": str(number % 30 + 1),
        "percent": str(number % 90 + 1),
        "money": f"{number}.50",
        "date": f"2026-03-{number % 28 + 1:02d}",
        "instant": f"2026-03-{number % 28 + 1:02d}T08:00:00Z",
        "boolean": False,
        "colour": "teal",
        "choice": field.choices[0].value if field.choices else None,
    }
    return made.get(field.kind)


def same(field: Any, sent: Any, answered: Any) -> bool:
    """Whether the API answers what was sent, in its own form."""
    if field.is_relation:
        return bool(answered) and answered["id"] == sent
    if field.many:
        return sorted(each["id"] for each in answered) == sorted(sent)
    if field.is_number and answered is not None:
        return Decimal(str(answered)) == Decimal(str(sent))
    return bool(answered == sent)
