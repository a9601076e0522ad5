"""How Chinese text is spelled: pinyin without tones and its initials, as people type them into a search box.

It reads the word lists of pypinyin but not its code, which would add 56 MB to every process that indexes a record.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

LONGEST = 100
"""So many characters of a line are spelled: names and addresses, not the rest of a long remark."""

MOST_WAYS = 8
"""A line whose characters have several readings is spelled in at most so many ways."""

WORD_LENGTHS = (4, 3, 2)

COMMON = 0.1
"""A reading counts when at least this share of the words with the character use it."""

SURNAMES = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "区": "ou", "查": "zha", "盖": "ge", "朴": "piao",
    "翟": "zhai", "缪": "miao", "员": "yun", "祭": "zhai", "覃": "qin", "种": "chong", "召": "shao", "繁": "po",
    "折": "she", "秘": "bi", "尉": "yu", "乐": "yue", "洗": "xian", "晟": "cheng", "会": "gui", "便": "pian",
    "黑": "he", "葛": "ge", "万": "mo", "长": "zhang", "宓": "fu",
}  # fmt: skip
"""Characters that are read otherwise when they are the first of a person's name; the word lists do not say so."""


class Readings(NamedTuple):
    """What is known of characters and words."""

    full: dict[int, str | None]
    """Of each character its commonest reading; punctuation is left out of a spelling."""
    initials: dict[int, str | None]
    several: dict[str, tuple[str, ...]]
    """Characters with more than one common reading."""
    words: dict[str, tuple[str, ...]]
    """Words of two to four characters that settle the reading of such a character."""


def spell(line: str) -> set[str]:
    """The spellings by which a line of Chinese is found: its pinyin in one piece, and its initials.

    The line is normalised text (see `search.normalise`). Other letters and digits in it are kept: 'abc科技' gives
    'abckeji' and 'abckj'. A line without Chinese gives nothing.
    """
    if line.isascii():
        return set()
    line = line[:LONGEST]
    readings = _readings()
    full = line.translate(readings.full)
    if full == line:
        return set()
    if readings.several.keys().isdisjoint(line) and line[0] not in SURNAMES:
        return {full, line.translate(readings.initials)}
    return _every_way(line, readings)


def _every_way(line: str, readings: Readings) -> set[str]:
    """The spellings of a line with ambiguous characters; those with the commonest readings come before the limit."""
    ways = 1
    pieces: list[tuple[tuple[str, str], ...]] = []
    plain = 0
    for position in range(len(line)):
        options = _options(line, position, readings)
        if not options:
            continue
        ways *= len(options)
        if ways > MOST_WAYS:
            ways //= len(options)
            options = options[:1]
        pieces.append(_both(line[plain:position], readings))
        pieces.append(tuple((option, option[0]) for option in options))
        plain = position + 1
    pieces.append(_both(line[plain:], readings))
    return {"".join(part) for way in product(*pieces) for part in zip(*way, strict=True)}


def _both(text: str, readings: Readings) -> tuple[tuple[str, str]]:
    return ((text.translate(readings.full), text.translate(readings.initials)),)


def _options(line: str, position: int, readings: Readings) -> tuple[str, ...]:
    """The readings of an ambiguous character in its place, or nothing when the character is plain."""
    character = line[position]
    several = readings.several.get(character, ())
    surname = SURNAMES.get(character) if position == 0 else None
    if not several and surname is None:
        return ()
    for length in WORD_LENGTHS:
        for start in range(max(0, position - length + 1), position + 1):
            word = readings.words.get(line[start : start + length])
            if word and start + length <= len(line):
                return (word[position - start],)
    usual = several or (readings.full[ord(character)] or character,)
    return tuple(dict.fromkeys((*((surname,) if surname else ()), *usual)))


@lru_cache(maxsize=1)
def _readings() -> Readings:
    """Made from the word lists once, in 0.3 s, when the first Chinese text is spelled."""
    used: dict[str, Counter[str]] = {}
    for word, sounds in _words():
        for character, sound in zip(word, sounds, strict=False):
            used.setdefault(character, Counter())[sound] += 1
    full: dict[int, str | None] = {}
    several: dict[str, tuple[str, ...]] = {}
    for code, sounds_of in re.findall(r'"(\d+)":"([^",]+)', _list("pinyin_dict.json")):
        character = chr(int(code))
        # The list of characters names rare readings first now and then, so the words decide where there are any.
        counted = used.get(character) or Counter({_plain(sounds_of): 1})
        common = [sound for sound, count in counted.most_common() if count >= COMMON * counted.total()]
        full[ord(character)] = common[0]
        if len(common) > 1:
            several[character] = tuple(common)
    unsure = several.keys() | SURNAMES
    settling = {word: sounds for word, sounds in _words() if len(word) in WORD_LENGTHS and not unsure.isdisjoint(word)}
    silent: dict[int, str | None] = {code: None for code in range(128) if not chr(code).isalnum()}
    silent |= dict.fromkeys(map(ord, "·、。「」『』【】〔〕《》〈〉—–…‘’“”"), None)
    initials = {code: sound and sound[0] for code, sound in full.items()}
    return Readings(full | silent, initials | silent, several, settling)


def _words() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The words of the list, each with the sounds of its characters.

    Picked out of the text one by one: the parsed list would take 50 MB that the process hardly gives back.
    """
    for entry in re.finditer(r'"([^"]+)":\[((?:\["[^\]]+\],?)+)\]', _list("phrases_dict.json")):
        sounds = tuple(map(_plain, re.findall(r'\["([^"]+)', entry[2])))
        if len(sounds) == len(entry[1]):
            yield entry[1], sounds


@lru_cache(maxsize=2048)
def _plain(sound: str) -> str:
    """A syllable without its tone; ü is typed as v."""
    letters = normalize("NFD", sound).replace("u\N{COMBINING DIAERESIS}", "v")
    return re.sub(r"[^a-z]", "", letters)


def _list(name: str) -> str:
    spec = find_spec("pypinyin")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return "".join((Path(spec.submodule_search_locations[0]) / name).read_text("utf-8").split())
