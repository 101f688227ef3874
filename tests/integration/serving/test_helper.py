"""The process for expensive requests: what needs no encoder is answered while one is loading."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from workbench.config import Settings
from workbench.serving import helper


def never_ready(_app: Any, _settings: Settings) -> None:
    time.sleep(3600)


def let_the_encoder_load_for_ever() -> None:
    """In the other process, before it begins."""
    helper._warm = never_ready


def test_an_expensive_request_does_not_wait_for_an_encoder_that_it_does_not_need(
    tmp_path: Path,
) -> None:
    running = helper.Helper(Settings(data_dir=tmp_path), let_the_encoder_load_for_ever, 1)
    try:
        asked = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/healthz",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "wsgi.url_scheme": "http",
        }
        status, _headers, body = running.answer(asked, b"")
    finally:
        running.stop()

    assert (status, body) == (200, b'{"ok":true}\n')
