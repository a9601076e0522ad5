"""A lively company to try things with: people with different scopes in two trees of departments, and what plugins add.

Everything it makes is known by its operation in history and can be removed again without a trace but a note.
"""

from __future__ import annotations

import io
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, inspect, select

from core.kernel.database import Base, Database, Session
from core.kernel.departments import Department, Membership
from core.kernel.errors import Conflict
from core.kernel.generations import raise_access
from core.kernel.history import HistoryEntry, Operation
from core.kernel.i18n import translate as _
from core.kernel.links import Link
from core.kernel.passwords import hash_password, put_password
from core.kernel.predicates import key_of
from core.kernel.privilege import privileged
from core.kernel.registry import Registry
from core.kernel.roles import Group, GroupMember, Role, UserRole
from core.kernel.storage import Storage
from core.kernel.types import now
from core.kernel.users import User
from core.resources.bulk import Batch, insert_many
from core.resources.indexing import search_watcher
from core.resources.locks import Rules
from core.resources.resolved import Resources
from core.workplace.attachments import Attachment, keep_version, kind_of_file

ORIGIN = "demo"
PASSWORD = "sopia-demo"
CHUNK = 1000

DEPARTMENTS: Sequence[tuple[str, str, str]] = (
    ("云帆实业", "line", ""),
    ("销售中心", "line", "云帆实业"),
    ("华东销售部", "line", "销售中心"),
    ("华南销售部", "line", "销售中心"),
    ("华北销售部", "line", "销售中心"),
    ("客户服务部", "line", "云帆实业"),
    ("财务部", "line", "云帆实业"),
    ("全国", "region", ""),
    ("长三角", "region", "全国"),
    ("珠三角", "region", "全国"),
    ("京津冀", "region", "全国"),
)
"""Name, tree, and the department above."""

PEOPLE: Sequence[tuple[str, str, str, str, str, str]] = (
    ("chen.zong", "陈国栋", "manager", "云帆实业*", "", ""),
    ("lin.jing", "林静", "manager", "销售中心*", "全国*", "chen.zong"),
    ("wang.fang", "王芳", "manager", "华东销售部*", "长三角", "lin.jing"),
    ("zhao.lei", "赵磊", "member", "华东销售部", "长三角", "wang.fang"),
    ("sun.yue", "孙悦", "member", "华东销售部", "长三角*", "wang.fang"),
    ("zhou.min", "周敏", "member", "华东销售部", "", "wang.fang"),
    ("li.qiang", "李强", "manager", "华南销售部*", "珠三角*", "lin.jing"),
    ("huang.wei", "黄伟", "member", "华南销售部", "珠三角", "li.qiang"),
    ("wu.xia", "吴霞", "member", "华南销售部", "", "li.qiang"),
    ("zheng.hao", "郑浩", "manager", "华北销售部*", "京津冀*", "lin.jing"),
    ("feng.xue", "冯雪", "member", "华北销售部", "京津冀", "zheng.hao"),
    ("he.ping", "何平", "member", "客户服务部*", "", "chen.zong"),
    ("gao.shan", "高珊", "reader", "财务部*", "", "chen.zong"),
    ("xin.ren", "新人小唐", "member", "", "", "lin.jing"),
)
"""Login, name, role, place in the line and in the regions (* heads it), and to whom they report."""


