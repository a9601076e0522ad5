"""The reference for plugin authors says everything that there is, and nothing that is not."""

from __future__ import annotations

import sopia
from core.kernel.hooks import SPECIFICATIONS
from tests.docs import reference
from tests.docs.reference_words import GROUPS


def test_every_name_of_the_door_stands_in_a_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(sopia.__all__), "add the name to GROUPS in tests/docs/reference_words.py"


def test_every_argument_of_a_declaration_is_explained() -> None:
    assert reference.unsaid() == [], "explain it in ARGUMENTS in tests/docs/reference_words.py"


def test_nothing_is_explained_that_is_gone() -> None:
    assert reference.outlived() == []


def test_every_hook_has_an_example_and_a_place() -> None:
    page = reference.PAGE.read_text("utf-8")
    for hook in SPECIFICATIONS:
        assert f"#### {hook.__name__}\n" in page
        assert f"def {hook.__name__}(" in (hook.__doc__ or ""), f"{hook.__name__} has no example"


def test_the_page_is_as_the_declarations_are() -> None:
    assert reference.PAGE.read_text("utf-8") == reference.write(), "run: python -m tests.docs.reference"
