"""How values are drawn in lists, related lists and facts. Rows are tuples of finished strings: nothing is formatted here.

A list has hundreds of cells, so nothing is called per cell: `row_template` writes the template of a whole table body
with its columns unrolled, once per view, and the caller compiles and keeps it.
"""

from collections.abc import Sequence
from functools import lru_cache

from core.web.views import CellKind, Column

WIDTHS: dict[CellKind, int] = {
    "text": 1,
    "long": 1,
    "integer": 1,
    "decimal": 1,
    "percent": 1,
    "email": 1,
    "colour": 1,
    "boolean": 1,
    "tags": 1,
    "money": 2,
    "progress": 2,
    "date": 2,
    "instant": 2,
    "choice": 2,
    "relation": 2,
    "phone": 2,
    "url": 2,
    "file": 2,
    "due": 3,
    "user": 3,
}
"""How many values each kind takes from the row, in this order; what is empty is "" (an id: None).

text, long, integer, decimal, percent, email: the text. money: amount, currency ("" where it is plain).
progress: percent as a whole number from 0 to 100, text. date, instant: short text, exact text. due: the same, a tone.
boolean: True, False or None. choice: title, colour (one of COLOURS or ""). tags: a tuple of (title, colour).
relation: title, id (None: cannot be opened, "unavailable"). user: name, id, initials (see `initials`).
phone: as shown, as dialled. url: text, address (checked by `safe_address`). file: name, address. colour: its name.
"""

NUMBERS = frozenset({"integer", "decimal", "money", "percent"})

_CHECK = '<svg class="i" aria-hidden="true"><use href="{{ sprite }}#check"/></svg>'

# $0, $1 and $2 stand for the values that WIDTHS gives a kind, $base for the address before an id.
_CELLS: dict[CellKind, str] = {
    "text": "{{ $0 }}",
    "long": "{{ $0 }}",
    "integer": "{{ $0 }}",
    "decimal": "{{ $0 }}",
    "percent": "{{ $0 }}",
    "money": "{% if $1 %}<i>{{ $1 }}</i>{% endif %}{{ $0 }}",
    "progress": '{% if $1 %}<meter max="100" value="{{ $0 }}"></meter> {{ $1 }}{% endif %}',
    "date": '{% if $0 %}<time title="{{ $1 }}">{{ $0 }}</time>{% endif %}',
    "instant": '{% if $0 %}<time title="{{ $1 }}">{{ $0 }}</time>{% endif %}',
    "due": '{% if $0 %}<time class="{{ $2 }}" title="{{ $1 }}">{{ $0 }}</time>{% endif %}',
    "boolean": "{% if $0 %}" + _CHECK + '<span class="hide">{{ yes }}</span>'
    '{% elif $0 is false %}<span class="quiet">{{ no }}</span>{% endif %}',
    "choice": '{% if $0 %}<span class="dot {{ $1 }}">{{ $0 }}</span>{% endif %}',
    "tags": '{% for t, c in $0 %}<span class="tag {{ c }}">{{ t }}</span>{% endfor %}',
    "relation": '{% if $1 is none %}{{ $0 }}{% else %}<a href="$base{{ $1 }}">{{ $0 }}</a>{% endif %}',
    "user": '{% if $0 %}<span class="face f{{ ($1 or 0) % 10 }}" aria-hidden="true">{{ $2 }}</span>{{ $0 }}{% endif %}',
    "phone": '{% if $0 %}<a href="tel:{{ $1 }}">{{ $0 }}</a>{% endif %}',
    "email": '{% if $0 %}<a href="mailto:{{ $0 }}">{{ $0 }}</a>{% endif %}',
    "url": '{% if $1 %}<a href="{{ $1 }}" target="_blank" rel="noopener noreferrer">{{ $0 }}</a>'
    "{% else %}{{ $0 }}{% endif %}",
    "file": '{% if $1 %}<a href="{{ $1 }}">{{ $0 }}</a>{% else %}{{ $0 }}{% endif %}',
    "colour": '{% if $0 %}<span class="dot {{ $0 }}"></span>{% endif %}',
}

_PLACES = {"": "", "title": "pt", "first": "p1", "second": "p2"}


def row_template(columns: Sequence[Column], address: str, *, selectable: bool = True) -> str:
    """The Jinja source of a table's body; render it with `rows`, `sprite`, `yes` and `no`.

    A row is a flat tuple: the id, then for each column as many values as `WIDTHS` says. The first column is the link to
    the record at `address/<id>`. Only `key`, `kind`, `place`, `base` and the order of the columns matter, so the result
    can be kept as long as these are the same.
    """
    names = ["id"]
    cells = []
    if selectable:
        cells.append(
            '<td class="s"><input type="checkbox" name="id" value="{{ id }}" aria-labelledby="r{{ id }}"></td>'
        )
    for position, column in enumerate(columns):
        own = [f"c{position}_{letter}" for letter in "ABC"[: WIDTHS[column.kind]]]
        names += own
        cells.append(_cell(column, own, f"{address}/{{{{ id }}}}" if position == 0 else ""))
    row = "".join(cells)
    return f"{{% for {', '.join(names)} in rows %}}<tr>{row}</tr>\n{{% endfor %}}"


def fact_template(kind: CellKind) -> str:
    """The Jinja source of one value on a record's page; the names v0, v1, v2 and `base` are given."""
    return _fill(kind, ("v0", "v1", "v2"), "{{ base }}")


@lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """What stands in the round sign of a person: the given name's last character in Chinese, else two capitals."""
    words = name.split()
    if not words:
        return ""
    if any("\u4e00" <= letter <= "\u9fff" for letter in name):
        return words[-1][-1]
    return "".join(word[0] for word in words[:2]).upper()


def safe_address(address: str) -> str:
    """The address if a link may lead there, else nothing: only http, https, mailto, tel and addresses of our own."""
    scheme, colon, _ = address.strip().partition(":")
    if address.startswith("/") and not address.startswith(("//", "/\\")):
        return address
    return address.strip() if colon and scheme.lower() in ("http", "https", "mailto", "tel") else ""


def _cell(column: Column, names: Sequence[str], link: str) -> str:
    # A link within a link is not allowed: the title column shows the text of a relation only.
    kind: CellKind = "text" if link and column.kind in ("relation", "phone", "email", "url", "file") else column.kind
    source = _fill(kind, names, column.base)
    if link:
        source = f'<a id="r{{{{ id }}}}" href="{link}">{source}</a>'
    classes = f"{_PLACES[column.place]} {'n' if kind in NUMBERS else ''}".strip()
    return f'<td class="{classes}">{source}</td>' if classes else f"<td>{source}</td>"


def _fill(kind: CellKind, names: Sequence[str], base: str) -> str:
    source = _CELLS[kind].replace("$base", base)
    for position, name in enumerate(names):
        source = source.replace(f"${position}", name)
    return source
