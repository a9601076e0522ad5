"""What a worker counts for the people who watch over it, in the form that Prometheus reads."""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The counters of one worker. Counting costs two additions; the format is made when somebody asks."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def count(self, method: str, status: int, seconds: float) -> None:
        """Note one answered request; called by the event loop only."""
        # A verb that somebody makes up must not become a series of its own.
        self._requests[method if method in METHODS else "other", status] += 1
        self._buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def text(self) -> bytes:
        """Everything counted so far, as Prometheus reads it."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the registry of prometheus_client."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        worker = str(os.getpid())
        requests = CounterMetricFamily("sopia_requests", "Requests answered.", labels=("worker", "method", "status"))
        for (method, status), count in sorted(self._requests.items()):
            requests.add_metric((worker, method, str(status)), count)
        yield requests
        seconds = HistogramMetricFamily("sopia_request_seconds", "Time until the answer.", labels=("worker",))
        seconds.add_metric((worker,), self._cumulated(), self._seconds)
        yield seconds
        threads = GaugeMetricFamily("sopia_threads", "Threads of the worker.", labels=("worker",))
        threads.add_metric((worker,), threading.active_count())
        yield threads

    def _cumulated(self) -> list[Any]:
        total, rows = 0, []
        for bound, count in zip((*BOUNDS, "+Inf"), list(self._buckets), strict=True):
            total += count
            rows.append((str(bound), total))
        return rows
