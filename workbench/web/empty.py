"""The application before anything is on it: where templates, styles and scripts lie."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

from flask import Flask

from workbench.config import PROJECT_ROOT

KEPT_FOR = timedelta(days=365)


def empty_app() -> Flask:
    """An application without pages, whose styles and scripts browsers keep for good."""
    static = PROJECT_ROOT / "static"
    app = Flask(
        "workbench",
        template_folder=str(PROJECT_ROOT / "templates"),
        static_folder=str(static),
        static_url_path=f"/static/{mark_of(static)}",
    )
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = KEPT_FOR
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
