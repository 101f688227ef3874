"""The original under hand: zoomed and moved, with all that lies over it staying in its place."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import FloatRect, Locator, Page, expect
from sqlalchemy import select

from tests.support.prepared import WIDE, WIDE_SIZE
from tests.support.server import Server
from tests.support.visiting import image_url
from tests.support.witness import Witness
from workbench.store.images import Image


@pytest.fixture
def wide_page(browser_page: Page, server: Server, data_dir: Path) -> Page:
    """The page of an original that is not square, its picture and heatmap there."""
    wide = select(Image.id).where(Image.name == WIDE)
    browser_page.goto(image_url(server.url, Witness(data_dir).one(wide)[0]))
    expect(browser_page.locator("#viewer canvas.heat")).to_have_attribute("data-shown", "total")
    browser_page.locator("#viewer .base").evaluate("image => image.decode()")
    return browser_page


def box(page: Page, part: str) -> FloatRect:
    found = page.locator(f"#viewer {part}").bounding_box()
    assert found
    return found


def stage(page: Page) -> Locator:
    return page.locator("#viewer .stage")


def seen(page: Page) -> Picture.Image:
    """The stage as it looks, without outlines."""
    return Picture.open(io.BytesIO(stage(page).screenshot())).convert("RGB")


def wheel(page: Page, across: float, down: float, turns: int) -> None:
    on = box(page, ".stage")
    page.mouse.move(on["x"] + across * on["width"], on["y"] + down * on["height"])
    for _turn in range(turns):
        page.mouse.wheel(0, -60)


def assert_aligned(page: Page) -> None:
    """The heatmap and the frame lie on the middle square of the picture, wherever that is."""
    sheet = box(page, ".sheet")
    width, height = WIDE_SIZE
    scale = sheet["width"] / width
    square = (
        sheet["x"] + (width - height) / 2 * scale,
        sheet["y"] + (width - height) / 2 * scale,
        height * scale,
        height * scale,
    )
    for part in ("canvas.heat", "rect.analysed"):
        lies = box(page, part)
        found = (lies["x"], lies["y"], lies["width"], lies["height"])
        assert found == pytest.approx(square, abs=1.5), part


def test_the_wheel_zooms_the_picture_and_all_that_lies_over_it_where_the_pointer_is(
    wide_page: Page,
) -> None:
    assert_aligned(wide_page)
    wide_page.keyboard.press("g")
    before = seen(wide_page)

    wheel(wide_page, 0.4, 0.6, 2)

    expect(stage(wide_page)).to_have_class("stage zoomed")
    assert_aligned(wide_page)
    on, sheet = box(wide_page, ".stage"), box(wide_page, ".sheet")
    zoom = sheet["width"] / on["width"]
    assert zoom > 1.5
    assert (on["x"] - sheet["x"]) / on["width"] == pytest.approx(0.4 * (zoom - 1), abs=0.02)
    left, top = (on["x"] - sheet["x"]) / zoom, (on["y"] - sheet["y"]) / zoom
    side = on["width"] / zoom
    part = before.crop((round(left), round(top), round(left + side), round(top + side)))
    after = seen(wide_page)
    enlarged = part.resize(after.size, Picture.Resampling.BICUBIC)
    apart = np.abs(np.asarray(enlarged, int) - np.asarray(after, int)).mean()
    assert apart < 6, "it is the same part of the same picture"
    assert np.abs(np.asarray(before, int) - np.asarray(after, int)).mean() > 2 * apart


def test_keys_zoom_move_and_show_all_again(wide_page: Page) -> None:
    at_first = box(wide_page, ".sheet")
    stage(wide_page).focus()

    wide_page.keyboard.press("=")
    wide_page.keyboard.press("+")
    zoomed = box(wide_page, ".sheet")
    assert zoomed["width"] == pytest.approx(2.25 * at_first["width"], rel=0.01)
    wide_page.keyboard.press("ArrowRight")
    moved = box(wide_page, ".sheet")
    assert moved["x"] < zoomed["x"] - 20
    assert moved["y"] == pytest.approx(zoomed["y"], abs=1)
    assert_aligned(wide_page)
    wide_page.keyboard.press("-")
    assert box(wide_page, ".sheet")["width"] == pytest.approx(1.5 * at_first["width"], rel=0.01)
    wide_page.keyboard.press("0")

    assert box(wide_page, ".sheet") == at_first
    expect(wide_page.get_by_role("button", name="Zoom out")).to_be_disabled()


def test_zoomed_far_the_original_comes_at_full_resolution(wide_page: Page) -> None:
    assert wide_page.locator("#viewer .tiles img").count() == 0

    wheel(wide_page, 0.5, 0.5, 6)

    tile = wide_page.locator("#viewer .tiles img").first
    expect(tile).to_be_visible()
    expect(tile).to_have_js_property("naturalHeight", 512)
    assert_aligned(wide_page)


def test_two_fingers_drawn_apart_zoom_where_they_are_and_one_moves_the_picture(
    wide_page: Page,
) -> None:
    at_first = box(wide_page, ".sheet")
    on = box(wide_page, ".stage")
    middle = (on["x"] + 0.5 * on["width"], on["y"] + 0.5 * on["height"])
    devtools = wide_page.context.new_cdp_session(wide_page)
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def touch(kind: str, *fingers: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def fingers(apart: float) -> tuple[tuple[float, float], tuple[float, float]]:
        return (middle[0] - apart / 2, middle[1]), (middle[0] + apart / 2, middle[1])

    touch("touchStart", *fingers(100))
    for apart in range(110, 210, 10):
        touch("touchMove", *fingers(apart))
    touch("touchEnd")

    zoomed = box(wide_page, ".sheet")
    assert zoomed["width"] == pytest.approx(2 * at_first["width"], rel=0.05)
    before, after = ((middle[0] - sheet["x"]) / sheet["width"] for sheet in (at_first, zoomed))
    assert after == pytest.approx(before, abs=0.02), "what lay between the fingers stays there"
    assert_aligned(wide_page)

    touch("touchStart", middle)
    for moved in range(10, 70, 10):
        touch("touchMove", (middle[0] - moved, middle[1] + moved / 2))
    touch("touchEnd")

    dragged = box(wide_page, ".sheet")
    assert dragged["x"] == pytest.approx(zoomed["x"] - 60, abs=12)
    assert dragged["y"] == pytest.approx(zoomed["y"] + 30, abs=12)
    assert_aligned(wide_page)
