"""A plugin for tests: stands of a market, with verbs for many of them."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from sopia import Action, Conflict, Field, Model, Plugin, Resource, Scoped, Session


class BoothStand(Scoped, Model):
    """A stand of the market."""

    __tablename__ = "booth_stand"

    name: Mapped[str] = mapped_column(String(50))
    colour: Mapped[str] = mapped_column(String(20), default="white")
    shut: Mapped[bool] = mapped_column(default=False)


def paint(session: Session, stand: BoothStand, colour: str) -> None:
    if stand.name == "Rock":
        raise Conflict("A rock takes no paint.")
    stand.colour = colour


def shut(session: Session, stand: BoothStand) -> None:
    stand.shut = True


plugin = Plugin(
    name="booth",
    title="Booths",
    version="1.0",
    resources=(
        Resource(
            BoothStand,
            title="Stand",
            list=("name", "colour", "shut", "owner"),
            form=("name",),
            search=("name",),
            sort="name",
            parts=(
                Action("paint", "Paint", paint, ask=(Field("colour", required=True),), allow="edit", bulk=True),
                Action("shut", "Shut", shut, when=lambda stand: not stand.shut, bulk=True),
                Action("fold", "Fold", shut, allow="edit", style="quiet"),
            ),
        ),
    ),
)
