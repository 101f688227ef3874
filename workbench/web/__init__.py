"""The screens: blueprints, forms and presenters. Knows HTTP and numbers, no SQL and no torch."""

from __future__ import annotations

from flask import Flask

from workbench.web import (
    accounts,
    adjudicate,
    collections,
    compression,
    converters,
    errors,
    explore,
    exports,
    formatting,
    health,
    images,
    layout,
    media,
    models,
    patterns,
    reports,
    security,
    similar,
    tag_checks,
    taxonomy,
    translating,
)
from workbench.web.services import Services


def register(app: Flask, services: Services | None = None) -> None:
    """Put the screens on the application.

    `services` are the use cases that the views call; None takes the real ones. The application's
    configuration must carry the settings as WORKBENCH.
    """
    app.extensions["workbench.services"] = services or Services()
    translating.register(app)
    converters.register(app)
    formatting.register(app)
    layout.register(app)
    security.register(app)
    compression.register(app)
    errors.register(app)
    for module in (
        accounts,
        adjudicate,
        collections,
        explore,
        exports,
        health,
        images,
        media,
        models,
        patterns,
        reports,
        similar,
        tag_checks,
        taxonomy,
    ):
        app.register_blueprint(module.blueprint)
