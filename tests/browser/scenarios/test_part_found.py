"""The paper's Figure 3: cells of like content and unlike sensitivity, and the part between them.

Heads of a cat whose eyes are false, much or a little; cups of coffee are the other content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.support.planted_part import CAT, MINOR, SEVERE, Picture, draw_planted_part, pictures
from tests.support.server import live_server, manage
from tests.support.visiting import painted
from tests.support.witness import Witness
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.layout.cells import cell_indices
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.store.images import Image
from workbench.store.regions import Region
from workbench.store.results import Cell, PixelGroup, Placement
from workbench.web.site.formatting import signed

COLLECTION = "eyes"
LAYOUT, LEVEL = "balanced", -1
PATCH = 14


@dataclass(frozen=True)
class Eyes:
    """The set, analysed and served."""

    url: str
    witness: Witness

    @property
    def pictures(self) -> dict[int, Picture]:
        """What each image of the database was drawn as."""
        by_name = {each.name: each for each in pictures()}
        rows = self.witness.rows(select(Image.id, Image.name))
        return {image_id: by_name[name] for image_id, name in rows}

    def members(self) -> dict[int, list[Picture]]:
        """Of each cell's id, what its images were drawn as."""
        at = Placement.layout == LAYOUT
        asked = select(Placement.image_id, Placement.x, Placement.y).where(at)
        placed = self.witness.rows(asked)
        rows, columns = cell_indices(np.array([(x, y) for _, x, y in placed]), LEVEL)
        of_level = select(Cell.id, Cell.row, Cell.column).where(
            Cell.layout == LAYOUT, Cell.level == LEVEL
        )
        ids = {(row, column): cell_id for cell_id, row, column in self.witness.rows(of_level)}
        drawn, found = self.pictures, {cell_id: list[Picture]() for cell_id in ids.values()}
        for (image_id, _, _), row, column in zip(placed, rows, columns, strict=True):
            found[ids[int(row), int(column)]].append(drawn[image_id])
        return found

    def cell(self, cell_id: int) -> Cell:
        return self.witness.one(select(Cell).where(Cell.id == cell_id))[0]

    def like_and_unlike(self) -> tuple[int, int]:
        """Of the cells of cats alone, that most sensitive of severe ones, and least of minor."""
        cats = {
            cell_id: {each.strength for each in drawn}
            for cell_id, drawn in self.members().items()
            if len(drawn) > 1 and all(each.photograph is CAT for each in drawn)
        }
        severe = [each for each, strengths in cats.items() if SEVERE in strengths]
        minor = [each for each, strengths in cats.items() if max(strengths) == MINOR]
        return (
            min(severe, key=lambda each: self.cell(each).sensitivity),
            min(minor, key=lambda each: abs(self.cell(each).sensitivity)),
        )


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eyes]:
    folder = tmp_path_factory.mktemp("eyes")
    data_dir = folder / "data"
    drawn = draw_planted_part(folder / "pictures")
    for arguments in (
        ("import", str(drawn), "--collection", COLLECTION),
        ("analyze", "--collection", COLLECTION),
    ):
        done = manage(*arguments, data_dir=data_dir, sensitivity_images="40")
        assert done.returncode == 0, done.stderr
    with live_server(data_dir, folder / "server.log", open_reading="true") as server:
        yield Eyes(server.url, Witness(data_dir))


def part_of(picture: Picture, *, grown: int = 0) -> NDArray[np.bool_]:
    """Where the planted part is, with so many pixels around."""
    mask = picture.draw()[1].astype(np.uint8)
    return cv2.dilate(mask, np.ones((2 * grown + 1, 2 * grown + 1), np.uint8)) > 0


def test_the_dimension_between_two_cells_of_like_content_lies_on_the_planted_part(
    browser_page: Page, eyes: Eyes
) -> None:
    page = browser_page
    severe, minor = eyes.like_and_unlike()
    a, b = eyes.cell(severe), eyes.cell(minor)
    assert a.mean_p > 0.9 > b.mean_p
    assert a.sensitivity < b.sensitivity - 1.5

    page.goto(f"{eyes.url}/c/{COLLECTION}/")
    page.get_by_role("link", name="Zoom out").click()
    page.wait_for_url(re.compile(rf"level={LEVEL}\b"))
    page.wait_for_function("!document.querySelector('.map.waiting')")
    for key, cell in (("a", a), ("b", b)):
        page.locator(f"[data-cell-id='{cell.id}'] .ground").hover()
        shown = signed(cell.sensitivity)
        expect(page.locator("#hovercard")).to_contain_text(f"sensitivity {shown} logits")
        page.keyboard.press(key)
        page.wait_for_url(re.compile(rf"[?&]{key}={cell.id}\b"))
    by_difference = page.locator(".dimensions a.level", has_text="difference")
    by_difference.click()
    expect(by_difference).to_have_attribute("aria-current", "true")

    # One dimension stands out, and it is what A has and B has not.
    differing = [
        float(each.replace("−", "-"))
        for each in page.locator(".dimensions .figures tbody tr td:last-child").all_text_contents()
    ]
    assert differing[0] > 1.5
    assert max(abs(each) for each in differing[1:]) < differing[0] / 2
    first = page.locator(".violins a").first
    dimension = int((first.get_attribute("id") or "").removeprefix("dimension-"))
    apart = np.subtract(a.mean_activation, b.mean_activation)
    assert int(np.argmax(apart)) == dimension

    # Its regions are the eyes, in the database
    first.click()
    page.wait_for_url(re.compile(rf"dimension={dimension}\b"))
    crops = page.locator(".carriers > div").first.locator("a.card")
    drawn = eyes.pictures
    inside = []
    for crop in crops.all():
        source = crop.locator("img").get_attribute("src") or ""
        group = eyes.witness.one(
            select(PixelGroup.image_id, Region.rle, PixelGroup.by_dimension)
            .join(PixelGroup.region)
            .where(PixelGroup.id == int(re.findall(r"/groups/(\d+)/", source)[0]))
        )
        region = decode_mask(group.rle, NORMAL_SIZE) > 0
        picture = drawn[group.image_id]
        assert picture.photograph is CAT
        assert int(np.argmax(group.by_dimension)) == dimension
        inside.append(float(part_of(picture)[region].mean()))
        assert inside[-1] > 2 * part_of(picture).mean()
    assert np.mean(inside) > 0.5

    # … and in the picture.
    image_id = int(re.findall(r"/images/(\d+)", crops.first.get_attribute("href") or "")[0])
    crops.first.click()
    page.wait_for_url(re.compile(rf"/images/{image_id}\b"))
    expect(page.locator("#viewer canvas.heat")).to_have_attribute("data-shown", str(dimension))
    opacity = np.array([each[3] for each in painted(page)]).reshape(NORMAL_SIZE, NORMAL_SIZE)
    strong = opacity > opacity.max() / 2
    near = part_of(drawn[image_id], grown=PATCH)
    assert near.mean() < 0.5
    assert near[strong].mean() > 0.9
