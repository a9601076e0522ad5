"""Lists: filters of every kind, search, order and pages, each within the reader's scope."""

from __future__ import annotations

import itertools

import pytest

from core.kernel.errors import BadRequest
from core.kernel.roles import FieldGrant
from core.kernel.shipped_roles import find_role
from core.resources.queries import ListRequest
from tests.resources.desk import Desk


@pytest.fixture
def firms(desk: Desk) -> Desk:
    """Five customers of Ann and one of Bob."""
    for name, limit, region, day in (
        ("北京市云图科技有限公司", "50000", "北京", "2026-03-05 10:00"),
        ("上海鼎晟贸易有限公司", "1.2万", "上海", "2026-01-02 09:00"),
        ("Acme 100% Cloud", "0", "", ""),
        ("杭州信科_电子", "", "杭州", "2025-12-31 23:00"),
        ("广州云帆物流", "200000", "广州", ""),
    ):
        desk.create(desk.ann, name=name, credit_limit=limit, region=region, next_contact_at=day)
    desk.create(desk.bob, name="深圳云图电子", credit_limit="7", region="深圳")
    return desk


class TestFilters:
    @pytest.mark.parametrize(
        ("filter_name", "value", "found"),
        [
            ("name__contains", "云", 2),
            ("name__contains", "100%", 1),
            ("name__contains", "_", 1),
            ("name__startswith", "acme", 1),
            ("credit_limit__gte", "12,000.00", 3),
            ("credit_limit__lt", "1万", 1),
            ("credit_limit__empty", "true", 1),
            ("credit_limit", "0", 1),
            ("region__in", "北京,上海", 2),
            ("region__ne", "北京", 4),
            ("region__empty", "false", 4),
            ("next_contact_at__gte", "2026-01-01", 2),
            ("next_contact_at__empty", "true", 2),
            ("created_at", "today", 5),
            ("created_at", "yesterday", 0),
            ("owner", "me", 5),
            ("owner.name__startswith", "An", 5),
            ("department.name", "East", 5),
            ("tags__empty", "true", 5),
            ("type__empty", "true", 5),
            ("id__in", "", 5),
        ],
    )
    def test_each_finds_what_it_says(self, firms: Desk, filter_name: str, value: str, found: int) -> None:
        assert len(firms.names(firms.ann, (filter_name, value))) == found
        assert firms.count(firms.ann, (filter_name, value)) == found

    def test_several_are_combined_with_and(self, firms: Desk) -> None:
        assert firms.names(firms.ann, ("name__contains", "云"), ("credit_limit__gt", "60000")) == ["广州云帆物流"]

    def test_a_word_of_a_dictionary_finds_through_the_relation(self, firms: Desk) -> None:
        word = firms.create(firms.admin, "customers.type", name="VIP")
        firms.create(firms.ann, name="Very important", type=word)
        assert firms.names(firms.ann, ("type", str(word))) == ["Very important"]
        assert firms.names(firms.ann, ("type.name", "VIP")) == ["Very important"]
        assert firms.names(firms.ann, ("q", "Very"), ("type__in", f"{word},999")) == ["Very important"]

    def test_a_branch_of_a_tree_is_found_with_all_below_it(self, firms: Desk) -> None:
        top = firms.create(firms.admin, "customers.category", name="Industry of the test")
        below = firms.create(firms.admin, "customers.category", name="Machines", parent=top)
        firms.create(firms.ann, name="Lathes", category=below)
        assert firms.names(firms.ann, ("category__under", str(top))) == ["Lathes"]
        assert firms.names(firms.ann, ("category", str(top))) == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("nothing", "1"),
            ("name__regex", "x"),
            ("name_key", "x"),
            ("owner.password", "x"),
            ("credit_limit__gte", "面议"),
            ("next_contact_at", "2026-02-30"),
            ("type", "abc"),
            ("sort", "nothing"),
            ("sort", "remark"),
            ("limit", "0"),
            ("limit", "201"),
            ("columns", "name_key"),
            ("cursor", "abc"),
            ("type__under", "1"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, firms: Desk, name: str, value: str) -> None:
        with pytest.raises(BadRequest):
            firms.names(firms.ann, (name, value))


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "found"),
        [("云图", 1), ("ytkj", 1), ("yuntu", 1), ("鼎晟 上海", 1), ("CLOUD", 1), ("云", 2), ("深圳", 0), ("zz", 0)],
    )
    def test_finds_parts_pinyin_and_initials_within_the_scope(self, firms: Desk, words: str, found: int) -> None:
        assert len(firms.names(firms.ann, ("q", words))) == found
        assert firms.count(firms.ann, ("q", words)) == found

    def test_follows_what_is_edited_and_deleted(self, firms: Desk) -> None:
        record = firms.create(firms.ann, name="旧名公司")
        with firms.writing(firms.ann) as session:
            firms.records.update(
                session, firms.customers, record, {"name": "新名公司"}, firms.context(firms.ann), version=None
            )
        assert firms.names(firms.ann, ("q", "旧名")) == []
        assert firms.names(firms.ann, ("q", "新名")) == ["新名公司"]
        with firms.writing(firms.eve) as session:
            firms.records.delete(session, firms.customers, record, firms.context(firms.eve))
        assert firms.names(firms.ann, ("q", "新名")) == []

    def test_does_not_tell_by_hits_what_a_hidden_field_holds(self, firms: Desk) -> None:
        firms.create(firms.ann, name="Quiet firm", phone="13912345678")
        assert firms.names(firms.ann, ("q", "1391234")) == ["Quiet firm"]
        with firms.platform.database.system("hide the phone") as session:
            role = find_role(session, "member")
            assert role is not None
            session.add(FieldGrant(role_id=role.id, resource="customers.customer", field="phone", access="hidden"))
        ann = firms.person("ann")
        assert firms.names(ann, ("q", "1391234")) == []
        assert firms.names(ann, ("q", "quiet")) == ["Quiet firm"]
        with pytest.raises(BadRequest, match="no field 'phone'"):
            firms.names(ann, ("phone__startswith", "1"))

    def test_contacts_are_found_by_the_name_of_their_customer(self, firms: Desk) -> None:
        customer = firms.create(firms.ann, name="Helios")
        firms.create(firms.ann, "customers.contact", name="单杰", customer=customer)
        for words in ("helios", "shan", "sj"):
            rows = firms.page(firms.ann, ("columns", "name"), ("q", words), key="customers.contact").rows
            assert [row[1] for row in rows] == ["单杰"], words


