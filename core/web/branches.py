"""The tree beside a list, such as the folders of documents: open as far as the way to the branch that is shown."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from core.kernel.i18n import translate as _
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Branches
from core.resources.words import TREE, is_settled
from core.web.address import Pairs, address, changed, of_field, without
from core.web.dictionaries import REMEMBERED
from core.web.views.lists import Branch, TreePane

if TYPE_CHECKING:
    from core.web.requests import Request

MOST: Final = 1000
"""Branches that are read at all."""

Below = Mapping[int | None, Sequence[tuple[int, str]]]
"""The branches below each, id and name, in their order."""


def tree_of(request: Request, resources: Resources, resource: ResolvedResource, pairs: Pairs) -> TreePane | None:
    """The tree beside a list; nothing where none is declared, or the reader does not see the field."""
    declared = next(iter(resource.declared.of_kind(Branches)), None)
    if declared is None or declared.field not in resource.readable(request.principal):
        return None
    target = resources.target(resource.fields[declared.field])
    if target is None or not target.allows(request.principal, "view"):
        return None
    below = _below(request, target)
    if not below:
        return None
    chosen = _chosen(pairs, declared.field)
    open_ = _way(below, chosen)
    name, rest = f"{declared.field}__under", without(pairs, declared.field, f"{declared.field}__in")

    def lines(above: int | None, depth: int) -> Iterator[Branch]:
        for branch, title in below.get(above, ()):
            yield Branch(
                title=title,
                url=address(resource.url, changed(rest, name, str(branch))),
                depth=depth,
                current=branch == chosen,
                folded=branch in below and branch not in open_,
            )
            if branch in open_:
                yield from lines(branch, depth + 1)

    return TreePane(
        title=target.names,
        whole=Branch(title=_("All"), url=address(resource.url, changed(rest, name, "")), current=chosen is None),
        branches=tuple(lines(None, 0)),
    )


def _below(request: Request, target: ResolvedResource) -> Below:
    """The whole tree, remembered as long as words are."""
    moment, kept = time.monotonic(), target.kept.get(TREE)
    if kept is None or kept[0] <= moment:
        table = target.table
        wanted = select(table.c.id, table.c.parent_id, table.c.name).where(table.c.archived.is_(False))
        found: dict[int | None, list[tuple[int, str]]] = defaultdict(list)
        for row in request.connection.execute(wanted.order_by(table.c.position, table.c.id).limit(MOST)):
            found[row[1]].append((row[0], str(row[2])))
        kept = (moment + REMEMBERED if is_settled(target, moment) else moment, dict(found))
        target.keep(TREE, kept)
    below: Below = kept[1]
    return below


def _chosen(pairs: Pairs, field: str) -> int | None:
    """The one branch that the list is narrowed to."""
    said = of_field(pairs, field)
    told = [text for operator in ("under", "in", "eq") for text in said.get(operator, ())]
    return int(told[0]) if len(told) == 1 and told[0].isascii() and told[0].isdigit() and len(told[0]) < 19 else None


def _way(below: Below, chosen: int | None) -> frozenset[int]:
    """The branches that are open: the chosen one and all above it."""
    above = {branch: place for place, branches in below.items() for branch, _title in branches}
    found: set[int] = set()
    while chosen is not None and chosen not in found:
        found.add(chosen)
        chosen = above.get(chosen)
    return frozenset(found)
