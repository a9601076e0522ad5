"""The declarations that a plugin makes: a resource, and what it adds to another's.

From one `Resource(...)` come list, form, the record's page, search, import, export, the API and the permissions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection

from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _
from core.kernel.predicates import key_of
from core.resources.board import Board
from core.resources.calendar import Calendar
from core.resources.fields import Field, Words, humanise
from core.resources.importing.declared import Alongside, Brings, Headings
from core.resources.numbering import Numbering
from core.resources.views import Statistics, View
from core.resources.workflow import Workflow, WorkflowPart

T = TypeVar("T")

FieldName = str
"""A field's key: `name`, `customer`, through a relation `customer.phone`, of an extension `sales.price_list`."""


@dataclass(frozen=True)
class Column:
    """A column of a list that needs more than its field's name."""

    field: FieldName
    label: Words = ""
    shown: bool = True
    """Whether it is there until the reader chooses his columns."""
    total: bool = False
    """Whether its sum stands below the list."""


@dataclass(frozen=True)
class Section:
    """Fields of a form under one heading; `tab` puts it on a tab of that title.

    What is known only `later`, such as the outcome of a call, does not stand in the form of a new record.
    """

    title: Words
    fields: tuple[FieldName, ...]
    tab: Words = ""
    later: bool = False


@dataclass(frozen=True)
class Panel:
    """A part of a record's page: another resource's records that lead here (`resource`, `by`), or an own template.

    `make` gives the template's values from the session and the record. A template comes with the page. Records that lead
    here are only counted with it, all in one statement; they are read when their reader comes near them.
    """

    title: Words
    template: str = ""
    make: Callable[[Any, Any], dict[str, Any]] | None = None
    resource: str = ""
    by: str = ""
    columns: tuple[FieldName, ...] = ()
    limit: int = 5
    allow: str = ""
    """An action of the resource that one must be allowed to see the panel; empty: whoever sees the record."""
    in_common: bool = False
    """Shown also of a record that lies in common and that nobody has taken yet; others wait for whoever takes it."""
    sort: FieldName = ""
    """The order of the records that are listed, `-due_on`; empty: that of their own list."""
    glance: bool = False
    """Stands above the facts, beside others of the kind, and comes with the page, whatever it is: what one looks for
    first, such as the credit of a customer and whom to call."""


@dataclass(frozen=True)
class Action:
    """A verb of one record besides create, edit and delete: a button, an API action, a permission of its own.

    `run` takes the session, the record and the values asked for. `when` says on which records it is offered. With
    `bulk` a list offers it for its selection as well: it runs on each record under that record's permission and as one
    operation, which is undone as a whole. Whatever is made from other declarations and shall be a button (the steps of a
    workflow) becomes an `Action` among `ResolvedResource.actions`: pages, the API, lists and history then know it.
    """

    name: str
    title: Words
    run: Callable[..., Any]
    ask: tuple[Field, ...] = ()
    allow: str = ""
    """The permission it needs: an action of the resource such as `edit`, or of another one such as
    `visits.visit.create`; empty: one of its own name, or `edit` where a hook offers it."""
    when: Callable[[Any], bool] | None = None
    style: Literal["plain", "primary", "danger", "quiet", "hidden"] = "plain"
    """A quiet one stands in the menu of the record's page, a hidden one is offered by a panel alone."""
    icon: str = ""
    bulk: bool = False
    """Whether the list offers it for the chosen records; what it asks for is asked once for all of them."""
    prepare: Callable[[Any, int, Mapping[str, Any]], Mapping[str, Any]] | None = None
    """What must not keep others waiting, such as hashing a password: `prepare(session, record_id, given)` gives the
    values to work with, before the transaction is opened."""
    final: bool = False
    """Whether it cannot be undone."""
    whole: bool = False
    """Whether who may still do it, and edit its record, undoes all that it has changed, whoever may edit the rest."""

    def __post_init__(self) -> None:
        if self.bulk and self.prepare:
            raise PluginError(
                _("The action '{name}' is for many records at once, and prepares each of them.", name=self.name),
                _("Leave out bulk=True or prepare=…."),
            )


@dataclass(frozen=True)
class Permission:
    """A right by name that is no verb: roles are granted it like an action, and a plugin's code asks for it."""

    name: str
    title: Words


@dataclass(frozen=True)
class Duplicates:
    """By what two records are recognised as the same: fields, each with the function that makes its comparable key.

    `keys` maps the column that keeps the key to the field it is made of and the function.
    """

    keys: tuple[tuple[str, str, Callable[[str], str]], ...]


@dataclass(frozen=True)
class Check:
    """A rule that several fields must keep together: `find(session, record)` says what is wrong, by field.

    Asked before a new or changed record is written, whether it comes from a form, the API or an import.
    """

    find: Callable[[Any, Any], Mapping[FieldName, Words]]


