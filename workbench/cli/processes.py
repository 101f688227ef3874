"""`manage.py serve`, `manage.py worker`: the two processes of a running workbench."""

from __future__ import annotations

import signal
from functools import partial

import click

from workbench.cli import logs
from workbench.cli.context import (
    app_with_tables,
    bound_in_words,
    own_names,
    read_settings,
    require_time_zone,
)
from workbench.cli.options import port_option, with_parent_option
from workbench.supervisor import end_with_parent


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@port_option
@with_parent_option
def serve(host: str, port: int, *, with_parent: bool) -> None:
    """Serve the pages."""
    if with_parent:
        end_with_parent()
    # What pages need takes more than a second to load, and the worker has none.
    from workbench.serving.connections import listen  # noqa: PLC0415
    from workbench.serving.serve import THREADS, run  # noqa: PLC0415

    settings = read_settings()
    known = (*settings.trusted_hosts, *own_names(host))
    app = app_with_tables(settings.model_copy(update={"trusted_hosts": known}), pages=True)
    with bound_in_words(host, port):
        server = listen(app, host, port, THREADS)
    signal.signal(signal.SIGTERM, _interrupt)
    click.echo(f"Workbench on http://{host}:{port} (Ctrl-C stops it)", err=True)
    run(server, app, set_up=partial(logs.configure, verbose=False))


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


@click.command()
@with_parent_option
def worker(*, with_parent: bool) -> None:
    """Run queued retrains, and nightly ones when enough verdicts were given."""
    if with_parent:
        end_with_parent()
    settings = read_settings()
    require_time_zone()
    app = app_with_tables(settings, pages=False)
    from workbench.worker.scheduler import Worker

    Worker(app, settings).start()
