"""What the pages of the administration show: plugins, roles, departments, history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.web.views.forms import Field
from core.web.views.lists import Option
from core.web.views.records import Entry
from core.web.views.shell import Button, Empty, Link, Person, Tone, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationGroup:
    """Pages of the administration that belong together."""

    title: Words
    links: tuple[Link, ...]  # icon, title, hint, count


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationView:
    """administration.html: the way to every page of it, and how the installation is."""

    title: Words
    groups: tuple[AdministrationGroup, ...]
    health: tuple[tuple[Words, Words, Tone], ...] = ()  # what, how, tone: "Database", "SQLite, 214 MB", "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRow:
    """One plugin and what may be done with it."""

    name: str
    title: Words
    version: str
    state: Literal["available", "enabled", "parked", "broken", "uninstalled"]
    text: Words = ""
    icon: str = "plugin"
    author: str = ""
    requires: tuple[tuple[Words, bool], ...] = ()  # title with range, met or not
    required_by: tuple[Words, ...] = ()
    adds: tuple[Words, ...] = ()  # "4 lists", "2 panels"
    error: Words = ""  # why it is broken
    actions: tuple[Button, ...] = ()  # with `refused` where a dependency stands against it
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginsView:
    """plugins.html."""

    title: Words
    rows: tuple[PluginRow, ...]
    filters: tuple[Link, ...] = ()
    notice: Words = ""  # "SOPIA_PLUGINS decides; nothing can be changed here"
    generation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCell:
    """The scope of one action. Posts `grant.<resource>.<action>` = the scope, "" for what a wider row says."""

    action: str
    scope: str = ""
    inherited: str = ""  # the scope that counts while nothing is set here: of "any action", `plugin.*` or `*`


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """One resource in the grid of a role."""

    resource: str
    title: Words
    cells: tuple[GrantCell | None, ...]  # one per action; None: the resource has no such action
    own: tuple[tuple[Words, GrantCell], ...] = ()  # actions only it has: "Approve"
    fields: tuple["FieldAccess", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAccess:
    """What a role may do with one field. Posts `field.<resource>.<key>` = hidden, read or write."""

    key: str
    title: Words
    access: Literal["hidden", "read", "write"] = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantGroup:
    """The resources of one plugin."""

    key: str
    title: Words
    icon: str
    rows: tuple[GrantRow, ...]
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """role.html: what a role may do, resource by action, each with its scope. Posts everything to `url`."""

    title: Words
    url: str
    name: str
    trail: tuple[Link, ...] = ()
    actions: tuple[tuple[str, Words], ...] = ()  # the heads: key, title
    scopes: tuple[Option, ...] = ()  # none, own, department, branch, all; nothing set comes before them by itself
    groups: tuple[GrantGroup, ...] = ()
    users: tuple[Person, ...] = ()
    user_count: str = ""
    version: int | None = None
    token: str = ""
    readonly: bool = False
    note: Words = ""  # why it cannot be changed
    copy: Button | None = None
    faults: tuple[Words, ...] = ()
    cancel_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person in a department."""

    person: Person
    title: Words = ""
    mark: Literal["", "head", "deputy"] = ""
    primary: bool = True  # his first department; else he is a guest from another


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentNode:
    """A department with those below it."""

    id: int
    name: str
    url: str
    members: tuple[Member, ...] = ()
    children: tuple["DepartmentNode", ...] = ()
    count: str = ""  # people in it and below
    create_url: str = ""
    open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentTree:
    """One dimension: line, region, project."""

    key: str
    title: Words
    roots: tuple[DepartmentNode, ...]
    create: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentsView:
    """departments.html: the trees beside one another, with the people in them."""

    title: Words
    trees: tuple[DepartmentTree, ...]
    create: Link | None = None
    without: tuple[Person, ...] = ()  # people in no department
    people: bool = True
    people_url: str = ""  # the same page with or without people
    list_url: str = ""  # the same departments as a list
    empty: Empty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One operation, and the records it touched."""

    entry: Entry
    resource: Words
    record: Link | None
    operation: str  # the id, short
    also: Words = ""  # "and 2,870 more"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """history.html: who changed what, everywhere."""

    title: Words
    address: str
    rows: tuple[HistoryRow, ...] = ()
    filters: Sequence["HistoryFilter"] = ()
    previous_url: str = ""
    next_url: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """One select of the line above the history."""

    key: str
    title: Words
    options: tuple[Option, ...] = ()
    value: str = ""
    kind: Literal["choice", "date"] = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Whether one action is open to somebody, and the sentence that says why."""

    allowed: bool
    text: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainView:
    """explain.html: who may do what with a record. A GET to `url` with `user` asks for another person."""

    title: Words
    url: str
    user: Field
    trail: tuple[Link, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """A program that speaks in one's name."""

    title: Words
    hint: Words  # "made 3 days ago, used 5 minutes ago, until 2027-01-01"
    revoke: Button


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A place where one is signed in."""

    title: Words  # "Chrome on Windows"
    hint: Words  # "Shanghai, 5 minutes ago"
    current: bool = False
    end: Button | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesView:
    """preferences.html: what one chooses for oneself. Every form posts to `shell.preferences_url`."""

    title: Words
    locales: tuple[Option, ...]
    timezones: tuple[Option, ...] = ()
    password_url: str = ""  # POST `current`, `new`, `again`
    password_errors: tuple[Words, ...] = ()
    devices: tuple[Device, ...] = ()
    tokens_url: str = ""  # POST `name`, `days`, `read_only`; empty: this person may have none
    tokens: tuple[TokenLine, ...] = ()
    token: str = ""  # the new one, shown this once
    token_errors: tuple[Words, ...] = ()
    mail_address: str = ""  # empty: no server is set, or the person has no address
    mail_kinds: tuple[Option, ...] = ()  # POST `kind`, several
    links: tuple[Link, ...] = ()
