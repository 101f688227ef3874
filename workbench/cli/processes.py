"""`manage.py serve`, `manage.py worker`: the two processes of a running workbench."""

from __future__ import annotations

import gc
import signal
import threading

import click
import structlog
from flask import Flask
from waitress.server import create_server

from workbench.cli.context import (
    app_with_tables,
    bound_in_words,
    read_settings,
    require_time_zone,
)
from workbench.cli.options import port_option
from workbench.config import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@port_option
def serve(host: str, port: int) -> None:
    """Serve the pages."""
    settings = read_settings()
    app = app_with_tables(settings)
    with bound_in_words(host, port):
        server = create_server(
            app,
            host=host,
            port=port,
            threads=8,
            ident=None,
            # Larger bodies would be spooled to disk whole before the application refuses them.
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"],
            clear_untrusted_proxy_headers=True,
        )
    threading.Thread(target=_warm, args=(app, settings), daemon=True).start()
    signal.signal(signal.SIGTERM, _interrupt)
    click.echo(f"Workbench on http://{host}:{port} (Ctrl-C stops it)", err=True)
    server.run()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _warm(app: Flask, settings: Settings) -> None:
    """Load the encoder before the first counterfactual asks for it."""
    from workbench.services.encoding.registry import encoder_of

    with app.app_context():
        try:
            encoder_of(settings)
        except Exception:  # noqa: BLE001 - pages work without; a counterfactual will say it
            structlog.get_logger().exception("the encoder could not be loaded")
    # The libraries are more than a million objects that stay. Looking through all of them again
    # and again would make one page in twenty wait for a fifth of a second.
    gc.collect()
    gc.freeze()


@click.command()
def worker() -> None:
    """Run queued retrains, and nightly ones when enough verdicts were given."""
    settings = read_settings()
    require_time_zone()
    app = app_with_tables(settings)
    from workbench.worker.scheduler import Worker

    Worker(app, settings).start()
