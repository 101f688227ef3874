"""A version with the scores of another detector, looked at and judged as any other."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect
from sqlalchemy import select

from tests.browser.test_every_page import SIZES, serious
from tests.support.browser import watched_page
from tests.support.prepared import COLLECTION
from tests.support.server import live_server, manage
from tests.support.visiting import expect_notice, judge, sign_in
from tests.support.witness import Witness
from workbench.store.images import Collection, Image

LACKING = "v2 has the scores of UnivFD alone, computed elsewhere: there are no heatmaps"


def with_scores(data_dir: Path, table: Path) -> Path:
    """Import made-up scores into the data directory's collection; its version 2."""
    images = Witness(data_dir).rows(
        select(Image.id).join(Collection).where(Collection.name == COLLECTION)
    )
    table.write_text("id,p_fake\n" + "".join(f"{row[0]},0.{row[0] % 10}\n" for row in images))
    done = manage(
        *("import-scores", str(table), "--collection", COLLECTION, "--model", "UnivFD"),
        data_dir=data_dir,
    )
    assert done.returncode == 0, done.stderr
    return data_dir


def test_its_pages_say_what_they_lack_fit_every_screen_and_take_a_verdict(
    chromium: Browser, own_data: Path, tmp_path: Path
) -> None:
    data_dir = with_scores(own_data, tmp_path / "scores.csv")
    home = f"/c/{COLLECTION}"
    addresses = [
        f"{home}/?version=2&outcome=misclassified&order=wrong",
        f"{home}/patterns?version=2",
        f"{home}/models?version=2",
    ]
    found = {}
    with live_server(data_dir, tmp_path / "server.log", open_reading="true") as server:
        for size, theme in (("desk", "light"), ("phone", "dark")):
            with watched_page(chromium, viewport=SIZES[size], color_scheme=theme) as (page, watch):
                page.goto(f"{server.url}{home}/adjudicate?version=2")
                for address in [page.url.removeprefix(server.url), *addresses]:
                    page.goto(f"{server.url}{address}")
                    expect(page.get_by_text(LACKING)).to_have_count(1)
                    expect(page.locator("img.heat")).to_have_count(0)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    found[size, address] = serious(page), wide <= SIZES[size]["width"]
                assert watch.unexpected() == []
        with watched_page(chromium, viewport=SIZES["desk"]) as (page, watch):
            sign_in(page, server.url)
            page.goto(f"{server.url}{home}/adjudicate?version=2")
            page.get_by_role("button", name="Zoom in").click()
            expect(page.locator("#viewer .stage.zoomed")).to_be_visible()
            judge(page, "s")
            expect_notice(page, "unsure")
            assert watch.unexpected() == []
    assert [each for each, seen in found.items() if seen != ([], True)] == []
