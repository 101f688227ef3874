"""The benchmark of the pages fills a database that every page can be read from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.web import visits
from benchmarks.web.databases import Filled, Store
from benchmarks.web.pages import PAGES
from benchmarks.web.reading import visit

IMAGES = 300


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    store = Store(tmp_path)
    yield store.filled("sqlite", IMAGES)
    store.close()


def test_every_measured_page_answers(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "WARM_UPS", 0)

    tables, _figures = visit([filled], PAGES, requests=2)

    table = tables[IMAGES]
    assert [each for measured in table.values() for each in measured.failures] == []
    assert table["overview"].most_glyphs > 0
    assert all(0 < measured.statements < 60 for measured in table.values())
    assert table["images, second page"].milliseconds, "no page led to a second one"
    assert all(
        0 < measured.most_glyphs <= 600 for name, measured in table.items() if "finer" in name
    )


def test_a_kept_database_is_not_filled_again(filled: Filled, tmp_path: Path) -> None:
    again = Store(tmp_path).filled("sqlite", IMAGES)

    assert again == filled
