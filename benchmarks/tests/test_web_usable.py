"""The benchmark's watch sees an overview become usable."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.web.usable import loads
from tests.support.prepared import COLLECTION, copy_of
from tests.support.server import live_server


def test_a_load_is_seen_from_the_drawing_to_the_card(
    chromium: Browser, analysed_once: Path, tmp_path: Path
) -> None:
    data_dir = copy_of(analysed_once, tmp_path / "data")
    with live_server(data_dir, tmp_path / "server.log", open_reading="true") as server:
        (load,) = loads(chromium, f"{server.url}/c/{COLLECTION}/", count=1)

    assert 0 < load.drawn <= load.asked <= load.card
    assert load.painted > 0
