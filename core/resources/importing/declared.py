"""What a plugin says about files of a resource, as parts of its `Resource`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.resources.fields import Words


@dataclass(frozen=True)
class Headings:
    """Other names under which files know a field, besides its label and key: `{"phone": ("电话", "Tel")}`.

    A field of an `Alongside` is named with its prefix: `contacts.phone`.
    """

    names: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Alongside:
    """Fields of one part that stand in the row of its record: the primary contact in a list of customers.

    `name` is the prefix of their columns; `resource` and `by` say which records lead here, `fields` which of their
    fields a file may hold, and `fixed` what tells this part from others of the record.
    """

    name: str
    title: Words
    resource: str
    by: str
    fields: tuple[str, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Brings:
    """A relation whose record is made together with every new one and says nothing by itself: a customer's firm."""

    field: str
