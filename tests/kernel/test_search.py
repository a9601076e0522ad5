"""The search index: what is found, how it is kept, on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, func, insert, inspect, select

from core.kernel.database import Database
from core.kernel.search import SearchIndex, Way, parse
from core.kernel.search_words import normalise, searchable
from core.testing.databases import Schema

METADATA = MetaData()
FIRMS = Table("shops_firm", METADATA, Column("id", Integer, primary_key=True), Column("name", String))
OTHERS = Table("shops_other", METADATA, Column("id", Integer, primary_key=True))
INDEX = SearchIndex("shops_firm")
WAYS: tuple[Way, ...] = ("index", "walk")

NAMES = {
    1: "北京云图科技有限公司\n单杰",
    2: "Acme Ｃorp & Söhne GmbH\n021-5500 1234",
    3: "上海云海贸易\n13800138000",
    4: "😀😁 party shop",
    5: "重庆长安银行\n曾乐",
    6: "厦门ABC科技",
    7: "女娲绿化",
    8: "",
}


@pytest.fixture
def schema() -> Schema:
    return Schema(kernel=False)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction(write=True) as connection:
        METADATA.create_all(connection)
        INDEX.create(connection)
        yield connection


def fill(connection: Connection, names: dict[int, str]) -> None:
    connection.execute(insert(FIRMS), [{"id": key, "name": name} for key, name in names.items()])
    INDEX.add(connection, names.items())


def found(connection: Connection, query: str, way: Way = "index") -> list[int]:
    condition = INDEX.condition(FIRMS, parse(query), way)
    return list(connection.execute(select(FIRMS.c.id).where(condition).order_by(FIRMS.c.id)).scalars())


@pytest.mark.parametrize("way", WAYS)
def test_records_are_found_by_what_people_type(connection: Connection, way: Way) -> None:
    fill(connection, NAMES)
    expected = {
        "云图": [1],
        "云": [1, 3],
        "图": [1],
        "图科": [1],
        "云图科技": [1],
        "图云": [],
        "云科": [],
        "科技": [1, 6],
        "北京 科技": [1],
        "科技　北京": [1],
        "北京 贸易": [],
        "yuntu": [1],
        "ytkj": [1],
        "bjytkj": [1],
        "YunHai": [3],
        "shanjie": [1],
        "danjie": [1],
        "sj": [1],
        "zengyue": [5],
        "zengle": [5],
        "chongqing": [5],
        "zhongqing": [],
        "yinhang": [5],
        "xiamenabckeji": [6],
        "xmabckj": [6],
        "nvwa lvhua": [7],
        "corp": [2],
        "ＣＯＲＰ": [2],
        "orp": [2],
        "cme": [2],
        "söhne": [2],
        "SÖHNE acme": [2],
        "acme gmbx": [],
        "1234 5500": [2],
        "&": [2],
        "0013": [3],
        "😀": [4],
        "😀😁": [4],
        "😁😀": [],
        "p": [2, 4],
        "y 云": [1, 3],
        "zz": [],
        "%": [],
        "_": [],
        "'": [],
        '"云图"': [],
        "云*": [],
        "云 OR 海": [],
        "\0": list(NAMES),
        "": list(NAMES),
        "  ": list(NAMES),
    }
    assert {query: found(connection, query, way) for query in expected} == expected


@pytest.mark.parametrize("way", WAYS)
def test_both_ways_agree_with_a_plain_look_at_the_text(connection: Connection, way: Way) -> None:
    chance = random.Random(7)
    letters = "云图科技北京ab1 \n-😀é"
    names = {key: "".join(chance.choices(letters, k=chance.randrange(12))) for key in range(1, 120)}
    fill(connection, names)
    texts = {key: searchable(name) for key, name in names.items()}
    for _ in range(150):
        query = "".join(chance.choices(letters, k=chance.randrange(1, 6)))
        words = normalise(query).split()
        expected = [key for key, text in texts.items() if all(word in text for word in words)]
        assert found(connection, query, way) == expected, query


def test_a_changed_record_is_found_by_its_new_text_only(connection: Connection) -> None:
    fill(connection, NAMES)
    INDEX.put(connection, [(1, "武汉"), (3, NAMES[3]), (9, "new here")])
    assert (found(connection, "武汉"), found(connection, "云图"), found(connection, "yuntu")) == ([1], [], [])
    assert found(connection, "云海") == [3]
    INDEX.put(connection, [(1, NAMES[1])])
    assert (found(connection, "武汉"), found(connection, "云图")) == ([], [1])


def test_a_removed_record_leaves_nothing_to_a_later_one_with_its_id(connection: Connection) -> None:
    fill(connection, NAMES)
    INDEX.remove(connection, [1, 3, 77])
    assert found(connection, "云", "walk") == found(connection, "云") == []
    INDEX.add(connection, [(1, "广州")])
    assert (found(connection, "广州"), found(connection, "云图"), found(connection, "北京")) == ([1], [], [])


def test_a_row_out_of_reach_is_not_found(connection: Connection) -> None:
    fill(connection, NAMES)
    connection.execute(FIRMS.delete().where(FIRMS.c.id == 1))
    assert found(connection, "科技") == [6]


def test_an_undone_transaction_leaves_the_index_as_it_was(database: Database) -> None:
    with database.transaction(write=True) as connection:
        METADATA.create_all(connection)
        INDEX.create(connection)
        fill(connection, NAMES)

    class Interrupted(Exception): ...

    with pytest.raises(Interrupted), database.transaction(write=True) as connection:
        INDEX.put(connection, [(1, "武汉")])
        INDEX.remove(connection, [3])
        raise Interrupted
    with database.transaction(write=False) as connection:
        assert (found(connection, "云"), found(connection, "武汉")) == ([1, 3], [])


def test_a_rebuilt_index_holds_what_it_was_given(connection: Connection) -> None:
    fill(connection, NAMES)
    INDEX.rebuild(connection, ((key, f"{name} 股份") for key, name in NAMES.items() if key != 6))
    assert (found(connection, "科技 股份"), found(connection, "gufen yuntu")) == ([1], [1])


def test_many_rows_are_indexed_at_once(connection: Connection) -> None:
    names = {key: f"第{key}号公司" for key in range(1, 2501)}
    fill(connection, names)
    INDEX.put(connection, [(key, f"{name} 更新" if key % 2 else name) for key, name in names.items()])
    INDEX.remove(connection, range(1, 2001))
    assert found(connection, "第2499号 更新") == [2499]
    assert len(found(connection, "公司")) == 500
    assert len(found(connection, "更新")) == 250


def test_an_index_is_made_once_and_dropped_whole(connection: Connection) -> None:
    before = set(inspect(connection).get_table_names()) - {"shops_firm_search"}
    INDEX.create(connection)
    assert INDEX.tables(connection.dialect.name)[0] == "shops_firm_search"
    tables = set(inspect(connection).get_table_names())
    assert set(INDEX.tables(connection.dialect.name)) <= tables
    INDEX.drop(connection)
    INDEX.drop(connection)
    assert not {name for name in inspect(connection).get_table_names() if "_search" in name}
    assert before >= {"shops_firm", "shops_other"}


def test_an_index_narrows_its_own_table_only(connection: Connection) -> None:
    for table in (OTHERS, OTHERS.alias("shops_firm"), select(FIRMS).subquery("shops_firm")):
        with pytest.raises(TypeError, match="'shops_firm'"):
            INDEX.condition(table, parse("云图"))


def test_an_alias_of_the_table_is_narrowed(connection: Connection) -> None:
    fill(connection, NAMES)
    one, other = FIRMS.alias("one"), FIRMS.alias("other")
    for way in WAYS:
        statement = select(one.c.id, other.c.id).where(
            INDEX.condition(one, parse("云图"), way), ~INDEX.condition(other, parse("云"), way), other.c.id < 5
        )
        with pytest.warns(match="cartesian product"):
            assert sorted(map(tuple, connection.execute(statement))) == [(1, 2), (1, 4)]


def test_a_kept_statement_serves_other_words_of_the_same_shape(connection: Connection) -> None:
    fill(connection, NAMES)
    for way in WAYS:
        kept = select(func.count()).select_from(FIRMS).where(INDEX.condition(FIRMS, parse("云图"), way, name="q"))
        for query, count in {"科技": 2, "云海": 1, "海图": 0}.items():
            assert parse(query).shape == parse("云图").shape
            assert connection.execute(kept, INDEX.parameters(parse(query), "q")).scalar_one() == count


def test_rare_words_go_by_the_index_and_frequent_ones_walk(connection: Connection) -> None:
    fill(connection, {key: f"第{key}号公司" for key in range(1, 6001)})
    INDEX.optimise(connection)
    assert INDEX.plan(connection, parse("第17号")) == ("index", "index")
    assert INDEX.plan(connection, parse("号公司")).page == "walk"
    assert INDEX.plan(connection, parse("a")) == ("walk", "walk")


@pytest.mark.sqlite
def test_the_index_is_what_leads_to_rare_hits_on_sqlite(database: Database) -> None:
    with database.transaction(write=True) as connection:
        METADATA.create_all(connection)
        INDEX.create(connection)
        statement = select(FIRMS.c.id).where(INDEX.condition(FIRMS, parse("云图")))
        text = str(statement.compile(connection)).replace("?", "'a'")
        plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
    assert "SEARCH shops_firm USING INTEGER PRIMARY KEY" in plan


def test_a_long_text_is_indexed_up_to_a_limit(connection: Connection) -> None:
    fill(connection, {1: "x" * 99_000 + " reached" + " y" * 10_000 + " beyond"})
    assert (found(connection, "reached"), found(connection, "beyond")) == ([1], [])


@given(st.text(st.characters(), max_size=60))
def test_any_text_can_be_indexed_and_asked_for(text: str) -> None:
    kept = searchable(text)
    kept.encode()
    assert "\0" not in kept
    for word in parse(text).words:
        assert word in kept or len(word) == 60


@pytest.mark.parametrize(
    "query", ["\ud800", "a\0b", "\u202e", "ﬁ", "x" * 100_000, "字 " * 1000, "-", "()", "NEAR(", "^a", "{a}"]
)
def test_no_query_breaks_the_search(connection: Connection, query: str) -> None:
    fill(connection, NAMES)
    assert found(connection, query, "index") == found(connection, query, "walk")
    INDEX.plan(connection, parse(query))
