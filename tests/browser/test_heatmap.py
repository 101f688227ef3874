"""The large image's heatmap, read from the canvas as it is painted."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests.support.browser import accessibility_violations
from tests.support.server import Server
from tests.support.visiting import image_url, painted
from tests.support.witness import Witness
from workbench.store.results import Prediction


@pytest.fixture
def image_page(browser_page: Page, server: Server, data_dir: Path) -> Page:
    """The image that the version finds most fake, its heatmap painted."""
    most = select(Prediction.image_id).order_by(Prediction.logit.desc()).limit(1)
    browser_page.goto(image_url(server.url, Witness(data_dir).one(most)[0]))
    expect(heat(browser_page)).to_have_attribute("data-shown", "total")
    return browser_page


def heat(page: Page) -> Locator:
    return page.locator("#viewer canvas.heat")


def slide(page: Page, name: str, value: int) -> None:
    """Move a slider, and wait until the next picture is drawn."""
    page.get_by_label(name).evaluate(
        """(slider, value) => {
            slider.value = value;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }""",
        value,
    )


def visible(page: Page) -> int:
    return sum(opacity > 0 for *_colour, opacity in painted(page))


def strongest(page: Page) -> int:
    return max(opacity for *_colour, opacity in painted(page))


def dimension_in(url: str) -> str | None:
    return parse_qs(urlsplit(url).query).get("dimension", [None])[0]


def test_a_higher_threshold_leaves_fewer_pixels_and_says_in_logits_where_it_cuts(
    image_page: Page,
) -> None:
    asked: list[str] = []
    image_page.on("request", lambda request: asked.append(request.url))
    cut = image_page.locator("[data-part=cut]")
    shown, widths = [visible(image_page)], [float(cut.get_attribute("width") or 0)]
    for threshold in (20, 50, 80):
        slide(image_page, "Threshold", threshold)
        shown.append(visible(image_page))
        widths.append(float(cut.get_attribute("width") or 0))

    assert shown == sorted(shown, reverse=True)
    assert shown[0] > shown[1] > shown[-1]
    assert widths == sorted(set(widths))
    scale = float(heat(image_page).get_attribute("data-scale") or 0)
    words = image_page.locator("[data-part=threshold-words]").inner_text()
    assert float(words.removesuffix(" logits")) == pytest.approx(0.8 * scale, rel=0.05)
    assert asked == [], "nothing is fetched for it"


def test_opacity_fades_the_heatmap_and_the_key_takes_it_away(image_page: Page) -> None:
    slide(image_page, "Opacity", 100)
    full = strongest(image_page)
    slide(image_page, "Opacity", 50)

    assert strongest(image_page) == pytest.approx(full / 2, abs=2)
    image_page.keyboard.press("h")
    expect(heat(image_page)).to_be_hidden()
    image_page.keyboard.press("h")
    expect(heat(image_page)).to_be_visible()


def test_the_pixels_have_the_colours_of_the_ramp(image_page: Page) -> None:
    slide(image_page, "Opacity", 100)
    ramp = bytes.fromhex(heat(image_page).get_attribute("data-ramp") or "")
    known = [tuple(ramp[start : start + 4]) for start in range(0, len(ramp), 4)]

    strong = {colour for colour in painted(image_page) if colour[3] > 120}
    assert strong
    for colour in strong:
        # A canvas keeps colours multiplied by their opacity, and so to the nearest 255th only.
        nearest = min(
            known, key=lambda each: abs(each[3] - colour[3]) * 10 + abs(each[0] - colour[0])
        )
        assert all(abs(a - b) <= 2 for a, b in zip(colour, nearest, strict=True))


def test_another_dimension_is_another_picture_in_the_same_place(image_page: Page) -> None:
    slide(image_page, "Opacity", 60)
    slide(image_page, "Threshold", 10)
    total = painted(image_page)
    image_page.evaluate("window.scrollTo(0, 60)")
    scrolled = image_page.evaluate("window.scrollY")
    assert scrolled > 0
    row = image_page.locator(".breakdown a[data-dimension]").first
    dimension = row.get_attribute("data-dimension") or ""

    row.click()

    expect(heat(image_page)).to_have_attribute("data-shown", dimension)
    assert painted(image_page) != total
    assert dimension_in(image_page.url) == dimension
    assert image_page.evaluate("window.scrollY") == scrolled
    expect(row).to_have_attribute("aria-current", "true")
    expect(image_page.get_by_role("combobox", name="Heatmap")).to_have_value(dimension)
    expect(image_page.get_by_label("Opacity")).to_have_value("60")
    back = image_page.get_by_role("link", name="Back to the selection")
    assert dimension_in(back.get_attribute("href") or "") == dimension

    image_page.get_by_role("combobox", name="Heatmap").select_option("total contribution")

    expect(heat(image_page)).to_have_attribute("data-shown", "total")
    assert painted(image_page) == total
    assert dimension_in(image_page.url) is None


def test_the_next_image_has_the_same_settings_and_dimension(image_page: Page) -> None:
    slide(image_page, "Opacity", 40)
    slide(image_page, "Threshold", 25)
    image_page.keyboard.press("g")
    image_page.get_by_role("combobox", name="Heatmap").select_option(value="1")
    here = urlsplit(image_page.url).path

    steps = image_page.locator(".steps a").first
    image_page.keyboard.press(steps.get_attribute("data-key") or "")

    image_page.wait_for_url(lambda url: urlsplit(url).path != here)
    expect(heat(image_page)).to_have_attribute("data-shown", "1")
    expect(image_page.get_by_label("Opacity")).to_have_value("40")
    expect(image_page.get_by_label("Threshold")).to_have_value("25")
    expect(image_page.get_by_role("checkbox", name="pixel groups")).not_to_be_checked()
    expect(image_page.locator(".outlines .groups")).to_be_hidden()


def test_the_contribution_under_the_pointer_is_told(image_page: Page) -> None:
    scale = float(heat(image_page).get_attribute("data-scale") or 0)
    slide(image_page, "Opacity", 100)
    pixels = painted(image_page)
    place = max(range(len(pixels)), key=lambda index: pixels[index][3])
    side = round(len(pixels) ** 0.5)
    box = heat(image_page).bounding_box()
    assert box
    zoom = box["width"] / side

    image_page.mouse.move(
        box["x"] + (place % side + 0.5) * zoom, box["y"] + (place // side + 0.5) * zoom
    )

    here = image_page.locator("[data-part=here]")
    expect(here).to_have_text(re.compile(r"^[≥≤]? ?[+−]\d\.\d+ logits$"))
    told = float(re.sub(r"[^\d.]", "", here.inner_text()))
    assert 0 < told <= scale + 0.001
    red, _green, blue, _opacity = pixels[place]
    assert ("+" in here.inner_text()) == (red > blue)
    image_page.mouse.move(5, 5)
    expect(here).to_have_text("–")


def test_outline_label_and_line_of_a_pixel_group_light_up_together(image_page: Page) -> None:
    line = image_page.locator("li.group").first
    line.focus()

    for kind in ("path.outline", "text.group-label"):
        lit = image_page.locator(f"#viewer {kind}.lit")
        expect(lit).to_have_attribute("data-group-id", line.get_attribute("data-group-id") or "")

    image_page.mouse.move(5, 5)
    image_page.locator("h1").click()
    outline = image_page.locator("#viewer path.outline").last
    outline.dispatch_event("pointerover")
    lit_line = image_page.locator("li.group.lit")
    expect(lit_line).to_have_attribute(
        "data-group-id", outline.get_attribute("data-group-id") or ""
    )


def test_the_large_image_fills_the_window_s_height_and_breaks_no_rule(image_page: Page) -> None:
    before = heat(image_page).bounding_box()
    image_page.keyboard.press("z")
    large = heat(image_page).bounding_box()

    assert before
    assert large
    assert 800 < large["height"] <= 900
    assert large["width"] == pytest.approx(large["height"], abs=1)
    assert large["width"] > before["width"]
    outlines = image_page.locator(".outlines").bounding_box()
    assert outlines == large
    assert accessibility_violations(image_page) == []
    image_page.keyboard.press("z")
    assert heat(image_page).bounding_box()["width"] == before["width"]  # type: ignore[index]  # it is on the page
