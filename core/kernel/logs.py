"""What the program writes about its own running: readable lines on a terminal, JSON lines for everything else.

It goes to standard error, so that what a command prints can be piped. Secrets are struck out by name.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

SECRET_WORDS = ("password", "token", "secret", "cookie", "authorization")


class StandardError:
    """Standard error as it is when a line is written; whoever redirects it must not leave us with a closed file."""

    def write(self, text: str) -> int:
        """Write to what is standard error now."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Let it be seen at once."""
        sys.stderr.flush()

    def isatty(self) -> bool:
        """Whether a person is reading along."""
        return sys.stderr.isatty()


def set_up(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send the lines of Sopia and of the libraries it uses to one place, from this level up."""
    stream = stream or cast(TextIO, StandardError())
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        strike_out,
    ]
    render: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if stream.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*before, *render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    handler = logging.StreamHandler(stream)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[remove, *render], foreign_pre_chain=before),
    )
    # Libraries speak up only when something is wrong.
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def strike_out(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The line with `***` in place of every value whose name sounds like a secret."""
    for name in line:
        if any(word in name.lower() for word in SECRET_WORDS):
            line[name] = "***"
    return line
