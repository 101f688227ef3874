"""The one place that wires everything."""

from __future__ import annotations

from flask import Flask

from workbench import web
from workbench.config import Settings
from workbench.store import (  # noqa: F401 - registers the tables
    descriptions,
    hygiene,
    import_jobs,
    judgements,
    removals,
    results,
    versions,
)
from workbench.store.database import db, engine_options, prepare_engine
from workbench.web.site.assets import empty_app

MEGABYTE = 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application for these settings (default: from the environment)."""
    settings = settings or Settings()
    # Password hashes lie in here: other users of the machine have no business with it.
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.set_up_numba()
    app = empty_app()
    app.config.update(
        WORKBENCH=settings,
        SECRET_KEY=settings.session_secret(),
        SQLALCHEMY_DATABASE_URI=settings.url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.url),
        MAX_CONTENT_LENGTH=1 * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        MAX_FORM_PARTS=200,
    )
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    web.register(app)
    return app
