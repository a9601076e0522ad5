"""Writes docs/plugins/reference.md from the declarations themselves: `python -m tests.docs.reference`.

What a signature and a docstring cannot say stands here, by name; what is said of something that is gone is an error.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sopia
from core.kernel import hooks
from core.kernel.hooks import arguments_of
from tests.docs.reference_words import AFTER, ARGUMENTS, BEFORE, GROUPS, HOOK_GROUPS, LINES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "plugins" / "reference.md"

DETAILED = ("Declarations", "Policies")
"""The groups whose members get a table of their arguments."""


def write() -> str:
    """The whole page."""
    parts = [BEFORE, *_names(), *_details(), *_hooks(), AFTER]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _names() -> Iterator[str]:
    yield "## Names"
    for group, names in GROUPS.items():
        rows = [f"| `{name}` | {_line(name)} |" for name in names]
        yield "\n".join([f"### {group}", "", "| name | what it is |", "|---|---|", *rows])


def _details() -> Iterator[str]:
    for group in DETAILED:
        yield f"## {group}, argument by argument"
        for name in GROUPS[group]:
            if dataclasses.is_dataclass(getattr(sopia, name)):
                yield f"### {name}"
                yield f"```python\n{signature_of(name)}\n```"
                yield _prose(inspect.getdoc(getattr(sopia, name)) or "")
                rows = [f"| `{argument}` | {words} |" for argument, words in arguments(name).items()]
                yield "\n".join(["| argument | meaning |", "|---|---|", *rows])


def _hooks() -> Iterator[str]:
    yield "## Hooks"
    yield _prose(inspect.getdoc(hooks) or "")
    by_name = {each.__name__: each for each in hooks.SPECIFICATIONS}
    for group, prefix in HOOK_GROUPS.items():
        yield f"### {group}"
        for name, specification in by_name.items():
            if prefix(name):
                yield from _hook(name, specification)


def _hook(name: str, specification: Callable[..., Any]) -> Iterator[str]:
    words, _example, example = (inspect.getdoc(specification) or "").partition("Example::")
    yield f"#### {name}"
    yield f"```python\n{name}({', '.join(arguments_of(name))})\n```"
    yield _prose(words)
    if not is_called(name):
        yield "*Not called yet: the hook may be implemented, and no page asks for it in this version.*"
    yield f"```python\n{textwrap.dedent(example).strip()}\n```"


def is_called(hook: str) -> bool:
    """Whether the platform calls a hook anywhere."""
    quoted = f'"{hook}"'
    files = (path for path in (ROOT / "core").rglob("*.py") if path.name != "hooks.py")
    return any(quoted in path.read_text("utf-8") for path in files)


def _line(name: str) -> str:
    """What a name is, on one line: what is said here of it, else the first sentence of its docstring."""
    if name in LINES:
        return LINES[name]
    text = " ".join((inspect.getdoc(getattr(sopia, name)) or "").partition("\n\n")[0].split())
    return _cell(text)


def signature_of(name: str) -> str:
    """A declaration as one writes it, an argument a line, with the defaults."""
    lines = []
    for parameter in parameters(name):
        default = parameter.default
        words = "" if default is inspect.Parameter.empty else f" = {default!r}" if _is_plain(default) else " = …"
        kind = re.sub(r"^'|'$", "", str(parameter.annotation))
        lines.append(f"    {parameter.name}: {kind}{words},")
    return "\n".join([f"{name}(", *lines, ")"])


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | tuple) or value is None


def parameters(name: str) -> list[inspect.Parameter]:
    """The arguments of a declaration that its author writes."""
    every = inspect.signature(getattr(sopia, name)).parameters.values()
    return [each for each in every if each.name != "module"]


def arguments(name: str) -> dict[str, str]:
    """What each argument means: what is said here, else the docstring below the attribute."""
    said, below = ARGUMENTS.get(name, {}), _docstrings(getattr(sopia, name))
    found = {each.name: said.get(each.name) or below.get(each.name, "") for each in parameters(name)}
    return {argument: _cell(words) for argument, words in found.items()}


def unsaid() -> list[str]:
    """The arguments of which nothing is said."""
    return [f"{name}.{one}" for name in described() for one, words in arguments(name).items() if not words]


def outlived() -> list[str]:
    """What is said of names and arguments that are gone."""
    gone = [name for names in GROUPS.values() for name in names if name not in sopia.__all__]
    gone += [name for name in LINES if name not in sopia.__all__]
    for name, said in ARGUMENTS.items():
        there = {each.name for each in parameters(name)} if name in sopia.__all__ else set()
        gone += [f"{name}.{argument}" for argument in said if argument not in there]
    return gone


def described() -> list[str]:
    """The names that get a table of their arguments."""
    return [name for group in DETAILED for name in GROUPS[group] if dataclasses.is_dataclass(getattr(sopia, name))]


def _docstrings(kind: type[Any]) -> Mapping[str, str]:
    """The strings that stand below the attributes of a class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for one, below in zip(tree.body, tree.body[1:], strict=False):
        told = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else None
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(told, str):
            found[one.target.id] = " ".join(told.split())
    return found


def _prose(text: str) -> str:
    return textwrap.dedent(text).strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(write(), "utf-8")
