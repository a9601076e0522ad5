"""What the reference says beyond signatures and docstrings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

BEFORE: Final = """# Reference for plugin authors

A plugin imports from `sopia`, from the plugins that it requires, and from libraries. What is not on this page may change
without notice. The [tutorial](tutorial.md) shows most of it at work.

This page is written from the declarations themselves (`python -m tests.docs.reference`), and a test holds the two
together.
"""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Declarations": (
        "Plugin", "Resource", "Field", "Choice", "Column", "Section", "Panel", "Action",
        "Permission", "ShippedRole", "Rows", "Derived", "Duplicates", "Check",
        "dictionary", "BASIC_DATA",
        "Workflow", "State", "Transition", "Approval", "Numbering", "Board",
        "Branches", "Statistics", "Calendar", "View",
        "Extension",
        "Activity", "Reminder", "Draft", "Linked", "Content", "Setting", "Route", "MenuEntry", "Job", "Schedule",
        "Headings", "Alongside", "Brings",
    ),
    "Policies": ("Scoped", "Own", "Commons", "Through", "Attached", "Public", "Private", "Sealed", "Restrict", "Everybody"),
    "Tables and values": (
        "Model", "Dictionary", "Tree", "link", "between", "Links", "Money", "MoneyType", "Exact", "capital_amount", "Instant",
        "now", "values", "formats", "charts", "file_versions",
    ),
    "Sessions and hooks": (
        "Session", "acting", "read_setting", "hookimpl", "concerning", "enqueue", "notify", "remark_on", "activity_of",
        "merge_records", "Question", "among", "days_after", "write_quietly",
    ),
    "Events": ("announce", "listen", "StateChanged", "RecordCreated", "RecordChanged", "RecordDeleted", "RecordRestored"),
    "Working calendar": ("working_calendar", "add_working_days", "add_working_hours", "working_hours_between",
        "today_at_work"),
    "Words": ("translate", "translate_plural", "translator", "Text"),
    "Errors": (
        "SopiaError", "BadRequest", "Forbidden", "NotFound", "Conflict", "Stale", "Invalid", "FieldError",
    ),
    "Demo data": ("Demo", "take_ids"),
}  # fmt: skip

LINES: Final[Mapping[str, str]] = {
    "file_versions": "The versions of the files of records, for a field of a resource with `Content`: "
    "`Derived(Field(\"versions\", kind=\"json\"), file_versions(\"visits.report\"))`",
    "hookimpl": "Marks a function as the implementation of a hook of the same name: `@hookimpl`",
    "MoneyType": "The column of a `Money`: `mapped_column(MoneyType)`",
    "Instant": "The column type of a moment; `Mapped[datetime]` alone means it. Goes in with any offset, comes out in UTC",
    "Exact": "The column type of exact decimals, such as quantities and unit prices: `mapped_column(Exact(4, least=2))` has "
    "at most 4 digits behind the point and shows at least 2. Refuses floats",
    "Dictionary": "The base of a list of words that an administrator keeps, in place of `Model`: `class Type(Dictionary)` "
    "with a `__tablename__` is all; `name`, `colour`, `position` and `archived` come with it",
    "Tree": "As `Dictionary`, for words that stand below one another: `parent_id` comes with it",
    "dictionary": "The `Resource` of a `Dictionary` or `Tree`: `dictionary(Type, _(\"Type\"), _(\"Types\"))`",
    "BASIC_DATA": "The `menu` of resources that are set up once: they stand on the page *Basic data*, not in the navigation",
    "between": "The link table of many to many: `relationship(secondary=between(\"visits_visit_guide\", …, …))`",
    "merge_records": "Merges one record into another of its kind: all that points to it moves, history tells each: "
    "`merge_records(session, leaving, staying, take=(\"phone\",))`",
    "notify": "Tells people in the transaction of the session, in each one's language, of a record that he sees: "
    "`notify(session, [7], kind=\"approval\", resource=resource, record_id=3, text=_(…), actor=5)`",
    "activity_of": "What somebody did and has to do on some days, as far as the session's person sees it: "
    "`activity_of(session, 7, first, last)`",
    "remark_on": "Writes a remark on a record as the session's person, as guidance where he may give it: "
    "`remark_on(session, journal, \"…\")`",
    "link": "A column that holds the id of another record: `customer_id: Mapped[int] = link(Customer, nullable=False, "
    "ondelete=\"RESTRICT\", index=True)`; the target is a model or a table's name",
    "Session": "The SQLAlchemy session that hooks and actions get. `commit` and `rollback` are not theirs",
    "acting": "A context manager: `with acting(session, \"why\") as beyond:` writes beyond the person's scope, in the same "
    "transaction and operation",
    "read_setting": "The value of a setting, `read_setting(session, \"visits.days_between_visits\")`: what was chosen, or "
    "the default",
    "enqueue": "Asks for a job in the transaction of the session: `enqueue(session, \"visits.remind\", {\"id\": 3})`, "
    "with `why=…` for work of the system",
    "Everybody": "The permission of a route that is open to whoever is signed in: `allow=Everybody(\"why\")`",
    "values": "The functions that read what people type: `values.date(\"2026年3月5日\")`, `values.phone`, "
    "`values.normalise_name`, and others",
    "formats": "The functions that write amounts, numbers and days as people read them: `formats.money(amount, currency)`, "
    "`formats.percent(share, 1)`",
    "charts": "Draws charts as SVG for pages of one's own: `charts.columns(places, series, say, title)`, `charts.lines`, "
    "`charts.bars`; `request.table(name, header, rows)` sends the figures as a file",
    "among": "The condition that a column holds one of many values, be they thousands, for statements of `on_many`: "
    "`select(Visit).where(among(Visit.id, ids))`",
    "days_after": "The moment so many whole days after another, in a statement: "
    "`update(Visit).values(due_at=days_after(Visit.made_at, 30))`",
    "take_ids": "Ids for many new rows at once, which nobody else gets",
    "translate": "A text in the reader's language, looked up when it is shown; by custom imported as `_`",
}  # fmt: skip

FIELDS = "the fields, by name"

ARGUMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "Check": {
        "find": "`find(session, record)` gives what is wrong with the record as it would be, by field; an empty mapping "
        "where all is well. Asked before it is written, from a form, the API or an import",
    },
    "Plugin": {
        "name": "what tables, keys and addresses begin with: lower-case letters and digits, at most 24",
        "title": "what people call it",
        "version": "`1.0`; other plugins require versions",
        "requires": "the plugins without which it cannot be, with versions: `(\"customers>=1.0\",)`",
        "resources": "its `Resource`s",
        "extensions": "what it adds to other plugins' resources",
        "routes": "pages of its own, mounted under `/<name>`",
        "menu": "`MenuEntry`s besides those that resources make by themselves",
        "settings": "what the administrator may choose",
        "listeners": "what it hears of: `listen(CustomerMerged, move_visits)`",
        "jobs": "`Job`s and `Schedule`s",
        "automatic": "for a bridge between plugins: enabled as soon as all that it requires are",
        "summary": "one sentence for the list of plugins",
        "demo": "makes demo data, given a `Demo`",
        "install": "puts in what the plugin starts with, once, given a system session",
        "hooks": "modules with hook implementations besides the package's own `hooks.py`",
        "roles": "the `ShippedRole`s that come with it, and what it adds to roles that are there",
        "place": "where it stands in the navigation: the smaller the higher; 50 where it says nothing",
    },
    "Resource": {
        "model": "the mapped class of its records; a table `visits_visit` makes the key `visits.visit`",
        "title": "what one record is called",
        "plural": "what several are called",
        "list": "columns: names, through relations too (`customer.region`), or `Column`s",
        "form": "fields of the form: names, or `Section`s",
        "search": "the fields that are searched, through relations too",
        "sort": "the usual order; `-` in front means descending",
        "menu": "the group of the navigation that it stands in, or `BASIC_DATA`; empty keeps it out",
        "fields": "`Field`s that refine what the columns cannot say",
        "parts": "panels, actions, the duplicate rule, what imports should know",
        "icon": "the name of an icon of the platform",
    },
    "Calendar": {
        "start": "the date or moment at which a record stands in the calendar",
        "end": "the date or moment up to which it lasts; empty: it stands on one day",
        "title": "the text of an entry; else what the record is called",
        "colour": "the field with its colour: a choice, or a relation to records that have one",
    },
    "View": {
        "title": "what people read",
        "sort": "the order, as the address says it: `-due_on`",
        "columns": "the columns; else the usual ones",
        "group": "what the list is grouped by: `state`, `due_on:week`",
    },
    "Field": {
        "key": "the column's name, for a relation without `_id`",
        "label": "what people read; else made of the name",
        "kind": "text, long, integer, decimal, money, percent, date, instant, boolean, choice, relation, relations, colour, "
        "email, phone, url, json, password; else taken from the column",
        "required": "whether it must be filled in; else taken from the column",
        "readonly": "whether nobody types it",
        "help": "a sentence below the field",
        "choices": "the values of a text column that has few; makes the kind `choice`",
        "max_length": "the longest text; else taken from the column",
        "default": "what a new form starts with",
        "unit": "what stands behind the number",
    },
    "Choice": {
        "value": "what the column holds and the API says",
        "label": "what people read",
        "colour": "the name of a colour of the palette: grey, blue, green, teal, indigo, violet, …",
    },
    "Activity": {
        "date": "the field with the day or the moment",
        "person": "the field of whoever does it",
        "title": "the field that says what it is",
        "kind": "`done`, or `planned`: something to do",
        "filters": "what is settled is left out, as in a list's address: `{\"state__ne\": \"done\"}`",
    },
    "Reminder": {
        "date": "the field with the day or the moment",
        "before": "how long before",
        "to": "the field of the person who is reminded",
        "when": "`when(record)`: whether there is still something to be reminded of",
    },
    "Draft": {
        "make": "`make(session, principal, asked)` gives values by field; `asked` is what the form's address says",
        "on": "the fields on which the draft depends: where another value is chosen, the form begins anew",
    },
    "Permission": {
        "name": "its name in grants; a plugin's code asks for it by `principal.scope(\"visits.visit\", name)`",
        "title": "what stands beside it in the form of a role",
    },
    "ShippedRole": {
        "key": "its key, which never changes; that of a role that is there adds to that role",
        "title": "what people call it",
        "grants": "by resource or pattern and action, how far it reaches: `{\"visits.*\": {\"*\": \"all\"}}`",
        "fields": "by resource and field, what it may do with it: `hidden`, `read` or `write`",
    },
    "Content": {
        "title": "the heading of the panel with the versions",
        "accept": "kinds of files that are taken, such as `application/pdf`; empty: all",
        "search": "whether the record is found by what stands in its file: PDF, DOCX, XLSX, slides, text",
    },
    "Linked": {"resource": "the key of the resource whose records are shown", "title": "the heading"},
    "Column": {"field": "the name of the field", "label": "another heading than the field's label"},
    "Branches": {"field": "a relation to a tree of words, such as the folder of a document"},
    "Section": {
        "title": "the heading",
        "fields": FIELDS,
        "tab": "the tab that it stands on",
        "later": "whether it stands in the form only once the record is there",
    },
    "Panel": {
        "title": "the heading",
        "template": "a template of the plugin, `visits/next.html`, for a panel that is no list",
        "make": "gives the template's values: `make(session, record)`; on the first page `make(session, principal)`",
        "resource": "the key of a resource whose records are listed",
        "by": "its relation that leads here",
        "columns": "the columns of that list; else its usual ones",
        "limit": "how many are shown",
    },
    "Action": {
        "name": "its name in the API (`…/actions/<name>`), in history and in grants",
        "title": "what stands on the button",
        "run": "what it does: `run(session, record, **asked)`",
        "ask": "what it asks for first",
        "when": "says on which records it is possible: `when(record)`",
        "icon": "the name of an icon of the platform",
    },
    "Rows": {
        "name": "the relationship of the model to the rows, which is also the name of the field",
        "fields": "the fields of a row: names, or `Field`s that refine them; the first says what a row is about",
        "label": "the heading of the table",
        "key": "the fields by which a row sent without its `id` is recognised among those that are there",
        "plain": "a row is little more than a link to what its first field names",
        "needs": "the resource that one must see, or the right to edit the record, to see the rows",
        "check": "what is wrong with a row, by field: `check(resources, values)`",
        "help": "a line below the table",
        "add": "the words on the button that adds a row",
    },
    "Derived": {
        "field": "the field: key, label, kind, `target` where it leads to a record",
        "read": "works it out: `read(connection, ids)` gives the values by the record's id",
    },
    "Workflow": {
        "field": "the text column that holds the state; its default is the first state",
        "states": "the `State`s, in the order in which a record passes them; the first is where it begins",
        "transitions": "the steps: `Transition`s",
        "label": "what people call the state; else *State*",
    },
    "State": {
        "name": "what the column holds and the API says; never changed",
        "title": "what people read",
        "colour": "the name of a colour of the palette; a final red or grey one is an end that nobody aims at",
        "final": "whether no step leads on, unless it names the state itself",
    },
    "Transition": {
        "name": "its name in the API (`…/actions/<name>`), in history and in grants",
        "title": "what stands on the button",
        "style": "`primary` leads on, `danger` destroys, `quiet` stands in the menu of the page, `hidden` nowhere",
        "icon": "the name of an icon of the platform",
    },
    "Approval": {
        "waiting": "the state of what is submitted and not decided",
        "approved": "the state of what is approved, be it at once or by the last step",
        "rejected": "the state of what is turned down",
    },
    "Numbering": {
        "field": "the text column that holds the number, `Mapped[str | None]`",
        "pattern": "`SO-{year}{month:02}-{counter:04}`",
    },
    "Duplicates": {"keys": "triples: the column that keeps the key, the field it is made of, the function that makes it"},
    "Extension": {
        "of": "the key of the resource, `customers.customer`",
        "record": "the plugin's own table, with a `link` to that resource's model",
        "list": "columns that it adds to the list",
        "form": "fields that it adds to the form",
        "fields": "`Field`s that refine its own",
        "parts": "panels and actions that it adds",
    },
    "Setting": {
        "name": "its name; read as `<plugin>.<name>`",
        "default": "the value until another is chosen; its type says what is asked for",
        "title": "what people read",
        "help": "a sentence below it",
        "choices": "pairs of a value and what it is called",
        "unit": "what stands behind the number",
    },
    "Route": {
        "path": "the address below the plugin's name, as in `/map/{id:int}`",
        "page": "the page function: takes the request, gives a response such as `request.render(\"visits/map.html\", view)`",
        "allow": "the permission it needs, `visits.visit.view`; several of which one is enough; or `Everybody(\"why\")`",
        "methods": "the methods that it answers",
        "uploads": "whether files may be sent to it",
    },
    "MenuEntry": {
        "title": "what people read",
        "url": "where it leads",
        "allow": "the permission without which it is not shown",
        "icon": "the name of an icon of the platform",
        "group": "the group that it stands in; else the plugin's title",
    },
    "Job": {"name": "its name, `visits.remind`", "run": "the work: `run(run)`, which must bear to be done twice"},
    "Schedule": {
        "name": "its name",
        "cron": "minute, hour, day, month, weekday, in the installation's time zone: `30 2 * * 1-5`",
        "job": "the name of the job",
        "why": "why the system does it by itself",
    },
    "Headings": {"names": "other names under which files know a field, by field"},
    "Alongside": {
        "name": "the prefix of its columns",
        "title": "what people read",
        "resource": "the key of the resource that leads here",
        "by": "its relation that does",
        "fields": "its fields that a file may hold",
        "fixed": "values that tell this part from others of the record",
    },
    "Brings": {"field": "the relation whose record is made together with every new one"},
    "Through": {"parent": "the name of the link without `_id`"},
    "Attached": {
        "ends": "the columns with the resource key and the id of what it hangs on, a pair for each end",
        "kept": "whether the platform alone writes it",
    },
    "Public": {"why": "why everybody may read it", "grows": "whether whoever makes a record that leads here may make one"},
    "Private": {"person": "the column with the person"},
    "Sealed": {"why": "why nobody's session reads it"},
    "Own": {
        "people": "the columns of the people whose own the record is; the first is the owner",
        "department": "the column of its department",
        "restrict": "`Restrict`s that take rows away again",
        "members": "the link table with further people whose own it is",
        "commons": "what opens rows without an owner to others: a pool",
    },
    "Commons": {
        "column": "the column that leads to what the row lies in, as long as it does",
        "people": "the link table with the people who see such rows",
        "departments": "the link table with the departments whose people see them",
        "hidden": "the columns that read as empty until somebody takes the row",
    },
    "Restrict": {"column": "the column that is compared", "ceiling": "the highest value that a principal may see"},
    "Everybody": {"why": "why whoever is signed in may open it"},
}  # fmt: skip

HOOK_GROUPS: Final[Mapping[str, Callable[[str], bool]]] = {
    "Asked once, when the registry is built": lambda name: name.startswith("register_"),
    "Collected for a page": lambda name: name.startswith(("home_", "record_")),
    "Deciding": lambda name: name.startswith("check_"),
    "Reacting": lambda name: name.startswith("on_"),
}

AFTER: Final = """## What a model says

