"""A region is drawn where the hand goes: by mouse, finger and keyboard, at full resolution."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.support.browser import Watch, accessibility_violations, watched_page
from tests.support.prepared import WIDE, WIDE_SIZE, copy_of
from tests.support.server import Server, live_server
from tests.support.visiting import image_url, sign_in
from tests.support.witness import Witness
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.drawing import Outline, Step, Stroke, draw
from workbench.analysis.regions.masks import decoded
from workbench.store.images import Image
from workbench.store.judgements import Tag, Tagging
from workbench.store.regions import DrawnRegion, Region
from workbench.store.results import PixelGroup

Point = tuple[float, float]
WIDTH, HEIGHT = WIDE_SIZE
NEAR = 2
"""Pixels of the original that a line may lie off: what a pointer is rounded to, and a stroke
simplified by."""


@pytest.fixture(scope="module")
def data(analysed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(analysed_once, tmp_path_factory.mktemp("drawing") / "data")


@pytest.fixture(scope="module")
def drawing_server(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with live_server(data, tmp_path_factory.mktemp("logs") / "drawing.log") as running:
        yield running


@pytest.fixture
def image_id(data: Path) -> int:
    found: int = Witness(data).one(select(Image.id).where(Image.name == WIDE))[0]
    return found


@pytest.fixture
def page(browser_page: Page, drawing_server: Server, image_id: int) -> Page:
    opened(browser_page, drawing_server, image_id)
    return browser_page


def opened(page: Page, server: Server, image_id: int) -> None:
    sign_in(page, server.url)
    page.goto(image_url(server.url, image_id))
    expect(page.locator("#viewer canvas.heat")).to_have_attribute("data-shown", "total")
    page.locator("#viewer .base").evaluate("image => image.decode()")


def on_screen(page: Page) -> Callable[[float, float], Point]:
    """Where a pixel of the original lies on the screen now."""
    sheet = page.locator("#viewer .sheet").bounding_box()
    assert sheet
    scale, above = sheet["width"] / WIDTH, (WIDTH - HEIGHT) / 2

    def place(x: float, y: float) -> Point:
        return sheet["x"] + x * scale, sheet["y"] + (y + above) * scale

    return place


def in_picture(page: Page, point: Point) -> Point:
    """The other way round, of a point that a pointer is rounded to."""
    (left, top), (right, _top) = on_screen(page)(0, 0), on_screen(page)(WIDTH, 0)
    scale = WIDTH / (right - left)
    return (point[0] - left) * scale, (point[1] - top) * scale


def choose(page: Page, tool: str) -> None:
    page.keyboard.press({"Brush": "b", "Lasso": "l", "Polygon": "p", "Box": "m"}[tool])
    expect(page.locator(f"[data-tool={tool.lower()}]")).to_have_attribute("aria-pressed", "true")


def drag(page: Page, points: Sequence[Point]) -> list[Point]:
    """Through pixels of the original; returns where the pointer really was."""
    place = on_screen(page)
    screen = [tuple(round(each) for each in place(*point)) for point in points]
    page.mouse.move(*screen[0])
    page.mouse.down()
    for each in screen[1:]:
        page.mouse.move(*each, steps=6)
    page.mouse.up()
    return [in_picture(page, (float(x), float(y))) for x, y in screen]


def name_it(page: Page, tag: str, severity: str = "", reason: str = "") -> None:
    form = page.locator("[data-part=region-form]")
    with page.expect_response("**/taxonomy/names*"):  # names are offered, the drawing stays
        form.get_by_label("Tag").fill(tag)
    form.get_by_label("Severity").select_option(severity)
    form.get_by_label("Reason").fill(reason)
    form.get_by_role("button", name="Save region").click()
    expect(page.locator("#notices")).to_contain_text(f"Saved: a region tagged “{tag}”.")


def saved(data: Path) -> tuple[DrawnRegion, NDArray[np.bool_]]:
    """The newest, and its mask on the whole picture."""
    row = Witness(data).rows(select(DrawnRegion).order_by(DrawnRegion.id.desc()).limit(1))[0][0]
    mask = np.zeros((row.picture_height, row.picture_width), np.bool_)
    mask[row.top : row.top + row.height, row.left : row.left + row.width] = decoded(
        row.rle, row.height, row.width
    )
    return row, mask


def filled(*steps: Step) -> NDArray[np.bool_]:
    drawn = draw(steps, WIDTH, HEIGHT)
    assert drawn
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    rows, columns = drawn.pixels.shape
    mask[drawn.top : drawn.top + rows, drawn.left : drawn.left + columns] = drawn.pixels
    return mask


def assert_drawn(found: NDArray[np.bool_], expected: NDArray[np.bool_]) -> None:
    """Both are the same but for a seam along the edge."""
    import cv2  # noqa: PLC0415 - half a second

    around = np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)
    wide = cv2.dilate(expected.astype(np.uint8), around) > 0
    narrow = cv2.erode(expected.astype(np.uint8), around) > 0
    assert narrow.any()
    assert not (found & ~wide).any()
    assert not (narrow & ~found).any()


def standing_tags(data: Path, region_id: int) -> list[tuple[Any, ...]]:
    rows = Witness(data).rows(
        select(Tag.name, Tagging.severity, Tagging.reason)
        .join(Tagging, Tagging.tag_id == Tag.id)
        .where(Tagging.region_id == region_id, Tagging.withdrawn_at.is_(None))
    )
    return [tuple(each) for each in rows]


def test_a_box_is_drawn_named_shown_after_a_reload_and_withdrawn(page: Page, data: Path) -> None:
    choose(page, "Box")
    (x0, y0), (x1, y1) = drag(page, [(900, 300), (1300, 640)])
    name_it(page, "box of hair", "moderate", "no strands")

    row, mask = saved(data)
    assert (row.tool, row.picture_width, row.picture_height) == ("box", WIDTH, HEIGHT)
    assert_drawn(mask, filled(Outline(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))))
    assert standing_tags(data, row.region_id) == [("box of hair", "moderate", "no strands")]

    page.reload()
    region = page.locator(f".drawn-regions [data-group-id=drawn-{row.id}]")
    expect(region).to_contain_text("box of hair")
    expect(region).to_contain_text("moderate")
    expect(region).to_contain_text("no strands")
    outline = page.locator(f".outline[data-group-id=drawn-{row.id}]")
    page.keyboard.press("b")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        assert [each for each in accessibility_violations(page) if "(moderate)" not in each] == []
    page.keyboard.press("Escape")
    region.hover()
    expect(outline).to_have_class("outline drawn lit")
    region.get_by_role("button", name="Withdraw region").click()
    expect(page.locator("#notices")).to_contain_text("Region withdrawn.")
    expect(outline).to_have_count(0)
    assert standing_tags(data, row.region_id) == []


def test_a_polygon_is_closed_at_its_first_corner_where_the_picture_is_zoomed(
    page: Page, data: Path
) -> None:
    for _turn in range(4):
        page.keyboard.press("+")
    choose(page, "Polygon")
    place = on_screen(page)
    corners = []
    for corner in ((1100, 500), (1250, 520), (1230, 640), (1120, 600), (1100, 500)):
        x, y = (round(each) for each in place(*corner))
        page.mouse.click(x, y)
        corners.append(in_picture(page, (float(x), float(y))))
    name_it(page, "polygon")

    row, mask = saved(data)
    assert row.tool == "polygon"
    assert_drawn(mask, filled(Outline(np.array(corners[:4]))))


def test_a_stroke_is_painted_erased_and_undone(page: Page, data: Path) -> None:
    choose(page, "Brush")
    line = drag(page, [(700, 400), (1000, 420), (1250, 700)])
    page.keyboard.press("]")
    page.keyboard.press("]")
    drag(page, [(1500, 300), (1600, 800)])
    page.keyboard.press("Backspace")
    page.keyboard.press("e")
    gap = drag(page, [(1000, 300), (1000, 600)])
    radii = [
        step["radius"]
        for step in page.evaluate("JSON.parse(document.querySelector('[name=shape]').value).steps")
    ]
    name_it(page, "stroke")

    row, mask = saved(data)
    assert row.tool == "brush"
    thin, thick = radii
    assert thick > thin
    steps = Stroke(np.array(line), thin), Stroke(np.array(gap), thick, erase=True)
    assert_drawn(mask, filled(*steps))


def test_a_lasso_that_covers_most_of_a_pixel_group_snaps_to_it(
    page: Page, data: Path, image_id: int
) -> None:
    groups = Witness(data).rows(
        select(PixelGroup.id, Region.rle, Region.left, Region.top, Region.width, Region.height)
        .join(Region, Region.id == PixelGroup.region_id)
        .where(PixelGroup.image_id == image_id)
    )
    _group, rle, left, top, width, height = max(groups, key=lambda each: each[4] * each[5])
    scale = HEIGHT / NORMAL_SIZE
    aside = (WIDTH - HEIGHT) / 2
    x0, y0 = aside + left * scale + 1, top * scale + 1
    x1, y1 = aside + (left + width) * scale - 1, (top + height) * scale - 1
    choose(page, "Lasso")
    page.keyboard.press("q")
    drag(page, [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])
    name_it(page, "snapped")

    row, mask = saved(data)
    assert row.tool == "several"
    group = decoded(rle, NORMAL_SIZE, NORMAL_SIZE).astype(np.bool_)
    at = np.floor((np.arange(HEIGHT) + 0.5) / scale).astype(int)
    inside = mask[:, round(aside) : round(aside) + HEIGHT]
    assert inside[group[np.ix_(at, at)]].all()
    expect(page.locator(f".drawn-regions [data-group-id=drawn-{row.id}]")).to_contain_text(
        "covers 100% of pixel group"
    )


def test_superpixels_are_chosen_by_the_keyboard_alone(
    page: Page, data: Path, image_id: int
) -> None:
    page.keyboard.press("w")
    said = page.locator("[data-part=drawing-said]")
    expect(said).to_contain_text("not chosen. 0 chosen.")
    expect(page.get_by_role("application")).to_be_focused()
    page.keyboard.press("Space")
    expect(said).to_contain_text("1 chosen.")
    first = said.inner_text()
    page.keyboard.press("ArrowRight")
    expect(said).not_to_have_text(first)
    expect(said).to_contain_text("not chosen. 1 chosen.")
    page.keyboard.press("Space")
    expect(said).to_contain_text("2 chosen.")
    page.keyboard.press("Space")
    expect(said).to_contain_text("1 chosen.")
    page.keyboard.press("Shift+ArrowRight")
    expect(said).to_contain_text("2 chosen.")
    page.keyboard.press("Enter")
    expect(page.locator("#tag-drawn")).to_be_focused()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("Saved: a region tagged “by keyboard”.")

    row, _mask = saved(data)
    assert row.tool == "superpixels"
    answer = page.request.get(
        page.locator("[data-map$=png], [data-map*=superpixels]").last.evaluate(
            "element => element.dataset.map.startsWith('http') ? element.dataset.map "
            ": new URL(element.dataset.map, document.baseURI).href"
        )
    )
    labels = np.asarray(Picture.open(io.BytesIO(answer.body())))
    region = Witness(data).one(select(Region.rle).where(Region.id == row.region_id))[0]
    normal = decoded(region, NORMAL_SIZE, NORMAL_SIZE).astype(np.bool_)
    # Whole superpixels, the one in the middle among them.
    chosen = np.unique(labels[normal])
    assert len(chosen) == 2
    assert (normal == np.isin(labels, chosen)).all()
    assert normal[NORMAL_SIZE // 2, NORMAL_SIZE // 2]


def test_a_finger_draws_and_two_fingers_zoom(
    chromium: Browser, drawing_server: Server, data: Path, image_id: int
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with watched_page(chromium, **phone) as (page, watch):
        opened(page, drawing_server, image_id)
        page.locator("[data-tool=lasso]").tap()
        page.locator("#viewer .stage").scroll_into_view_if_needed()
        place = on_screen(page)
        touch = page.context.new_cdp_session(page)

        def send(kind: str, *points: Point) -> None:
            touch.send(
                "Input.dispatchTouchEvent",
                {
                    "type": kind,
                    "touchPoints": [
                        {"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)
                    ],
                },
            )

        around = [(900, 300), (1300, 320), (1250, 800), (930, 760)]
        screen = [place(*each) for each in around]
        send("touchStart", screen[0])
        for (x0, y0), (x1, y1) in pairwise(screen):
            for share in np.linspace(0.1, 1, 10):
                send("touchMove", (x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
        send("touchEnd")
        expect(page.locator("[data-part=region-form]")).to_be_visible()
        before = page.locator("[name=shape]").input_value()

        middle = place(WIDTH / 2, HEIGHT / 2)
        send("touchStart", (middle[0] - 20, middle[1]))
        send("touchStart", (middle[0] - 20, middle[1]), (middle[0] + 20, middle[1]))
        for apart in (30, 45, 60):
            send("touchMove", (middle[0] - apart, middle[1]), (middle[0] + apart, middle[1]))
        send("touchEnd")
        expect(page.locator("#viewer .stage")).to_have_class("stage drawing zoomed")
        assert page.locator("[name=shape]").input_value() == before
        name_it(page, "by finger")

        row, mask = saved(data)
        assert row.tool == "lasso"
        assert_drawn(mask, filled(Outline(np.array(around, np.float64))))
        assert watch.unexpected() == []


def test_what_was_drawn_is_kept_where_it_is_refused(
    page: Page, watched: tuple[Page, Watch], data: Path
) -> None:
    watched[1].expect("ERR_FAILED|Failed to fetch")
    choose(page, "Box")
    drag(page, [(900, 300), (1300, 640)])
    before = Witness(data).count(DrawnRegion)
    page.route("**/regions*", lambda route: route.abort())
    form = page.locator("[data-part=region-form]")
    form.get_by_label("Tag").fill("lost")
    form.get_by_role("button", name="Save region").click()
    expect(form.locator("[data-refusal]")).to_be_visible()
    page.unroute("**/regions*")

    name_it(page, "found again")

    assert Witness(data).count(DrawnRegion) == before + 1


def test_escape_puts_the_tool_away_and_keeps_what_was_drawn(page: Page) -> None:
    choose(page, "Box")
    drag(page, [(900, 300), (1300, 640)])
    page.keyboard.press("Escape")
    expect(page.locator("[data-tool=box]")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("[data-part=region-form]")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(page.locator("[data-part=region-form]")).to_be_hidden()
