"""The cookies of Sopia: the session's token, the language before sign-in, and the notice that a redirect carries."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from core.web.incoming import Incoming
from core.web.responses import Response
from core.web.views import Button, Link, Notice

SESSION = "sopia"
SESSION_SECURE = "__Host-sopia"
LOCALE = "sopia_locale"
NOTICE = "sopia_notice"
NARROW = "sopia_narrow"
OPEN = "sopia_open"

LONGEST = 3500
"""Browsers keep 4096 bytes of a cookie, name and attributes included."""

YEAR = 365 * 24 * 3600


def session_token(incoming: Incoming, *, secure: bool) -> str:
    """The token of the session that the browser holds, "" for none."""
    return incoming.cookies.get(SESSION_SECURE if secure else SESSION, "")


def keep_session(response: Response, token: str, *, secure: bool, seconds: int) -> None:
    """Give the browser a session's token, out of reach of scripts."""
    set_cookie(response, SESSION_SECURE if secure else SESSION, token, secure=secure, seconds=seconds)


def end_session(response: Response, *, secure: bool) -> None:
    """Take the token from the browser."""
    set_cookie(response, SESSION_SECURE if secure else SESSION, "", secure=secure, seconds=0)


def set_cookie(
    response: Response, name: str, value: str, *, secure: bool, seconds: int | None = None, script: bool = False
) -> None:
    """Set a cookie for the whole site; 0 seconds remove it, None keeps it until the browser is closed."""
    parts = [f"{name}={value}", "Path=/", "SameSite=Lax"]
    if seconds is not None:
        parts.append(f"Max-Age={seconds}")
    if not script:
        parts.append("HttpOnly")
    if secure:
        parts.append("Secure")
    response.header("Set-Cookie", "; ".join(parts))


def seal_notice(notice: Notice, key: str) -> str:
    """A notice as the value of a cookie, signed, because it may hold a button."""
    content: dict[str, Any] = {"text": str(notice.text)[:500], "tone": notice.tone}
    if notice.undo:
        content["undo"] = [str(notice.undo.title), notice.undo.url, [list(pair) for pair in notice.undo.fields]]
    if notice.link:
        content["link"] = [str(notice.link.title), notice.link.url]
    packed = base64.urlsafe_b64encode(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")).decode()
    return f"{packed}.{_signature(packed, key)}" if len(packed) < LONGEST else ""


def open_notice(value: str, key: str) -> Notice | None:
    """The notice in a cookie; None where it is not one of ours."""
    packed, _dot, signature = value.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(packed, key).encode()):
        return None
    try:
        content = json.loads(base64.urlsafe_b64decode(packed))
    except (ValueError, binascii.Error):
        return None
    undo, link = content.get("undo"), content.get("link")
    return Notice(
        text=content["text"],
        tone=content["tone"],
        undo=Button(title=undo[0], url=undo[1], fields=tuple((n, v) for n, v in undo[2]), kind="quiet")
        if undo
        else None,
        link=Link(title=link[0], url=link[1]) if link else None,
    )


def _signature(packed: str, key: str) -> str:
    return hmac.new(f"notice|{key}".encode(), packed.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]
