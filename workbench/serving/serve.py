"""The web process: the application behind its server, and the process for expensive requests."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from waitress.server import BaseWSGIServer, MultiSocketServer

from workbench.serving.helper import Helper
from workbench.web.site.slots import HELPER, SLOTS

THREADS = 2 * SLOTS
"""Half of them at least are always there for pages."""


def run(server: BaseWSGIServer | MultiSocketServer, app: Flask, set_up: Callable[[], None]) -> None:
    """Serve until the process is interrupted; `set_up` prepares the process beside it."""
    # What comes in waits on the disk that is meant for it; that of /tmp may be memory.
    uploads: Path = app.config["WORKBENCH"].upload_dir
    uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
    tempfile.tempdir = str(uploads)
    helper = app.extensions[HELPER] = Helper(app.config["WORKBENCH"], set_up, SLOTS)
    # The libraries are more than a million objects that stay. Looking through all of them again
    # and again would make one page in twenty wait for a fifth of a second.
    gc.collect()
    gc.freeze()
    try:
        server.run()
    finally:
        helper.stop()
