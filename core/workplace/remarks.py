"""Remarks on records of any kind: comments, and guidance (指导意见) that its addressee acknowledges.

A remark follows the present access of its record: whoever sees the record reads it. It is written past the gate, after
the record was found in the writer's scope and the rules here were asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Final

import nh3
from markupsafe import Markup, escape
from sqlalchemy import JSON, CheckConstraint, Connection, Index, String, bindparam, select
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Model, Session
from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from core.kernel.explain import judge
from core.kernel.gate import acting, privileged
from core.kernel.guard import is_open
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.pinyin import spell
from core.kernel.policies import Attached
from core.kernel.prepared import Prepared
from core.kernel.principal import Principal
from core.kernel.types import Key, link, now
from core.kernel.users import User
from core.resources.resolved import ResolvedResource, Resources
from core.workplace.notifications import notify, sees
from core.workplace.people import manages, person_in_charge

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

KINDS: Final[dict[str, Text]] = {"comment": _("Comment"), "guidance": _("Guidance")}
LONGEST: Final = 10_000
MOST: Final = 300
"""Remarks of one record that are read at a time, the latest."""


class Remark(Model):
    """Something said about a record; guidance is said to somebody, who acknowledges it."""

    __tablename__ = "system_remark"
    __policy__: ClassVar[Attached] = Attached(kept=True)
    __table_args__ = (
        Index("ix_system_remark_record", "resource", "record_id", "id"),
        CheckConstraint("kind IN ('comment', 'guidance')", name="kind"),
    )

    resource: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Key)
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(LongText)
    author_id: Mapped[int] = link("system_user")
    addressee_id: Mapped[int | None] = link("system_user", nullable=True)
    parent_id: Mapped[int | None] = link("system_remark", nullable=True)
    mentions: Mapped[list[int]] = mapped_column(JSON, default=list)
    acknowledged_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]


REMARK = Remark.__table__.c


@dataclass(frozen=True, slots=True)
class Said:
    """A remark as it is read, with the names of its people."""

    id: int
    kind: str
    text: str
    author_id: int
    author: str
    addressee_id: int | None
    addressee: str
    parent_id: int | None
    mentions: tuple[tuple[int, str], ...]
    at: datetime
    acknowledged_at: datetime | None
    edited_at: datetime | None

    @property
    def html(self) -> Markup:
        """The text as it is shown."""
        return render(self.text, tuple(name for _id, name in self.mentions))


def has_remarks(resource: ResolvedResource) -> bool:
    """Whether people write about records of this kind: those of the business, not of the administration."""
    return not resource.read_only and not resource.key.startswith("system.")


# ---------------------------------------------------------------- reading


def remarks_of(connection: Connection, resource: str, record_id: int) -> list[Said]:
    """What was said about a record, oldest first. The caller has found the record in the reader's scope."""
    beneath = privileged(connection)
    found = _OF_RECORD.named(beneath, {"of": resource, "record": record_id})
    if not found or not is_open(connection, resource, record_id):
        return []
    rows = [SimpleNamespace(**each) for each in found]
    people = {row.author_id for row in rows} | {row.addressee_id for row in rows if row.addressee_id}
    people |= {each for row in rows for each in row.mentions or ()}
    names = names_of(beneath, people)
    return [
        Said(
            row.id,
            row.kind,
            row.text,
            row.author_id,
            names.get(row.author_id, ""),
            row.addressee_id,
            names.get(row.addressee_id or 0, ""),
            row.parent_id,
            tuple((each, names[each]) for each in row.mentions or () if each in names),
            row.created_at,
            row.acknowledged_at,
            row.edited_at,
        )
        for row in reversed(rows)
    ]


_OF_RECORD = Prepared(
    select(*Remark.__table__.c)
    .where(REMARK.resource == bindparam("of"), REMARK.record_id == bindparam("record"), REMARK.deleted_at.is_(None))
    .order_by(REMARK.id.desc())
    .limit(MOST)
)
"""What every page of a record asks."""


