"""How soon the overview of an analysed collection can be used, in Chromium."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select

from benchmarks.command import Figures
from benchmarks.web.serving import served, settle
from tests.support.browser import launch
from tests.support.prepared import prepare
from workbench.app import create_app
from workbench.config import Settings
from workbench.store.database import db, session
from workbench.store.images import Collection
from workbench.store.versions import ActiveVersion

LOADS = 20
WARM_UPS = 2
PATIENCE_MS = 15_000

# From the start of the navigation, in ms. A mouse is pretended over the first cell, frame by frame,
# until the page asks for the cell's card: then the module is bound and the card on its way.
WATCH = """
window.seen = {};
const ask = window.fetch;
window.fetch = (...given) => {
  if (String(given[0]).includes("/cells/")) seen.asked ??= performance.now();
  return ask(...given);
};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) seen.painted = entry.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
function look() {
  const cell = document.querySelector("[data-cell-id]");
  if (cell) {
    seen.drawn ??= performance.now();
    const over = { bubbles: true, pointerType: "mouse" };
    if (!seen.asked) cell.dispatchEvent(new PointerEvent("pointerover", over));
    const card = document.getElementById("hovercard");
    if (card && !card.hidden) seen.card ??= performance.now();
  }
  if (!seen.card) requestAnimationFrame(look);
}
requestAnimationFrame(look);
"""
READY = "() => seen.card && seen.asked && seen.drawn && seen.painted"


@dataclass(frozen=True)
class Load:
    """One load with an empty cache, in ms from the start of the navigation.

    drawn: the layout's cells stand in the page. asked: hovering asks for a cell's card, which
    includes the page's own patience of 90 ms before it does. card: the card is shown. painted: the
    largest contentful paint.
    """

    drawn: float
    asked: float
    card: float
    painted: float


def usable(demo: Path | None) -> Figures:
    """How soon the overview of this data directory, or of drawn pictures, can be used."""
    with TemporaryDirectory() as folder:
        data_dir = demo or prepare(Path(folder))
        found = _loads(data_dir)
    by_name = {
        name: np.array([getattr(each, name) for each in found])
        for name in ("asked", "drawn", "card", "painted")
    }
    both = {
        name: [float(np.median(values)), float(np.percentile(values, 95))]
        for name, values in by_name.items()
    }
    return {
        "usable_ms": both["asked"],
        "usable_ms, layout drawn": both["drawn"],
        "usable_ms, card shown": both["card"],
        "usable_ms, largest contentful paint": both["painted"],
    }


def _loads(data_dir: Path) -> list[Load]:
    with served(data_dir) as server, sync_playwright() as playwright:
        settle(server)
        browser = launch(playwright)
        try:
            return loads(browser, f"{server.url}/c/{_analysed(data_dir)}/")
        finally:
            browser.close()


def _analysed(data_dir: Path) -> str:
    """The name of the first collection with an active version."""
    with create_app(Settings(data_dir=data_dir, database_url="")).app_context():
        name = session().scalars(
            select(Collection.name)
            .join(ActiveVersion, ActiveVersion.collection_id == Collection.id)
            .order_by(Collection.id)
        )
        found = name.first()
        db.session.remove()
        db.engine.dispose()
    if found is None:
        raise RuntimeError(f"{data_dir} has no analysed collection")
    return found


def loads(browser: Browser, overview: str, count: int = LOADS) -> list[Load]:
    """Load this overview again and again, after some loads that do not count."""
    return [_load(browser, overview) for _ in range(WARM_UPS + count)][WARM_UPS:]


def _load(browser: Browser, url: str) -> Load:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(url)
        page.wait_for_function(READY, timeout=PATIENCE_MS)
        seen = page.evaluate("() => seen")
        return Load(**{name: float(seen[name]) for name in ("drawn", "asked", "card", "painted")})
    finally:
        context.close()