@dataclass
class Demo:
    """What a plugin's `demo` gets: the session, chance that always falls the same way, and the people."""

    session: Session
    resources: Resources
    operation: Operation
    size: int
    """How many customers, or whatever is the measure of a business; everything else goes with it."""
    chance: random.Random
    people: dict[str, int] = field(default_factory=dict)
    """Ids of the people by login."""
    primary: dict[int, int | None] = field(default_factory=dict)
    """The primary department of each person."""
    storage: Storage | None = None

    def add(self, key: str, rows: Sequence[dict[str, Any]]) -> list[int]:
        """Make many records of a resource from column values, and return their ids."""
        ids: list[int] = []
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            ids += insert_many(privileged(self.session), self.resources[key], self.operation, part)
        return ids

    def ids(self, key: str) -> list[int]:
        """The records of a resource that are there, such as the customers of the demo."""
        model = self.resources[key].model
        return list(self.session.scalars(select(model.id).where(model.deleted_at.is_(None)).order_by(model.id)))

    def keep_file(self, key: str, record: int, name: str, content: bytes, *, author: int, text: str = "") -> None:
        """Give a record that is about a file its next version; `text` is what stands in it. Nothing without a storage."""
        if self.storage is not None:
            stored = self.storage.put(io.BytesIO(content))
            kind = kind_of_file(io.BytesIO(content))
            keep_version(privileged(self.session), self.resources[key], record, stored, name, kind, author, text)

    def give_role(self, login: str, role: str) -> None:
        """Give somebody a role besides his own, such as one that a plugin brings; nothing where it is not there."""
        found = self.session.scalars(select(Role.id).where(Role.key == role, Role.deleted_at.is_(None))).first()
        if found is not None and login in self.people:
            self.session.add(UserRole(user_id=self.people[login], role_id=found))
            self.session.flush()

    def tie(self, key: str, field: str, target: str, pairs: Sequence[tuple[int, int]]) -> None:
        """Fill a field of links: pairs of a record of `key` and the record of `target` that it links."""
        moment = now()
        fixed = {"source_resource": key, "target_resource": target, "field": field, "note": "", "author_id": None}
        given = {"version": 1, "created_at": moment, "updated_at": moment, "deleted_at": None}
        self.add_parts(Link, [{**fixed, **given, "source_id": one, "target_id": other} for one, other in pairs])

    def add_parts(self, model: type[Any], rows: Sequence[dict[str, Any]]) -> list[int]:
        """Make many rows of a model that is no resource, such as the firms of customers; they go with the demo too."""
        if not rows:
            return []
        connection, names = privileged(self.session), list(rows[0])
        given = [tuple(row[name] for name in names) for row in rows]
        return list(Batch(connection.dialect, model, names, given).insert(connection, self.operation))


def make(
    database: Database,
    registry: Registry,
    resources: Resources,
    *,
    size: int,
    seed: int,
    storage: Storage | None = None,
) -> int:
    """Make the demo company and return how many records that were; once, as long as it is not removed."""
    password_hash = hash_password(PASSWORD)  # slow, so before the transaction
    with database.system("demo data") as session:
        if is_there(privileged(session)):
            raise Conflict(_("The demo data is there already."), _("Remove it first: sopia demo --remove"))
        operation = Operation(None, ORIGIN)
        session.info["operation"] = operation
        session.info["watchers"] = (search_watcher(resources), Rules(resources))
        demo = Demo(session, resources, operation, size, random.Random(seed), storage=storage)
        _company(demo, password_hash)
        for plugin in registry.plugins:
            if plugin.demo is not None:
                plugin.demo(demo)
                session.flush()
        raise_access(session)
        return _count(privileged(session), operation)


def is_there(connection: Connection) -> bool:
    """Whether demo data is in the database."""
    made = select(HistoryEntry.id).where(HistoryEntry.origin == ORIGIN, HistoryEntry.action == "create").limit(1)
    return connection.execute(made).first() is not None


def _count(connection: Connection, operation: Operation) -> int:
    statement = select(func.count()).where(HistoryEntry.operation == operation.id)
    return int(connection.execute(statement).scalar_one())


def _company(demo: Demo, password_hash: str) -> None:
    session = demo.session
    departments: dict[str, Department] = {}
    for position, (name, tree, above) in enumerate(DEPARTMENTS):
        parent = departments[above].id if above else None
        departments[name] = Department(name=name, tree=tree, parent_id=parent, position=position)
        session.add(departments[name])
        session.flush()
    roles = {role.key: role.id for role in session.scalars(select(Role))}
    for login, name, role, line, region, manager in PEOPLE:
        person = User(login=login, name=name, email=f"{login}@yunfan.example", manager_id=demo.people.get(manager))
        session.add(person)
        session.flush()
        demo.people[login] = person.id
        session.add(UserRole(user_id=person.id, role_id=roles[role]))
        for number, place in enumerate(filter(None, (line, region))):
            department = departments[place.rstrip("*")].id
            head = place.endswith("*")
            session.add(Membership(user_id=person.id, department_id=department, head=head, primary=number == 0))
        demo.primary[person.id] = departments[line.rstrip("*")].id if line else None
        put_password(session.connection(), person.id, password_hash)
    group = Group(name="大客户小组")
    session.add(group)
    session.flush()
    session.add_all(
        GroupMember(group_id=group.id, user_id=demo.people[who]) for who in ("wang.fang", "huang.wei", "feng.xue")
    )
    session.flush()