@dataclass(frozen=True)
class Redaction:
    """Takes out of a record's JSON what its reader may not see and no field says; `redact(resources, principal, item)`."""

    redact: Callable[[Any, Any, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Rows:
    """Records of another table that are read and written inside this one: the lines of an order, memberships.

    `name` is the relationship of the model to them, and the field they become; `fields` are those of a row. In the API
    they are a list of objects; a row sent with its `id` is kept and changed, one without is recognised by the fields of
    `key` or made, and one that is not named is removed.
    """

    name: FieldName
    fields: tuple[FieldName | Field, ...]
    label: Words = ""
    key: tuple[FieldName, ...] = ()
    plain: bool = False
    """A row is little more than a link: it reads as the record of its first field with what else it says, and may be
    written as that record's id, key or name alone."""
    needs: str = ""
    """The resource that one must see, or the right to edit this record, to see the rows; empty: with the record."""
    check: Callable[[Any, Mapping[str, Any]], Mapping[str, Words]] | None = None
    """What is wrong with a new or changed row, by field: `check(resources, values)`."""
    help: Words = ""
    add: Words = ""
    """The words on the button that adds a row."""


@dataclass(frozen=True)
class Derived:
    """A field that nobody sets: worked out for all records of a page at once by `read(connection, ids)`."""

    field: Field
    read: Callable[[Any, Sequence[int]], Mapping[int, Any]]


class FurtherPart:
    """A part that a floor above understands: what counts as somebody's day, what to be reminded of."""

    @property
    def searches(self) -> bool:
        """Whether it adds to the text by which records are found."""
        return False

    def searched(self, connection: Connection, resource: str, ids: Sequence[int]) -> Mapping[int, str]:
        """What it adds to the text of each record, besides the search fields."""
        return {}


Course = Workflow | WorkflowPart | Numbering | Board
"""The parts that say which way a record goes."""

Look = Calendar | Statistics | View

Part = (
    FurtherPart
    | Look
    | Panel
    | Action
    | Permission
    | Check
    | Duplicates
    | Redaction
    | Rows
    | Derived
    | Headings
    | Alongside
    | Brings
    | Course
)


BASIC_DATA = _("Basic data")
"""The `menu` of what is set up once and seldom looked at: a page of its own, beside the daily work."""


@dataclass(frozen=True)
class Branches(FurtherPart):
    """Puts the tree of a relation beside the list: a branch shows what lies in it and below, as folders do."""

    field: FieldName


@dataclass(frozen=True, eq=False)
class Resource:
    """A kind of record that people work with, declared on its mapped class.

    `list` and `form` name fields; `parts` are panels, actions, the duplicate rule. `menu` is the navigation's group
    that it stands in, `BASIC_DATA` that page; empty keeps it out. `fields` refines what the model cannot say.
    """

    model: type[Any]
    title: Words = ""
    plural: Words = ""
    list: tuple[FieldName | Column, ...] = ()
    form: tuple[FieldName | Section, ...] = ()
    search: tuple[FieldName, ...] = ()
    sort: str = "-created_at"
    menu: Words = ""
    fields: tuple[Field, ...] = ()
    parts: tuple[Part, ...] = ()
    icon: str = field(default="", kw_only=True)
    module: str = field(default="", kw_only=True, repr=False)

    def __post_init__(self) -> None:
        if not self.module:
            object.__setattr__(self, "module", sys._getframe(2).f_globals.get("__name__", ""))

    @cached_property
    def key(self) -> str:
        """The plugin's name and the noun: `customers.follow_up`."""
        return key_of(self.model.__tablename__)

    @property
    def plugin(self) -> str:
        """The plugin's name."""
        return self.key.partition(".")[0]

    @cached_property
    def address(self) -> str:
        """Where its pages are: `customers/follow-ups`; a model may say its own by `__address__`."""
        own = getattr(self.model, "__address__", "")
        noun = self.key.partition(".")[2].replace("_", "-")
        return f"{self.plugin}/{own or plural_of(noun)}"

    @property
    def name(self) -> Words:
        """What one record is called."""
        return self.title or humanise(self.key.partition(".")[2])

    @property
    def names(self) -> Words:
        """What the collection is called."""
        return self.plural or self.name

    def of_kind(self, kind: type[T]) -> tuple[T, ...]:
        """Its parts of one kind."""
        known: dict[type[Any], tuple[Any, ...]] = vars(self).setdefault("_of_kind", {})
        found = known.get(kind)
        if found is None:
            found = known[kind] = tuple(part for part in self.parts if isinstance(part, kind))
        return found


@dataclass(frozen=True, eq=False)
class Extension:
    """What a plugin adds to another's resource: fields in a table of its own, keyed by that record, and panels.

    The fields are called `<plugin>.<field>` everywhere, so two plugins never collide.
    """

    of: str
    record: type[Any] | None = None
    list: tuple[FieldName | Column, ...] = ()
    form: tuple[FieldName | Section, ...] = ()
    fields: tuple[Field, ...] = ()
    parts: tuple[Part, ...] = ()


def plural_of(noun: str) -> str:
    """The English plural of a noun in an address: category, categories; address, addresses."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun}s"
