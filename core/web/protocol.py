"""The server's reading of HTTP, with limits on what comes before there is a request that anybody could refuse."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from core.web import limits

PATIENCE = limits.PATIENCE
"""Seconds in which the head of a request has to arrive."""

MOST = 2 * limits.HEADERS + limits.ADDRESS
"""Bytes of a head that are read at all; the application itself refuses less politely sized ones with a page."""

TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 34\r\nconnection: close\r\n\r\n"
    b"The head of the request is too big"
)


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which lets nobody send a head without end or without haste."""

    _head = 0
    _reading_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Somebody has connected; now he should say something."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._head, self._reading_head = 0, True
        super().on_message_begin()
        if self._timer is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._reading_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, but not for ever."""
        if self._reading_head:
            self._head += len(data)
        super().data_received(data)
        if self._reading_head and self._head > MOST and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(PATIENCE, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()
