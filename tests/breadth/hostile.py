"""What somebody may send who means no good or knows no better, for fields, addresses and forms."""

from __future__ import annotations

from typing import Any, Final

FOREIGN: Final = 999_999_999
"""The id of a record that is not there; one that is out of scope has the same answer."""

TEXTS: Final = (
    "", "   ", "\u200b", "\u202eexe.docx", "\ufffe", "a\0b", "\ud800", "a\udfffb", "😀" * 130, "x" * 300, "云" * 20_001,
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "' OR 1=1 --", '"; DROP TABLE system_user; --',
    "=cmd|' /C calc'!A0", "javascript:alert(1)", "../../etc/passwd", "%s%n%x", "％", "\\", "_", "me", "true", "null",
)  # fmt: skip
"""Texts that have broken programs."""

NUMBERS: Final = (
    "-1", "0", "1e999", "NaN", "Infinity", "-0", "0x10", "１２", "1,2,3", "9" * 28, "1" * 59, "2147483648",
    "9223372036854775808", "0.000000000000000000001", "99999999999999.99", "-99999999999999999",
)  # fmt: skip
"""What is no number, or none that fits."""

DATES: Final = (
    "0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "1000-01-01T00:00:00+14:00", "-1-01-01", "2026-02-30",
    "2026-13-01T25:61:00Z", "today", "0000-00-00", "2026-11-24T12:00:00+99:99",
)  # fmt: skip
"""Days and moments at the end of time, and some that never come."""

SHAPES: Final[tuple[Any, ...]] = (
    {}, [], {"id": {}}, {"id": [1]}, [[1]], [{"id": 1}], {"a": {"b": [1]}}, [None], [""], ["x"] * 300, {"": ""},
    {"id": FOREIGN}, [FOREIGN], [{"id": FOREIGN}], [{"nothing": 1}], [{}] * 3,
)  # fmt: skip
"""JSON of other shapes than a field has."""

PLAIN: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 1.5, 1e308, -1e308, 10**40, -(10**40), 2**31, 2**63, -(2**63) - 1, FOREIGN,
)  # fmt: skip
"""JSON values that are no texts."""

VALUES: Final[tuple[Any, ...]] = (*TEXTS, *NUMBERS, *DATES, *SHAPES, *PLAIN)
"""Whatever a JSON field may be sent."""

TYPED: Final[tuple[str, ...]] = (*TEXTS, *NUMBERS, *DATES, str(FOREIGN), "1", "[]", "{}", "[object Object]")
"""Whatever a form or an address may hold."""

EVASIONS: Final = ("A value does not fit into its field.", "Somebody else has just saved something that does not go")
"""Answers that blame nobody and name no field: what the database refused, because nobody had asked before."""
