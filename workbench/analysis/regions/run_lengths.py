"""COCO's compressed run lengths as numbers: checked before anything decodes them.

The decoder of pycocotools writes wherever broken ones lead it.
"""

from __future__ import annotations

from collections.abc import Iterable


class BrokenRunLengthsError(ValueError):
    """These are no run lengths."""


def counts_of(rle: str) -> list[int]:
    """The lengths of the runs, of zeros first. Raises BrokenRunLengthsError."""
    found: list[int] = []
    at = 0
    while at < len(rle):
        value, shift, more = 0, 0, True
        while more:
            if at >= len(rle) or not 48 <= ord(rle[at]) < 112 or shift > 30:
                raise BrokenRunLengthsError
            sign = ord(rle[at]) - 48
            value |= (sign & 0x1F) << shift
            more = bool(sign & 0x20)
            at += 1
            shift += 5
            if not more and sign & 0x10:
                value -= 1 << shift
        if len(found) > 2:
            value += found[-2]
        if value < 0:
            raise BrokenRunLengthsError
        found.append(value)
    return found


def compressed(counts: Iterable[int]) -> str:
    """The text of run lengths, as COCO writes it."""
    written = []
    known: list[int] = []
    for count in counts:
        value = count - known[-2] if len(known) > 2 else count
        known.append(count)
        more = True
        while more:
            sign = value & 0x1F
            value >>= 5
            more = value != -1 if sign & 0x10 else value != 0
            written.append(chr((sign | 0x20 if more else sign) + 48))
    return "".join(written)
