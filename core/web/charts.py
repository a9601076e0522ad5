"""Charts as SVG, drawn here and not in the browser: columns, stacked or side by side, lines, and bars of long names.

Lengths across are shares of the width and heights are pixels, so a chart fits any screen and its words keep their size.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

PALETTE: Final = ("blue", "teal", "amber", "violet", "green", "pink", "orange", "indigo", "red", "grey")
"""The colours of series that have none of their own, in the order in which they are told apart best."""

HEIGHT: Final = 232
TOP, BOTTOM = 18, 24
"""Room above and below the columns, for the scale and the words."""

LINES: Final = 4
LABELS: Final = 12
"""Words below a chart at most; a phone shows every third of them."""

LEFT: Final = 4
"""The share of the width that the scale's numbers stand in."""

NARROWEST: Final = 8
"""Columns are never wider than if there were so many."""

BAR, BAR_STEP = 10, 38


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers of a chart, with its name and colour."""

    title: str
    colour: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One place along a chart: its name, and where its records are."""

    title: str
    url: str = ""


Say = Callable[[float], str]


def columns(places: Sequence[Place], series: Sequence[Series], say: Say, title: str) -> Markup:
    """Columns over time, the series stacked on each other."""
    scale = _Scale(*_extent(places, series))
    slot = (100 - LEFT) / max(len(places), NARROWEST)
    width = slot * (0.66 if len(places) <= 40 else 0.86)
    parts = [scale.grid(say)]
    for number, place in enumerate(places):
        up = down = 0.0
        middle = LEFT + (number + 0.5) * slot
        bars = []
        for each in series:
            value = each.values[number]
            if not value:
                continue
            start = up if value > 0 else down
            end = start + value
            up, down = (end, down) if value > 0 else (up, end)
            top, height = scale.y(max(start, end)), abs(scale.y(start) - scale.y(end))
            told = _told(place.title, each.title if len(series) > 1 else "", say(value))
            bars.append(
                f'<rect class="{each.colour}" x="{middle - width / 2:.3f}%" y="{top:.1f}" width="{width:.3f}%" '
                f'height="{max(height, 1):.1f}" rx="1.5"><title>{told}</title></rect>'
            )
        parts.append(_linked(place, "".join(bars)))
    parts.append(_names(places, slot))
    return _svg("".join(parts), HEIGHT, title)


def lines(places: Sequence[Place], series: Sequence[Series], say: Say, title: str) -> Markup:
    """A line for each series."""
    values = [value for each in series for value in each.values]
    scale = _Scale(min(0.0, *values), max(0.0, *values))
    slot = (100 - LEFT) / max(len(places), 2)
    parts = [scale.grid(say)]
    for each in series:
        points = [(LEFT + (number + 0.5) * slot, scale.y(value)) for number, value in enumerate(each.values)]
        parts += [
            f'<line class="{each.colour}" x1="{x1:.3f}%" y1="{y1:.1f}" x2="{x2:.3f}%" y2="{y2:.1f}"/>'
            for (x1, y1), (x2, y2) in itertools.pairwise(points)
        ]
        for place, value, (x, y) in zip(places, each.values, points, strict=True):
            told = _told(place.title, each.title if len(series) > 1 else "", say(value))
            dot = f'<circle class="{each.colour}" cx="{x:.3f}%" cy="{y:.1f}" r="3.2"><title>{told}</title></circle>'
            parts.append(_linked(place, dot))
    parts.append(_names(places, slot))
    return _svg("".join(parts), HEIGHT, title)


def bars(places: Sequence[Place], series: Sequence[Series], say: Say, title: str) -> Markup:
    """Bars from left to right under their names, for groups whose names are long; the series one behind the other."""
    totals = [sum(max(each.values[number], 0) for each in series) for number in range(len(places))]
    most = max(totals, default=0) or 1
    parts = []
    for number, place in enumerate(places):
        y = number * BAR_STEP
        x = 0.0
        drawn = [
            f'<text x="0" y="{y + 13}">{escape(place.title)}</text>',
            f'<text class="end" x="100%" y="{y + 13}">{escape(say(sum(each.values[number] for each in series)))}</text>',
            f'<rect class="back" x="0" y="{y + 19}" width="100%" height="{BAR}" rx="2"/>',
        ]
        for each in series:
            value = max(each.values[number], 0)
            if value:
                share = value / most * 100
                told = _told(place.title, each.title if len(series) > 1 else "", say(value))
                drawn.append(
                    f'<rect class="{each.colour}" x="{x:.3f}%" y="{y + 19}" width="{share:.3f}%" height="{BAR}" rx="2">'
                    f"<title>{told}</title></rect>"
                )
                x += share
        parts.append(_linked(place, "".join(drawn)))
    return _svg("".join(parts), len(places) * BAR_STEP, title)


def colours(given: Iterable[str]) -> tuple[str, ...]:
    """A colour for each series: its own, else the next that no other has."""
    wanted = list(given)
    free = (colour for colour in PALETTE if colour not in wanted)
    return tuple(colour or next(free, PALETTE[number % len(PALETTE)]) for number, colour in enumerate(wanted))


class _Scale:
    """Where a value lies on the way from the bottom of a chart to its top."""

    def __init__(self, low: float, high: float) -> None:
        self._step = _nice((high - low) / LINES or 1)
        self._low = math.floor(low / self._step) * self._step
        self._high = max(math.ceil(high / self._step) * self._step, self._low + self._step)

    def y(self, value: float) -> float:
        """The height of a value, from the top."""
        return TOP + (self._high - value) / (self._high - self._low) * (HEIGHT - TOP - BOTTOM)

    def grid(self, say: Say) -> str:
        """A hairline for each round number, which stands above it."""
        parts = []
        for number in range(round((self._high - self._low) / self._step) + 1):
            value = self._low + number * self._step
            y = self.y(value)
            parts.append(f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
            if number or value < 0:
                parts.append(f'<text class="quiet" x="0" y="{y - 4:.1f}">{escape(say(value))}</text>')
        return "".join(parts)


def _extent(places: Sequence[Place], series: Sequence[Series]) -> tuple[float, float]:
    up = [sum(max(each.values[number], 0) for each in series) for number in range(len(places))]
    down = [sum(min(each.values[number], 0) for each in series) for number in range(len(places))]
    return min([0.0, *down]), max([0.0, *up])


def _nice(step: float) -> float:
    """The next round number: 1, 2, 2.5 or 5 with noughts."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= step * 0.999)


def _names(places: Sequence[Place], slot: float) -> str:
    every = max(1, math.ceil(len(places) / LABELS))
    return "".join(
        f'<text class="name{" extra" if number // every % 3 else ""}" x="{LEFT + (number + 0.5) * slot:.3f}%" y="{HEIGHT - 6}">'
        f"{escape(place.title)}</text>"
        for number, place in enumerate(places)
        if number % every == 0
    )


def _told(*words: str) -> Markup:
    return escape(" · ".join(word for word in words if word))


def _linked(place: Place, drawn: str) -> str:
    # The table beside the chart leads to the same records; the keyboard need not pass them twice.
    return f'<a href="{escape(place.url)}" tabindex="-1">{drawn}</a>' if place.url and drawn else drawn


def _svg(content: str, height: int, title: str) -> Markup:
    return Markup(
        f'<svg class="plot" role="img" aria-label="{escape(title)}" width="100%" height="{height}">{content}</svg>'
    )
