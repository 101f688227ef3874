"""Styles and scripts: where they lie, and how browsers keep them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, request
from werkzeug import Response as BaseResponse

from workbench.config import PROJECT_ROOT

KEPT_FOR = timedelta(days=365)
SHEETS = (
    "tokens",
    "base",
    "controls",
    "masthead",
    "panels",
    "overview",
    "images",
    "patterns",
    "dimensions",
    "image",
    "drawing",
    "models",
    "neighbours",
    "taxonomy",
    "history",
    "queues",
    "notes",
    "data",
    "imports",
    "people",
    "agreement",
    "dashboard",
    "label_sets",
    "webhooks",
    "api",
    "states",
)
"""In the order of the cascade."""


def empty_app() -> Flask:
    """An application without pages, whose styles and scripts browsers keep for good.

    The sheets of `static/css` are sent as one, `style`: nothing is drawn before the last of them
    has come, and each request of its own would wait for its turn.
    """
    static = PROJECT_ROOT / "static"
    app = Flask(
        "workbench",
        template_folder=str(PROJECT_ROOT / "templates"),
        static_folder=str(static),
        static_url_path=f"/static/{mark_of(static)}",
    )
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = KEPT_FOR
    style = "\n".join((static / "css" / f"{each}.css").read_text("utf-8") for each in SHEETS)

    # Beside the sheets themselves, for the addresses that they have relative to theirs.
    @app.get(f"{app.static_url_path}/css/style.css", endpoint="style")
    def _style() -> BaseResponse:
        response = Response(style, mimetype="text/css")
        response.cache_control.public = True
        response.cache_control.max_age = int(KEPT_FOR.total_seconds())
        response.add_etag()
        return response.make_conditional(request)

    return app


def mark_of(folder: Path) -> str:
    """A mark of these files' names and contents.

    It stands in their addresses, so that a browser takes the new ones at once where they have
    changed. What a script imports and a style asks for lies beneath the same mark.
    """
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(f"{path.relative_to(folder)}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
