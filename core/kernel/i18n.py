"""Texts that are translated when they are shown, with one catalogue per plugin.

The source language is English. It is shown where no locale is active, and for what a catalogue does not know.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from types import TracebackType
from typing import Protocol

SOURCE_LOCALE = "en"
DEFAULT_LOCALE = "zh_Hans"

CORE_LOCALES = Path(__file__).resolve().parent.parent / "locale"


class Text:
    """A piece of wording that becomes a string in the reader's language at the last moment.

    Two texts are equal when they would read the same in every language. Values fill the placeholders `{name}`.
    """

    __slots__ = ("_count", "_domain", "_plural", "_source", "_values")

    def __init__(
        self, source: str, domain: str, values: Mapping[str, object], plural: str = "", count: int | None = None
    ) -> None:
        self._source = source
        self._domain = domain
        self._values = tuple(values.items())
        self._plural = plural
        self._count = count

    @property
    def source(self) -> str:
        """The English wording, placeholders unfilled: the key in the catalogues."""
        return self._source

    @property
    def domain(self) -> str:
        """The catalogue that is asked first."""
        return self._domain

    def __str__(self) -> str:
        english = self._source if self._count in (None, 1) else self._plural
        active = _active.get()
        wording = english if active is None else active.wording(self._domain, self._source, self._count) or english
        if not self._values:
            return wording
        values = dict(self._values)
        try:
            return wording.format_map(values)
        except (KeyError, IndexError, ValueError, AttributeError):
            # A faulty translation must not take the page down; the English source fits its values.
            return english.format_map(values)

    def __format__(self, specification: str) -> str:
        return format(str(self), specification)

    def __bool__(self) -> bool:
        return bool(self._source)

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    def _key(self) -> tuple[object, ...]:
        return (self._source, self._domain, self._values, self._plural, self._count)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Text) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[type[Text], tuple[object, ...]]:
        return (Text, (self._source, self._domain, dict(self._values), self._plural, self._count))


def translate(text: str, /, **values: object) -> Text:
    """A lazy text; the catalogue of the calling module's plugin is asked first."""
    return Text(text, _domain_of(sys._getframe(1).f_globals.get("__name__", "")), values)


def translate_plural(one: str, many: str, count: int, /, **values: object) -> Text:
    """A lazy text that depends on a number; `{count}` is filled in by itself."""
    domain = _domain_of(sys._getframe(1).f_globals.get("__name__", ""))
    return Text(one, domain, {"count": count, **values}, many, count)


class Translate(Protocol):
    """What `translator` hands out."""

    def __call__(self, text: str, /, **values: object) -> Text: ...


def translator(domain: str) -> Translate:
    """A `translate` for a plugin whose package does not bear the plugin's name."""

    def translate_in_domain(text: str, /, **values: object) -> Text:
        return Text(text, domain, values)

    return translate_in_domain


