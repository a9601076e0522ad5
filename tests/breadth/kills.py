"""Moves money in processes that are killed in the midst of it, and looks after each whether everything adds up.

Run as `python -m tests.breadth.kills URL FOLDER TURNS`; prints what it saw as JSON. Each killed process parts off from
one that holds no connection, does the same steps, and dies at another statement.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Connection, func, select

from core.assembly import assemble
from core.kernel.database import Base
from core.kernel.logs import set_up
from core.kernel.platform import Platform
from core.kernel.settings import Settings
from core.kernel.tokens import create_token
from core.kernel.types import Money
from core.kernel.users import User
from core.testing.client import Client
from core.testing.installation import PASSWORD, SECRET_KEY
from core.web.app import Application

API = "/api/v1/finance"

OF_INSTALMENTS = "sales.installment:"
"""How the keys of receivables begin that follow from instalments."""

Steps = list[tuple[str, dict[str, Any], str]]


def main() -> None:
    """Do the steps once to the end, then again and again until the kill; print the outcome."""
    url, folder, turns = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    set_up(50)
    known: dict[str, Any] = {"admin_password": PASSWORD, "secret_key": SECRET_KEY, "plugins": None}
    platform = assemble(Settings.load(data_dir=folder, database_url=url, **known))
    token = prepared(platform)
    drift = {"at first": adds_up(platform)}
    platform.database.dispose()
    whole, done = in_child(platform, token, stop_at=None)
    assert len(done) == len(STEPS), done
    chance, killed, begun = random.Random(23), 0, []
    for stop_at in sorted(chance.sample(range(1, whole + 1), min(turns, whole))):
        status, done = in_child(platform, token, stop_at=stop_at)
        killed += status == -signal.SIGKILL
        begun.append(len(done))
        drift[f"killed at {stop_at} after {done}"] = adds_up(platform)
        drift[f"lost at {stop_at}"] = acknowledged(platform, done)
        platform.database.dispose()
    _whole, done = in_child(platform, token, stop_at=None)
    told = {"statements": whole, "killed": killed, "begun": begun, "last": done,
            "drift": {name: found for name, found in drift.items() if found}}  # fmt: skip
    json.dump(told, sys.stdout)


def prepared(platform: Platform) -> str:
    """Whoever moves the money, by his token."""
    with platform.database.system("a token for a test") as session:
        person = session.scalars(select(User.id).where(User.login == "admin")).one()
        return create_token(session.connection(), person, "test")


# ------------------------------------------------------------------------------------------------------------ the steps

STEPS: Steps = [
    ("confirm", {}, "confirmed"),
    ("allocate", {}, "confirmed"),
    ("release", {}, "confirmed"),
    ("allocate", {}, "confirmed"),
    ("counter", {"reason": "Wrong account"}, "countered"),
]
"""What is done with a receipt that pays for instalments of a contract: action, what it is given, and the state after."""


def in_child(platform: Platform, token: str, stop_at: int | None) -> tuple[int, list[str]]:
    """Do the steps in a process of its own that dies at a statement; how it ended, and what it was told was done."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code = 1
        try:
            code = _work(platform, token, stop_at, lambda told: os.write(writing, f"{told}\n".encode()))
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read().split()
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if stop_at is not None:
        return code, said
    assert code == 0, f"the steps were not done: {said}"
    return int(said[-1]), said[:-1]


def _work(platform: Platform, token: str, stop_at: int | None, tell: Callable[[str], object]) -> int:
    client = Client(Application(platform, works=False), headers={"authorization": f"Bearer {token}"})
    sent = 0

    def stopping(name: str) -> Any:
        original = getattr(Connection, name)

        def step(*given: Any) -> Any:
            nonlocal sent
            sent += 1
            if sent == stop_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*given)

        return mock.patch.object(Connection, name, step)

    account = client.get(f"{API}/accounts", {"limit": "1"}).json["items"][0]["id"]
    owed = client.get(f"{API}/receivables/{_owed(platform)}").json
    body = {"party": owed["party"]["id"], "amount": owed["open"], "account": account}
    receipt = client.send("POST", f"{API}/receipts", body)
    assert receipt.status == 201, receipt.text
    number = receipt.json["id"]
    with stopping("_exec_single_context"), stopping("_exec_insertmany_context"), stopping("_commit_impl"):
        for action, given, state in STEPS:
            answer = client.send("POST", f"{API}/receipts/{number}/actions/{action}", given)
            assert (answer.status, answer.json.get("state")) == (200, state), answer.text
            tell(f"{number}:{action}:{answer.json['allocated']}")
    tell(str(sent))
    return 0


