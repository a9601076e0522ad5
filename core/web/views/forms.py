"""What the pages with fields show: create, edit, settings, preferences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.web.views.lists import Option
from core.web.views.shell import Button, Link, Words

FieldKind: TypeAlias = Literal[
    "text", "long", "integer", "decimal", "money", "percent", "date", "instant", "boolean", "choice", "radio",
    "multiple", "tags", "relation", "relations", "colour", "email", "phone", "url", "file", "password", "rows", "static",
    "hidden",
]  # fmt: skip
"""How a value is entered.

`choice` is a select, `radio` the same laid open, `multiple` tick boxes; `tags` is words joined by commas, with
suggestions in `options`. `relation` sends `key` (the id) and `key__label` (the text): where no script has set the id,
the server looks the text up. `relations` sends `key` repeated. `rows` is a table of fields. `static` is only read.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form."""

    key: str  # the name it is posted under
    title: Words
    kind: FieldKind = "text"
    value: str = ""  # as typed: kept word for word after a fault
    label: str = ""  # relation: what the id reads as
    chosen: tuple[Option, ...] = ()  # relations: those already chosen
    options: tuple[Option, ...] = ()
    endpoint: str = ""  # relation, tags: where to look up
    create_url: str = ""  # relation: where to make a new one, the typed text is added as `?name=`
    checked: bool = False  # boolean
    required: bool = False
    readonly: bool = False
    help: Words = ""
    placeholder: Words = ""
    errors: tuple[Words, ...] = ()
    candidates: tuple[Option, ...] = ()  # relation: the text was not clear, these are meant perhaps
    max_length: int | None = None
    minimum: str = ""
    maximum: str = ""
    unit: str = ""  # "CNY", "days", "%"
    lines: int = 3  # long
    accept: str = ""  # file
    file: Link | None = None  # file: the present one
    wide: bool = False  # over both columns
    narrow: bool = False  # a number of few digits
    autocomplete: str = "off"
    autofocus: bool = False
    columns: tuple["Field", ...] = ()  # rows: the blank row; keys without prefix
    rows: tuple[tuple["Field", ...], ...] = ()  # rows: keys `memberships-0-department`
    add: Words = ""  # rows: the words of the button that adds one
    suggest: bool = False  # a change of this field asks again for duplicates


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection:
    """Fields under one headline."""

    fields: Sequence[Field]
    title: Words = ""
    help: Words = ""
    tab: str = ""  # the key of the FormTab it belongs to; empty: always shown
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTab:
    """A part of a long form. All are in the page; the tabs only jump and hide."""

    key: str
    title: Words
    faults: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A record that may be the same."""

    title: str
    reason: Words  # "same phone", "same name without Co., Ltd."
    url: str = ""  # empty: exists, but not for this user
    hint: Words = ""  # owner, department


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFile:
    """The file that a new record is about, chosen or dropped on its form; see static/js/upload.js."""

    title: Words
    most: int  # bytes
    too_large: Words
    names: str = ""  # the field that takes the file's name while it is empty
    accept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """form.html: create or edit; settings and preferences too."""

    title: Words
    url: str  # where it is posted
    sections: Sequence[FormSection]
    trail: tuple[Link, ...] = ()
    icon: str = ""
    tabs: tuple[FormTab, ...] = ()
    token: str = ""  # `_token`: the same one twice is one change
    version: int | None = None  # `_version`: of the record as read
    hidden: tuple[tuple[str, str], ...] = ()
    faults: tuple[Words, ...] = ()  # of the whole: a rule over several fields
    duplicates: tuple[Duplicate, ...] = ()
    duplicates_url: str = ""  # asked while typing, see static/js/duplicates.js
    submit: Words = ""  # "Save", "Create"
    submit_more: Words = ""  # "Save and new": posts `_then=new`
    cancel_url: str = ""
    remove: Button | None = None
    multipart: bool = False
    file: FormFile | None = None
    aside: Words = ""  # a quiet explanation at the right of the fields
    readonly: bool = False  # only to be read: nothing to save
    redraft: tuple[str, ...] = ()  # fields whose choice drafts the others anew, see static/js/redraft.js
    fragment: bool = False  # drawn inside a dialog or a fact: only the form


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView:
    """settings.html: groups of settings at the left, the form of one at the right."""

    title: Words
    groups: tuple[Link, ...]
    form: FormView