def remove(database: Database, resources: Resources) -> int:
    """Remove the demo data and what hangs on it, for good; a note in history says that it was there.

    Refused while records that people made themselves still refer to it.
    """
    with database.system("remove demo data") as session:
        connection = privileged(session)
        made = _made(connection)
        if not made:
            raise Conflict(_("There is no demo data."))
        count = _purge(session, resources, made)
        connection.execute(
            insert(HistoryEntry).values(
                operation=Operation(None, "command").id, at=now(), actor_id=None, origin="command", resource="system.user",
                record=0, action="demo removed", before={}, after={"records": count},
            )
        )  # fmt: skip
        raise_access(session)
        return count


def _made(connection: Connection) -> dict[str, list[int]]:
    """The ids of what the demo made, by resource."""
    found: dict[str, list[int]] = defaultdict(list)
    statement = select(HistoryEntry.resource, HistoryEntry.record).where(
        HistoryEntry.origin == ORIGIN, HistoryEntry.action == "create"
    )
    for resource, record in connection.execute(statement):
        found[resource].append(record)
    return found


def _purge(session: Session, resources: Resources, made: dict[str, list[int]]) -> int:
    connection = privileged(session)
    by_name = {
        f"{table.name.partition('_')[0]}.{table.name.partition('_')[2]}": table
        for table in Base.metadata.tables.values()
    }
    operations = select(HistoryEntry.operation).where(HistoryEntry.origin == ORIGIN).scalar_subquery()
    people = made.get("system.user", [])
    connection.execute(delete(HistoryEntry).where(HistoryEntry.operation.in_(operations)))
    for table in reversed(Base.metadata.sorted_tables):
        key = next((name for name, each in by_name.items() if each is table), "")
        _loosen(connection, table, people)
        _untie(connection, table, made)
        ids = made.get(key, [])
        resource = resources.get(key)
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            connection.execute(delete(HistoryEntry).where(HistoryEntry.resource == key, HistoryEntry.record.in_(part)))
            connection.execute(delete(Attachment).where(Attachment.resource == key, Attachment.record_id.in_(part)))
            _break_trees(connection, table, part)
            connection.execute(delete(table).where(table.c.id.in_(part)))
            if resource is not None and resource.index is not None:
                resource.index.remove(connection, part)
    return sum(map(len, made.values()))


def _untie(connection: Connection, table: Any, made: dict[str, list[int]]) -> None:
    """Rows of a link table go before either of their ends, whichever that is."""
    # A table that is not there is of a plugin that this process knows and this installation does not have.
    if "policy" not in table.info or not inspect(connection).has_table(table.name):
        return
    for key in table.foreign_keys:
        ids = made.get(key_of(key.column.table.name), [])
        for start in range(0, len(ids), 500):
            connection.execute(delete(table).where(key.parent.in_(ids[start : start + 500])))


def _break_trees(connection: Connection, table: Any, ids: Sequence[int]) -> None:
    """Records that refer to others of their own table let go first, so that the order within it does not matter."""
    for column in table.c:
        if column.references(table.c.id) and column.nullable:
            connection.execute(table.update().where(table.c.id.in_(ids)).values({column.name: None}))


def _loosen(connection: Connection, table: Any, people: Sequence[int]) -> None:
    """Passwords, sessions and tokens of demo people go with them."""
    if table.name in ("system_credential", "system_session", "system_token", "system_idempotency"):
        column = table.c.get("user_id", table.c.get("principal_id"))
        if column is not None and people:
            connection.execute(delete(table).where(column.in_(people)))
