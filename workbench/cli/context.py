"""What a command runs in: settings from the environment, the application, its database."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click
from flask import Flask

from workbench.app import create_app
from workbench.config import Settings
from workbench.services.errors import ServiceError
from workbench.store import migrating
from workbench.store.database import db

Given = ParamSpec("Given")


def with_app(command: Callable[Given, None]) -> Callable[Given, None]:
    """Run a command in the application's context, its refusals as clear messages (exit 1)."""

    @wraps(command)
    def wrapped(*args: Given.args, **kwargs: Given.kwargs) -> None:
        app = create_app(read_settings())
        with app.app_context():
            try:
                command(*args, **kwargs)
            except ServiceError as error:
                raise click.ClickException(str(error)) from error
            finally:
                # A command may be called in a process that goes on; its connections end here.
                db.session.remove()
                db.engine.dispose()

    return wrapped


def read_settings() -> Settings:
    """Read the settings from the environment. Raises ClickException where one is wrong."""
    try:
        return Settings()
    except ValueError as error:
        raise click.ClickException(f"Invalid WORKBENCH_ setting: {error}") from error


def require_tables() -> None:
    """Raise ClickException unless the database's tables are up to date."""
    if not migrating.is_current(db.engine):
        raise click.ClickException(
            "The database schema is not up to date. Run `python manage.py db upgrade` first."
        )


def app_with_tables(settings: Settings) -> Flask:
    """Make the application. Raises ClickException unless its tables are up to date."""
    app = create_app(settings)
    with app.app_context():
        require_tables()
    return app
