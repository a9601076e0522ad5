"""Mail by SMTP: the sender of the outbox's channel `mail`, from the address in `SOPIA_MAIL_URL`.

`smtp://user:password@host:587?from=sopia@example.com` speaks TLS where the server offers it, `smtps://` from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

from core.kernel.errors import BadRequest
from core.kernel.i18n import translate as _
from core.kernel.outbox import Message, Sender
from core.kernel.settings import Settings

if TYPE_CHECKING:
    import smtplib
    from email.message import EmailMessage

CHANNEL: Final = "mail"
PATIENCE: Final = 30.0
"""Seconds that a server may take to answer."""


def senders(settings: Settings) -> Mapping[str, Sender]:
    """Who sends mail in this installation; nobody where no server is set."""
    return {CHANNEL: Mailer(settings.mail_url)} if settings.mail_url else {}


class Mailer:
    """Sends one message at a time: `{"to", "subject", "text"}`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        self._secure = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._secure else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = asked.get("from", [self._user if "@" in self._user else f"sopia@{self._host}"])[-1]

    def __call__(self, message: Message) -> None:
        """Send it, or raise; what the server refuses for good is not tried again."""
        import smtplib

        mail = self.compose(message)
        try:
            with self._connect() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()))[0]
            if code >= 500:
                raise BadRequest(
                    _("The mail server does not take mail for '{address}'.", address=str(message.payload.get("to"))),
                    _("Correct the person's mail address."),
                ) from refused
            raise

    def compose(self, message: Message) -> EmailMessage:
        """The mail as it goes out."""
        from email.message import EmailMessage
        from email.utils import formatdate

        told = message.payload
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = _line(told["to"])
        mail["Subject"] = _line(told["subject"])
        mail["Date"] = formatdate()
        # A second copy, sent because the first one's end was not heard of, bears the same id.
        mail["Message-ID"] = f"<{message.dedupe_id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(str(told["text"]))
        return mail

    def _connect(self) -> smtplib.SMTP:
        import smtplib
        import ssl

        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self._secure:
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=PATIENCE, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=PATIENCE)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
        if self._user:
            server.login(self._user, self._password)
        return server


def _line(text: object) -> str:
    """A text that ends no header early."""
    return " ".join(str(text).split())
