"""Links that people make between any two records, read and counted from both ends, by who sees both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, func, or_, select

from core.kernel.database import Session
from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from core.kernel.gate import acting, privileged
from core.kernel.guard import ScopedSession, is_open
from core.kernel.i18n import translate as _
from core.kernel.links import ENDS_OF, LINK, Link, between
from core.kernel.prepared import Prepared
from core.kernel.principal import Principal
from core.kernel.types import now
from core.resources.fields import Words, humanise
from core.resources.resolved import ResolvedResource, Resources
from core.workplace.notifications import labels_in_sight
from core.workplace.remarks import has_remarks, names_of

LONGEST_NOTE = 200
MOST = 500
"""Links by hand that one record may have."""


_ENDS = Prepared(ENDS_OF)
"""What every page of a record asks."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A link as it is seen from one of its ends: what it leads to, and why it is there."""

    id: int
    resource: ResolvedResource
    record_id: int
    label: str
    note: str
    field: Words
    """The field that it fills, on whichever end; empty for a link made by hand."""
    author_id: int | None
    author: str
    at: datetime

    @property
    def by_hand(self) -> bool:
        """Whether somebody made it, and may take it away again, on the record's page."""
        return not self.field


def has_links(resource: ResolvedResource) -> bool:
    """Whether records of this kind are linked by hand: those that one writes remarks on."""
    return has_remarks(resource)


def ends_of(connection: Connection, resource: str, record_id: int) -> list[dict[str, Any]]:
    """The other ends of a record's links, whoever may see them: the caller asks which of them are in sight."""
    return _ENDS.named(privileged(connection), {"resource": resource, "record": record_id})


def ties_of(connection: Connection, resources: Resources, resource: str, record_id: int) -> list[Tie]:
    """Everything that a record is linked with and that `connection`, the reader's scoped one, shows.

    The caller has found the record itself in the reader's scope.
    """
    ends = ends_of(connection, resource, record_id)
    if not ends or not is_open(connection, resource, record_id):
        return []
    rows = [SimpleNamespace(**each) for each in ends]
    labels = labels_in_sight(connection, resources, ((row.resource, row.record) for row in rows))
    names = names_of(privileged(connection), {row.author_id for row in rows if row.author_id})
    return [
        Tie(
            row.id,
            resources[row.resource],
            row.record,
            labels[row.resource, row.record],
            row.note,
            _field(resources, resource, row),
            row.author_id,
            names.get(row.author_id or 0, ""),
            row.created_at,
        )
        for row in rows
        if (row.resource, row.record) in labels
    ]


def counts_of(ties: list[Tie]) -> dict[str, int]:
    """How many records of each resource are linked."""
    return dict(Counter({(tie.resource.key, tie.record_id): tie.resource.key for tie in ties}.values()))


def _field(resources: Resources, here: str, row: Any) -> Words:
    if not row.field:
        return ""
    owner = resources.get(row.resource if row.backwards else here)
    field = owner.fields.get(row.field) if owner else None
    return field.label if field else humanise(row.field)


def add_link(
    session: ScopedSession,
    principal: Principal,
    resources: Resources,
    resource: ResolvedResource,
    record_id: int,
    *,
    to: str,
    to_id: int,
    note: str = "",
) -> int:
    """Link two records that the person sees; the link's id. A second link between the same two is a Conflict."""
    if principal.read_only or not has_links(resource):
        raise Forbidden
    target = resources.get(to) or resources.at(to)
    faults = []
    if target is None or not has_links(target) or not target.allows(principal, "view"):
        faults.append(FieldError("resource", _("There is no resource '{value}' to link with.", value=str(to)[:80])))
    elif not 0 < to_id < 2**63 or session.get(target.model, to_id) is None:
        faults.append(FieldError("record", _("There is no record with the number {id}.", id=to_id)))
    elif (target.key, to_id) == (resource.key, record_id):
        faults.append(FieldError("record", _("A record is not linked with itself. Choose another one.")))
    if len(note) > LONGEST_NOTE:
        faults.append(FieldError("note", _("{length} characters are too many; at most {longest} fit.",
                                           length=len(note), longest=LONGEST_NOTE)))  # fmt: skip
    if "\0" in note or any("\ud800" <= c <= "\udfff" for c in note):
        faults.append(FieldError("note", _("The text holds characters that cannot be kept. Type it anew.")))
    if faults or target is None:
        raise Invalid(faults)
    _check(session, (resource.key, record_id), (target.key, to_id))
    with acting(session, "links need both ends in sight, which was asked") as beyond:
        link = Link(
            source_resource=resource.key,
            source_id=record_id,
            target_resource=target.key,
            target_id=to_id,
            note=note.strip(),
            author_id=principal.user_id,
        )
        beyond.add(link)
        beyond.flush()
        return link.id


def _check(session: Session, one: tuple[str, int], other: tuple[str, int]) -> None:
    connection = privileged(session)
    if connection.execute(select(LINK.id).where(between(one, other), LINK.field == "").limit(1)).first() is not None:
        raise Conflict(_("The two records are linked already."))
    at = or_(
        (LINK.source_resource == one[0]) & (LINK.source_id == one[1]),
        (LINK.target_resource == one[0]) & (LINK.target_id == one[1]),
    )
    counted = select(func.count()).where(at, LINK.field == "", LINK.deleted_at.is_(None))
    if connection.execute(counted).scalar_one() >= MOST:
        raise Conflict(_("A record has at most {most} links. Remove some first.", most=MOST))


def remove_link(
    session: ScopedSession,
    principal: Principal,
    resources: Resources,
    resource: ResolvedResource,
    record_id: int,
    link_id: int,
) -> None:
    """Take a link by hand away: whoever sees both records and made it, or may edit one of them."""
    tie = next((t for t in ties_of(session.connection(), resources, resource.key, record_id) if t.id == link_id), None)
    if tie is None:
        raise NotFound
    if not tie.by_hand:
        raise Conflict(_("This link fills the field '{field}'. Change it there.", field=tie.field))
    mine = tie.author_id == principal.user_id
    if principal.read_only or not (mine or resource.allows(principal, "edit")):
        raise Forbidden
    with acting(session, "links need both ends in sight, which was asked") as beyond:
        beyond.get_one(Link, link_id).deleted_at = now()
