"""Text of one line (names, titles) and of many (remarks)."""

from __future__ import annotations

import datetime as dt
import re
from unicodedata import is_normalized, normalize

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, quoted
from core.resources.values.letters import FORBIDDEN, INVISIBLE, PROSE

NAME_LENGTH = 200
REMARK_LENGTH = 20_000

_TO_FOLD = re.compile(f"[{re.escape(''.join(map(chr, PROSE)))}\ufffd]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACE_AT_LINE_END = re.compile(r"[^\S\n]+(?=\n|\Z)")


def text(value: object, longest: int = NAME_LENGTH) -> str:
    """One line of text: composed (NFC), half-width letters and digits, single spaces, none around; "" for blank."""
    if type(value) is not str:
        value = plain(value)
    if (
        value.isprintable()
        and "  " not in value
        and value[:1] != " "
        and value[-1:] != " "
        and (value.isascii() or (not _TO_FOLD.search(value) and is_normalized("NFC", value)))
    ):
        line = value
    else:
        _refuse_broken(value)
        line = " ".join(normalize("NFC", INVISIBLE.sub("", value).translate(PROSE)).split())
    if len(line) > longest:
        raise _too_long(line, longest)
    return line


def long_text(value: object, longest: int = REMARK_LENGTH) -> str:
    """Text of many lines: composed (NFC), line ends as newlines, its own spaces and widths kept; "" for blank."""
    written = value if isinstance(value, str) else plain(value)
    if not (written.isascii() and written.isprintable()):
        _refuse_broken(_LINE_END.sub("\n", written))
        written = normalize("NFC", INVISIBLE.sub("", _LINE_END.sub("\n", written)))
    lines = _SPACE_AT_LINE_END.sub("", written).strip("\n")
    if len(lines) > longest:
        raise _too_long(lines, longest)
    return lines if not lines.isspace() else ""


def plain(value: object) -> str:
    """A typed cell of a sheet as the person saw it: 12.0 is "12", a date is "2026-03-05"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _refuse_broken(value: str) -> None:
    found = FORBIDDEN.search(value)
    if found is None:
        return
    code = f"U+{ord(found.group()):04X}"
    if code == "U+FFFD":
        raise ValueFault(
            _(
                '"{value}" has lost a character in an earlier conversion (\N{REPLACEMENT CHARACTER}). Write it anew.',
                value=quoted(value),
            )
        )
    raise ValueFault(
        _(
            '"{value}" contains {code}, which is not a character of any writing. Remove it.',
            value=quoted(value),
            code=code,
        )
    )


def _too_long(value: str, longest: int) -> ValueFault:
    return ValueFault(
        _(
            '"{value}" has {length} characters; at most {longest} are allowed. Shorten it.',
            value=quoted(value),
            length=len(value),
            longest=longest,
        )
    )
