"""The ASGI application: limits, static files, one hop into a thread, and the swap to a newer generation of plugins."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from typing import Any

import structlog

from core.kernel.crew import Crew
from core.kernel.platform import POOL, Platform, rebuild
from core.kernel.sessions import SignedIn
from core.web.bodies import Gone, read_body
from core.web.headers import RawHeaders, check_line
from core.web.incoming import Incoming
from core.web.metrics import Metrics
from core.web.responses import Response, Stream
from core.web.seen import SeenNotes
from core.web.site import PAGES, Pages, Site
from core.web.statics import PREFIX
from core.web.threads import Threads

log = structlog.get_logger("sopia.web")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

READERS = min(POOL, 8)
WRITERS = POOL
"""Threads. Who writes waits for his turn, so writers have threads of their own and never keep readers waiting."""

CLOSE_AFTER = frozenset({400, 408, 413, 414, 431})
"""Answers after which nothing sensible is to be expected from the connection."""


class Application:
    """What a server runs. It holds the present site and makes room for the next."""

    def __init__(self, platform: Platform, *, pages: Pages = PAGES, works: bool = True) -> None:
        """With `works`, jobs are done in this process too, while the server runs."""
        self._pages = pages
        self._readers = Threads(READERS, "sopia-read")
        self._writers = Threads(WRITERS, "sopia-write")
        self._renewing = threading.Lock()
        self._tried = platform.generation
        self.metrics = Metrics()
        self.seen = SeenNotes(platform.database)
        self.failure: Exception | None = None
        """Why the newest generation could not be built, while an older one answers."""
        self.site = self._make(platform)
        self.crew = Crew(platform, watches=False) if works else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's request, or the server's beginning and end."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        site = self.site
        path: str = scope["path"]
        if path.startswith(PREFIX) and scope["method"] in ("GET", "HEAD"):
            found = site.statics.answer(path, dict(scope["headers"]))
            if found is not None:
                await _send(send, *found, head=scope["method"] == "HEAD")
                return
        incoming = Incoming(scope)
        fault: Exception | None = None
        try:
            check_line(incoming, scope["headers"])
            if not incoming.is_safe:
                site.check(incoming)
                uploads = site.takes_uploads(incoming)
                incoming.body = await read_body(incoming.headers, receive, uploads=uploads)
        except Gone:
            return
        except Exception as error:
            fault = error
        pool = self._readers if incoming.is_safe else self._writers
        try:
            response, headers = await pool.run(site.answer, incoming, fault)
        finally:
            incoming.body.form.close()
        if fault is not None and response.status in CLOSE_AFTER:
            headers.append((b"connection", b"close"))
        self.metrics.count(incoming.method, response.status, time.perf_counter() - started)
        await self._respond(send, response, headers, head=incoming.method == "HEAD")

    async def _respond(self, send: Send, response: Response, headers: RawHeaders, *, head: bool) -> None:
        if not isinstance(response, Stream):
            await _send(send, response.status, headers, response.body, head=head)
            return
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        chunks = iter(response.chunks)
        while not head and (chunk := await self._readers.run(_next, chunks)) is not None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    # The next generation

    def renew(self, generation: int) -> None:
        """Build the site of a newer generation in a thread of its own, once; meanwhile the present one answers."""
        with self._renewing:
            if generation <= self._tried:
                return
            self._tried = generation
        threading.Thread(target=self._renew, name="sopia-renew", daemon=True).start()

    def _renew(self) -> None:
        try:
            self.site = self._make(rebuild(self.site.platform))
            self.failure = None
            if self.crew is not None:
                self.crew.follow(self.site.platform)
            log.info("new generation", generation=self.site.platform.generation)
        except Exception as error:
            self.failure = error
            log.error("the new generation could not be built; the old one goes on", exc_info=error)

    def _make(self, platform: Platform) -> Site:
        return Site(platform, host=self, pages=self._pages)

    def note_seen(self, signed: SignedIn) -> None:
        """Remember that a session is in use, to be written down later."""
        self.seen.note(signed)

    # The server's beginning and end

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.seen.start()
                if self.crew is not None:
                    self.crew.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.get_running_loop().run_in_executor(None, self.close)
                await send({"type": "lifespan.shutdown.complete"})
                return

    def close(self) -> None:
        """Let everything that runs come to its end, then close the connections."""
        self._readers.close()
        self._writers.close()
        self.seen.stop()
        if self.crew is not None:
            self.crew.stop()
        self.site.platform.close()


def _next(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


async def _send(send: Send, status: int, headers: RawHeaders, body: bytes, *, head: bool) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
