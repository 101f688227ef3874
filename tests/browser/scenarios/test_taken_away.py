"""What is taken away shows without the workbench: offline, in a browser, on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Watch, accessibility_violations, watched_page
from tests.support.prepared import COLLECTION
from tests.support.server import Server

A4_INCHES = (8.27, 11.69)


def downloaded(page: Page, name: str, folder: Path) -> Path:
    """Click a link that saves a file; the file."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    kept = folder / waiting.value.suggested_filename
    waiting.value.save_as(kept)
    return kept


def opened(page: Page, file: Path) -> list[str]:
    """Open a file; the requests that it makes beyond itself."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    return [url for url in asked if not url.startswith(("data:", file.as_uri()))]


@pytest.fixture
def pattern_report(chromium: Browser, server: Server, tmp_path: Path) -> Path:
    """A pattern's report, taken without JavaScript."""
    with watched_page(chromium, java_script_enabled=False) as (page, watch):
        page.goto(f"{server.url}/c/{COLLECTION}/patterns")
        page.locator(".pattern-link").first.click()
        kept = downloaded(page, "Report", tmp_path)
        assert watch.unexpected() == []
    return kept


def test_a_report_opens_offline_asks_for_nothing_and_shows_all_its_pictures(
    chromium: Browser, pattern_report: Path
) -> None:
    with watched_page(chromium, offline=True) as (page, watch):
        assert opened(page, pattern_report) == []

        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("img").count() > 0
        assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 1)")
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") == "26px"
        assert accessibility_violations(page) == []
        assert watch.unexpected() == []


def test_a_report_stays_light_and_within_its_width(chromium: Browser, pattern_report: Path) -> None:
    with watched_page(chromium, color_scheme="dark", viewport={"width": 390, "height": 800}) as (
        page,
        watch,
    ):
        opened(page, pattern_report)

        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert watch.unexpected() == []


def test_a_report_prints_on_a4(chromium: Browser, pattern_report: Path) -> None:
    with watched_page(chromium) as (page, _watch):
        opened(page, pattern_report)

        pdf = page.pdf(prefer_css_page_size=True)

    width, height = (side * 72 for side in A4_INCHES)
    box = pdf.split(b"/MediaBox [")[1].split(b"]")[0].split()
    assert float(box[2]) == pytest.approx(width, abs=1)
    assert float(box[3]) == pytest.approx(height, abs=1)


def test_the_overview_is_taken_from_its_menu_and_shows_offline(
    chromium: Browser,
    browser_page: Page,
    watched: tuple[Page, Watch],
    server: Server,
    tmp_path: Path,
) -> None:
    browser_page.goto(f"{server.url}/c/{COLLECTION}/")
    cells = browser_page.locator("[data-cell-id]").count()
    browser_page.locator("#download-overview summary").click()

    kept = downloaded(browser_page, "SVG", tmp_path)

    assert kept.name == f"{COLLECTION}-v1-overview.svg"
    with watched_page(chromium, offline=True) as (page, watch):
        assert opened(page, kept) == []
        assert page.locator("[data-cell-id]").count() == cells
        expect(page.locator("[data-cell-id] .ground").first).to_be_visible()
        assert watch.unexpected() == []
