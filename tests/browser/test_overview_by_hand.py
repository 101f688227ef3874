"""The overview by hand and by keyboard, and addresses that say all that is shown."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import func, select

from tests.support.browser import watched_page
from tests.support.prepared import COLLECTION
from tests.support.server import Server
from tests.support.witness import Witness
from workbench.store.outcomes import WRONG
from workbench.store.results import Cell, Prediction
from workbench.store.versions import ActiveVersion

Place = tuple[float, float]


@pytest.fixture
def page(browser_page: Page, server: Server) -> Page:
    """The overview, opened."""
    browser_page.goto(f"{server.url}/c/{COLLECTION}/")
    expect(browser_page.locator("[data-lasso]")).to_be_visible()
    return browser_page


@pytest.fixture
def witness(data_dir: Path) -> Witness:
    return Witness(data_dir)


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def wait_for(page: Page, **wanted: str | None) -> None:
    """Wait until the address says so (None: nothing of it), and the page is what it says."""
    page.wait_for_url(
        lambda url: all(
            parse_qs(urlsplit(url).query).get(name, [None])[0] == value
            for name, value in wanted.items()
        )
    )
    page.wait_for_function("!document.querySelector('.map.waiting')")


def cell(page: Page, cell_id: int) -> Locator:
    return page.locator(f"[data-cell-id='{cell_id}']")


def middle(locator: Locator) -> Place:
    box = locator.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def under(page: Page, at: Place) -> Place:
    """What part of the whole layout lies at a place of the screen, as shares of its sides."""
    found: list[float] = page.evaluate(
        """([x, y]) => {
            const { column, row, columns, rows, cellSize } = document.querySelector(".map").dataset;
            const screen = document.querySelector(".layout").getScreenCTM().inverse();
            const at = new DOMPoint(x, y).matrixTransform(screen);
            return [(Number(column) + at.x / cellSize) / columns,
                    (Number(row) + at.y / cellSize) / rows];
        }""",
        list(at),
    )
    return found[0], found[1]


def wheel(page: Page, at: Place, down: int, times: int) -> None:
    page.mouse.move(*at)
    for _ in range(times):
        page.mouse.wheel(0, down)


def drag(page: Page, *places: Place) -> None:
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def around(page: Page, cells: list[int]) -> list[Place]:
    """The corners of a box around the cells of one level, on the screen."""
    boxes = [cell(page, each).locator(".ground").bounding_box() for each in cells]
    left, top = (min(box[side] for box in boxes if box) - 2 for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes if box) + 2
    bottom = max(box["y"] + box["height"] for box in boxes if box) + 2
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def images_in(witness: Witness, cells: list[int]) -> int:
    counts = witness.rows(
        select(
            Cell.real_right, Cell.real_called_fake, Cell.fake_right, Cell.fake_called_real
        ).where(Cell.id.in_(cells))
    )
    return sum(sum(row) for row in counts)


def coarse_cells(page: Page) -> list[int]:
    return [
        int(each.get_attribute("data-cell-id") or 0)
        for each in page.locator("[data-cell-id]").all()
    ]


def on_a_glyph(page: Page) -> Place:
    """The middle of the glyph that is nearest to the layout's: the layout's own may be empty."""
    x, y = middle(page.locator(".layout"))
    glyphs = [middle(each) for each in page.locator(".layout g.glyph .ground").all()]
    return min(glyphs, key=lambda at: (at[0] - x) ** 2 + (at[1] - y) ** 2)


def one_level_finer(page: Page) -> None:
    page.get_by_role("link", name="Zoom level 4").click()
    wait_for(page, level="1")


def test_the_wheel_reaches_the_finer_level_and_back_with_the_same_area_under_the_pointer(
    page: Page,
) -> None:
    at = on_a_glyph(page)
    before = under(page, at)

    wheel(page, at, -60, 2)
    wait_for(page, level="1")

    assert page.locator(".map").get_attribute("data-level") == "1"
    assert under(page, at) == pytest.approx(before, abs=1 / 32)
    wheel(page, at, 60, 2)
    wait_for(page, level=None, window=None)
    assert page.locator(".map").get_attribute("data-level") == "0"
    assert under(page, at) == pytest.approx(before, abs=1e-6)


def test_the_wheel_gathers_images_into_coarser_cells_and_takes_them_apart_again(
    page: Page, witness: Witness
) -> None:
    every = coarse_cells(page)
    assert images_in(witness, every) == len(every) == 36
    at = on_a_glyph(page)

    wheel(page, at, 60, 2)
    wait_for(page, level="-1", window=None)

    gathered = coarse_cells(page)
    assert len(gathered) < 36
    assert images_in(witness, gathered) == 36
    wheel(page, at, -60, 2)
    page.wait_for_url(lambda url: "level=-1" not in url)
    page.wait_for_function("!document.querySelector('.map.waiting')")


def test_a_drag_moves_the_window_and_selects_no_cell(page: Page) -> None:
    one_level_finer(page)
    x, y = on_a_glyph(page)
    held = under(page, (x, y))
    here = page.url
    # Away from the layout's edges, which the window does not leave.
    column, row = (
        int(page.locator(".map").get_attribute(f"data-{side}") or 0) for side in ("column", "row")
    )
    there = x + (130 if column >= 8 else -130), y + (90 if row >= 6 else -90)

    drag(page, (x, y), there)
    page.wait_for_url(lambda url: url != here)
    page.wait_for_function("!document.querySelector('.map.waiting')")

    assert under(page, there) == pytest.approx(held, abs=1 / 24)
    assert "cell" not in query(page)


def test_two_fingers_apart_reach_the_finer_level(chromium: Browser, server: Server) -> None:
    with watched_page(chromium, viewport={"width": 1440, "height": 900}, has_touch=True) as (
        page,
        watch,
    ):
        page.goto(f"{server.url}/c/{COLLECTION}/")
        expect(page.locator("[data-lasso]")).to_be_visible()
        x, y = middle(page.locator(".layout"))
        fingers = page.context.new_cdp_session(page)

        def touch(kind: str, apart: float | None) -> None:
            points = [] if apart is None else [{"x": x - apart, "y": y}, {"x": x + apart, "y": y}]
            fingers.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{**each, "id": i} for i, each in enumerate(points)]},
            )

        touch("touchStart", 40)
        for apart in (50, 60, 70, 80):
            touch("touchMove", apart)
        touch("touchEnd", None)

        wait_for(page, level="1")
        assert watch.unexpected() == []


def test_a_lasso_says_the_exact_number_first_then_narrows_images_patterns_and_dimensions(
    page: Page, witness: Witness
) -> None:
    taken = coarse_cells(page)[:6]
    corners = around(page, taken)
    inside = [
        each
        for each in coarse_cells(page)
        if corners[0][0] < middle(cell(page, each))[0] < corners[2][0]
        and corners[0][1] < middle(cell(page, each))[1] < corners[2][1]
    ]
    address, patterns = page.url, page.locator(".patterns").inner_text()
    page.keyboard.press("l")

    drag(page, *corners, corners[0])

    card = page.locator(".lasso-card")
    number = images_in(witness, inside)
    expect(card).to_contain_text(f"{number} images")
    assert page.url == address, "nothing is selected before one says so"
    card.get_by_role("link", name="Select", exact=True).click()
    page.wait_for_url(re.compile("lasso="))
    expect(page.locator(".images .panel-head")).to_contain_text(f"{number} images")
    assert page.locator(".patterns").inner_text() != patterns
    expect(page.locator(".left-side").first).to_have_text("the selected images")
    expect(page.locator(".glyph.is-lit")).to_have_count(len(inside))
    expect(card).to_be_hidden()

    page.keyboard.press("Escape")
    wait_for(page, lasso=None)
    expect(page.locator(".images .panel-head")).to_contain_text("36 images")


@pytest.mark.parametrize("when", ["before it is drawn", "once it is counted"])
def test_escape_cancels_a_lasso_and_leaves_the_selection(page: Page, when: str) -> None:
    selected = coarse_cells(page)[-1]
    cell(page, selected).locator("a").click()
    wait_for(page, cell=str(selected))
    page.keyboard.press("l")
    expect(page.locator("[data-lasso]")).to_have_attribute("aria-pressed", "true")
    if when == "once it is counted":
        corners = around(page, coarse_cells(page)[:4])
        drag(page, *corners)
        expect(page.locator(".lasso-card")).to_contain_text("images")

    page.keyboard.press("Escape")

    expect(page.locator("[data-lasso]")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".lasso-card")).to_be_hidden()
    expect(page.locator("polygon.lassoing")).to_have_count(0)
    assert query(page)["cell"] == str(selected)
    # The next one is for the selection: nothing of the lasso is left in its way.
    page.keyboard.press("Escape")
    wait_for(page, cell=None)


def test_a_lasso_by_keyboard_widens_from_the_focused_cell(page: Page, witness: Witness) -> None:
    first = coarse_cells(page)[0]
    cell(page, first).locator("a").focus()
    column, row = witness.one(select(Cell.column, Cell.row).where(Cell.id == first))
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(f"Shift+{key}")

    level = witness.one(select(Cell.version_id, Cell.level, Cell.layout).where(Cell.id == first))
    inside = witness.rows(
        select(Cell.id).where(
            Cell.version_id == level[0],
            Cell.level == level[1],
            Cell.layout == level[2],
            Cell.column.between(column, column + 1),
            Cell.row.between(row, row + 1),
        )
    )
    expect(page.locator(".lasso-card")).to_contain_text(
        f"{images_in(witness, [each[0] for each in inside])} images"
    )
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("lasso="))


def test_enter_on_cancel_cancels(page: Page) -> None:
    page.keyboard.press("l")
    drag(page, *around(page, coarse_cells(page)[:4]))
    page.get_by_role("button", name="Cancel").focus()

    page.keyboard.press("Enter")

    expect(page.locator(".lasso-card")).to_be_hidden()
    assert "lasso" not in query(page)


def test_hovering_or_focusing_a_cell_shows_its_numbers(page: Page, witness: Witness) -> None:
    first, last = coarse_cells(page)[0], coarse_cells(page)[-1]
    card = page.locator("#hovercard")
    cell(page, first).hover()
    expect(card).to_contain_text("mean p(fake)")
    expect(card).to_contain_text(f"{images_in(witness, [first])} image")
    page.mouse.move(2, 2)
    expect(card).to_be_hidden()

    page.keyboard.press("Tab")
    cell(page, last).locator("a").focus()

    expect(card).to_contain_text("severity")


def test_a_and_b_pin_the_cell_under_the_pointer_and_the_focused_one(page: Page) -> None:
    first, last = coarse_cells(page)[0], coarse_cells(page)[-1]
    cell(page, first).hover()
    page.keyboard.press("a")
    wait_for(page, a=str(first))
    page.mouse.move(2, 2)
    cell(page, last).locator("a").focus()
    page.keyboard.press("b")
    wait_for(page, a=str(first), b=str(last))

    expect(page.locator(".cell-mark text")).to_have_text(["A", "B"])
    expect(page.locator(".dimensions .left-side").first).to_have_text("A")
    expect(page.locator(".dimensions .right-side").first).to_have_text("B")
    page.locator(".chip.pin").first.click()
    wait_for(page, a=None, b=str(last))


def test_filters_apply_are_counted_and_are_taken_off_chip_by_chip(page: Page) -> None:
    page.keyboard.press("f")
    page.get_by_label("Outcome").select_option("misclassified")
    page.get_by_role("group", name="p(fake)").get_by_label("at least").fill("0.6")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(re.compile("outcome=misclassified"))

    chips = page.locator(".overview .selection .chip.on")
    expect(chips).to_have_count(2)
    expect(page.locator(".counted")).to_contain_text("of 36 images match the filters")
    assert parse_qs(urlsplit(page.url).query, keep_blank_values=True)["p"] == ["0.6", ""]
    expect(page.locator("#filter-menu")).not_to_have_attribute("open", "")
    chips.first.click()
    expect(chips).to_have_count(1)
    chips.first.click()
    expect(chips).to_have_count(0)
    assert set(query(page)) <= {"version"}


def test_selecting_a_pattern_lights_its_cells_and_a_dimension_is_in_the_heatmaps_addresses(
    page: Page,
) -> None:
    name = page.locator(".patterns tr[data-pattern-id]").first
    number = re.search(r"its (\d+) image", name.inner_text())
    assert number
    name.locator("a[data-swap]").click()
    page.wait_for_url(re.compile("pattern="))
    assert page.locator(".glyph.is-lit").count() > 0
    assert page.locator(".glyph.unlit").count() > 0
    expect(page.locator(".images .panel-head")).to_contain_text(f"{number[1]} images")

    page.locator("#dimension-2").click()
    wait_for(page, dimension="2")
    addresses = page.locator(".images .grid img[src*='/heatmaps/']")
    assert addresses.count() > 0
    for address in addresses.evaluate_all("all => all.map((each) => each.src)"):
        assert parse_qs(urlsplit(address).query)["dimension"] == ["2"]
    assert addresses.first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def shown(page: Page) -> dict[str, object]:
    """What a page shows, as far as a link must show the same."""

    def attributes(selector: str, name: str) -> list[str]:
        found: list[str] = page.locator(selector).evaluate_all(
            f"all => all.map((each) => each.getAttribute('{name}'))"
        )
        return found

    return {
        "cells": attributes("[data-cell-id]", "data-cell-id"),
        "marks": page.locator(".cell-mark text").all_inner_texts(),
        "chips": page.locator(".selection .chip").all_inner_texts(),
        "images": attributes(".images .grid a.card", "href"),
        "violins": attributes(".violins a", "id"),
        "lit": page.locator(".glyph.is-lit").count(),
    }


def until_shown(page: Page, state: dict[str, object]) -> None:
    """Wait until the page shows this; the address changes before the page does."""
    for _ in range(100):
        if shown(page) == state:
            return
        page.wait_for_timeout(50)
    assert shown(page) == state


def test_back_and_forward_restore_each_state_and_a_link_shows_a_colleague_the_same(
    page: Page, chromium: Browser
) -> None:
    first, last = coarse_cells(page)[0], coarse_cells(page)[-1]
    states = [(page.url, shown(page))]

    def step(selector: str, part: str) -> None:
        page.locator(selector).first.click()
        page.wait_for_url(re.compile(part))
        page.wait_for_function("!document.querySelector('.map.waiting, .htmx-request')")
        states.append((page.url, shown(page)))

    step(f"[data-cell-id='{first}'] a", f"cell={first}")
    step(".selection a:has-text('pin as A')", f"a={first}")
    step(f"[data-cell-id='{last}'] a", f"cell={last}")
    step(".selection a:has-text('pin as B')", f"b={last}")
    step(".dimensions a:has-text('difference')", "by=difference")
    step(".overview a.level:has-text('4')", "level=1")

    for url, state in reversed(states[:-1]):
        page.go_back()
        page.wait_for_url(url)
        until_shown(page, state)
    expect(page.locator("[data-lasso]")).to_be_visible()
    for url, state in states[1:]:
        page.go_forward()
        page.wait_for_url(url)
        until_shown(page, state)

    url, state = states[-2]
    with watched_page(chromium, viewport={"width": 1440, "height": 900}) as (colleague, watch):
        colleague.goto(url)
        assert shown(colleague) == state
        assert watch.unexpected() == []


def test_every_glyph_names_its_cell_on_every_level(page: Page) -> None:
    for _ in range(2):
        glyphs = page.locator(".layout g.glyph").count()
        assert glyphs > 0
        assert page.locator(".layout g.glyph[data-cell-id]").count() == glyphs
        if "level" not in query(page):
            one_level_finer(page)


def layout_shown(page: Page) -> str:
    return page.locator(
        ".overview [role=group][aria-label=Layout] [aria-current=true]"
    ).inner_text()


def test_the_layouts_are_switched_by_key_and_link_and_the_address_says_which(
    page: Page, witness: Witness, chromium: Browser
) -> None:
    arrangements = {}
    for name in ("evidence", "content", "balanced"):
        before = coarse_cells(page)
        page.keyboard.press("y")
        wait_for(page, layout=name)
        assert layout_shown(page).endswith(name)
        assert set(coarse_cells(page)).isdisjoint(before)
        arrangements[name] = shown(page)
        rows = witness.rows(select(Cell.layout).where(Cell.id.in_(coarse_cells(page))).distinct())
        assert [tuple(row) for row in rows] == [(name,)]

    page.locator(".overview").get_by_role("link", name="evidence").click()
    wait_for(page, layout="evidence")
    until_shown(page, arrangements["evidence"])
    page.go_back()
    wait_for(page, layout="balanced")
    until_shown(page, arrangements["balanced"])
    with watched_page(chromium, viewport={"width": 1440, "height": 900}) as (colleague, watch):
        colleague.goto(re.sub("layout=balanced", "layout=content", page.url))
        assert shown(colleague) == arrangements["content"]
        assert watch.unexpected() == []


def test_images_of_a_small_collection_are_shown_one_by_one_as_squares_in_their_outcome_s_colour(
    page: Page, witness: Witness
) -> None:
    assert page.locator(".layout .halo").count() == 0
    pictures = page.locator(".layout image:not([clip-path])")
    expect(pictures).to_have_count(36)
    wrong = witness.one(
        select(func.count())
        .select_from(Prediction)
        .join(ActiveVersion, ActiveVersion.version_id == Prediction.version_id)
        .where(Prediction.outcome.in_(WRONG))
    )[0]
    frames = page.locator(".layout path.real_called_fake, .layout path.fake_called_real")
    expect(frames).to_have_count(wrong)
    boxes = [each.bounding_box() for each in page.locator(".layout .ground").all()]
    columns = {round(box["x"]) for box in boxes if box}
    assert len(columns) in (7, 8), "the panel is as wide as six and thirty images need"


def test_what_is_selected_in_one_layout_stands_out_in_another(page: Page, witness: Witness) -> None:
    page.get_by_role("link", name="Zoom level 1").click()
    wait_for(page, level="-2")
    own = max(coarse_cells(page), key=lambda each: images_in(witness, [each]))
    number = images_in(witness, [own])
    cell(page, own).locator("a").click()
    wait_for(page, cell=str(own))

    page.keyboard.press("y")
    wait_for(page, layout="evidence", cell=str(own))

    expect(page.locator(".images .panel-head")).to_contain_text(f"{number} images")
    expect(page.locator(".glyph.is-lit")).to_have_count(number)
    expect(page.locator(".glyph.unlit")).to_have_count(36 - number)
    expect(page.locator(".cell-mark")).to_have_count(0)


def test_a_lasso_is_of_the_layout_that_it_was_drawn_on(page: Page, witness: Witness) -> None:
    page.keyboard.press("y")
    wait_for(page, layout="evidence")
    inside = coarse_cells(page)[:3]
    page.keyboard.press("l")
    corners = around(page, inside[:1])
    drag(page, *corners, corners[0])
    page.locator(".lasso-card").get_by_role("link", name="Select", exact=True).click()
    page.wait_for_url(re.compile("lasso="))
    assert query(page)["lasso"].startswith("evidence:0:")
    expect(page.locator("polygon.lassoed")).to_have_count(1)

    page.keyboard.press("y")
    wait_for(page, layout="content")

    expect(page.locator("polygon.lassoed")).to_have_count(0)
    expect(page.locator(".glyph.is-lit")).to_have_count(1)