| on the class | meaning |
|---|---|
| `__tablename__` | `<plugin>_<noun>`; the resource's key is the same with a point, `customers_follow_up` → `customers.follow_up` |
| the mixin `Scoped`, or `__policy__ = …` | who may see its rows; without either the plugin does not start |
| `__label__` | the column that says what a record is called; else `name`, `title`, `number`, `subject`, `code` or `login` |
| a column `file_key` or `…_file_key` | the key of a file: backup, verify and upkeep know it by its name |
| `__address__` | the collection in the address, where the English plural of the noun is not it |

Every `Model` has `id`, `version`, `created_at`, `updated_at` and `deleted_at`; what was deleted is in the recycle bin and
out of sight of every query. A `Scoped` one has `owner_id` and `department_id` as well.

A relationship that names a class before it is defined names it for all plugins together. Where another plugin may have a
class of that name, write it in full: `relationship("visits.models.Order")`, or put the class it leads to first in the file.

## What is found by itself

| in the plugin's folder | meaning |
|---|---|
| `hooks.py` | hook implementations |
| `migrations/0001_….py` | how its tables came about; without them the tables follow the models |
| `templates/<plugin>/` | Jinja templates; `{{ _("…") }}` translates, and values of the text stand in braces |
| `static/<plugin>/` | files below `/static/`; `<plugin>.css` and `<plugin>.js` are part of every page |
| `templates/<plugin>/print_<noun>.html`, `….typ` | a resource on paper: the print page and the PDF |
| `locale/<locale>/LC_MESSAGES/<plugin>.po` | translations |

