"""The benchmark's watch sees an overview become usable."""

from __future__ import annotations

from playwright.sync_api import Browser

from benchmarks.web_usable import loads
from tests.support.prepared import COLLECTION
from tests.support.server import Server


def test_a_load_is_seen_from_the_drawing_to_the_card(chromium: Browser, server: Server) -> None:
    (load,) = loads(chromium, f"{server.url}/c/{COLLECTION}/", count=1)

    assert 0 < load.drawn <= load.asked <= load.card
    assert load.painted > 0
