"""The type of a picture, told by its content, and the answer that it is sent as."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext

from workbench.services.errors import UnavailableError

ONE_YEAR = 365 * 24 * 3600
HEAD = 8
"""Bytes from the beginning that tell the type."""
SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


def sniffed(head: bytes) -> str:
    """The type that the content has, whatever its name says; only JPEG and PNG are served."""
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    raise UnavailableError(gettext("The image file is damaged."))


def picture(content: bytes) -> Response:
    """A picture that never changes: kept by who asks for it."""
    response = Response(content, mimetype=sniffed(content[:HEAD]))
    response.add_etag()
    response.make_conditional(request)
    response.headers["Cache-Control"] = f"private, max-age={ONE_YEAR}, immutable"
    return response
