"""Addresses of web pages. They end up in links, so anything but plain http and https is refused."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, is_blank, quoted
from core.resources.values.letters import FORBIDDEN, typed

LONGEST_URL = 2000

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"[\w-]+(?:\.[\w-]+)+:[0-9]{1,5}(?:[/?#]|\Z)")
_HOST = re.compile(
    r"(?:[\w](?:[\w-]{0,61}[\w])?\.)+[\w-]{2,63}|localhost|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-f:.]+\]"
)
_UNSAFE = re.compile(r"[\s\"'<>\\^`{|}]")


def url(value: object) -> str | None:
    """The address of a web page, with https:// where no scheme was given; None for blank."""
    if is_blank(value):
        return None
    if not isinstance(value, str) or len(value) > LONGEST_URL:
        raise _no_url(value)
    written = typed(value)
    if written.startswith("//"):
        written = f"https:{written}"
    elif not _SCHEME.match(written) or _HOST_AND_PORT.match(written):
        written = f"https://{written}"
    if _UNSAFE.search(written) or FORBIDDEN.search(written):
        raise _no_url(value)
    return _checked(written, value)


def _checked(written: str, value: str) -> str:
    try:
        parts = urlsplit(written)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise _no_url(value) from None
    if parts.scheme not in ("http", "https"):
        raise ValueFault(
            _('"{value}" does not lead to a web page. Give an address with http or https.', value=quoted(value))
        )
    if "@" in parts.netloc or not _HOST.fullmatch(host if ":" not in host else f"[{host}]"):
        raise _no_url(value)
    return parts._replace(netloc=parts.netloc.lower()).geturl()


def _no_url(value: object) -> ValueFault:
    return ValueFault(_('"{value}" is not a web address. Write it as https://www.example.com.', value=quoted(value)))