## Slots

Where a plugin can put something without a page of its own: columns, filters and form sections of another's resource
(`Extension`); panels and actions of its records (`Extension(parts=…)`, `record_panels`); panels of the first page
(`home_panels`); the navigation (`Resource(menu=…)`, `MenuEntry`); settings (`Setting`).

## Events

An event is a frozen dataclass in the past tense, with numbers, texts, dates, amounts and ids in it. A service announces
it in the transaction in which it happens, and knows nobody that listens:

```python
@dataclass(frozen=True)
class CustomerMerged:
    kept: int
    gone: int


def merge(session: Session, kept: Customer, gone: Customer) -> None:
    ...
    announce(session, CustomerMerged(kept.id, gone.id))
```

Another plugin, which requires the first, listens: `Plugin(listeners=(listen(CustomerMerged, move_visits),))`, or the hook
`register_listeners`.

| | `listen(Event, function)` | `listen(Event, function, at_once=True)` |
|---|---|---|
| when | after the commit, as a job in the queue | in the transaction in which it is announced |
| its failure | is tried again later, and keeps no other listener waiting | undoes everything, and its error is the answer |
| the change is undone | it never hears of it | what it did is undone too |
| use it for | what may come a second later, takes long, or talks to the network | what must be right at every moment |

Either way `function(session, event)` gets a session beyond anybody's scope, as in `acting`; what it changes is in history
under whoever announced. It hears each event once, even when a worker dies in the middle. A parked plugin hears nothing;
of what was announced before it was parked it hears when it is enabled again.

