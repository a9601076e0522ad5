"""Reads the blocks of a page and does what its reader is told to do: writes the files and runs the commands.

What stands behind the language of a block says what it is: ```` ```python visits/models.py ```` is a file,
```` ```shell ```` are commands, ```` ```json answer ```` is what the command before it has answered, in part.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what it is, its content, and the line where it begins."""

    language: str
    name: str
    content: str
    line: int

    @property
    def is_file(self) -> bool:
        """Whether the reader is to write it into a file."""
        return bool(self.name) and self.name != "answer"


@dataclass(frozen=True)
class Call:
    """A request that a `curl` command makes."""

    method: str
    url: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Section:
    """A part of the page below one heading."""

    title: str
    blocks: list[Block] = field(default_factory=list)

    def write_files(self, folder: Path) -> None:
        """Write all files of the section."""
        for block in self.blocks:
            if block.is_file:
                self.write(block, folder)

    def write(self, block: Block, folder: Path) -> None:
        """Write the file that a block is."""
        path = folder / block.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.content, "utf-8")


def sections(page: Path) -> list[Section]:
    """The sections of a page with a number in their heading, in order."""
    text = page.read_text("utf-8")
    parts = re.split(r"^## (\d+\. .+)$", text, flags=re.MULTILINE)
    found, line = [], parts[0].count("\n")
    for title, content in zip(parts[1::2], parts[2::2], strict=True):
        blocks = [
            Block(match[1], match[2] or "", match[3], line + content[: match.start()].count("\n") + 1)
            for match in BLOCK.finditer(content)
        ]
        found.append(Section(title, blocks))
        line += content.count("\n")
    return found


def commands(block: Block) -> Iterator[list[str]]:
    """The commands of a block of shell, each as its words; those of a substitution come as `NAME=$(` … `)`."""
    for text in block.content.splitlines():
        if text.strip():
            yield shlex.split(text.replace("$(", "").rstrip(")") if text.startswith("TOKEN=") else text)


def call_of(words: list[str], token: str) -> Call:
    """The request that a `curl` command makes."""
    method, url, body, pairs, in_query = "", "", None, [], False
    headers: dict[str, str] = {}
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-G":
            in_query = True
        elif word == "-H":
            name, _colon, value = next(rest).partition(": ")
            headers[name.lower().replace("-", "_")] = value.replace("$TOKEN", token)
        elif word == "-d":
            pairs.append(next(rest))
        elif word == "--json":
            body = json.loads(next(rest))
        else:
            assert not word.startswith("-"), f"curl {word} is not known here"
            url = word.removeprefix("http://127.0.0.1:8000")
    assert in_query or not pairs
    query = f"?{'&'.join(pairs)}" if pairs else ""
    return Call(method or ("POST" if body is not None else "GET"), url + query, body, headers)


def missing(expected: Any, answer: Any, place: str = "") -> Iterator[str]:
    """Where an answer lacks what is expected: objects may have more, lists have as many items."""
    if isinstance(expected, dict):
        if not isinstance(answer, dict):
            yield f"{place}: {answer!r} is no object"
            return
        for key, value in expected.items():
            if key not in answer:
                yield f"{place}.{key} is not there"
            else:
                yield from missing(value, answer[key], f"{place}.{key}")
    elif isinstance(expected, list):
        if not isinstance(answer, list) or len(answer) != len(expected):
            yield f"{place}: {answer!r} has not {len(expected)} items"
            return
        for number, (one, other) in enumerate(zip(expected, answer, strict=True)):
            yield from missing(one, other, f"{place}[{number}]")
    elif expected != answer:
        yield f"{place}: {answer!r} and not {expected!r}"
