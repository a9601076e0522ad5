"""Threads for page functions, with less ceremony than the standard library's: one queue, one call back to the loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any

Task = tuple[Callable[..., Any], tuple[Any, ...], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Threads:
    """A fixed number of threads, started as they are needed, that take tasks first come, first served."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        # A queue in C without locks of its own in Python; None ends a thread.
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._waiting = 0
        self._closed = False

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns or raises in one of the threads. Called by one event loop only."""
        if self._closed:
            raise RuntimeError("The server is shutting down")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting += 1
        if self._waiting > len(self._threads) < self._most:
            self._start()
        self._tasks.put((function, arguments, future, loop))
        try:
            return await future
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the threads finish what was given to them, and end them."""
        self._closed = True
        for _thread in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            function, arguments, future, loop = task
            try:
                result, error = function(*arguments), None
            except BaseException as raised:
                result, error = None, raised
            try:
                loop.call_soon_threadsafe(_settle, future, result, error)
            except RuntimeError:  # the loop has ended; nobody waits any more
                return
            # Nothing of a request should live on while the thread waits for the next.
            del task, function, arguments, future, loop, result, error


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