def _owed(platform: Platform) -> int:
    """A receivable of an instalment, of which nothing is settled."""
    owed = Base.metadata.tables["finance_receivable"].c
    wanted = select(owed.id).where(owed.source_key.like(f"{OF_INSTALMENTS}%"), owed.deleted_at.is_(None))
    with platform.database.transaction(write=False) as connection:
        return int(connection.scalars(wanted.where(owed.settled == Money(0)).order_by(owed.id)).first() or 0)


# ------------------------------------------------------------------------------------------------------- what must hold


def adds_up(platform: Platform) -> list[str]:
    """Where the two sides of an allocation, or a contract and its instalments, differ: table, record, and both sums."""
    pairs = (
        ("finance_receipt", "allocated", "finance_allocation", "receipt_id", "amount"),
        ("finance_receivable", "settled", "finance_allocation", "receivable_id", "amount"),
        ("sales_contract", "received", "sales_installment", "contract_id", "received"),
        ("sales_installment", "received", "sales_receipt", "installment_id", "amount"),
    )
    found = []
    with platform.database.transaction(write=False) as connection:
        for whole, kept, part, leads, amount in pairs:
            one, other = Base.metadata.tables[whole], Base.metadata.tables[part]
            total = (
                select(func.coalesce(func.sum(other.c[amount]), 0))
                .where(other.c[leads] == one.c.id, other.c.deleted_at.is_(None))
                .correlate(one)
                .scalar_subquery()
            )
            for row in connection.execute(select(one.c.id, one.c[kept], total).where(one.c.deleted_at.is_(None))):
                if _minor(row[1]) != _minor(row[2]):
                    found.append(f"{whole} {row[0]}: {row[1]} is not {row[2]}")
        found += _joined(connection)
    return found


def _minor(amount: Any) -> int:
    return int(getattr(amount, "minor", amount) or 0)


def _joined(connection: Connection) -> list[str]:
    """What finance says has arrived for an instalment, sales says as well."""
    owed, parts = (Base.metadata.tables[name].c for name in ("finance_receivable", "sales_installment"))
    known = {row[0]: row[1:] for row in connection.execute(select(parts.id, parts.amount, parts.received))}
    found = []
    wanted = select(owed.source_key, owed.amount, owed.settled).where(
        owed.source_key.like(f"{OF_INSTALMENTS}%"), owed.deleted_at.is_(None)
    )
    for key, amount, settled in connection.execute(wanted):
        whole, received = known[int(key.rpartition(":")[2])]
        if _minor(received) != _minor(whole) - _minor(amount) + _minor(settled):
            found.append(f"{key}: {received} of {whole}, and {settled} of {amount}")
    return found


def acknowledged(platform: Platform, done: list[str]) -> list[str]:
    """What somebody was told has been done, and is not: a later step alone may have changed it, and at once."""
    if not done:
        return []
    number, action, _allocated = done[-1].split(":")
    receipts = Base.metadata.tables["finance_receipt"].c
    with platform.database.transaction(write=False) as connection:
        state, allocated = connection.execute(
            select(receipts.state, receipts.allocated).where(receipts.id == int(number))
        ).one()
    now = (state, bool(_minor(allocated)))
    order = [("confirmed", False), ("confirmed", True), ("confirmed", False), ("confirmed", True), ("countered", False)]
    place = len(done) - 1
    return [] if now in order[place : place + 2] else [f"{action} of {number}: {now}"]


if __name__ == "__main__":
    main()
