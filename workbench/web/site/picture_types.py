"""The type of a picture, told by its content."""

from __future__ import annotations

from flask_babel import gettext

from workbench.services.errors import UnavailableError

HEAD = 8
"""Bytes from the beginning that tell the type."""
SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


def sniffed(head: bytes) -> str:
    """The type that the content has, whatever its name says; only JPEG and PNG are served."""
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    raise UnavailableError(gettext("The image file is damaged."))
