"""PNG files whose metadata would take more room than the decoder grants it."""

from __future__ import annotations

import struct
import zlib
from typing import Final

LARGEST: Final = 16_000_000
"""Bytes that a text or a colour profile may have, unpacked. Pillow grants 1 MB."""

_SIGNATURE: Final = 8
_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt")


def without_metadata(content: bytes) -> tuple[bytes, bool, bool]:
    """A PNG file without its texts, and without a colour profile that is too large.

    Pixels are in other chunks. Also tells whether texts, and whether a profile was dropped.
    """
    kept, texts, profile, at = [content[:_SIGNATURE]], False, False, _SIGNATURE
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        is_text = kind in _TEXTS
        too_large = kind == b"iCCP" and _is_too_large(content[at + 8 : end - 4])
        if not is_text and not too_large:
            kept.append(content[at:end])
        texts |= is_text
        profile |= too_large
        at = end
    return b"".join(kept), texts, profile


def _is_too_large(profile: bytes) -> bool:
    """Whether the body of an iCCP chunk unpacks to more than is granted."""
    packed = profile[profile.find(b"\0") + 2 :]
    try:
        return len(zlib.decompressobj().decompress(packed, LARGEST + 1)) > LARGEST
    except zlib.error:
        return False  # the decoder's own business
