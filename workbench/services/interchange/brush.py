"""Label Studio's run lengths of brush masks: bits of a picture in four channels.

As its front end and `label_studio_sdk.converter.brush` write and read them: 32 bits with the number
of bytes, 5 with the size of a word less one, four times 4 with the sizes of run lengths less one;
then runs: one bit that says whether one word is repeated, two that choose the size of the length,
the length less one, and the word, or all of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_WORD: Final = 8
_SIZES: Final = (3, 4, 8, 16)
_CHANNELS: Final = 4
MOST_PIXELS: Final = 80_000_000


class BrokenRunsError(ValueError):
    """These are no run lengths of a mask of this size."""


def encode(mask: NDArray[np.uint8]) -> list[int]:
    """Run lengths of a mask (0 or 1, height x width), as bytes."""
    flat = np.ascontiguousarray(mask).ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    starts = np.concatenate([[0], changes])
    lengths = np.diff(np.concatenate([starts, [flat.size]])) * _CHANNELS
    bits = [f"{flat.size * _CHANNELS:032b}{_WORD - 1:05b}"]
    bits += [f"{size - 1:04b}" for size in _SIZES]
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        value = "11111111" if flat[start] else "00000000"
        left = length
        while left:
            run = min(left, 2 ** _SIZES[-1])
            size = next(index for index, each in enumerate(_SIZES) if run <= 2**each)
            bits.append(f"1{size:02b}{run - 1:0{_SIZES[size]}b}{value}")
            left -= run
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big")) if text else []


def decode(rle: list[int], width: int, height: int) -> NDArray[np.uint8]:
    """The mask (0 or 1) of run lengths. Raises BrokenRunsError."""
    try:
        bits = _Bits(bytes(rle))
    except (ValueError, TypeError) as error:
        raise BrokenRunsError("the run lengths are no bytes") from error
    size = bits.take(32)
    if size != width * height * _CHANNELS or width * height > MOST_PIXELS:
        raise BrokenRunsError(
            f"the run lengths are of {size // _CHANNELS} pixels, and the image has {width * height}"
        )
    word = bits.take(5) + 1
    sizes = [bits.take(4) + 1 for _ in range(4)]
    values = np.zeros(size, np.uint8)
    at = 0
    while at < size:
        repeated = bits.take(1)
        length = 1 + bits.take(sizes[bits.take(2)])
        if at + length > size:
            raise BrokenRunsError("the run lengths go on beyond the image")
        if repeated:
            values[at : at + length] = bits.take(word) > 0
        else:
            values[at : at + length] = [bits.take(word) > 0 for _ in range(length)]
        at += length
    return values.reshape(height, width, _CHANNELS)[:, :, -1].copy()


class _Bits:
    """Bits of bytes, taken from the front."""

    def __init__(self, content: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in content)
        self._at = 0

    def take(self, count: int) -> int:
        """The next bits as a number. Raises BrokenRunsError at the end."""
        end = self._at + count
        if end > len(self._bits):
            raise BrokenRunsError("the run lengths end too early")
        found = int(self._bits[self._at : end], 2)
        self._at = end
        return found
