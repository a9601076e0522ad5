"""How commands answer: tables or JSON for lists, and a progress bar where somebody is watching."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

Advance = Callable[[int, int | None], None]
"""Tells how much is done, and of how much where that is known."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """A list as a table, or as a JSON array of all that the rows hold."""
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=2, default=str))
        return
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    table = [[column.replace("_", " ").upper() for column in columns], *cells]
    widths = [max(_width(line[i]) for line in table) for i in range(len(columns))]
    for line in table:
        padded = [text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _width(text: str) -> int:
    """The columns a text takes on a terminal, where a Chinese character takes two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


@contextmanager
def progress(title: str) -> Iterator[Advance]:
    """A progress bar on a terminal; silence where standard error goes to a file or another program."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