def names_of(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The names of people by id."""
    rows = connection.execute(select(User.id, User.name).where(User.id.in_(sorted(ids))))
    return {row[0]: row[1] for row in rows}


# ---------------------------------------------------------------- writing


class Remarks:
    """Writes remarks for one generation's resources. The record was found in the writer's scope by the caller."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def add(
        self,
        session: Session,
        principal: Principal,
        resource: ResolvedResource,
        record: Any,
        *,
        text: str,
        kind: str = "comment",
        to: int | None = None,
        parent: int | None = None,
    ) -> Remark:
        """Write a remark and tell those it concerns; raises Invalid, and Forbidden for guidance one may not give."""
        if not has_remarks(resource) or principal.read_only:
            raise Forbidden
        words = _checked(text, kind)
        answered = self._find(session, resource, record.id, parent) if parent else None
        addressee = self._addressee(session, principal, resource, record, kind, to, answered)
        words, mentioned = mentions_in(privileged(session), words)
        remark = Remark(
            resource=resource.key,
            record_id=record.id,
            kind=kind,
            text=words,
            author_id=principal.user_id,
            addressee_id=addressee,
            parent_id=answered.parent_id or answered.id if answered else None,
            mentions=mentioned,
        )
        with acting(session, "a remark follows the access of its record") as beyond:
            beyond.add(remark)
            beyond.flush()
            self._tell(beyond, principal, resource, record, remark, answered)
            beyond.expunge(remark)
        return remark

    def edit(
        self, session: Session, principal: Principal, resource: ResolvedResource, record: Any, remark_id: int, text: str
    ) -> None:
        """Put one's own remark in other words; history keeps the old ones."""
        self._own(session, principal, resource, record, remark_id)
        words, mentioned = mentions_in(privileged(session), _checked(text, "comment"))
        with acting(session, "a remark follows the access of its record") as beyond:
            remark = beyond.get_one(Remark, remark_id)
            new = [each for each in mentioned if each not in (remark.mentions or ())]
            if remark.text != words:
                remark.text, remark.mentions, remark.edited_at = words, mentioned, now()
                # What was acknowledged were the old words.
                remark.acknowledged_at = None
            beyond.flush()
            told = {"resource": resource, "record_id": record.id, "remark_id": remark_id}
            notify(beyond, new, kind="mention", actor=principal.user_id, **told)

    def remove(
        self, session: Session, principal: Principal, resource: ResolvedResource, record: Any, remark_id: int
    ) -> None:
        """Take back one's own remark; history keeps it."""
        self._own(session, principal, resource, record, remark_id)
        with acting(session, "a remark follows the access of its record") as beyond:
            beyond.get_one(Remark, remark_id).deleted_at = now()

    def acknowledge(
        self, session: Session, principal: Principal, resource: ResolvedResource, record: Any, remark_id: int
    ) -> None:
        """Say that one has read guidance (已阅); only its addressee does, and once."""
        found = self._find(session, resource, record.id, remark_id)
        if found.addressee_id != principal.user_id or principal.read_only:
            raise Forbidden
        if found.acknowledged_at is not None:
            return
        with acting(session, "a remark follows the access of its record") as beyond:
            beyond.get_one(Remark, remark_id).acknowledged_at = now()
            beyond.flush()
            told = {"resource": resource, "record_id": record.id, "remark_id": remark_id}
            notify(beyond, [found.author_id], kind="acknowledged", actor=principal.user_id, **told)

    def may_guide(self, session: Session, principal: Principal, resource: ResolvedResource, record: Any) -> bool:
        """Whether somebody may give guidance on a record: by the permission `guide`, or as a superior of its person."""
        if principal.read_only or not has_remarks(resource):
            return False
        person = person_in_charge(session, self._resources, resource, record)
        if person is not None and person != principal.user_id and manages(session, principal.user_id, person):
            return True
        if principal.reach(resource.key, "guide").level in ("none", "own"):
            return False
        return judge(session, principal, resource.key, record, "guide").allowed

    def offers_guidance(self, session: Session, principal: Principal, resource: ResolvedResource, record: Any) -> bool:
        """Whether a page offers it: also to whoever may, not on what he is in charge of himself."""
        mine = person_in_charge(session, self._resources, resource, record) == principal.user_id
        return not mine and self.may_guide(session, principal, resource, record)

    def _addressee(
        self,
        session: Session,
        principal: Principal,
        resource: ResolvedResource,
        record: Any,
        kind: str,
        to: int | None,
        answered: Any,
    ) -> int | None:
        if kind != "guidance":
            return to if to is None else self._present(session, resource, record, to)
        if not self.may_guide(session, principal, resource, record):
            raise Forbidden
        person = to or person_in_charge(session, self._resources, resource, record)
        if person is None:
            raise Invalid([FieldError("to", _("Nobody is in charge of this record. Say whom the guidance is for."))])
        if person == principal.user_id:
            raise Invalid([FieldError("to", _("Guidance is for somebody else. Write a comment instead."))])
        return self._present(session, resource, record, person)

    def _present(self, session: Session, resource: ResolvedResource, record: Any, person: int) -> int:
        connection = privileged(session)
        there = connection.execute(select(User.id).where(User.id == person, User.active, User.deleted_at.is_(None)))
        if there.first() is None:
            raise Invalid([FieldError("to", _("There is no active person with the number {id}.", id=person))])
        if not sees(session, person, resource, record.id):
            raise Conflict(_("The person does not see this record."), _("Share it first, or choose somebody else."))
        return person

    def _find(self, session: Session, resource: ResolvedResource, record_id: int, remark_id: int) -> Any:
        found = privileged(session).execute(
            select(*Remark.__table__.c).where(
                REMARK.id == remark_id,
                REMARK.resource == resource.key,
                REMARK.record_id == record_id,
                REMARK.deleted_at.is_(None),
            )
        )
        row = found.first() if 0 < remark_id < 2**63 else None
        if row is None:
            raise NotFound
        return row

    def _own(
        self, session: Session, principal: Principal, resource: ResolvedResource, record: Any, remark_id: int
    ) -> None:
        found = self._find(session, resource, record.id, remark_id)
        if found.author_id != principal.user_id or principal.read_only:
            raise Forbidden

    def _tell(
        self,
        session: Session,
        principal: Principal,
        resource: ResolvedResource,
        record: Any,
        remark: Remark,
        answered: Any,
    ) -> None:
        """Tell everybody once, by what concerns him most: guidance, a mention, an answer, his record, what he follows."""
        from core.workplace.following import followers_of

        told: set[int] = {principal.user_id}
        owner = person_in_charge(session, self._resources, resource, record)
        turns: Sequence[tuple[str, Iterable[int | None]]] = (
            ("guidance", [remark.addressee_id] if remark.kind == "guidance" else []),
            ("mention", remark.mentions or ()),
            ("reply", [answered.author_id] if answered else []),
            ("remark", [remark.addressee_id, owner]),
            ("remark", followers_of(privileged(session), resource.key, record.id)),
        )
        for kind, people in turns:
            fresh = [each for each in dict.fromkeys(people) if each is not None and each not in told]
            told.update(fresh)
            notify(
                session,
                fresh,
                kind=kind,
                resource=resource,
                record_id=record.id,
                remark_id=remark.id,
                actor=principal.user_id,
            )


