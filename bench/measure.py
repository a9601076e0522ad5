"""Taking times: pairs by turns, medians, and what else the machine was doing meanwhile."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WARM_UP = 20


def by_turns(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """The times of each task in milliseconds, the tasks taking turns so that noise falls on all alike."""
    names = list(tasks)
    for task in tasks.values():
        for _ in range(WARM_UP):
            task()
    taken: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    gc.freeze()
    for turn in range(rounds):
        for name in names if turn % 2 else reversed(names):
            begun = time.perf_counter()
            tasks[name]()
            taken[name].append((time.perf_counter() - begun) * 1000)
    gc.unfreeze()
    return taken


def median(taken: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(taken)


def percentile(taken: Sequence[float], share: float) -> float:
    """The time within which this share of them came."""
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass
class Load:
    """How busy the machine is, by its own account, besides what is measured."""

    busy: float
    own: float
    at: float

    @classmethod
    def now(cls) -> Load:
        """The counters as they stand."""
        times = os.times()
        return cls(_busy(), times.user + times.system + times.children_user + times.children_system, time.monotonic())

    def foreign_until(self, later: Load, own: float | None = None) -> float:
        """The share of all processors that others used in between; `own` is what was ours, where it is known better."""
        ours = later.own - self.own if own is None else own
        return max(0.0, (later.busy - self.busy - ours) / ((later.at - self.at) * (os.cpu_count() or 1)))


def _busy() -> float:
    try:
        with open("/proc/stat", encoding="ascii") as file:
            values = [int(word) for word in file.readline().split()[1:9]]
    except OSError:
        return 0.0
    return (sum(values) - values[3] - values[4]) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """One line that says where this was measured."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}, load {load}"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows under a head, the numbers to the right."""
    texts = [[f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in texts) for i in range(len(head))]
    lines = ["  ".join(t.ljust(w) if i == 0 else t.rjust(w) for i, (t, w) in enumerate(zip(row, widths, strict=True)))
             for row in texts]  # fmt: skip
    return "\n".join(lines)
