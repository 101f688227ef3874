"""Addresses of pages that are sent elsewhere: to people, to the identity provider."""

from __future__ import annotations

from flask import current_app, url_for


def link(endpoint: str, **values: str) -> str:
    """The whole address of a page, with the scheme that people reach the workbench by."""
    scheme = "https" if current_app.config["WORKBENCH"].https else None
    return url_for(endpoint, _external=True, _scheme=scheme, **values)