def _checked(text: Any, kind: Any) -> str:
    faults = []
    words = text.replace("\r\n", "\n").strip() if isinstance(text, str) else ""
    if not words:
        faults.append(FieldError("text", _("Please fill this in.")))
    elif len(words) > LONGEST:
        faults.append(FieldError("text", _("{length} characters are too many; at most {longest} fit.",
                                           length=len(words), longest=LONGEST)))  # fmt: skip
    elif "\0" in words or any("\ud800" <= c <= "\udfff" for c in words):
        faults.append(FieldError("text", _("The text holds characters that cannot be kept. Type it anew.")))
    if not isinstance(kind, str) or kind not in KINDS:
        faults.append(FieldError("kind", _("'{value}' is not among: {allowed}.",
                                           value=str(kind)[:50], allowed=", ".join(KINDS))))  # fmt: skip
    if faults:
        raise Invalid(faults)
    return words


# ---------------------------------------------------------------- mentions and looks

MENTION = re.compile(r"(?<![\w.@])@(?=\S)")


def mentions_in(connection: Connection, text: str) -> tuple[str, list[int]]:
    """The text with everybody mentioned by his name, and who they are.

    Behind an @ stands a name, a login, a name's pinyin or its initials; Chinese goes on without a space, so the longest
    name that fits is meant.
    """
    if "@" not in text:
        return text, []
    rows = connection.execute(select(User.id, User.name, User.login).where(User.active, User.deleted_at.is_(None)))
    people = [(row.id, row.name, row.login) for row in rows]
    found: list[int] = []
    parts, end = [], 0
    for mark in MENTION.finditer(text):
        hit = _meant(text[mark.end() : mark.end() + 100], people)
        if hit is None or mark.start() < end:
            continue
        person, name, length = hit
        rest = text[mark.end() + length : mark.end() + length + 1]
        parts += [text[end : mark.start()], f"@{name}", " " if rest.isalnum() and name[-1:].isascii() else ""]
        end = mark.end() + length
        found.append(person)
    return "".join([*parts, text[end:]]), list(dict.fromkeys(found))


