"""What a command runs in: settings from the environment, the application, its database."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec
from zoneinfo import ZoneInfoNotFoundError

import click
import structlog
from flask import Flask
from pydantic import ValidationError
from tzlocal import reload_localzone

from workbench.app import create_app, create_app_without_pages
from workbench.config import PREFIX, Settings
from workbench.services.errors import ServiceError, UnavailableError
from workbench.store import migrating
from workbench.store.database import db
from workbench.store.failures import StorageError

Given = ParamSpec("Given")

MACHINE_ERRORS = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.ENOSPC}
    | {errno.EDQUOT, errno.EROFS, errno.EIO}
)
"""What the machine refuses; the workbench made no mistake, and a traceback would tell nothing."""


def with_app(command: Callable[Given, None]) -> Callable[Given, None]:
    """Run a command in the application's context, its refusals as clear messages (exit 1)."""

    @wraps(command)
    def wrapped(*args: Given.args, **kwargs: Given.kwargs) -> None:
        settings = read_settings()
        with refusals_in_words(settings):
            app = _made(create_app_without_pages, settings)
            with app.app_context():
                try:
                    command(*args, **kwargs)
                finally:
                    # A command may be called in a process that goes on; its connections end here.
                    db.session.remove()
                    db.engine.dispose()

    return wrapped


def read_settings() -> Settings:
    """Read the settings from the environment. Raises ClickException where one is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = (_in_words(each) for each in error.errors(include_url=False))
        raise click.ClickException(f"Invalid setting: {'; '.join(wrong)}.") from None


def _in_words(error: Any) -> str:
    field = str(error["loc"][0])
    given = error["input"]
    # A secret's own value is kept out of sight, and says nothing that its owner does not know.
    shown = "" if Settings.is_secret(field) else f"={given}"
    return f"{PREFIX}{field.upper()}{shown}: {error['msg'].removeprefix('Value error, ')}"


@contextmanager
def refusals_in_words(settings: Settings) -> Iterator[None]:
    """Raise what services and the machine refuse as a ClickException: one sentence, exit 1."""
    try:
        yield
    except ServiceError as error:
        detail = error.detail if isinstance(error, UnavailableError) else ""
        raise click.ClickException(f"{error} {detail}".rstrip()) from error
    except StorageError as error:
        structlog.get_logger().debug("the database refused", exc_info=error)
        raise click.ClickException(
            f"The database {settings.shown_url} cannot be used: {error.orig}."
        ) from error
    except OSError as error:
        if error.errno not in MACHINE_ERRORS:
            raise
        structlog.get_logger().debug("the machine refused", exc_info=error)
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{os.strerror(error.errno)}.") from error


def require_time_zone() -> None:
    """Raise ClickException unless the time zone, which retrains are planned in, is known."""
    try:
        reload_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.ClickException(
            "The time zone of this process is not known. "
            "Set TZ to a name such as Europe/Berlin, or unset it."
        ) from error


@contextmanager
def bound_in_words(host: str, port: int) -> Iterator[None]:
    """Raise what keeps a server from its address as a ClickException."""
    try:
        yield
    except (OSError, OverflowError) as error:
        said = error.strerror if isinstance(error, OSError) else "ports go up to 65535"
        raise click.ClickException(
            f"Port {port} of {host} cannot be used: {said}. Choose another with --port or --host."
        ) from error


def own_names(host: str) -> tuple[str, ...]:
    """What people may call this machine where a server listens on `host`.

    For all of its addresses, that is its own name and those addresses that it knows of.
    """
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not listened on
        return (host.lower(),)
    name = socket.gethostname().lower()
    try:
        addresses = socket.gethostbyname_ex(name)[2]
    except OSError:
        addresses = []
    return (name, socket.getfqdn().lower(), *addresses)


def require_port(host: str, port: int) -> None:
    """Raise ClickException where another process listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with bound_in_words(host, port), socket.socket(family) as probe:
        # As servers do: what an earlier process has not yet closed is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def require_tables() -> None:
    """Raise ClickException unless the database's tables are up to date."""
    if not migrating.is_current(db.engine):
        raise click.ClickException(
            "The database schema is not up to date. Run `python manage.py db upgrade` first."
        )


def app_with_tables(settings: Settings, *, pages: bool) -> Flask:
    """Make the application. Raises ClickException unless its tables are up to date."""
    with refusals_in_words(settings):
        app = _made(create_app if pages else create_app_without_pages, settings)
        with app.app_context():
            require_tables()
    return app


def _made(create: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The application. Raises ClickException where its data directory cannot be used."""
    folder = settings.data_dir
    try:
        app = create(settings)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise click.ClickException(
            f"The data directory {folder} cannot be used: {reason}. "
            f"Choose another with {PREFIX}DATA_DIR."
        ) from error
    if folder.stat().st_mode & 0o077:
        click.echo(
            f"Warning: other users of this machine can look into {folder}. "
            f"Close it with: chmod -R go-rwx {folder}",
            err=True,
        )
    return app
