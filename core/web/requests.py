"""What a page function gets: who asks for what, a session in his scope, and the ways to answer."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from core.kernel.errors import BadRequest
from core.kernel.i18n import translate as _
from core.web import cookies
from core.web.bodies import Form, Values, parse_json
from core.web.responses import Page, Redirect, Response, attachment
from core.web.views import Notice, Shell, Words
from core.web.work import Work, key_of_request

if TYPE_CHECKING:
    from core.kernel.compiler import ScopedConnection
    from core.kernel.guard import ScopedSession
    from core.kernel.platform import Platform
    from core.kernel.principal import Principal
    from core.kernel.sessions import SignedIn
    from core.web.incoming import Incoming
    from core.web.routing import Route
    from core.web.site import Site


class Request:
    """One request on its way through a page function.

    `params` are the values in the path, `query` those behind the question mark, `form` what was posted, `json` the
    value of a JSON body. The transaction is opened by the first use of `session` and ends after the function.
    """

    def __init__(
        self, site: Site, incoming: Incoming, signed: SignedIn | None, principal: Principal, locale: str, work: Work
    ) -> None:
        self.site = site
        self.incoming = incoming
        self.signed = signed
        self.principal = principal
        self.locale = locale
        self.work = work
        self.route: Route | None = None
        self.params: Mapping[str, Any] = {}
        self.notices: list[Notice] = []
        self.nonce = secrets.token_urlsafe(16)

    # Who and what

    @property
    def platform(self) -> Platform:
        """The generation of the platform that answers."""
        return self.site.platform

    @property
    def method(self) -> str:
        """GET, POST, …"""
        return self.incoming.method

    @property
    def path(self) -> str:
        """The path asked for, decoded."""
        return self.incoming.path

    @property
    def query(self) -> Values:
        """The fields behind the question mark."""
        return self.incoming.query

    @property
    def form(self) -> Form:
        """What was posted; empty for a GET."""
        return self.incoming.body.form

    @cached_property
    def json(self) -> Any:
        """The value of a JSON body."""
        return parse_json(self.incoming.body.raw)

    @property
    def is_api(self) -> bool:
        """Whether the answer is for a program."""
        return self.incoming.is_api

    @property
    def wants_fragment(self) -> bool:
        """Whether a script of ours asks for a part of a page and not for a whole one."""
        return self.header("sopia-fragment") == "1"

    def header(self, name: str) -> str:
        """A header's value, "" where it is missing; the name in lower case."""
        return self.incoming.header(name)

    @property
    def timezone(self) -> ZoneInfo:
        """The zone in which instants are shown to this person."""
        return ZoneInfo(self.principal.timezone or self.platform.settings.timezone)

    @property
    def is_secure(self) -> bool:
        """Whether the browser speaks https with us, or with the proxy before us."""
        return self.site.is_secure(self.incoming)

    # Reading and writing

    @property
    def session(self) -> ScopedSession:
        """The session in the person's scope: it reads for GET, writes for the other verbs, and is committed after."""
        return self.work.session

    @property
    def reader(self) -> ScopedSession:
        """A session that only reads, whatever the verb; for looking something up without waiting for the lock."""
        return self.work.reader

    @property
    def connection(self) -> ScopedConnection:
        """A connection in the person's scope that only reads, without the ORM, for lists."""
        return self.work.connection

    def begin(self, *, bin: bool = False, verb: str | None = None) -> ScopedSession:
        """Open `session` with options: `bin` shows what was deleted, `verb` is what history calls the change."""
        return self.work.begin(bin=bin, verb=verb)

    # Answers

    def render(self, template: str, view: object, status: int = 200, **extra: object) -> Page:
        """A page; it is drawn after the transaction has ended. `extra` are further names for the template."""
        return Page(template, view, status, **extra)

    def table(
        self, name: Words, header: Sequence[str], rows: Iterable[Sequence[object]], form: str = "xlsx"
    ) -> Response:
        """A table as a file that the browser saves, XLSX or CSV: amounts as `Money`, days as dates."""
        from core.resources.exporting import FORMATS, write_table
        from core.web.pages.lists import context_of

        file = BytesIO()
        write_table(header, rows, context_of(self), file, form, str(name))
        return attachment(Response(file.getvalue(), content_type=FORMATS[form]), f"{name}.{form}")

    def redirect(self, url: str, notice: Notice | Words | None = None) -> Response:
        """The way to another page of ours, which shows the notice."""
        response = Redirect(url)
        if notice:
            told = notice if isinstance(notice, Notice) else Notice(text=notice, tone="good")
            sealed = cookies.seal_notice(told, self.platform.settings.secret_key)
            cookies.set_cookie(response, cookies.NOTICE, sealed, secure=self.is_secure, seconds=300)
        return response

    def new_token(self) -> str:
        """A token for the field `_token` of a form: posted twice, the form does its work once."""
        return secrets.token_urlsafe(16)

    @cached_property
    def shell(self) -> Shell:
        """What stands around the page."""
        return self.site.shells.shell(self)

    def notify(self, notice: Notice) -> None:
        """Show a notice on this very page."""
        self.notices.append(notice)

    def idempotency(self) -> tuple[str, str] | None:
        """The key with which this request may be repeated, and the digest of what it says."""
        key = self.header("idempotency-key") or self.form.get("_token")
        if not key or self.incoming.is_safe:
            return None
        # The same form sent again in parts has other boundaries between them.
        in_parts = self.header("content-type").startswith("multipart/")
        content = self.form.digest() if in_parts else self.incoming.body.raw
        path = self.path.encode("utf-8", "replace")
        return key_of_request(key, self.method.encode(), path, self.incoming.raw_query, content)

    def number(self, name: str) -> int:
        """A field of the query or the form that must be a number, such as a record's id."""
        value = self.query.get(name) or self.form.get(name)
        if not (value.isascii() and value.isdigit() and len(value) <= 18):
            raise BadRequest(_("The field '{name}' is not a number.", name=name), _("Send digits only."))
        return int(value)