class TestPages:
    SORTS = ("-created_at", "name", "-name", "credit_limit", "-credit_limit", "next_contact_at", "-next_contact_at",
             "region,-name", "-region,created_at", "owner", "-type", "id", "-id")  # fmt: skip

    @pytest.mark.parametrize("sort", SORTS)
    def test_visit_every_record_once_forwards_and_backwards(self, firms: Desk, sort: str) -> None:
        for number in range(6):
            firms.create(firms.ann, name=f"Twin {number % 2}", credit_limit="12000", region="")
        whole = [row[0] for row in firms.page(firms.ann, ("sort", sort), ("limit", "200")).rows]
        seen, cursors, cursor = [], [], ""
        for _ in range(20):
            page = firms.page(firms.ann, ("sort", sort), ("limit", "3"), *([("cursor", cursor)] if cursor else []))
            seen += [row[0] for row in page.rows]
            cursors.append(page.preceding)
            if page.following is None:
                break
            cursor = page.following
        assert seen == whole
        assert len(set(seen)) == 11
        back = firms.page(firms.ann, ("sort", sort), ("limit", "3"), ("cursor", cursors[-1] or "")).rows
        last = len(whole) - (len(whole) % 3 or 3)
        assert [row[0] for row in back] == whole[last - 3 : last]

    def test_a_cursor_of_another_order_is_refused(self, firms: Desk) -> None:
        cursor = firms.page(firms.ann, ("sort", "name"), ("limit", "2")).following
        assert cursor is not None
        with pytest.raises(BadRequest):
            firms.page(firms.ann, ("sort", "-name"), ("cursor", cursor))

    def test_a_bent_cursor_is_refused_or_harmless(self, firms: Desk) -> None:
        cursor = firms.page(firms.ann, ("sort", "name"), ("limit", "2")).following
        assert cursor is not None
        for place, letter in itertools.product(range(0, len(cursor), 5), "A_9"):
            bent = cursor[:place] + letter + cursor[place + 1 :]
            try:
                rows = firms.page(firms.ann, ("sort", "name"), ("cursor", bent)).rows
            except BadRequest:
                continue
            assert {row[0] for row in rows} <= {row[0] for row in firms.page(firms.ann).rows}

    def test_statements_are_kept_by_shape_and_not_by_value(self, firms: Desk) -> None:
        kept = firms.customers.kept
        firms.names(firms.ann, ("credit_limit__gte", "1"), ("q", "云图"))
        before = len(kept)
        for number in range(5):
            firms.names(firms.ann, ("credit_limit__gte", str(number)), ("q", "云帆"))
        assert len(kept) == before

    def test_a_request_is_the_same_for_the_same_parameters(self) -> None:
        assert ListRequest(("name",)) == ListRequest(("name",))


class TestScope:
    def test_a_member_sees_his_own_and_a_manager_his_branch(self, firms: Desk) -> None:
        assert firms.count(firms.ann) == 5
        assert firms.count(firms.bob) == 1
        assert firms.count(firms.eve) == 5
        assert firms.count(firms.admin) == 6

    def test_a_relation_out_of_scope_keeps_its_place_and_tells_nothing(self, firms: Desk) -> None:
        foreign = firms.create(firms.bob, name="Secret firm")
        contact = firms.create(firms.bob, "customers.contact", name="Nobody's business", customer=foreign)
        assert firms.page(firms.ann, key="customers.contact").rows == []
        assert [row[0] for row in firms.page(firms.bob, key="customers.contact").rows] == [contact]
