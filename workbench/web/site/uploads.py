"""Uploads: which requests may be large, and where they wait while they are read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, Final, cast

from flask import Flask, Request, current_app, request
from flask_babel import gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer

from workbench.config import Settings
from workbench.services.errors import InvalidError
from workbench.serving.connections import LARGEST_BODY

LASTS_SECONDS: Final = 12 * 3600
"""So long after its page was loaded a form takes an upload."""
FORM_BYTES: Final = 1_000_000
"""Of an upload's other fields and of what stands between its files."""
FIELDS: Final = 20
_PATHS: Final = ("/imports/upload/", "/imports/labels/")
_PURPOSE: Final = "upload"


class UploadRequest(Request):
    """A request whose files are kept where uploads are, whose disk is meant for them."""

    folder: Path | None = None

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.folder is None:
            return super()._get_file_stream(
                total_content_length, content_type, filename, content_length
            )
        return tempfile.TemporaryFile(dir=self.folder)


def ticket() -> str:
    """What the address of an upload carries: this workbench gave a developer its form.

    Thus the server refuses large requests of strangers before their bodies are read.
    """
    return _serializer(current_app).dumps(_PURPOSE)


def require_ticket(given: str) -> None:
    """Raise InvalidError for a ticket that is not ours, or is too old."""
    if not _is_valid(current_app, given):
        raise InvalidError(
            gettext("This page was loaded too long ago. Load it again, then upload the files.")
        )


def register(app: Flask) -> None:
    """Allow large bodies where there is a ticket. To be called before forms are read."""
    settings: Settings = app.config["WORKBENCH"]

    def largest_body(path: str) -> int:
        folder, _slash, ticket = path.rpartition("/")
        if not settings.upload_bytes or f"{folder}/" not in _PATHS:
            return 0
        allowed = _is_valid(app, ticket)
        return settings.upload_bytes + FORM_BYTES if allowed else 0

    def allow() -> None:
        if request.method == "POST" and (largest := largest_body(request.path)):
            settings.upload_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            given = cast("UploadRequest", request)
            given.max_content_length = largest
            given.max_form_parts = settings.upload_files + FIELDS
            given.folder = settings.upload_dir

    app.request_class = UploadRequest
    app.extensions[LARGEST_BODY] = largest_body
    app.before_request(allow)


def _is_valid(app: Flask, given: str) -> bool:
    try:
        _serializer(app).loads(given, max_age=LASTS_SECONDS)
    except BadSignature:
        return False
    return True


def _serializer(app: Flask) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(app.secret_key), salt=_PURPOSE)
