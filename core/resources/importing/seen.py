"""What earlier rows of a file have said, as compactly as numbers can tell it: a million rows take some 50 MB."""

from __future__ import annotations

from array import array
from typing import Any, Final

FIRST_SIZE: Final = 2**12


class SeenRows:
    """By what rows are recognised again, with the number of the first row of each; a table of hashes in two arrays.

    Two different marks have the same hash of 64 bits once in some millions of files.
    """

    __slots__ = ("_count", "_hashes", "_mask", "_rows")

    def __init__(self) -> None:
        self._make(FIRST_SIZE)

    def __len__(self) -> int:
        return self._count

    def before(self, mark: Any, number: int) -> int:
        """The number of the row above `number` that has had the mark; 0 for none."""
        found = hash(mark) or 1
        hashes, mask = self._hashes, self._mask
        place = found & mask
        while kept := hashes[place]:
            if kept == found:
                row = self._rows[place]
                return row if row < number else 0
            place = (place + 1) & mask
        return 0

    def add(self, mark: Any, number: int) -> None:
        """Remember the row of a mark, if it is the first with it."""
        self._put(hash(mark) or 1, number)
        if self._count * 5 > len(self._hashes) * 3:
            self._grow()

    def _put(self, found: int, number: int) -> None:
        hashes, mask = self._hashes, self._mask
        place = found & mask
        while kept := hashes[place]:
            if kept == found:
                return
            place = (place + 1) & mask
        hashes[place] = found
        self._rows[place] = number
        self._count += 1

    def _make(self, size: int) -> None:
        self._count, self._mask = 0, size - 1
        self._hashes = array("q", bytes(8 * size))
        self._rows = array("i", bytes(4 * size))

    def _grow(self) -> None:
        old = zip(self._hashes, self._rows, strict=True)
        self._make(len(self._hashes) * 2)
        for found, number in old:
            if found:
                self._put(found, number)
