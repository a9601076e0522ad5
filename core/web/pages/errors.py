"""What is answered when something goes wrong: to people a page with the way out, to programs a problem in JSON."""

from __future__ import annotations

import secrets
import sqlite3
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import structlog
from markupsafe import escape
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm.exc import StaleDataError

from core.kernel.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, SopiaError, Stale, TooManyRequests
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.web.responses import Page, Problem, Redirect, Response
from core.web.views import ErrorView, Link

if TYPE_CHECKING:
    from core.web.requests import Request

log = structlog.get_logger("sopia.web")

TITLES: Final[dict[int, Text]] = {
    400: _("This cannot be understood"),
    401: _("Please sign in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("This cannot be done here"),
    408: _("Too slow"),
    409: _("This does not fit"),
    412: _("Changed in the meantime"),
    413: _("Too large"),
    414: _("Too long"),
    422: _("Some values are not accepted"),
    428: _("The version is missing"),
    429: _("Too many attempts"),
    431: _("Too large"),
    500: _("Something went wrong"),
    503: _("Busy just now"),
    507: _("The disk is full"),
}

RETRY_AFTER: Final = 1

DEADLOCKS: Final = frozenset({"40001", "40P01"})
"""PostgreSQL took one of several transactions back so that the others could go on; it may be tried again."""


class SignInNeeded(SopiaError):
    """Nobody is signed in, and the page is not for everybody."""

    status = 401

    def __init__(self) -> None:
        super().__init__(_("You are not signed in, or your session has ended."), _("Sign in, then try again."))


class MethodNotAllowed(SopiaError):
    """The address exists, but not for this verb."""

    status = 405

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        super().__init__(
            _("'{method}' is not possible at this address.", method=method[:20]),
            _("Use {allowed}.", allowed=", ".join(allowed)),
        )


class Busy(SopiaError):
    """The database cannot be reached or does not get around to it."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_("The database is busy or cannot be reached."), _("Wait a moment, then try again."))


class DiskFull(SopiaError):
    """The database cannot grow."""

    status = 507

    def __init__(self) -> None:
        super().__init__(
            _("The disk is full, so nothing can be saved. Reading still works."),
            _("Ask an administrator to make room."),
        )


class Unexpected(SopiaError):
    """A fault of the program; the log has the rest under the reference."""

    status = 500

    def __init__(self) -> None:
        super().__init__(
            _("That is our fault, not yours. Nothing of what you sent was saved."),
            _("Try again. If it happens once more, tell an administrator the reference."),
        )


def understand(error: Exception) -> SopiaError:
    """What an exception means to the person in front of it."""
    if isinstance(error, SopiaError):
        return error if error.status != SopiaError.status else Unexpected()
    if isinstance(error, StaleDataError):
        return Stale()
    if isinstance(error, IntegrityError):
        return Conflict(
            _("Somebody else has just saved something that does not go together with this."),
            _("Load the page again, then repeat your change."),
        )
    if isinstance(error, DataError | OverflowError):
        return BadRequest(_("A value does not fit into its field."), _("Correct the value, then send again."))
    if isinstance(error, PoolExhausted):
        return Busy()
    if isinstance(error, OperationalError | DBAPIError):
        return _of_the_database(error)
    return Unexpected()


def _of_the_database(error: DBAPIError) -> SopiaError:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return DiskFull()
        return Busy() if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) else Unexpected()
    state = getattr(original, "sqlstate", None) or ""
    if state == "53100":
        return DiskFull()
    if error.connection_invalidated or state in DEADLOCKS or state[:2] in ("08", "53", "55", "57"):
        return Busy()
    # A connection that was never made has no state.
    return Busy() if isinstance(error, OperationalError) and not state else Unexpected()


def may_be_repeated(error: Exception) -> bool:
    """Whether the same request would do its work if it were tried again at once."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in DEADLOCKS


def answer(request: Request, error: Exception) -> Response:
    """The answer to an exception, for whoever asked."""
    understood = understand(error)
    reference = ""
    if understood.status >= 500:
        reference = secrets.token_hex(4).upper()
        unexpected = isinstance(understood, Unexpected)
        log.log(
            40 if unexpected else 30,
            "request failed",
            reference=reference,
            method=request.method,
            path=request.path,
            user=request.principal.user_id,
            error=f"{type(error).__name__}: {error}"[:2000],
            exc_info=error if unexpected else None,
        )
    if isinstance(understood, SignInNeeded) and not request.is_api and request.incoming.is_safe:
        return _to_sign_in(request)
    response = _problem(understood, reference) if _for_a_program(request) else _page(request, understood, reference)
    if isinstance(understood, TooManyRequests):
        response.header("Retry-After", str(understood.retry_after))
    if understood.status == 503:
        response.header("Retry-After", str(RETRY_AFTER))
    if isinstance(understood, MethodNotAllowed):
        response.header("Allow", ", ".join(understood.allowed))
    if isinstance(understood, SignInNeeded) and request.is_api:
        response.header("WWW-Authenticate", "Bearer")
    return response


def _for_a_program(request: Request) -> bool:
    accepted = request.header("accept")
    return request.is_api or ("json" in accepted and "html" not in accepted)


def _to_sign_in(request: Request) -> Response:
    target = quote(request.path, safe="/")
    query = request.incoming.raw_query.decode("utf-8", "replace")
    wanted = f"{target}?{query}" if query else target
    return Redirect("/login" if wanted == "/" else f"/login?{urlencode({'next': wanted})}")


def _page(request: Request, error: SopiaError, reference: str) -> Response:
    links = [Link(title=_("To the first page"), url="/", icon="home")]
    if isinstance(error, SignInNeeded):
        links = [Link(title=_("Sign in"), url="/login")]
    view = ErrorView(
        status=error.status,
        title=_title(error.status),
        text=error.message,
        remedy=error.remedy,
        reasons=tuple(each.message for each in error.errors) if isinstance(error, Invalid) else (),
        reference=reference,
        links=tuple(links),
    )
    # The frame is for those who are signed in; the others see no navigation.
    return Page("error.html" if request.principal.user_id else "error_plain.html", view, error.status)


def _problem(error: SopiaError, reference: str) -> Response:
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": str(_title(error.status)),
        "status": error.status,
        "detail": str(error.message),
    }
    if error.remedy:
        content["remedy"] = str(error.remedy)
    if isinstance(error, Invalid):
        content["errors"] = [{"field": each.field, "message": str(each.message)} for each in error.errors]
    if reference:
        content["reference"] = reference
    return Problem(content, error.status)


def plainly(error: Exception, reference: str = "") -> Response:
    """A page without template and frame, for when those are what went wrong."""
    understood = understand(error)
    lines = [_title(understood.status), understood.message, understood.remedy, reference]
    body = "".join(f"<p>{escape(str(line))}</p>" for line in lines if line)
    return Response(
        f"<!doctype html><meta charset=utf-8><title>Sopia</title>{body}<p><a href=/>Sopia</a>", understood.status
    )


def _title(status: int) -> Text | str:
    return TITLES.get(status) or HTTPStatus(status).phrase


__all__ = ["Busy", "Forbidden", "MethodNotAllowed", "NotFound", "SQLAlchemyError", "SignInNeeded", "answer", "plainly"]