def _domain_of(module: str) -> str:
    package, _, rest = module.partition(".")
    if package in ("core", "sopia", "themes"):
        return "core"
    if package == "plugins" and rest:
        return rest.partition(".")[0]
    return package


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The wordings of one domain in one locale."""

    messages: Mapping[str, str] = field(default_factory=dict)
    plurals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plural_form: Callable[[int], int] = lambda count: int(count != 1)

    def wording(self, source: str, count: int | None = None) -> str:
        """The translation, or "" where there is none."""
        if count is None:
            return self.messages.get(source, "")
        forms = self.plurals.get(source, ())
        form = self.plural_form(abs(count)) if forms else 0
        return forms[form] if form < len(forms) else self.messages.get(source, "")


@dataclass(frozen=True, slots=True)
class _Locale:
    """All catalogues of one locale: each by itself, and merged for those who do not know whose text they show."""

    name: str
    domains: Mapping[str, Catalogue]
    merged: Catalogue

    def wording(self, domain: str, source: str, count: int | None = None) -> str:
        own = self.domains.get(domain)
        return (own.wording(source, count) if own else "") or self.merged.wording(source, count)


class Catalogues:
    """The translations of the platform and of its plugins, read once at start.

    `folders` maps a domain (a plugin's name, or "core") to its folder `locale`, which holds
    `<locale>/LC_MESSAGES/<domain>.po`. Where two domains translate the same words, the earlier one wins in templates.
    """

    def __init__(self, folders: Mapping[str, Path] | None = None) -> None:
        folders = {"core": CORE_LOCALES, **(folders or {})}
        found: dict[str, dict[str, Catalogue]] = {DEFAULT_LOCALE: {}, SOURCE_LOCALE: {}}
        for domain, folder in folders.items():
            for path in sorted(Path(folder).glob(f"*/LC_MESSAGES/{domain}.po")):
                found.setdefault(path.parent.parent.name, {})[domain] = read_catalogue(path)
        self._locales = {name: _Locale(name, domains, _merge(domains.values())) for name, domains in found.items()}

    @property
    def available_locales(self) -> tuple[str, ...]:
        """The locales a person may choose, Chinese first, English second, others by name."""
        return tuple(self._locales)

    def locale(self, name: str) -> _Locale:
        """The wordings of a locale; an unknown one falls back to English."""
        return self._locales.get(name) or self._locales[SOURCE_LOCALE]

    def choose(self, wanted: Iterable[str], default: str = DEFAULT_LOCALE) -> str:
        """The first available of the wanted locales, which may be written as a browser writes them: zh-CN, en-GB."""
        for name in wanted:
            parts = name.strip().replace("-", "_").split("_")
            language = parts[0].lower()
            script = "Hant" if {"Hant", "TW", "HK", "MO"} & set(parts) else "Hans"
            for candidate in ("_".join(parts), f"{language}_{script}", language):
                if candidate in self._locales:
                    return candidate
        return default


def _merge(catalogues: Iterable[Catalogue]) -> Catalogue:
    messages: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    merged = Catalogue(messages, plurals)
    for position, catalogue in enumerate(catalogues):
        if position == 0:
            merged = Catalogue(messages, plurals, catalogue.plural_form)
        for source, wording in catalogue.messages.items():
            messages.setdefault(source, wording)
        for source, forms in catalogue.plurals.items():
            plurals.setdefault(source, forms)
    return merged


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in a .po file, without its fuzzy and its empty entries; read once as long as the file stays."""
    now = path.stat()
    return _read_catalogue(path, now.st_mtime_ns, now.st_size)


@lru_cache(maxsize=64)
def _read_catalogue(path: Path, _changed: int, _size: int) -> Catalogue:
    # The next generation of plugins is built beside the present one, and most of its catalogues are the same.
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        po = read_po(file, abort_invalid=True)
    messages: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for message in po:
        if not message.id or not message.string or message.fuzzy:
            continue
        if isinstance(message.id, str):
            messages[message.id] = str(message.string)
        elif all(message.string):
            plurals[message.id[0]] = tuple(message.string)
    return Catalogue(messages, plurals, c2py(po.plural_expr))


_active: ContextVar[_Locale | None] = ContextVar("sopia_locale", default=None)


class activate:  # noqa: N801  (reads as a verb: `with activate(…)`)
    """A context manager in which texts read in the given locale."""

    __slots__ = ("_locale", "_token")

    def __init__(self, catalogues: Catalogues, locale: str) -> None:
        self._locale = catalogues.locale(locale)

    def __enter__(self) -> None:
        self._token: Token[_Locale | None] = _active.set(self._locale)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _active.reset(self._token)


def current_locale() -> str:
    """The active locale, English where none is active."""
    active = _active.get()
    return SOURCE_LOCALE if active is None else active.name


def gettext(source: str, /, domain: str = "") -> str:
    """The wording for a template: that of its own domain where it has one, else whosever comes first."""
    active = _active.get()
    return (active.wording(domain, source) if active else "") or source


def ngettext(one: str, many: str, count: int, /) -> str:
    """As `gettext`, for a text that depends on a number."""
    active = _active.get()
    return (active.merged.wording(one, count) if active else "") or (one if count == 1 else many)