def _meant(rest: str, people: Sequence[tuple[int, str, str]]) -> tuple[int, str, int] | None:
    folded = rest.casefold()
    fitting = [
        (len(spelling), person, name)
        for person, name, login in people
        for spelling in (name, login)
        if folded.startswith(spelling.casefold()) and not (spelling.isascii() and _goes_on(rest, len(spelling)))
    ]
    if fitting:
        length, person, name = max(fitting)
        return person, name, length
    word = re.match(r"[A-Za-z]+", rest)
    if word is None:
        return None
    sounds = [(person, name) for person, name, _login in people if word[0].lower() in _sounds(name)]
    return (*sounds[0], len(word[0])) if len(sounds) == 1 else None


def _goes_on(rest: str, length: int) -> bool:
    following = rest[length : length + 1]
    return following.isascii() and following.isalnum()


@lru_cache(maxsize=5000)
def _sounds(name: str) -> frozenset[str]:
    return frozenset(spelling.replace(" ", "") for spelling in spell(name))


TAGS: Final = {"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a"}


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    # Imported by the first remark: the server starts without it.
    from markdown_it import MarkdownIt

    marks = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")
    return marks.disable(["image", "heading", "lheading", "hr", "reference"])


@lru_cache(maxsize=2000)
def render(text: str, names: tuple[str, ...] = ()) -> Markup:
    """A remark as HTML: a few marks of Markdown, no pictures, nothing that could do anything."""
    html = nh3.clean(
        _markdown().render(text),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    shown = "|".join(sorted((re.escape(str(escape(name))) for name in names), key=len, reverse=True))
    if shown:
        pieces = re.split(r"(<[^>]*>)", html)
        marked = (re.sub(f"@({shown})", r'<span class="mention">@\1</span>', piece) for piece in pieces[::2])
        html = "".join(a + b for a, b in zip(marked, [*pieces[1::2], ""], strict=True))
    return Markup(html)


def excerpt(text: str, length: int = 80) -> str:
    """The beginning of a remark on one line."""
    plain = " ".join(re.sub(r"[*_`>#~]+", "", text).split())
    return plain if len(plain) <= length else f"{plain[: length - 1]}…"
