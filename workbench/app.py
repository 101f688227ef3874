"""The one place that wires everything."""

from __future__ import annotations

from flask import Flask

from workbench.config import Settings
from workbench.services.review import recording
from workbench.store import (  # noqa: F401 - registers the tables
    descriptions,
    hygiene,
    import_jobs,
    judgements,
    notes,
    removals,
    repeats,
    results,
    versions,
)
from workbench.store.database import db, engine_options, prepare_engine
from workbench.web.site import i18n

MEGABYTE = 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application for these settings (default: from the environment)."""
    # A command shows no pages, and would wait more than a second for what they load.
    from workbench.web import screens  # noqa: PLC0415
    from workbench.web.site.assets import empty_app  # noqa: PLC0415

    app = empty_app()
    _set_up(app, settings or Settings())
    screens.register(app)
    return app


def create_app_without_pages(settings: Settings) -> Flask:
    """Make what commands and the worker run in: the settings, the database, the words."""
    app = Flask("workbench", static_folder=None)
    _set_up(app, settings)
    i18n.register(app)
    return app


def _set_up(app: Flask, settings: Settings) -> None:
    # Password hashes lie in here: other users of the machine have no business with it.
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.set_up_numba()
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
    recording.listen()
    with app.app_context():
        prepare_engine(db.engine)
