"""Does drawing on the picture follow the hand? Frames of a brush on a 4,000 px image, in Chromium.

A pointer paints a spiral at several zooms, by brush and by lasso. `frame_ms` are the times between
frames while it moves; `work_ms` is the processor time of the page's own thread for each, from a
trace: below 16.7 it keeps 60 frames a second where other work leaves it alone. Each is median, 95th
percentile and longest. `save_ms` is one region of 4,000 points, saved on the server.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image as Picture
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from benchmarks.command import Figures, run
from benchmarks.web.serving import served, settle
from tests.support.browser import launch
from tests.support.prepared import COLLECTION, NAME, WIDE, prepare
from tests.support.visiting import image_url, sign_in
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.accounts import id_of
from workbench.services.regions.drawn import draw_region, withdraw_region
from workbench.services.regions.shapes import Drawing, DrawnStep
from workbench.store.database import db, session, transaction
from workbench.store.image_files import original_uri
from workbench.store.images import Image
from workbench.store.versions import ActiveVersion

SIZE = (4000, 3000)
ZOOMS = (0, 3, 8)
"""How often the key that zooms in is pressed."""
STROKE_S = 5.0
SAVES = 12
PATIENCE_MS = 120_000
TASKS = "disabled-by-default-devtools.timeline"
WATCH = """() => {
  const own = (window.frames_at = []);
  const look = (now) => {
    if (own !== window.frames_at) return;
    own.push(now);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def measure(quick: bool) -> Figures:
    """Draw on a picture of drawn things, enlarged."""
    with TemporaryDirectory() as folder:
        data_dir = prepare(Path(folder))
        with _application(data_dir):
            image_id = _enlarge(Path(folder) / "large.jpg")
            save = _save(image_id, SAVES // 4 if quick else SAVES)
        with served(data_dir) as server, sync_playwright() as playwright:
            settle(server)
            browser = launch(playwright)
            try:
                found = _drawn(browser, server.url, image_id, STROKE_S / 5 if quick else STROKE_S)
            finally:
                browser.close()
    frames = np.concatenate([each[0] for each in found])
    work = np.concatenate([each[1] for each in found])
    return {
        "frames_per_second": float(1000 / np.median(frames)),
        "frame_ms": _spread(frames),
        "work_ms": _spread(work),
        "work_over_16_7_ms": float((work > 1000 / 60).mean()),
        "frames": len(frames),
        "save_ms": save,
    }


def _spread(values: np.ndarray[Any, Any]) -> list[float]:
    return [float(np.median(values)), float(np.percentile(values, 95)), float(values.max())]


@contextmanager
def _application(data_dir: Path) -> Iterator[None]:
    with create_app(Settings(data_dir=data_dir, database_url="")).app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def _enlarge(path: Path) -> int:
    """Put a large picture in the place of an image's original."""
    small = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    Picture.fromarray(small).resize(SIZE, Picture.Resampling.BICUBIC).save(path, quality=90)
    with transaction() as write:
        image = write.scalars(select(Image).where(Image.name == WIDE)).one()
        image.original_uri = original_uri(path, None)
        image.content_hash = hashlib.sha256(path.read_bytes()).hexdigest()
        image.width, image.height = SIZE
        return image.id


def _save(image_id: int, times: int) -> list[float]:
    """A lasso of 4,000 points, saved and withdrawn."""
    version_id = session().scalars(select(ActiveVersion.version_id)).first() or 0
    user_id = id_of(NAME)
    taken = []
    for number in range(times):
        angles = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
        radius = 900 + 300 * np.sin(7 * angles) + number
        points = tuple(
            (2000 + r * math.cos(a), 1500 + r * math.sin(a))
            for r, a in zip(radius.tolist(), angles.tolist(), strict=True)
        )
        drawing = Drawing(*SIZE, (DrawnStep("lasso", points=points),))
        started = time.perf_counter()
        made = draw_region(user_id, image_id, drawing, "spiral", version_id=version_id)
        taken.append(1000 * (time.perf_counter() - started))
        withdraw_region(user_id, made.id)
    return _spread(np.array(taken))


Measured = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def _drawn(browser: Browser, url: str, image_id: int, seconds: float) -> list[Measured]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, url)
    page.goto(image_url(url, image_id))
    page.wait_for_selector('#viewer canvas.heat[data-shown="total"]')
    page.keyboard.press("z")
    found = []
    for zoom in ZOOMS:
        page.keyboard.press("0")
        for _turn in range(zoom):
            page.keyboard.press("+")
        page.wait_for_timeout(1500)
        for tool in ("b", "l"):
            page.keyboard.press(tool)
            found.append(_stroke(browser, page, seconds))
            page.keyboard.press(tool)
    page.close()
    return found


def _stroke(browser: Browser, page: Page, seconds: float) -> Measured:
    """The times between frames, and the work of each, in ms, while a spiral is drawn."""
    box = page.locator("#viewer .stage").bounding_box()
    if box is None:
        raise RuntimeError(f"{COLLECTION} shows no picture")
    x, y = box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 400)
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(WATCH)
    browser.start_tracing(page=page, categories=["devtools.timeline", TASKS])
    started = time.monotonic()
    turn = 0.0
    while time.monotonic() - started < seconds:
        turn += 0.05
        reach = 40 + 6 * turn % 300
        page.mouse.move(x + reach * math.cos(turn), y + reach * math.sin(turn))
    trace = json.loads(browser.stop_tracing())
    frames = np.diff(np.array(page.evaluate("frames_at")))
    page.mouse.up()
    return frames, _work(trace["traceEvents"])


def _work(events: list[dict[str, Any]]) -> np.ndarray[Any, Any]:
    """What the page's main thread did from frame to frame, in ms."""
    painted = [each for each in events if each.get("name") == "FireAnimationFrame"]
    thread = (painted[0]["pid"], painted[0]["tid"])
    starts = np.array(sorted(each["ts"] for each in painted))
    work = np.zeros(len(starts))
    for each in events:
        if each.get("name") != "RunTask" or (each["pid"], each["tid"]) != thread:
            continue
        # Time on the processor: a machine that does other things interrupts the thread.
        at = int(np.searchsorted(starts, each["ts"] + each.get("dur", 0)) - 1)
        if at >= 0:
            work[at] += each.get("tdur", 0) / 1000
    return work


if __name__ == "__main__":
    run(__doc__ or "", measure)
