"""What is indexed of a text, and what is looked for of a query: words, neighbouring letters, and spellings.

What is written here stands in every index, and an entry is taken out by writing it once more: after a change of it,
all indexes are rebuilt.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, islice
from operator import add

from core.kernel.pinyin import spell

LONGEST_TEXT = 100_000
"""So many characters of a record are indexed; what stands behind them is not found."""

SPELLED = 20_000
"""So many are found by their pinyin as well: nobody spells what stands in the middle of a long file."""

MOST_WORDS = 8
LONGEST_WORD = 60
"""Of a query so many words, and so many characters of each, are looked for; more would not narrow it further."""

SHORT = 4
"""The spellings of lines of so many characters are remembered."""

ASCII = frozenset(map(chr, range(128)))

_BEYOND = re.compile("[\U00010000-\U0010ffff]")
"""Characters that do not fit into one unit of UTF-16, such as emoji; several share one, so their hits are rechecked."""


def normalise(text: str) -> str:
    """The form in which texts and queries are compared: NFKC, case folded, one space between words, lines kept."""
    if not text.isascii():
        # Lone surrogates cannot be stored; full-width forms and ligatures become what they look like.
        text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode())
    text = text.casefold().replace("\0", " ")
    return "\n".join([" ".join(line.split()) for line in text.split("\n")])


def searchable(text: str) -> str:
    """What is kept and indexed of a record's text (its search fields, one a line): normalised, then its spellings."""
    text = normalise(text[:LONGEST_TEXT])
    lines = text.split("\n")
    spelled = [line for line in lines if not line.isascii()]
    if len(text) > SPELLED:
        ends = accumulate([len(line) + 1 for line in lines])
        pairs = zip(lines, ends, strict=True)
        spelled = [line for line, end in pairs if not line.isascii() and end - len(line) <= SPELLED]
    spellings = [_short_spellings(line) if len(line) <= SHORT else " ".join(sorted(spell(line))) for line in spelled]
    return "\n".join(filter(None, lines + spellings))


@lru_cache(maxsize=8192)
def _short_spellings(line: str) -> str:
    """The spellings of a place or a person's name, which come again and again where many records are indexed."""
    return " ".join(sorted(spell(line)))


def grams(text: str) -> set[str]:
    """What is indexed of searchable text: neighbouring letters, and each letter that is not ASCII by itself."""
    found: set[str] = set()
    for word in text.split():
        found.update(map(add, word, word[1:]))
    if not text.isascii():
        found |= set(text) - ASCII
    return found


@dataclass(frozen=True)
class Terms:
    """The words of a query, all of which must be found; made by `parse`."""

    words: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.words)

    @cached_property
    def grams(self) -> tuple[str, ...]:
        """What is looked up in the index; empty when the query has only single ASCII letters, which are everywhere."""
        return tuple(sorted(set().union(*map(_needed, self.words)))) if self.words else ()

    @cached_property
    def rechecked(self) -> tuple[str, ...]:
        """The words whose hits must be compared with the text, because no single gram stands for them."""
        return tuple(
            word for word in self.words if len(word) > 2 or (len(word) == 1 and word.isascii()) or _BEYOND.search(word)
        )

    @property
    def shape(self) -> tuple[int, int, bool]:
        """Queries of one shape have the same statement with other parameters, so a statement can be kept by it."""
        return len(self.words), len(self.rechecked), bool(self.grams)


def parse(query: str) -> Terms:
    """The words of what somebody typed; false when there is nothing to look for."""
    words = (word[:LONGEST_WORD] for word in normalise(query[:LONGEST_TEXT]).split())
    return Terms(tuple(islice(dict.fromkeys(words), MOST_WORDS)))


def _needed(word: str) -> set[str]:
    """The grams that lead to a word: its pairs, or itself when it is a single letter."""
    if len(word) == 1:
        return set() if word.isascii() else {word}
    return set(map(add, word, word[1:]))


def fts_query(found: Iterable[str]) -> str:
    """The expression by which the full-text index finds what has all of these grams."""
    return " ".join(f'"{token}"' for token in tokens(found).split())


_ODD = re.compile(r"[^a-z0-9 一-\u9fa5]")
"""Characters at which the tokenizer of the full-text index would split a token, or which it would change."""


def tokens(found: Iterable[str]) -> str:
    """Grams as text for the full-text index."""
    return _ODD.sub(lambda odd: f"x{ord(odd[0]):06x}", " ".join(found))


def tokens_of(text: str) -> str:
    """The grams of searchable text as text for the full-text index: quicker, since few of its characters are odd."""
    joined = " ".join(grams(text))
    for odd in {*_ODD.findall(text)}:
        joined = joined.replace(odd, f"x{ord(odd):06x}")
    return joined


def numbers(found: Iterable[str]) -> list[int]:
    """Grams as numbers of 32 bits, which are half as large as text and quickly compared: two units of UTF-16 each."""
    letters = "".join([gram if len(gram) > 1 else "\0" + gram for gram in found])
    units = _BEYOND.sub(_shared, letters).encode("utf-16-le")
    return list(struct.unpack(f"<{len(units) // 4}i", units))


def _shared(character: re.Match[str]) -> str:
    return chr(0xE000 + ord(character[0]) % 0x1000)
