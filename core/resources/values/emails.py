"""Addresses of electronic mail."""

from __future__ import annotations

import re

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, is_blank, quoted
from core.resources.values.letters import FORBIDDEN, typed

LONGEST_EMAIL = 254

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[\w-]{2,63}")


def email(value: object) -> str | None:
    """One address with its domain in small letters; None for blank. Whether anybody reads it is not asked."""
    if is_blank(value):
        return None
    if isinstance(value, str) and len(value) <= LONGEST_EMAIL * 2:
        written = typed(value)
        if written[:7].lower() == "mailto:":
            written = written[7:]
        local, _at, domain = written.rpartition("@")
        if (
            _EMAIL.fullmatch(written)
            and not FORBIDDEN.search(written)
            and len(written) <= LONGEST_EMAIL
            and ".." not in local
            and local[0] != "."
            and local[-1] != "."
        ):
            return f"{local}@{domain.lower()}"
    raise ValueFault(_('"{value}" is not an e-mail address. Write one, as in name@example.com.', value=quoted(value)))
