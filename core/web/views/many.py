"""What became of a verb on many records."""

from dataclasses import dataclass

from core.web.views.shell import Button, Link, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A record that stayed as it was."""

    title: Words
    url: str  # empty: it cannot be opened
    reason: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyView:
    """many.html: how far the work on many records is, then how many it was and which were refused."""

    title: Words
    text: Words  # "12 done, 2 refused"
    trail: tuple[Link, ...] = ()
    done: int = 0
    total: int = 0
    status_url: str = ""  # it still runs: asked by static/js/progress.js
    refused: tuple[RefusedRow, ...] = ()
    more: Words = ""  # "and 30 more"
    undo: Button | None = None
    back: Link | None = None
