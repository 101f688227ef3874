"""The settings of the application that a use case runs in."""

from __future__ import annotations

from flask import current_app

from workbench.config import Settings


def settings() -> Settings:
    """What `create_app` was given."""
    found: Settings = current_app.config["WORKBENCH"]
    return found
