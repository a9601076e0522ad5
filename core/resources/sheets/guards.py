"""Keeps exported text from being run as a formula by the spreadsheet program that opens it, and takes that back.

A cell that would begin a formula gets an apostrophe before it, the sign for text in spreadsheet programs. A cell that
looks guarded already gets one more, so that every text comes back on import as it was.
"""

from __future__ import annotations

import re

_BEFORE = "\\s\x00-\x20\x7f-\xa0\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_DANGEROUS = re.compile(rf"'*[{_BEFORE}]*[=+\-@＝＋－＠﹣﹢﹦﹫]|'*[{_BEFORE}]*[\t\r]")
_NUMBER = re.compile(r"[-+]?[0-9][0-9,]*(?:\.[0-9]+)?%?")


def guarded(text: str) -> str:
    """The text, with an apostrophe before it where it could be taken for a formula. Numbers stay numbers."""
    if text and _DANGEROUS.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def without_guard(text: str) -> str:
    """The text as it was before `guarded`."""
    if text[:1] == "'" and _DANGEROUS.match(text, 1) and not _NUMBER.fullmatch(text, 1):
        return text[1:]
    return text
