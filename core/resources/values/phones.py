"""Telephone numbers: what is shown, and the digits by which two of them are the same."""

from __future__ import annotations

import re
from typing import NamedTuple

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, is_blank, quoted
from core.resources.values.letters import typed
from core.resources.values.texts import plain

SHORTEST, LONGEST = 5, 15
"""Digits of a number without its extension: from a hotline such as 95588 to what E.164 allows."""

LONGEST_WRITTEN = 60

_COMMON_MOBILE = re.compile(r"(?:\+?86[- ]?)?(1[3-9][0-9])[- ]?([0-9]{4})[- ]?([0-9]{4})")
_COMMON_LANDLINE = re.compile(r"(0[0-9]{2,3})-([0-9]{7,8})")
_WRITTEN = re.compile(
    r"(?P<main>[+(0-9][-0-9 ().+]*?)\s*(?:(?:转|分机|ext\.?|x|#)\s*:?\s*(?P<extension>[0-9]{1,8}))?", re.IGNORECASE
)
_SCIENTIFIC = re.compile(r"[0-9]\.[0-9]+E\+?[0-9]+", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_INTERNATIONAL = re.compile(r"(?:\(\s*)?(?:\+|00)")
_CHINA = "86"
_LANDLINE = range(9, 12)


class Phone(NamedTuple):
    """A telephone number: `shown` to people, `key` to compare with. Keys of foreign numbers begin with 00, so that
    +1 394 621 7654 is never taken for the mobile 13946217654; an extension is not part of the key."""

    shown: str
    key: str


def phone(value: object) -> Phone | None:
    """One number in any spacing; None for blank. +86 and 0086 go, Chinese mobiles are shown as eleven digits."""
    if type(value) is str and len(value) == 11 and value.isascii() and value.isdigit() and value[0] == "1":
        return Phone(value, value)
    return (_common(value) if isinstance(value, str) else None) or _any_shape(value)


def _common(value: str) -> Phone | None:
    """The shapes that most cells have, read in a sixth of the time."""
    mobile = _COMMON_MOBILE.fullmatch(value)
    if mobile is not None:
        number = "".join(mobile.groups())
        return Phone(number, number)
    landline = _COMMON_LANDLINE.fullmatch(value)
    return None if landline is None else Phone(value, landline[1] + landline[2])


def _any_shape(value: object) -> Phone | None:
    if is_blank(value):
        return None
    written = _SPACES.sub(" ", typed(plain(value)[: LONGEST_WRITTEN + 1]))
    match = _WRITTEN.fullmatch(written) if len(written) <= LONGEST_WRITTEN else None
    if match is None:
        raise _why_not(value, written)
    main = match["main"].strip(" -.")
    digits = re.sub(r"\D", "", main)
    if not SHORTEST <= len(digits) <= LONGEST + 2 or main.count("+") > ("+" in main[:2]):
        raise _why_not(value, written)
    key = _key(main, digits)
    extension = match["extension"]
    shown = key if _MOBILE.fullmatch(key) else main
    return Phone(f"{shown} 转 {extension}" if extension else shown, key)


def _key(main: str, digits: str) -> str:
    if _INTERNATIONAL.match(main):
        digits = digits.removeprefix("00")
        if not digits.startswith(_CHINA):
            return f"00{digits}"
        return _domestic(digits[2:])
    if len(digits) == 13 and _MOBILE.fullmatch(digits, 2) and digits.startswith(_CHINA):
        return digits[2:]
    return digits


def _domestic(digits: str) -> str:
    """The number as dialled inside the country: +86 10 1234 5678 is 010 1234 5678."""
    if _MOBILE.fullmatch(digits) or digits[:1] in ("", "0") or digits[:3] in ("400", "800"):
        return digits
    return f"0{digits}" if len(digits) in _LANDLINE else digits


def _why_not(value: object, written: str) -> ValueFault:
    if _SCIENTIFIC.fullmatch(written):
        return ValueFault(
            _(
                '"{value}" was shortened by a spreadsheet and has lost its digits. Write the number as text.',
                value=quoted(value),
            )
        )
    if re.search(r"[/,;、|&]", written) and len(re.sub(r"\D", "", written)) > LONGEST:
        return ValueFault(
            _('"{value}" holds more than one number. Keep one here, put the others elsewhere.', value=quoted(value))
        )
    return ValueFault(_('"{value}" is not a telephone number. Write digits, as in 138 0013 8000.', value=quoted(value)))
