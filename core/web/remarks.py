"""Remarks as they stand in a record's timeline, and whom its reader may write to."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from core.kernel import formats
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources.records import Records
from core.resources.resolved import ResolvedResource
from core.web.navigation import person
from core.web.views import Button, Confirm, Entry
from core.web.views.records import RemarkTools
from core.web.views.shell import Words
from core.workplace.people import team_of
from core.workplace.remarks import KINDS, Remarks, Said, has_remarks

if TYPE_CHECKING:
    from core.web.requests import Request

KEPT = 2000
"""People whose team is remembered."""


def my_team(request: Request) -> frozenset[int]:
    """Who belongs to the reader's team, remembered as long as nobody's access changes."""
    principal = request.principal
    kept: dict[int, tuple[Any, frozenset[int]]] = request.site.kept.setdefault("teams", {})
    known = kept.get(principal.user_id)
    if known is None or known[0] is not principal:
        if len(kept) >= KEPT:
            kept.clear()
        known = kept[principal.user_id] = (principal, frozenset(team_of(request.connection, principal.user_id)))
    return known[1]


def kinds_for(
    request: Request, records: Records, resource: ResolvedResource, record_id: int
) -> tuple[tuple[str, Words], ...]:
    """What the reader may write on a record: comments, guidance; nothing where he may not write at all."""
    principal = request.principal
    if not has_remarks(resource) or principal.read_only:
        return ()
    guides = principal.reach(resource.key, "guide").level not in ("none", "own") or bool(my_team(request))
    if guides:
        record = records.get(request.reader, resource, record_id)
        guides = Remarks(records.resources).offers_guidance(request.reader, principal, resource, record)
    return tuple((key, title) for key, title in KINDS.items() if key != "guidance" or guides)


def remark_entries(
    request: Request,
    resource: ResolvedResource,
    record_id: int,
    said: Sequence[Said],
    after: dt.datetime | None,
    before: dt.datetime | None,
) -> list[tuple[dt.datetime, Entry]]:
    """The remarks of a span of time with the answers to each, for the timeline."""
    answers: dict[int, list[Said]] = defaultdict(list)
    for each in said:
        if each.parent_id:
            answers[each.parent_id].append(each)
    url = f"{resource.url}/{record_id}/remarks"
    # An answer to something that was taken back stands by itself.
    there = {each.id for each in said}
    first = (each for each in said if each.parent_id not in there)
    return [
        (each.at, _entry(request, url, each, answers[each.id]))
        for each in first
        if (after is None or each.at > after) and (before is None or each.at <= before)
    ]


def _entry(request: Request, url: str, said: Said, answers: Iterable[Said] = ()) -> Entry:
    zone = request.timezone.key
    title = _("gave guidance") if said.kind == "guidance" else _("answered") if said.parent_id else _("wrote")
    return Entry(
        at=formats.ago(said.at, zone, now()),
        at_exact=f"{said.at.astimezone(request.timezone):%Y-%m-%d %H:%M:%S}",
        title=title,
        person=person(said.author_id, said.author),
        kind="guidance" if said.kind == "guidance" else "remark",
        html=said.html,
        note=_note(said, zone),
        remark=_tools(request, url, said),
        replies=tuple(_entry(request, url, each) for each in answers),
    )


def _note(said: Said, zone: str) -> Words:
    told: list[str] = []
    if said.addressee:
        told.append(str(_("for {name}", name=said.addressee)))
    if said.acknowledged_at:
        told.append(str(_("acknowledged {when}", when=formats.ago(said.acknowledged_at, zone, now()))))
    elif said.kind == "guidance":
        told.append(str(_("not yet acknowledged")))
    if said.edited_at:
        told.append(str(_("edited")))
    return " · ".join(told)


def _tools(request: Request, url: str, said: Said) -> RemarkTools:
    me, one = request.principal.user_id, f"{url}/{said.id}"
    writes = not request.principal.read_only
    mine = writes and said.author_id == me
    reads = writes and said.addressee_id == me and said.kind == "guidance" and said.acknowledged_at is None
    confirm = Confirm(
        title=_("Take this remark back?"),
        text=_("Nobody sees it on the page any more; the history keeps it."),
        button=_("Take back"),
    )
    return RemarkTools(
        id=said.id,
        text=said.text,
        acknowledge=Button(title=_("Acknowledge"), url=f"{one}/acknowledge", icon="check") if reads else None,
        reply_url=url if writes else "",
        edit_url=one if mine else "",
        remove=Button(title=_("Take back"), url=f"{one}/delete", kind="quiet", confirm=confirm) if mine else None,
    )
