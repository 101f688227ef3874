"""A developer without a shell brings images in: upload, dry run, progress, report."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.support.browser import accessibility_violations, watched_page
from tests.support.layouts import picture
from tests.support.server import Server
from tests.support.visiting import expect_notice, sign_in
from tests.support.witness import Witness
from workbench.store.images import Collection, Image


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive whose folders say 0 and 1, and a file that is no image."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for number in range(6):
            made.writestr(f"set/{number % 2}/{number}.png", picture())
        made.writestr("set/1/notes.txt", "no image")
    path = tmp_path / "set.zip"
    path.write_bytes(buffer.getvalue())
    return path


def is_accessible(page: Page) -> bool:
    """On a desk and on a phone: nothing is wider than the page, and axe finds nothing serious."""
    found: list[str] = []
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        found += accessibility_violations(page)
    return not [each for each in found if "(serious)" in each or "(critical)" in each]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_an_archive_is_uploaded_tried_imported_and_reported(
    chromium: Browser,
    server: Server,
    worker: Server,
    data_dir: Path,
    archive: Path,
    scripts: bool,
) -> None:
    name = f"uploaded {scripts}"
    with watched_page(chromium, java_script_enabled=scripts) as (page, watch):
        sign_in(page, server.url)
        page.get_by_role("link", name="Import images").click()
        assert not scripts or is_accessible(page)
        form = page.locator("form[enctype='multipart/form-data']")
        form.get_by_label("Collection").fill(name)
        form.get_by_label("A zip archive").set_input_files(archive)
        # The first dry run waits until the encoder is loaded.
        form.get_by_role("button", name="Upload").click()

        expect(page.get_by_role("alert")).to_contain_text("Add: --label 0=real --label 1=fake")
        expect(page.get_by_label("Labels")).to_have_value("0=real\n1=fake")
        assert not scripts or is_accessible(page)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#main")).to_contain_text("7 images into a new collection")
        page.get_by_role("button", name="Import", exact=True).click()
        expect_notice(page, "Import requested.")
        report = page.get_by_role("heading", name="Report")
        while not scripts and not report.is_visible():
            page.reload()
        expect(report).to_be_visible()
        expect(page.locator("#main")).to_contain_text("6 images imported")
        expect(page.locator("#main")).to_contain_text("not an image that can be read: text")
        page.get_by_role("link", name="All imports").click()
        assert not scripts or is_accessible(page)
        page.get_by_role("link", name=f"set.zip into {name}").click()
        expect(report).to_be_visible()
        assert not scripts or is_accessible(page)
        assert watch.unexpected() == []

    labels = select(Image.label).join(Collection).where(Collection.name == name)
    assert sorted(row[0] for row in Witness(data_dir).rows(labels)) == ["fake"] * 3 + ["real"] * 3
    assert list((data_dir / "uploads").glob("*")) == []
