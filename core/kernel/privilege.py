"""The privileged connection behind a scoped session or connection: for the platform's own bookkeeping alone.

It is kept here and not on the session, so that whoever is handed a scoped session holds nothing that sees more.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

_behind: WeakKeyDictionary[Any, Connection] = WeakKeyDictionary()
"""By the session or connection of a person, the connection that sees everything in the same transaction."""


def entrust(holder: Any, connection: Connection) -> None:
    """Remember what works behind a session or connection of a person, as long as that is there."""
    _behind[holder] = connection


def privileged(holder: Any) -> Connection:
    """The connection that sees everything, in the same transaction as a session or connection."""
    connection = _behind.get(holder)
    if connection is not None:
        return connection
    if isinstance(holder, Connection):
        return holder
    own: Connection = holder.connection()
    return own
