"""`sopia serve`: the screens and the API, in one process or in several that share a port."""

from __future__ import annotations

import errno
import gc
import logging
import os
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from core.kernel.errors import ConfigurationError
from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.app import Application

WAITING = 2048
"""Connections that may queue up while all threads are busy, or while the workers are still starting."""

HUNG = 60
"""Seconds without a sign of life after which a worker is replaced. A large import must not count as one."""

LAST_REQUESTS = 30
"""Seconds that running requests have to come to their end when the server stops."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--demo", is_flag=True, help="Fill a new installation with a company to try things with.")
@click.option("--safe", is_flag=True, help="The kernel alone, for when a plugin keeps everybody out.")
def serve(host: str, port: int, workers: int, demo: bool, safe: bool) -> None:
    """Serve the screens and the API. A new installation is made where there is none."""
    # What is loaded at the start stays: looking through it for garbage takes a fifth of the time until the first page.
    gc.disable()
    from core.cli.installation import opened
    from core.web.app import Application

    listening = listen(host, port)
    try:
        with opened(new=True, safe=safe, level=logging.INFO) as platform:
            if demo:
                _fill_once(platform)
            tell_address(platform.settings.base_url, host, listening)
            if workers == 1:
                application = Application(platform)
                keep_what_is_loaded()
                run_server(application, listening)
        if workers > 1:
            run_workers(workers, listening, safe=safe)
    except KeyboardInterrupt:
        click.echo(_("Stopped."), err=True)
    finally:
        gc.enable()
        listening.close()


def _fill_once(platform: Platform) -> None:
    """Make the demo company where it is not there yet, and say how to sign in as one of its people."""
    from core.cli.demo import fill, sign_in_hint
    from core.workplace.demo import is_there

    with platform.database.transaction(write=False) as connection:
        there = is_there(connection)
    if not there:
        fill(platform)
    click.echo(sign_in_hint())


def listen(host: str, port: int) -> socket.socket:
    """A socket that already takes connections, so that nobody is turned away while the rest starts."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _name, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                # On Windows the option would let two programs take the same port.
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(WAITING)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise _not_free(host, port, error) from None
    listening.set_inheritable(True)
    return listening


def _not_free(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            _("Port {port} is taken by another program.", port=port),
            _("Stop that program, or choose another port: --port {other} (make serve PORT={other}).", other=port + 1),
        )
    if error.errno == errno.EACCES:
        return ConfigurationError(
            _("Port {port} is not open to this user.", port=port),
            _("Choose one above 1023, and let a web server in front pass the requests on."),
        )
    return ConfigurationError(
        _("Nothing can listen on '{host}': {reason}.", host=host, reason=error.strerror or str(error)),
        _("Use an address of this machine, as in 127.0.0.1, or 0.0.0.0 for all of them."),
    )


def tell_address(base_url: str, host: str, listening: socket.socket) -> None:
    """Print where Sopia is to be found; programs that start it read this line."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    address = base_url or f"http://{shown}:{listening.getsockname()[1]}"
    click.echo(_("Sopia runs on {address} (Ctrl-C stops it)", address=address))
    sys.stdout.flush()


def run_server(application: Application, listening: socket.socket) -> None:
    """Serve in this process until a signal comes."""
    import uvicorn

    server = uvicorn.Server(server_settings(application))
    server.run(sockets=[listening])
    if not server.started:
        raise not_started()


def run_workers(number: int, listening: socket.socket, *, safe: bool) -> None:
    """Serve in several processes; one that dies is replaced."""
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    supervisor = Multiprocess(
        server_settings(partial(make_worker, safe=safe), factory=True, workers=number), [listening]
    )
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise not_started()


def not_started() -> ConfigurationError:
    """For when the server itself has already said why."""
    return ConfigurationError(_("The server could not start."), _("The lines above say why."))


def make_worker(*, safe: bool) -> Application:
    """What one of several processes serves; called there, after the installation has been prepared."""
    gc.disable()
    from core.assembly import assemble
    from core.cli.installation import set_up_log
    from core.web.app import Application

    set_up_log(logging.INFO)
    application = Application(assemble(safe=safe))
    keep_what_is_loaded()
    return application


def keep_what_is_loaded() -> None:
    """Collect garbage from now on, but never again in what has been loaded: half a million things that all stay."""
    gc.freeze()
    gc.enable()


def server_settings(application: Any, **more: Any) -> Any:
    """How uvicorn runs: the application has its own log, limits and headers."""
    import uvicorn

    return uvicorn.Config(
        application,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        http=http_protocol(),
        backlog=WAITING,
        timeout_graceful_shutdown=LAST_REQUESTS,
        timeout_worker_healthcheck=HUNG,
        **more,
    )


def http_protocol() -> Any:
    """The protocol with limits of our own, where the parser that it needs can be installed."""
    try:
        from core.web.protocol import GuardedProtocol
    except ImportError:  # Windows
        return "auto"
    return GuardedProtocol
