"""Dictionaries: the lists and trees of words that an administrator keeps, and the resource that each of them becomes."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from core.kernel.database import Model
from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import translate as _
from core.kernel.policies import Public
from core.kernel.predicates import key_of
from core.kernel.types import link
from core.resources.fields import Field, Words
from core.resources.merging import replace_record
from core.resources.resource import BASIC_DATA, Action, Part, Resource

PRESENT = text("deleted_at IS NULL")

COLOUR = Field("colour", label=_("Colour"), kind="colour")
POSITION = Field("position", label=_("Position"))
ARCHIVED = Field(
    "archived", label=_("Archived"), help=_("Archived words stay where they are used and are no longer offered.")
)


class Word(Model):
    """One word of a dictionary. Used ones are archived, never lost; those of a tree may bear one name in two branches."""

    __abstract__ = True
    __policy__: ClassVar[Public] = Public("the words of dictionaries are known to everybody who works with them")

    name: Mapped[str] = mapped_column(String(80))
    colour: Mapped[str] = mapped_column(String(20), default="")
    position: Mapped[int] = mapped_column(default=0)
    archived: Mapped[bool] = mapped_column(default=False)


class Dictionary(Word):
    """A list of words, such as the types of customers: `class Type(Dictionary): __tablename__ = "customers_type"`."""

    __abstract__ = True

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:
        name = f"uq_{cls.__tablename__}_name"
        return (Index(name, "name", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),)


class Tree(Word):
    """A tree of words, such as the categories of products; each may stand below another."""

    __abstract__ = True

    @declared_attr
    def parent_id(cls) -> Mapped[int | None]:
        return link(cls.__tablename__, nullable=True)


def dictionary(
    model: type[Dictionary] | type[Tree],
    title: Words,
    plural: Words,
    *,
    menu: Words = BASIC_DATA,
    fields: tuple[Field, ...] = (),
    parts: tuple[Part, ...] = (),
    icon: str = "list",
) -> Resource:
    """The resource of a dictionary; columns of its own beyond those of every word come after the name."""
    replace = Action(
        "replace",
        _("Replace"),
        _replace,
        ask=(
            Field(
                "by",
                label=_("Use instead"),
                target=key_of(_table(model).name),
                required=True,
                help=_("All records that use this word take the other one, and this one is archived."),
            ),
        ),
        when=_is_used_still,
        style="quiet",
        icon="undo",
        whole=True,
    )
    known = {
        "id",
        "version",
        "created_at",
        "updated_at",
        "deleted_at",
        "name",
        "parent_id",
        "colour",
        "position",
        "archived",
    }
    own = tuple(c.name.removesuffix("_id") for c in _table(model).columns if c.name not in known)
    above = ("parent",) if issubclass(model, Tree) else ()
    shown = ("name", *above, *own, "colour", "position", "archived")
    said = (COLOUR, POSITION, ARCHIVED, *((Field("parent", label=_("Above")),) if above else ()))
    return Resource(
        model,
        title=title,
        plural=plural,
        list=shown,
        form=shown,
        search=("name",),
        sort="position",
        menu=menu,
        fields=(*said, *fields),
        parts=(replace, *parts),
        icon=icon,
        module=sys._getframe(1).f_globals.get("__name__", ""),
    )


def _is_used_still(word: Any) -> bool:
    return not word.archived


def _replace(session: Any, word: Any, by: int) -> None:
    """Use another word wherever this one stands, and archive this one."""
    other = session.get_one(type(word), by)
    if other.archived:
        raise Invalid([FieldError("by", _("“{name}” is archived. Choose a word that is still used.", name=other.name))])
    replace_record(session, word, other)
    session.get_one(type(word), word.id).archived = True


def _table(model: Any) -> Any:
    return model.__table__
