"""A company to measure with: fifty sellers, heads who see thirty per cent of N customers, members who see a thousandth.

`python -m bench.company FOLDER 100000` makes it in a data folder; the same numbers always make the same customers.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, select, text

from core.assembly import assemble
from core.kernel.database import Database, Session
from core.kernel.departments import Department, Membership
from core.kernel.generations import raise_access
from core.kernel.history import Operation
from core.kernel.passwords import hash_password, put_password
from core.kernel.platform import Platform
from core.kernel.privilege import privileged
from core.kernel.roles import Grant, Role, Scope, UserRole
from core.kernel.settings import Settings
from core.kernel.types import Money, now
from core.kernel.users import User
from core.resources.bulk import insert_many, take_ids

PASSWORD: Final = "measured-with-care"
SELLERS: Final = 50
BRANCH: Final = 15
"""The first so many sellers work below the head; each owns two per cent."""
BIG: Final = 15
"""The last so many sellers leave their customers to one, who owns thirty per cent alone."""
SMALL: Final = 1000
"""Every so manieth customer belongs to the member who sees nothing else."""
CHUNK: Final = 5000

CITIES: Final = (
    "北京 上海 广州 深圳 杭州 南京 苏州 成都 武汉 西安 天津 重庆 青岛 宁波 厦门 长沙 郑州 济南 合肥 福州".split()
)
BRANDS: Final = "鼎晟华宏瑞丰泰恒信达博远景创联智汇海天龙盛源嘉德诚百润金新亚中安美佳康欧凯隆福荣"
TRADES: Final = "科技 贸易 电子 建材 物流 食品 机械 医药 服饰 化工 能源 传媒 教育 软件 环保 餐饮".split()
FORMS: Final = "有限公司 有限责任公司 股份有限公司 集团有限公司".split()
SYLLABLES: Final = [c + v for c in "bdfglmnrstvx" for v in "aeiou"]
LATIN: Final = (
    "Technologies Biotech Trading Logistics Foods Machinery Pharma Fashion Chemicals Energy Media Software".split()
)

PLACES: Final = {"division": "house", "team 1": "division", "team 2": "division", "others": "house", "alone": "house",
                 "above alone": "house", "below": "above alone", "empty": "house"}  # fmt: skip
"""Each department and the one above it."""

PEOPLE: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "head": ("branch", ("division",)),
    "branch.head": ("branch", ("division",)),
    "branch.member": ("branch", ("above alone",)),
    "branch.newcomer": ("branch", ("empty",)),
    "department.head": ("department", ("division", "team 1", "team 2")),
    "department.member": ("department", ("below",)),
    "department.newcomer": ("department", ("empty",)),
    "own.head": ("own", ("others",)),
    "own.member": ("own", ("below",)),
    "own.newcomer": ("own", ("empty",)),
    "all.head": ("all", ("empty",)),
}
"""Who measures: the scope that the role gives, and the departments."""


@dataclass(frozen=True)
class Company:
    """What was made: the ids of people by login, and of sellers."""

    people: dict[str, int]
    sellers: tuple[int, ...]


def make(platform: Platform, size: int, names: Iterable[str] | None = None) -> None:
    """Make the company in an empty installation; `names` are used for customers in place of made-up ones."""
    with platform.database.system("measuring") as session:
        session.info["operation"] = Operation(None, "import")
        company, places = _people(session)
        raise_access(session)
    chance = random.Random(42)
    given = iter(names) if names is not None else _names(random.Random(7))
    words = _words(platform.database)
    for start in range(0, size, CHUNK):
        count = min(CHUNK, size - start)
        with platform.database.system("measuring") as session:
            _customers(platform, session, company, places, chance, words, list(islice(given, count)), start, size)
    _settle(platform.database)


def is_made(database: Database) -> int:
    """How many customers there are."""
    with database.transaction(write=False) as connection:
        return int(connection.execute(text("SELECT count(*) FROM customers_customer")).scalar_one())


def person(database: Database, login: str) -> int:
    """The id of one of the people."""
    with database.transaction(write=False) as connection:
        return int(connection.execute(select(User.id).where(User.login == login)).scalar_one())


def opened(folder: Path, url: str, size: int, names: Iterable[str] | None = None) -> Platform:
    """The platform of a folder with the company in it, made where it is not there; 0 takes any size."""
    settings = Settings.load(data_dir=folder, admin_password=PASSWORD, **({"database_url": url} if url else {}))
    platform = assemble(settings)
    found = is_made(platform.database)
    if not found:
        make(platform, size, names)
    elif size and not size <= found <= size * 2:
        raise SystemExit(f"There are {found} customers in '{folder}', not {size}. Name another folder, or remove it.")
    return platform


def _people(session: Session) -> tuple[Company, dict[str, int]]:
    password_hash = hash_password(PASSWORD)
    places: dict[str, int] = {"house": _department(session, "house", None)}
    for name, above in PLACES.items():
        places[name] = _department(session, name, places[above])
    roles = {scope: _role(session, scope) for scope in ("own", "department", "branch", "all")}
    people = {}
    for login, (scope, where) in PEOPLE.items():
        people[login] = _person(session, login, roles[scope], [places[each] for each in where], password_hash)
    sellers = []
    for number in range(SELLERS):
        name = ("division", "team 1", "team 2")[number % 3] if number < BRANCH else "others"
        sellers.append(_person(session, f"seller{number:02d}", roles["own"], [places[name]], password_hash))
    return Company(people, tuple(sellers)), places


def _department(session: Session, name: str, above: int | None) -> int:
    department = Department(name=name, parent_id=above)
    session.add(department)
    session.flush()
    return department.id


def _role(session: Session, scope: str) -> int:
    role = Role(key=f"bench-{scope}", name=f"bench {scope}")
    role.grants = [Grant(resource="*", action="*", scope=Scope(scope))]
    session.add(role)
    session.flush()
    return role.id


def _person(session: Session, login: str, role: int, places: Sequence[int], password_hash: str) -> int:
    user = User(login=login, name=login.replace(".", " ").title())
    session.add(user)
    session.flush()
    session.add(UserRole(user_id=user.id, role_id=role))
    for number, place in enumerate(places):
        session.add(Membership(user_id=user.id, department_id=place, primary=number == 0))
    session.flush()
    put_password(session.connection(), user.id, password_hash)
    return user.id


def _names(chance: random.Random) -> Iterator[str]:
    while True:
        if chance.random() < 0.5:
            brand = "".join(chance.choices(BRANDS, k=chance.choice((2, 2, 3))))
            yield f"{chance.choice(CITIES)}{brand}{chance.choice(TRADES)}{chance.choice(FORMS)}"
        else:
            word = "".join(chance.choices(SYLLABLES, k=chance.choice((2, 3, 4)))).capitalize()
            yield f"{word} {chance.choice(LATIN)} {chance.choice(('Ltd', 'Inc', 'GmbH', 'SA'))}"


def _words(database: Database) -> dict[str, list[int]]:
    with database.transaction(write=False) as connection:
        return {
            name: list(connection.scalars(text(f"SELECT id FROM customers_{name} ORDER BY id")))
            for name in ("type", "level", "source", "category")
        }


def _owner(number: int, chance: random.Random, company: Company) -> tuple[int, str]:
    """Whose the customer is, and the department of the seller."""
    if number % SMALL == SMALL - 1:
        return company.people["own.member"], "below"
    seller = chance.randrange(SELLERS)
    if seller >= SELLERS - BIG:
        return company.people["own.head"], "others"
    return company.sellers[seller], ("division", "team 1", "team 2")[seller % 3] if seller < BRANCH else "others"


def _customers(
    platform: Platform, session: Session, company: Company, places: dict[str, int], chance: random.Random,
    words: dict[str, list[int]], names: Sequence[str], start: int, size: int,
) -> None:  # fmt: skip
    connection, resources = privileged(session), platform.above
    parties: Any = resources["customers.customer"].model.__table__.metadata.tables["customers_party"]
    operation, moment = Operation(None, "import"), now()
    firms = take_ids(connection, parties, len(names))
    connection.execute(
        insert(parties), [{"id": i, "version": 1, "created_at": moment, "updated_at": moment} for i in firms]
    )
    rows = []
    for number, (name, firm) in enumerate(zip(names, firms, strict=True), start):
        owner, place = _owner(number, chance, company)
        made = moment - timedelta(seconds=(size - number) * (3 * 365 * 86400 / size))
        phone = f"1{chance.randint(30, 99)}{chance.randrange(10**8):08d}"
        rows.append(
            {
                "code": f"KH{number + 1:07d}", "name": name, "type_id": chance.choice(words["type"]),
                "level_id": chance.choice(words["level"]), "source_id": chance.choice(words["source"]),
                "category_id": chance.choice(words["category"]), "region": chance.choice(CITIES), "phone": phone,
                "industry": chance.choice(TRADES), "credit_limit": Money(chance.randint(0, 500_000) * 100),
                "payment_days": 30, "last_contact_at": made + timedelta(days=1), "next_contact_at": None,
                "owner_id": owner, "department_id": places[place], "party_id": firm,
                "name_key": name[2:], "phone_key": phone, "created_at": made, "updated_at": made,
            }
        )  # fmt: skip
    ids = insert_many(connection, resources["customers.customer"], operation, rows)
    contacts = [
        {"customer_id": i, "name": f"{chance.choice(BRANDS)}经理", "title": "采购经理", "phone": "13900000000",
         "primary": True}
        for i in ids
    ]  # fmt: skip
    insert_many(connection, resources["customers.contact"], operation, contacts)


def _settle(database: Database) -> None:
    """Let PostgreSQL learn how its tables are filled, as it does by itself after a while; SQLite never does."""
    if not database.is_sqlite:
        with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


if __name__ == "__main__":
    opened(Path(sys.argv[1]), "", int(sys.argv[2])).close()
