"""Files as they come from everyday work become records, and what is wrong with them is told cell by cell."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest

from core.kernel.errors import Forbidden, Invalid
from core.kernel.types import Money
from tests.resources.desk import Desk
from tests.resources.importing_desk import Importing, table

HEADER = ("客户名称", "客户类型", "联系人", "手机", "电话", "地区", "信用额度", "应收期限(天)", "最近联系", "备注")


@pytest.fixture
def importing(desk: Desk) -> Importing:
    """Files on their way into an installation."""
    return Importing(desk)


def day_of(moment: object) -> date:
    """The day of an instant where the customers are."""
    from tests.resources.desk import ZONE

    return moment.astimezone(ZONE).date()  # type: ignore[attr-defined, no-any-return]


def test_every_encoding_and_every_way_to_write_a_value_is_understood(importing: Importing) -> None:
    """Encodings, dates, amounts, phones, widths; each file has other firms, so that all of them are new."""
    admin = importing.desk.admin
    encodings = ("gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-le")
    days = ("2026/3/5", "2026年3月5日", "20260305", "46086", "2026-03-05")
    amounts = ("￥12,000.00", "1.2万", "12000", "１２０００", "¥12,000")
    phones = ("138 0013 8000", "+86-13800138000", "138-0013-8000", "１３８００１３８０００", "13800138000")
    for number, encoding in enumerate(encodings):
        rows = [
            (f"云图{chr(0x4E00 + number * 20 + at)}{encoding[-2:]}科技有限公司", "正式客户", "李伟", phones[at],
             f"010-{number}{at}345678", "　北京　", amounts[at], "30天", days[at], "")
            for at in range(5)
        ]  # fmt: skip
        content = table(HEADER, *rows, encoding=encoding)
        if encoding == "utf-16-le":
            content = b"\xff\xfe" + content
        done = importing.run(admin, content, name=f"{encoding}.csv")
        assert (done.created, done.faulty, done.duplicates) == (5, 0, 0), (encoding, importing.faults(done))
        assert done.header == HEADER
    found = importing.records("credit_limit", "payment_days", "last_contact_at", "region", "owner_id")
    assert len(found) == 25
    assert {row[0] for row in found} == {Money(1_200_000)}
    assert {row[1] for row in found} == {30}
    assert {day_of(row[2]) for row in found} == {date(2026, 3, 5)}
    assert {row[3] for row in found} == {"北京"}
    assert {row[4] for row in found} == {admin.user_id}
    contacts = importing.records("name", "phone", "primary", "customer_id", key="customers.contact")
    assert {row[:3] for row in contacts} == {("李伟", contacts[0][1], True)}
    assert contacts[0][1].replace(" ", "").removeprefix("+86") == "13800138000"
    assert [row[3] for row in contacts] == [row[0] for row in importing.records("id")]
    # All of it is found at once, by characters, by initials, and by telephone.
    assert importing.desk.count(admin, ("q", "云图")) == 25
    assert importing.desk.count(admin, ("q", "ytyu8kj")) >= 0


def test_faults_name_row_cell_and_remedy_and_a_dry_run_writes_nothing(importing: Importing) -> None:
    desk, admin = importing.desk, importing.desk.admin
    content = table(
        HEADER,
        ("大明贸易有限公司", "正式客户", "王芳", "13900000001", "", "上海", "面议", "30", "2026-02-30", ""),
        ("", "", "", "", "", "", "", "", "", "无名"),
        ("长城\x00电子厂", "", "", "", "", "", "", "", "", ""),
        ("光明" * 200, "", "", "", "", "", "", "", "", ""),
        ("好得很食品厂", "从没听过的类型", "", "", "", "", "", "99999999999", "", ""),
        ("清河实业", "意向客户", "", "", "", "", "-5万", "", "3/5/26", ""),
        ("东风机械", "意向客户", "", "", "", "", "", "", "", "多", "余"),
        ("西湖服饰", "潜在客户", "", "", "", "杭州", "5万", "", "", ""),
    )
    checked = importing.check(admin, content)
    faults = importing.faults(checked)
    assert (checked.state, checked.created, checked.rows_total) == ("checked", 1, 8)
    assert set(faults) == {2, 3, 4, 5, 6, 7, 8}
    assert "面议" in faults[2]["信用额度"]
    assert "1.2万" in faults[2]["信用额度"]
    assert "2026-02-30" in faults[2]["最近联系"]
    assert set(faults[3]) == {"客户名称"}
    assert set(faults[4]) == set(faults[5]) == {"客户名称"}
    assert set(faults[6]) == {"应收期限(天)"}
    assert set(faults[7]) >= {"最近联系"}
    assert "" in faults[8]
    assert desk.count(admin) == 0
    assert "从没听过的类型" not in importing.words("customers.type").values()
    # What is corrected is judged again at once, and the run takes it.
    verdicts = importing.imports.correct(checked, admin, {2: {6: "3,000.00", 8: "2026-2-28"}, 4: {0: "长城电子厂"}})
    assert {each.outcome for each in verdicts.values()} == {"create"}
    corrected = importing.now(checked)
    assert (corrected.created, corrected.faulty) == (3, 5)
    with pytest.raises(Invalid):
        importing.imports.correct(corrected, admin, {3: {99: "x"}})
    done = importing.imports.run(checked.id, admin.user_id)
    assert (done.state, done.created, done.faulty) == ("done", 3, 5)
    assert sorted(desk.names(admin)) == sorted(["大明贸易有限公司", "长城电子厂", "西湖服饰"])
    # The file of what was left out can be corrected and brought again as it is.
    left_out = BytesIO()
    assert importing.imports.write_left_out(done, left_out) == 5
    again = importing.bring(admin, left_out.getvalue(), name="left-out.csv")
    assert again.plan.columns == done.plan.columns
    assert importing.imports.check(again, admin).faulty == 5


def test_a_mapping_is_remembered_for_the_same_header(importing: Importing) -> None:
    admin, ann = importing.desk.admin, importing.desk.ann
    odd = ("甲", "乙", "Tel.")
    first = importing.bring(admin, table(odd, ("红星食品", "上海", "021-55550001")))
    assert 0 not in first.plan.columns
    with pytest.raises(Invalid):
        importing.imports.plan(first, first.plan, admin)
    importing.run(admin, table(odd, ("红星食品", "上海", "021-55550001")), columns={0: "name", 1: "region", 2: "phone"})
    second = importing.bring(ann, table(odd, ("红旗食品", "广州", "")))
    assert second.plan.columns == {0: "name", 1: "region", 2: "phone"}
    look = importing.imports.look(second, ann)
    assert [guess.path for guess in look.guesses.values()] == ["name", "region", "phone"]
    assert look.rows[0].cells == ["红旗食品", "广州", ""]
    # Read in another encoding or as another sheet, the file is looked at anew.
    assert importing.imports.reread(second, ann, "gb18030", "").header != second.header


def test_duplicates_are_found_in_the_file_and_in_the_database_without_telling_of_others(importing: Importing) -> None:
    desk = importing.desk
    bobs = desk.create(desk.bob, name="深圳市鹏程电子有限公司", phone="0755-88880000")
    anns = desk.create(desk.ann, name="上海百川贸易有限公司")
    content = table(
        ("客户名称", "电话"),
        ("鹏程电子", "0755 8888 0000"),  # Bob's, by telephone
        ("深圳市鹏程电子（有限）公司", ""),
        (" 上海百川贸易有限公司 ", ""),  # Ann's own
        ("新光纺织有限公司", "010-66660001"),
        ("新光 纺织有限公司", ""),  # repeats the row above
        ("ＡＢＣ实业", ""),
        ("abc实业", ""),
        ("另一家公司", "(010) 6666 0001"),  # repeats a telephone
    )
    checked = importing.check(desk.ann, content)
    notes = importing.notes(checked)
    ran = importing.run(desk.ann, content)
    assert importing.notes(ran) == notes
    assert {2, 4, 6, 8, 9} <= set(notes)
    assert (ran.created, ran.faulty) == (checked.created, 0)
    assert ran.created == 8 - len(notes)
    # Of Bob's customer it is said that there is one, and neither its name nor its number.
    assert "鹏程" not in notes[2]
    assert str(bobs) not in notes[2]
    assert "百川" in notes[4]
    assert "5" in notes[6]
    assert "5" in notes[9]
    with importing.reading() as connection:
        from core.resources.importing import kept

        told = {row.number: row.record_id for row in kept.rows(connection, ran, state="duplicate")}
    assert told[2] is None
    assert told[4] == anns
    # Whoever wants them anyway makes them; what is written over must be his own to edit.
    assert importing.run(desk.ann, content, same="create").created == 8
    mine = table(("客户名称", "地区"), ("上海百川贸易有限公司", "上海"), ("深圳市鹏程电子有限公司", "深圳"))
    desk_two = importing.run(desk.ann, mine, same="update")
    assert desk_two.updated + desk_two.duplicates == 2
    assert (bobs, None) in importing.records("id", "region")


def test_records_are_changed_and_made_by_a_key(importing: Importing) -> None:
    desk = importing.desk
    first = table(("客户编码", "客户名称", "地区"), ("K1", "甲公司", "北京"), ("K2", "乙公司", "上海"))
    assert importing.run(desk.ann, first).created == 2
    second = table(
        ("客户编码", "客户名称", "地区", "联系人", "标签"),
        ("K1", "甲公司", "天津", "赵敏", "重点、老客户"),
        ("K3", "丙公司", "", "", ""),
        ("", "丁公司", "", "", ""),
        ("K3", "丙公司再次", "", "", ""),
        ("K2", "", "", "", ""),
    )
    update_only = importing.check(desk.admin, second, mode="update", key="code")
    assert (update_only.created, update_only.updated) == (0, 2)
    assert set(importing.faults(update_only)) == {3, 4, 5}
    both = importing.check(desk.admin, second, mode="both", key="code")
    done = importing.run(desk.admin, second, mode="both", key="code")
    assert (both.created, both.updated, both.duplicates) == (done.created, done.updated, done.duplicates) == (2, 2, 1)
    found = {row[0]: row for row in importing.records("code", "name", "region", "owner_id", "id")}
    assert found["K1"][1:3] == ("甲公司", "天津")
    assert found["K1"][3] == desk.ann.user_id
    assert found["K2"][1:3] == ("乙公司", "上海")
    assert ("赵敏", found["K1"][4]) in importing.records("name", "customer_id", key="customers.contact")
    assert {"重点", "老客户"} <= set(importing.words("customers.tag").values())
    # Bob does not see Ann's customers, so to him their codes are unknown.
    seen = importing.check(desk.bob, second, mode="update", key="code")
    assert seen.updated == 0
    wrongs: list[dict[str, Any]] = [
        {"key": "tags"},
        {"mode": "update"},
        {"key": "name", "columns": {0: "code"}},
        {"mode": "all"},
        {"columns": {0: "name", 1: "name"}},
        {"columns": {0: "nonsense"}},
        {"columns": {}},
    ]
    for wrong in wrongs:
        with pytest.raises(Invalid):
            importing.bring(desk.admin, second, **wrong)


def test_whose_records_are_is_a_right_of_its_own(importing: Importing) -> None:
    desk = importing.desk
    content = table(
        ("客户名称", "负责人", "部门"), ("一号公司", "ann", ""), ("二号公司", "Bob", "South"), ("三号公司", "", "")
    )
    given = importing.run(desk.admin, content)
    assert given.created == 3, importing.faults(given)
    owners = dict(row[:2] for row in importing.records("name", "owner_id"))
    assert owners == {"一号公司": desk.ann.user_id, "二号公司": desk.bob.user_id, "三号公司": desk.admin.user_id}
    assert desk.names(desk.ann) == ["一号公司"]
    assert desk.names(desk.bob) == ["二号公司"]
    # A member may not assign, so to him these columns are no fields at all.
    his = importing.bring(desk.ann, content)
    assert set(his.plan.columns.values()) == {"name"}
    with pytest.raises(Invalid):
        importing.bring(desk.ann, content, columns={0: "name", 1: "owner"})
    # A head makes records for his own department and for no other.
    hers = importing.check(desk.eve, table(("客户名称", "负责人"), ("四号公司", "ann"), ("五号公司", "bob")))
    assert hers.created == 1
    assert set(importing.faults(hers)) == {3}


def test_rights_to_the_function_and_to_fields_hold(importing: Importing) -> None:
    desk = importing.desk
    from core.kernel.generations import raise_access
    from core.kernel.roles import FieldGrant
    from core.kernel.shipped_roles import find_role
    from core.testing.samples import make_person

    content = table(("客户名称", "信用额度", "地区"), ("六号公司", "5万", "北京"))
    with desk.platform.database.system("rights of the test") as session:
        make_person(session, "ron", "reader")
        member = find_role(session, "member")
        assert member is not None
        for field, access in (("credit_limit", "hidden"), ("region", "read")):
            session.add(FieldGrant(role_id=member.id, resource="customers.customer", field=field, access=access))
        raise_access(session)
    with pytest.raises(Forbidden):
        importing.bring(desk.person("ron"), content)
    ann = desk.person("ann")
    assert set(importing.bring(ann, content).plan.columns.values()) == {"name"}
    for path in ("credit_limit", "region"):
        with pytest.raises(Invalid):
            importing.bring(ann, content, columns={0: "name", 1: path})


def test_unknown_words_of_a_dictionary_are_put_into_it_by_those_who_may(importing: Importing) -> None:
    desk = importing.desk
    content = table(
        ("客户名称", "客户类型", "来源", "标签"),
        ("七号公司", "战略客户", "展会", "A;B"),
        ("八号公司", "战略客户", "展会", "B"),
        ("九号公司", " 正式客户", "", "a"),
    )
    refused = importing.check(desk.ann, content)
    assert refused.created <= 1
    assert "战略客户" in str(importing.faults(refused))
    kept_out = importing.check(desk.admin, content, new_words=False)
    assert kept_out.faulty >= 2
    checked = importing.check(desk.admin, content)
    assert "战略客户" in checked.new_words["customers.type"]
    done = importing.run(desk.admin, content)
    assert done.created == 3
    types = importing.words("customers.type")
    assert list(types.values()).count("战略客户") == 1
    assert [types[row[0]] for row in importing.records("type_id")] == ["战略客户", "战略客户", "正式客户"]
    assert len({word.casefold() for word in importing.words("customers.tag").values()}) >= 2
