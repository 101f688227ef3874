"""Signed in, with two versions and a run in progress: nothing is cut off, nothing moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import create_engine, insert, select, update
from sqlalchemy.orm import Session

from tests.support.browser import watched_page
from tests.support.prepared import COLLECTION, DATABASE, copy_of
from tests.support.server import Server, live_server
from tests.support.visiting import sign_in
from workbench.store.database import now
from workbench.store.results import Pattern
from workbench.store.versions import ModelVersion, TrainingRun

WIDTHS = (390, 1280, 1440, 1920, 2560)

CUT_OFF = """() => {
  const cut = [];
  for (const button of document.querySelectorAll("main button, main .button")) {
    const box = button.getBoundingClientRect();
    if (!box.width || getComputedStyle(button).visibility === "hidden") continue;
    for (let around = button.parentElement; around; around = around.parentElement) {
      if (getComputedStyle(around).overflowX === "visible") continue;
      const frame = around.getBoundingClientRect();
      if (box.right > frame.right + 1 || box.left < frame.left - 1) cut.push(button.innerText);
    }
  }
  return cut;
}"""

OVERLAPPING = """() => {
  const cards = [...document.querySelectorAll("main .card")];
  return cards.filter((card) => {
    const own = card.getBoundingClientRect();
    return [...card.querySelectorAll(".facts *:not(.unseen)")].some((each) => {
      return each.getBoundingClientRect().right > own.right + 1;
    });
  }).map((card) => card.innerText);
}"""

NUMBERS = ".facts .number:first-child"
"""The activation below each region of a dimension."""


@dataclass(frozen=True)
class Busy:
    """A data directory whose second version a third one is made from at this moment."""

    data: Path
    server: Server
    pattern_id: int

    def run(self, stage: str | None) -> None:
        """Begin a stage of the run; None: the run is over."""
        state = "succeeded" if stage is None else "running"
        with Session(create_engine(f"sqlite:///{self.data / DATABASE}")) as session:
            session.execute(
                update(TrainingRun)
                .where(TrainingRun.version_id.is_(None))
                .values(state=state, stage=stage or "", done=4, total=15, heartbeat_at=now())
            )
            session.commit()


@pytest.fixture(scope="module")
def busy(analysed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    data = copy_of(analysed_once, tmp_path_factory.mktemp("busy") / "data")
    with Session(create_engine(f"sqlite:///{data / DATABASE}")) as session:
        first = session.scalars(select(ModelVersion)).one()
        values = {each.name: getattr(first, each.name) for each in ModelVersion.__table__.columns}
        second = values | {"id": first.id + 1, "number": 2, "parent_id": first.id}
        second["metrics"] = first.metrics | {"parent_auc": first.metrics["held_out_auc"]}
        run = {"collection_id": first.collection_id, "trigger": "request", "created_at": now()}
        session.execute(insert(ModelVersion).values(**second))
        session.execute(
            insert(TrainingRun).values(**run, state="succeeded", version_id=second["id"])
        )
        session.execute(insert(TrainingRun).values(**run, state="running", stage_started_at=now()))
        pattern_id = session.scalars(select(Pattern.id)).first() or 0
        session.commit()
    log = tmp_path_factory.mktemp("logs") / "busy.log"
    with live_server(data, log) as server:
        yield Busy(data, server, pattern_id)


@pytest.fixture
def page(chromium: Browser, busy: Busy) -> Iterator[Page]:
    with watched_page(chromium, viewport={"width": 1440, "height": 900}) as (found, watch):
        sign_in(found, busy.server.url)
        yield found
        assert watch.unexpected() == []


def test_no_button_is_cut_off_no_caption_overlaps_and_no_page_is_too_wide(
    page: Page, busy: Busy
) -> None:
    busy.run("Measuring effect sizes")
    home = f"{busy.server.url}/c/{COLLECTION}"
    problems = {}
    for address in (
        f"{home}/models",
        f"{home}/patterns/{busy.pattern_id}",
        f"{home}/?dimension=1",
        f"{home}/adjudicate",
        f"{busy.server.url}/taxonomy",
        f"{busy.server.url}/",
    ):
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = page.evaluate(CUT_OFF) + page.evaluate(OVERLAPPING)
            wide = page.evaluate("document.documentElement.scrollWidth") - width
            if found or wide > 0:
                problems[address.removeprefix(busy.server.url), width] = (found, wide)
    assert problems == {}


def test_another_version_is_made_active_from_the_models_page_without_scrolling(
    page: Page, busy: Busy
) -> None:
    page.goto(f"{busy.server.url}/c/{COLLECTION}/models")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        box = page.get_by_role("button", name="Make v2 active").bounding_box()
        assert box
        assert box["x"] + box["width"] <= width


def test_a_run_comes_goes_and_changes_stage_without_moving_the_page(page: Page, busy: Busy) -> None:
    def head(width: int) -> float:
        page.set_viewport_size({"width": width, "height": 900})
        height: float = page.locator("#masthead").evaluate("head => head.offsetHeight")
        return height

    heights = {}
    for stage in (None, "Encoding images", "Writing words on images"):
        busy.run(stage)
        page.goto(f"{busy.server.url}/c/{COLLECTION}/patterns")
        assert page.locator("#masthead .running").count() == (stage is not None)
        heights[stage] = [head(width) for width in WIDTHS]

    assert heights["Encoding images"] == heights[None]
    assert heights["Writing words on images"] == heights[None]


def test_a_question_mark_lists_the_keys_of_every_page_of_a_collection(
    page: Page, busy: Busy
) -> None:
    home = f"{busy.server.url}/c/{COLLECTION}"
    for address, key in (
        (f"{home}/patterns", "/"),
        (f"{home}/patterns/{busy.pattern_id}", "T"),
        (f"{home}/models", "/"),
        (f"{home}/similar", "/"),
        (f"{home}/adjudicate", "C"),
        (f"{busy.server.url}/taxonomy?collection={COLLECTION}", "/"),
    ):
        page.goto(address)
        page.keyboard.press("?")
        keys = page.locator("#key-help kbd")
        page.locator("#key-help").wait_for(state="visible")
        assert {key, "?"} <= set(keys.all_inner_texts()), address


def test_a_dimension_s_regions_are_its_highest_and_lowest_where_both_sides_are_the_same_images(
    page: Page, busy: Busy
) -> None:
    page.goto(f"{busy.server.url}/c/{COLLECTION}/?dimension=1")
    sides = page.locator(".carriers > div")
    assert "where it is highest" in sides.nth(0).locator("h3").inner_text()
    assert "where it is lowest" in sides.nth(1).locator("h3").inner_text()
    shown = [
        [float(each.replace("−", "-")) for each in side.locator(NUMBERS).all_inner_texts()]
        for side in (sides.nth(0), sides.nth(1))
    ]
    assert shown == [sorted(shown[0], reverse=True), sorted(shown[1])]
    assert min(shown[0]) >= max(shown[1])

    cell = page.locator("[data-cell-id]").first.get_attribute("data-cell-id")
    page.goto(f"{busy.server.url}/c/{COLLECTION}/?dimension=1&cell={cell}")
    assert page.locator(".carriers h3").count() == 2
