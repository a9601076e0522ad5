"""Finds out in which encoding a text file was written, and how sure that is.

Order: byte order mark, UTF-16 where every other byte is zero, strict UTF-8, GB18030, and at last a statistical guess.
"""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from core.kernel.i18n import translate as _
from core.resources.sheets.tables import Encoding, not_a_table

CHUNK = 2**18
SAMPLE = 2**18

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

PLAUSIBLE = 0.8
"""Share of everyday Chinese characters from which on a text is taken for Chinese."""

FEW = 20
"""With fewer foreign characters than this every guess is a little less sure."""

DAMAGE = 0.02
"""Share of unreadable characters up to which a file counts as damaged rather than as of another encoding."""

ZEROS = 0.03
"""Share of zero bytes on the one side from which on they come from UTF-16 and not from a picture or a program."""

NOT_GUESSED = ["utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be", "utf_7"]
"""Without zero bytes these are excluded, but almost any bytes can be read as one of them."""

LAST_SIGN, FIRST_HAN = 0xA3, 0xB0
"""Lead bytes in GB 2312: up to the first punctuation and full-width letters, from the second on Chinese characters."""

_FOREIGN = re.compile(rb"[\x80-\xff]")


def guess_encoding(file: BinaryIO) -> Encoding:
    """The most likely encoding of the file, which is read from its beginning and left there."""
    file.seek(0)
    head = file.read(SAMPLE)
    for mark, name in MARKS:
        if head.startswith(mark):
            file.seek(0)
            return Encoding(name, 1.0)
    # A few zero bytes are damage to their cells, which are told; they do not make the file another one.
    found = _narrow(file) if _zeros(head) < len(head) // 2 * ZEROS or b"\0" not in head else _wide(head)
    file.seek(0)
    return found


def check_encoding(name: str) -> str:
    """The name of an encoding of text that this installation knows, or an error."""
    try:
        known = codecs.lookup(name)
        "a".encode(known.name)
    except (LookupError, UnicodeError, ValueError):
        raise not_a_table(
            _('The encoding "{name}" is not known. Use for example utf-8 or gb18030.', name=name)
        ) from None
    return known.name


def _zeros(head: bytes) -> int:
    """How many zero bytes stand on the side that has most of them."""
    return max(head[0::2].count(0), head[1::2].count(0))


def _wide(head: bytes) -> Encoding:
    """UTF-16 without a mark: commas, digits and line ends have a zero byte always on the same side."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    name = "utf-16-be" if even > odd else "utf-16-le"
    text = head[: len(head) // 2 * 2].decode(name, errors="replace")
    if min(even, odd) * 10 > max(even, odd) or "\0" in text or text.count("\ufffd") > len(text) * DAMAGE:
        raise not_a_table(_("The file holds no text. Give a file of type CSV, XLSX, XLS or ODS."))
    return Encoding(name, 0.95)


def _narrow(file: BinaryIO) -> Encoding:
    begin = _first_foreign_line(file)
    if begin is None:
        return Encoding("utf-8", 1.0)
    if _is_utf8(file, begin):
        return Encoding("utf-8", 0.99)
    file.seek(begin)
    sample = file.read(SAMPLE)
    if _damage(sample, "utf-8") <= DAMAGE:
        return Encoding("utf-8", 0.8)
    chinese = _share_of_chinese(sample)
    if chinese >= PLAUSIBLE and _damage(sample, "gb18030") <= DAMAGE:
        return Encoding("gb18030", round(min(chinese, 0.99), 2))
    return _guess(sample) or Encoding("gb18030", round(chinese / 2, 2))


def _first_foreign_line(file: BinaryIO) -> int | None:
    """Where the first line begins that is not plain ASCII; None if there is none. Within a line the characters could
    not be told apart."""
    file.seek(0)
    line = at = 0
    while chunk := file.read(CHUNK):
        foreign = None if chunk.isascii() else _FOREIGN.search(chunk)
        newline = chunk.rfind(b"\n", 0, foreign.start() if foreign else len(chunk))
        if newline >= 0:
            line = at + newline + 1
        if foreign:
            return line if at + foreign.start() - line < SAMPLE // 2 else at + foreign.start()
        at += len(chunk)
    return None


def _is_utf8(file: BinaryIO, begin: int) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    file.seek(begin)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _foreign(sample: bytes, name: str) -> str:
    """What is not ASCII in the sample; a character cut off at its end does not count."""
    text = codecs.getincrementaldecoder(name)("replace").decode(sample)
    return "".join(letter for letter in text if letter > "\x7f")


def _damage(sample: bytes, name: str) -> float:
    """The share of characters that cannot be read."""
    foreign = _foreign(sample, name)
    return foreign.count("\ufffd") / len(foreign) if foreign else 1.0


def _share_of_chinese(sample: bytes) -> float:
    """The share of everyday characters (GB 2312 without its alphabets) in the sample read as GB18030.

    GB18030 gives a meaning to almost all bytes, so that it can be read says nothing; what comes out does: Big5, Latin
    and UTF-8 become rare characters.
    """
    foreign = _foreign(sample, "gb18030")
    encoded = foreign.encode("gb2312", errors="ignore")
    everyday = sum(1 for lead in encoded[::2] if lead >= FIRST_HAN or lead <= LAST_SIGN)
    share = everyday / len(foreign) if foreign else 0.0
    return share if len(foreign) >= FEW else share * 0.9


def _guess(sample: bytes) -> Encoding | None:
    """What a statistical guess says; it is slow, and wrong on short texts."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample[: SAMPLE // 8], cp_exclusion=NOT_GUESSED).best()
    if best is None:
        return None
    name = "gb18030" if best.encoding in ("gbk", "gb2312", "hz") else best.encoding
    return Encoding(name, round(max(0.0, min(0.7, 1.0 - best.chaos)), 2))
