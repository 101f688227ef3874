"""Ways back to where somebody came from, which never lead off the site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request, url_for


def way_back(endpoint: str) -> str:
    """Where a form says that one came from, else the page of this endpoint."""
    return local_path(request.form.get("back")) or url_for(endpoint)


def local_path(target: str | None) -> str | None:
    """The path and query of an address of this site; None for any other address."""
    if not target or any(ord(sign) < 32 for sign in target) or "\\" in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.netloc and (parts.scheme not in ("http", "https") or parts.netloc != request.host):
        return None
    if parts.scheme and not parts.netloc:
        return None
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
