"""The values that checks make up pass where they belong, and are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from core.testing.typed import same, typed_value


@dataclass
class FakeField:
    """What is asked of a field."""

    kind: str
    key: str = "field"
    max_length: int = 12
    choices: tuple[Any, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.kind in ("integer", "decimal", "money", "percent")

    is_relation = False
    many = False


@pytest.mark.parametrize("kind", ["text", "email", "phone", "url", "integer", "decimal", "money", "date", "instant"])
def test_every_value_is_another_one_and_equals_itself(kind: str) -> None:
    field = FakeField(kind)
    first, second = typed_value(field), typed_value(field)
    assert same(field, first, first)
    assert not same(field, first, second)


def test_a_text_fits_its_field() -> None:
    assert all(len(typed_value(FakeField("text", key="a_long_name"))) <= 12 for _n in range(20))


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert same(FakeField("money"), "12.5", "12.50")
    assert not same(FakeField("money"), "12.5", None)
