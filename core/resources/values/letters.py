"""Which characters are folded, dropped or refused before a value is read."""

from __future__ import annotations

import re

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_TO_HALF = 0xFEE0
_CHINESE_PUNCTUATION = "！（），：；？～"

TYPED = {
    **{code: code - _TO_HALF for code in _FULL_WIDTH},
    **dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2007\u2009\u202f\t\r\n"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e"), None),
    ord("￥"): "¥",
    ord("’"): "'",
    ord("。"): ".",
}
"""For numbers, dates, phones and addresses: everything full-width becomes ASCII, every odd space a space, every dash a
hyphen; invisible characters go. Half of them arrive by copying from a web page or a chat."""

PROSE = {code: code - _TO_HALF for code in _FULL_WIDTH if chr(code) not in _CHINESE_PUNCTUATION}
"""For names and other text: full-width letters, digits and signs become ASCII, but Chinese punctuation stays, because
"云图科技（总部）" is how Chinese is written."""

INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Characters nobody sees: they hide duplicates, and marks of direction disguise names. U+200D stays: it joins emoji."""

FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
"""NUL and other control characters, halves of surrogate pairs, non-characters, and U+FFFD, the scar of a letter lost in
an earlier conversion. Databases, XML or the reader's eyes choke on each of them."""


def typed(value: str) -> str:
    """The value with half-width characters, plain spaces and hyphens, stripped."""
    return value.translate(TYPED).strip()
