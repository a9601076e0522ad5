import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from core.web import protocol
from core.web.protocol import MOST, GuardedProtocol

HELLO = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(hello, http=GuardedProtocol, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()
    server.should_exit = True
    thread.join()
    listening.close()


def talk(address: tuple[str, int], *pieces: bytes) -> bytes:
    with socket.create_connection(address, timeout=10) as connection:
        received = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            while chunk := connection.recv(65536):
                received += chunk
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            pass
        return received


def test_requests_one_after_the_other_are_answered(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        for _ in range(3):
            connection.sendall(HELLO)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_headers_without_end_are_cut_off(address: tuple[str, int]) -> None:
    many = [b"GET / HTTP/1.1\r\nHost: x\r\n", *([b"X-A: " + b"a" * 1000 + b"\r\n"] * (MOST // 1000 + 200))]
    assert talk(address, *many)[:12] in (b"HTTP/1.1 431", b"")


def test_one_header_without_end_is_cut_off(address: tuple[str, int]) -> None:
    pieces = [b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", *([b"a" * 65536] * 20)]
    assert talk(address, *pieces)[:12] in (b"HTTP/1.1 431", b"")


def test_who_says_nothing_is_not_waited_for(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PATIENCE", 0.2)
    before = time.monotonic()
    assert talk(address, b"GET / HT") == b""
    assert time.monotonic() - before < 8
