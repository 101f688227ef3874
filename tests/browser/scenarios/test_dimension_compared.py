"""Two cells are compared and the dimension in which they differ is seen: by keyboard alone."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select

from tests.support.prepared import COLLECTION
from tests.support.server import Server
from tests.support.witness import Witness
from workbench.store.results import Cell

MOST_TABS = 120


SIGNS = str.maketrans({"−": "-", "+": ""})
"""To numbers as Python writes them."""


def focus_by_tab(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus: nothing else gives it."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted}")


def walk_to(page: Page, cell_id: int) -> None:
    """Arrow keys from the focused cell toward another, as its place on the screen says."""
    for _ in range(60):
        here = page.evaluate("document.activeElement.closest('[data-cell-id]')?.dataset.cellId")
        assert here, "the focus stays on the cells"
        if int(here) == cell_id:
            return
        right, down = page.evaluate(
            """([from, to]) => {
                const at = (id) => document.querySelector(`[data-cell-id="${id}"]`)
                    .getBoundingClientRect();
                return [at(to).x - at(from).x, at(to).y - at(from).y];
            }""",
            [here, cell_id],
        )
        ways = [
            ("ArrowRight" if right > 0 else "ArrowLeft", abs(right)),
            ("ArrowDown" if down > 0 else "ArrowUp", abs(down)),
        ]
        for way, _far in sorted(ways, key=lambda each: -each[1]):
            page.keyboard.press(way)
            now = page.evaluate("document.activeElement.closest('[data-cell-id]').dataset.cellId")
            if now != here:
                break
        else:
            # No cell lies that way: Tab goes on in reading order.
            page.keyboard.press("Tab" if down >= 0 else "Shift+Tab")
    raise AssertionError(f"the arrow keys do not lead to cell {cell_id}")


def alike_and_unlike(witness: Witness) -> tuple[int, int]:
    """Two coarse cells of one kind of image, the most and the least sensitive of them."""
    measured = witness.rows(
        select(Cell.id)
        .where(
            Cell.level == 0,
            Cell.layout == "balanced",
            Cell.sensitivity.is_not(None),
            Cell.fake_right + Cell.real_called_fake > 0,
        )
        .order_by(func.abs(Cell.sensitivity).desc())
    )
    return measured[0][0], measured[-1][0]


def differences(page: Page) -> list[float]:
    """The table's last column: by how many logits A and B differ."""
    cells = page.locator(".dimensions .figures tbody tr td:last-child").all_text_contents()
    return [float(each.translate(SIGNS)) for each in cells]


def test_cells_of_unlike_sensitivity_are_compared_and_the_dimension_between_them_is_seen(
    browser_page: Page, server: Server, data_dir: Path
) -> None:
    page = browser_page
    sensitive, steady = alike_and_unlike(Witness(data_dir))
    page.goto(f"{server.url}/c/{COLLECTION}/")
    expect(page.locator("[data-lasso]")).to_be_visible()

    focus_by_tab(page, page.locator("[data-cell-id] a").first)
    for key, cell_id in (("a", sensitive), ("b", steady)):
        walk_to(page, cell_id)
        expect(page.locator("#hovercard")).to_contain_text("sensitivity")
        page.keyboard.press(key)
        page.wait_for_url(re.compile(rf"[?&]{key}={cell_id}\b"))
        expect(page.locator(f".cell-mark:has-text('{key.upper()}')")).to_have_count(1)
        # One keeps one's place in the cells.
        expect(page.locator(f"#cell-{cell_id}")).to_be_focused()
    expect(page.locator(".chip.pin")).to_have_count(2)

    by_difference = page.locator(".dimensions a.level", has_text="difference")
    focus_by_tab(page, by_difference)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("by=difference"))
    expect(by_difference).to_have_attribute("aria-current", "true")
    sizes = [abs(each) for each in differences(page)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0

    first = page.locator(".violins a").first
    dimension = (first.get_attribute("id") or "").removeprefix("dimension-")
    focus_by_tab(page, first)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"dimension={dimension}\b"))
    sides = page.locator(".carriers > div")
    expect(sides.nth(0).locator("h3")).to_contain_text(
        f"Top-activating regions of dimension {dimension}, A"
    )
    expect(sides.nth(1).locator("h3")).to_contain_text(
        f"Top-activating regions of dimension {dimension}, B"
    )
    for side in (sides.nth(0), sides.nth(1)):
        crops = side.locator("img")
        assert crops.count() > 0
        assert crops.first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        shown = side.locator(".facts .number:first-child").all_inner_texts()
        activations = [float(each.translate(SIGNS)) for each in shown]
        assert activations == sorted(activations, reverse=True)
    focus_by_tab(page, sides.nth(0).locator("a").first)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/images/\d+"))
    expect(page.locator("#viewer canvas.heat")).to_have_attribute("data-shown", dimension)
