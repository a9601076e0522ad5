"""Finds the texts of a package that a catalogue does not translate, in Python source and in templates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.kernel.i18n import Catalogue, read_catalogue

FUNCTIONS = {
    "_": None,
    "gettext": None,
    "translate": None,
    "ngettext": (1, 2),
    "translate_plural": (1, 2),
}
"""The functions whose first argument is a text, and which of them take two forms of it."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A text as the source has it: the wording in English, its plural where it has one, and where it stands."""

    source: str
    plural: str
    place: str


def wordings(folder: Path) -> Iterator[Wording]:
    """Every text in the Python files and the templates below a folder."""
    from babel.messages.extract import extract

    for suffix, method in ((".py", "python"), (".html", "jinja2.ext:babel_extract")):
        for path in sorted(folder.rglob(f"*{suffix}")):
            with path.open("rb") as file:
                found = list(extract(method, file, FUNCTIONS, options={"trimmed": "true", "encoding": "utf-8"}))
            for line, message, _comments, _context in found:
                source, plural = (message[0], message[1]) if isinstance(message, tuple) else (message, "")
                if source:
                    yield Wording(source, plural, f"{path.relative_to(folder)}:{line}")


def untranslated(folder: Path, catalogue: Path) -> list[Wording]:
    """The texts below a folder that the catalogue in a .po file does not know."""
    known = read_catalogue(catalogue) if catalogue.exists() else Catalogue()
    return [text for text in wordings(folder) if not known.wording(text.source, 1 if text.plural else None)]
