"""A plugin for tests: it offers verbs on the stands of another one."""

from __future__ import annotations

from typing import Any

from sopia import Action, Field, Plugin, Session, hookimpl
from tests.web.booth import BoothStand


def sweep(session: Session, stand: BoothStand, twice: bool | None) -> None:
    stand.colour = "clean twice" if twice else "clean"


@hookimpl
def record_actions(session: Session, resource: str, record: Any) -> list[Action]:
    if resource != "booth.stand":
        return []
    if record.name == "Broken":
        raise RuntimeError("no broom")
    return [
        Action("sweep", "Sweep", sweep, ask=(Field("twice", kind="boolean"),)),
        Action("shut", "Not this one", sweep),
        Action("burn", "Burn", sweep, allow="booth.stand.burn"),
        Action("odd", "Odd", sweep, when=lambda stand: stand.nothing),
    ]


plugin = Plugin(name="broom", title="Brooms", version="1.0", requires=("booth",), hooks=("tests.web.broom",))
