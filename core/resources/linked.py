"""Fields that link records of another resource, kept in the one table of links and so found from the other end too.

Declared on the model, where many-to-many has a relationship: `customers = Links("customers.customer")`. Lists, forms,
filters, the API and history treat it as such a field; it is there while the plugin that it leads to is enabled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.orm import object_session

from core.kernel.database import Session
from core.kernel.gate import privileged
from core.kernel.history import Change, tell
from core.kernel.links import LINK, Link, linked_ids, of_field
from core.kernel.predicates import key_of
from core.kernel.types import now

if TYPE_CHECKING:
    from core.kernel.i18n import Text
    from core.resources.fields import ResolvedField
    from core.resources.resolved import ResolvedResource


class Links:
    """A field of a model that holds records of another resource, named by its key.

    On a record it reads as the list of their ids, whoever may see them.
    """

    def __init__(self, to: str, label: Text | str = "", help: Text | str = "") -> None:
        self.to = to
        self.label = label
        self.help = help
        self.name = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def __get__(self, record: Any, owner: type[Any] | None = None) -> Any:
        if record is None:
            return self
        session = object_session(record)
        if session is None or record.id is None:
            return []
        session.flush()
        return sorted(linked_ids(privileged(session), key_of(record.__tablename__), self.name, record.id))

    def __set__(self, record: Any, ids: Iterable[int]) -> None:
        session = object_session(record)
        if not isinstance(session, Session):
            raise TypeError(f"'{self.name}' is set on a record that a session of Sopia holds, after it was flushed.")
        write_links(session, record, self.name, self.to, ids)


def links_of(model: type[Any]) -> dict[str, Links]:
    """The fields of links that a model declares, its parents' included."""
    found: dict[str, Links] = {}
    for kind in reversed(model.__mro__):
        found |= {name: each for name, each in vars(kind).items() if isinstance(each, Links)}
    return found


def write_links(
    session: Session, record: Any, field: str, target: str, ids: Iterable[int], *, visible: Iterable[int] | None = None
) -> bool:
    """Let a field hold exactly these records; whether that changed anything.

    With `visible`, links to others are left alone: whoever edits a record keeps what he does not see of it.
    """
    session.flush()
    resource = key_of(record.__tablename__)
    present = linked_ids(privileged(session), resource, field, record.id)
    wanted = set(ids)
    kept = set(present) - set(visible) if visible is not None else set()
    gone, new = set(present) - wanted - kept, wanted - set(present)
    if not gone and not new:
        return False
    principal = session.info.get("principal")
    moment, beneath = now(), privileged(session)
    # Told as a change of the field below: the rows have no history beside it, so that undoing it is undoing all.
    ended = update(Link).where(
        LINK.source_resource == resource,
        LINK.source_id == record.id,
        LINK.field == field,
        LINK.target_id.in_(gone),
        LINK.deleted_at.is_(None),
    )
    beneath.execute(ended.values(deleted_at=moment, updated_at=moment))
    made = {
        "source_resource": resource,
        "source_id": record.id,
        "target_resource": target,
        "field": field,
        "author_id": principal.user_id if principal is not None else None,
        "version": 1,
        "note": "",
        "created_at": moment,
        "updated_at": moment,
    }
    if new:
        beneath.execute(insert(Link), [{**made, "target_id": each} for each in sorted(new)])
    after = sorted((set(present) - gone) | new)
    tell(session, [Change(type(record), record.id, "edit", {field: sorted(present)}, {field: after}, record)])
    return True


def set_links(
    session: Session, field: ResolvedField, target: ResolvedResource, record: Any, ids: Iterable[int]
) -> bool:
    """What a form or the API sets: of the records that its person sees, exactly these."""
    present = linked_ids(privileged(session), key_of(record.__tablename__), field.attribute, record.id)
    seen = session.execute(select(target.table.c.id).where(target.table.c.id.in_(present))).scalars().all()
    return write_links(session, record, field.attribute, field.target, ids, visible=seen)


def linked_records(
    connection: Connection | AnySession,
    resource: ResolvedResource,
    field: ResolvedField,
    target: ResolvedResource,
    ids: Sequence[int],
) -> Mapping[int, list[tuple[int, str, str]]]:
    """The linked records in sight by the id of the record that links them: id, label and colour of each."""
    if not ids:
        return {}
    pairs = privileged(connection).execute(of_field(resource.key, field.attribute, ids)).all()
    if not pairs:
        return {}
    labels = {
        row[0]: target.shown(str(row[1])) if row[1] not in (None, "") else f"#{row[0]}"
        for row in connection.execute(target.labels, {"ids": sorted({pair[1] for pair in pairs})})
    }
    found: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for record_id, target_id in pairs:
        if target_id in labels:
            found[record_id].append((target_id, labels[target_id], ""))
    return found