Every resource announces `RecordCreated`, `RecordChanged`, `RecordDeleted` and `RecordRestored` by itself, whether a form,
the API, an import or an undo made the change. They hold `resource`, `id` and `fields`, the attributes that were set. Say
of which resources you want to hear, `listen(RecordChanged, count, of="customers.customer")`; the others cost nothing.
At once, such a listener may change anything but the record that it hears of.

## Verbs for many records

`Action(bulk=True)` is offered in the selection of the list as well, as is deleting. It runs on each record by itself,
under that record's permission and rules; those that refuse stay as they were and are told by name with the reason.
All of it is one operation with one undo. More than 100 records are done by a job, whose page shows how far it is.

## Testing

Installing Sopia registers its test kit with pytest.

| name | what it is |
|---|---|
| `core.testing.checks.PluginChecks` | the checks that every plugin gets: `class TestVisits(PluginChecks): plugin = "visits"` |
| its `make(session, model, owner)`, `values(session, resource, owner)`, `not_by_hand` | override them where records need \
more than made-up values: how one is made, what the API must be sent, which resources nobody types |
| `core.testing.samples.make_record`, `make_person` | records of any model, people with roles |
| `core.testing.client.Client` | somebody at a browser, without a browser: calls the application in the same process |
| the fixture `installed_plugins` | override it to say which plugins the installation of a test has |
| the fixture `installed_platform` | the platform of a new installation, opened in this process |
| the fixture `live_server` | a running `sopia serve` |
| the fixture `visitor` | a real Chromium in front of it; any complaint of the browser fails the test |
| `--database=sqlite`, `--database=postgresql` | run on one database only; both is the default |
"""
