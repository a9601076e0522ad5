"""Where a column of a file may go: the fields that the importer may set, and those of a part made alongside.

Which column is which is guessed from labels in every language, keys, other names that plugins declare, and what the
same header meant before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from core.kernel.access import Principal
from core.kernel.i18n import Catalogues, activate
from core.kernel.i18n import translate as _
from core.resources.fields import ResolvedField, Words
from core.resources.importing.declared import Alongside, Headings
from core.resources.resolved import ResolvedResource, Resources

UNREADABLE: Final = frozenset({"rows", "json"})
"""Kinds of fields that no single cell can hold."""

KEYS: Final = frozenset({"text", "integer", "email", "phone"})
"""Kinds of fields by which a record can be recognised."""

NUMBER = "id"
"""The path of a record's own number, which recognises it and is never set."""

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Target:
    """One place a column may go to."""

    path: str
    field: ResolvedField
    resource: ResolvedResource
    label: Words
    names: tuple[str, ...] = ()
    alongside: Alongside | None = None
    leads_to: ResolvedResource | None = None
    """The resource of the records that a relation means, whose own name may head the column as well."""

    @property
    def required(self) -> bool:
        """Whether every new record needs it."""
        return self.field.required and self.alongside is None


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column seems to be, and why."""

    path: str
    reason: Words


def targets_of(resources: Resources, resource: ResolvedResource, principal: Principal) -> dict[str, Target]:
    """All places by path that a file of this person may fill."""
    names = {path: given for part in resource.declared.of_kind(Headings) for path, given in part.names.items()}
    found = {
        key: Target(key, each, resource, each.label, names.get(key, ()), leads_to=resources.get(each.target))
        for key in resource.fields
        if _may_fill(resource, each := resource.fields[key], principal)
    }
    for part in resource.declared.of_kind(Alongside):
        child = resources.get(part.resource)
        if child is None or not principal.allows(child.key, "create"):
            continue
        for key in part.fields:
            each = child.fields[key]
            if _may_fill(child, each, principal):
                path = f"{part.name}.{key}"
                label = _("{part}: {field}", part=part.title, field=each.label)
                found[path] = Target(path, each, child, label, names.get(path, ()), part)
    found[NUMBER] = Target(NUMBER, resource.fields[NUMBER], resource, resource.fields[NUMBER].label)
    return found


def _may_fill(resource: ResolvedResource, each: ResolvedField, principal: Principal) -> bool:
    if each.key not in resource.writable(principal) or each.kind in UNREADABLE:
        return False
    if each.moves and principal.reach(resource.key, "assign").level == "none":
        return False
    return each.column is not None or (each.many and not each.linked)


def key_targets(targets: Mapping[str, Target], mapped: Iterable[str]) -> list[Target]:
    """The mapped places by which a record can be recognised: its number, code, name and the like."""
    chosen = set(mapped)
    return [
        each
        for path, each in targets.items()
        if path in chosen and each.alongside is None and not each.field.extension and each.field.kind in KEYS
    ]


def guess(
    header: Sequence[str],
    targets: Mapping[str, Target],
    catalogues: Catalogues,
    remembered: Mapping[str, str] | None = None,
) -> dict[int, Guess]:
    """For each column that can be understood, its place; no place is given twice.

    A name that is remembered with no place is left out.
    """
    found: dict[int, Guess] = {}
    left_out = {index for index, name in enumerate(header) if (remembered or {}).get(plain_name(name)) == ""}
    taken: set[str] = set()
    ways = [
        (remembered or {}, _("as last time")),
        *((each, _("same name")) for each in _vocabularies(targets, catalogues)),
    ]
    for vocabulary, reason in ways:
        for index, name in enumerate(header):
            if index in found or index in left_out:
                continue
            path = next((vocabulary[form] for form in _forms(name) if form in vocabulary), "")
            if path in targets and path not in taken:
                found[index] = Guess(path, reason)
                taken.add(path)
    return found


def signature(header: Sequence[str]) -> str:
    """The same for headers with the same names, by which a mapping is remembered."""
    return hashlib.sha256("\x1f".join(map(plain_name, header)).encode("utf-8", "surrogatepass")).hexdigest()[:40]


def plain_name(name: str) -> str:
    """A heading without widths, case, spaces and signs."""
    return _NO_LETTER.sub("", normalize("NFKC", name).casefold())


def _forms(name: str) -> Iterable[str]:
    """A heading as it stands, and without what is in brackets: 应收期限(天) is 应收期限."""
    folded = normalize("NFKC", name).casefold()
    yield plain_name(folded)
    yield plain_name(_BRACKETED.sub("", folded))


def _vocabularies(targets: Mapping[str, Target], catalogues: Catalogues) -> list[dict[str, str]]:
    """Names by plainness: the labels on the screens, the keys, the other names that plugins declare."""
    labels: dict[str, str] = {}
    others: dict[str, str] = {}
    for locale in catalogues.available_locales:
        with activate(catalogues, locale):
            for path, each in targets.items():
                labels.setdefault(plain_name(str(each.label)), path)
                if each.leads_to is not None:
                    others.setdefault(plain_name(str(each.leads_to.name)), path)
    # A heading that a plugin declares for a part is meant more than a label that happens to be the same.
    declared = {plain_name(name): path for path, each in targets.items() for name in each.names}
    keys = {plain_name(path): path for path in targets if path != NUMBER} | {NUMBER: NUMBER}
    return [declared, labels, keys, others]
