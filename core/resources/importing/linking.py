"""Words in a file that mean other records: customer types, owners, tags. Looked up for many rows at once, in scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import normalize

from sqlalchemy import ColumnElement, Connection, bindparam, select

from core.kernel.access import Principal
from core.kernel.i18n import translate as _
from core.kernel.policies import Public
from core.resources import values
from core.resources.fields import ResolvedField
from core.resources.resolved import ResolvedResource

WHOLE: Final = 2_000
"""A dictionary of at most so many words is read at once."""

REMEMBERED: Final = 100_000
"""Of a larger dictionary so many words are kept in mind, those of one chunk beyond it."""

AT_ONCE: Final = 500
LONGEST: Final = 300
NAMES: Final = ("key", "login", "code", "number")
"""Columns beside the label by which a record is named in files."""

SEVERAL = re.compile(r"[,，、;；|\n]")
"""Signs between the words of a cell that holds several."""

AMBIGUOUS: Final = 0


@dataclass(frozen=True, slots=True)
class NewWord:
    """A word that its dictionary does not know yet and will when the row is written."""

    resource: str
    text: str


class Links:
    """What one relation's words mean to one person."""

    def __init__(
        self, field: ResolvedField, target: ResolvedResource, principal: Principal, *, new_words: bool
    ) -> None:
        self.target = target
        self._field = field
        self._principal = principal
        self._known: dict[str, int | None] = {}
        self._whole: bool | None = None
        self.grows = new_words and may_grow(target, principal)

    def prepare(self, connection: Connection, texts: Iterable[str]) -> None:
        """Look up the words that are not known yet, on a connection in the person's scope."""
        if len(self._known) > REMEMBERED and not self.grows and not self._whole:
            self._known = {}
        wanted = {text for text in texts if text not in self._known}
        if not wanted or not self._principal.allows(self.target.key, "view"):
            return
        if self._whole is None:
            self._whole = self._read_whole(connection)
        for part in _parts(sorted(wanted)) if not self._whole else ():
            self._read(connection, part)
        for text in wanted:
            self._known.setdefault(text, self._known.get(_folded(text)))

    def learn(self, text: str, record_id: int) -> None:
        """Remember the record that was made for a new word."""
        self._known[text] = self._known[_folded(text)] = record_id

    def find(self, text: str) -> int | NewWord:
        """The record that a prepared word means, or a ValueFault."""
        found = self._known.get(text)
        if found:
            return found
        if found == AMBIGUOUS:
            raise values.ValueFault(
                _("More than one record is called '{value}'. Write its number instead.", value=text[:50])
            )
        if self.grows:
            if len(text) > self._longest:
                raise values.ValueFault(_("'{value}' is too long for a new word.", value=text[:50]))
            return NewWord(self.target.key, text)
        raise values.ValueFault(
            _(
                "There is no {name} '{value}' among those you see. Correct it, or add it first.",
                name=self._field.label,
                value=text[:50],
            )
        )

    @property
    def _longest(self) -> int:
        return self.target.fields[self.target.label.key].max_length

    def _columns(self) -> list[ColumnElement[Any]]:
        readable = self.target.readable(self._principal)
        if hasattr(self.target.model, "__named_by__"):
            return [self.target.label_in(self.target.table)]
        named = [self.target.label.key, *NAMES]
        return [self.target.table.c[name] for name in dict.fromkeys(named) if name in readable]

    def _read_whole(self, connection: Connection) -> bool:
        if not isinstance(self.target.policy, Public):
            return False
        rows = connection.execute(select(self.target.table.c.id, *self._columns()).limit(WHOLE + 1)).all()
        if len(rows) > WHOLE:
            return False
        self._take(rows)
        return True

    def _read(self, connection: Connection, texts: Sequence[str]) -> None:
        table = self.target.table
        numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
        conditions = [column.in_(bindparam("texts", expanding=True)) for column in self._columns()]
        for condition in conditions:
            statement = select(table.c.id, *self._columns()).where(condition)
            self._take(connection.execute(statement, {"texts": list(texts)}).all())
        self._read_similar(connection, [text for text in texts if text not in self._known])
        if numbers:
            found = connection.scalars(select(table.c.id).where(table.c.id.in_(numbers)))
            for record_id in found:
                self._known.setdefault(str(record_id), record_id)

    def _read_similar(self, connection: Connection, texts: Sequence[str]) -> None:
        """Names that differ only in what the rule of duplicates overlooks: 云图科技 is 云图科技有限公司."""
        for column, key, make in self.target.duplicates.keys if self.target.duplicates else ():
            if key != self.target.label.key or key not in self.target.readable(self._principal):
                continue
            made = {text: make(text) for text in texts}
            kept = self.target.table.c[column]
            statement = select(kept, self.target.table.c.id).where(kept.in_(list(filter(None, made.values()))))
            found: dict[str, int] = {}
            for name, record_id in connection.execute(statement):
                found[name] = AMBIGUOUS if name in found else record_id
            self._known.update({text: found[name] for text, name in made.items() if name in found})

    def _take(self, rows: Iterable[Sequence[Any]]) -> None:
        for record_id, *names in rows:
            for name in filter(None, names):
                for form in (str(name), _folded(str(name))):
                    known = self._known.get(form)
                    self._known[form] = record_id if known in (None, record_id) else AMBIGUOUS
        if self._whole is None:
            for record_id, *_names in rows:
                self._known.setdefault(str(record_id), record_id)


def may_grow(target: ResolvedResource, principal: Principal) -> bool:
    """Whether a word that is missing can be put into a dictionary by this person: a name is all that it needs."""
    label = target.label.key
    required = {
        key for key, each in target.fields.items() if each.required and not each.readonly and not each.extension
    }
    return (
        isinstance(target.policy, Public)
        and "archived" in target.table.c
        and principal.reach(target.key, "create").level == "all"
        and label in target.writable(principal)
        and required <= {label}
    )


def words_of(raw: Any, *, several: bool) -> list[str]:
    """The words in a cell; a ValueFault for what is no text."""
    if values.is_blank(raw):
        return []
    text = values.text(raw, LONGEST) if not several else values.long_text(raw)
    if not several:
        return [text] if text else []
    parts = (values.text(part, LONGEST) for part in SEVERAL.split(text))
    return list(dict.fromkeys(part for part in parts if part))


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold().replace(" ", "")


def _parts(texts: Sequence[str]) -> Iterable[Sequence[str]]:
    return (texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE))
