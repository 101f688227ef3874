"""Collections that leave nothing to tell apart: every page of theirs says something sensible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select

from tests.support.finite import not_finite
from tests.support.pictures import draw_collection, smooth, with_rough_patch
from tests.support.working import analyse
from workbench.cli import main
from workbench.config import Settings
from workbench.services.collections import collection_id
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.runs import queue
from workbench.store.database import session
from workbench.store.results import Prediction
from workbench.web.site.limits import limiter

pytestmark = pytest.mark.analysed

PAGES = (
    "",
    "?outcome=misclassified",
    "?lasso=0:0,0;16,0;16,12;0,12",
    "?order=diverse&dimension=0&by=difference",
    "patterns",
    "models",
    "adjudicate",
    "similar",
    "export/overview.svg",
    "export/dimensions.svg",
    "patterns/report.html",
)


@pytest.fixture
def reading(client: FlaskClient, settings: Settings, app: Flask) -> FlaskClient:
    """A visitor of an installation that is open for reading."""
    app.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    return client


def alike(folder: Path) -> Path:
    """The same picture again and again, in files that differ by a remark."""
    for label in ("real", "fake"):
        (folder / label).mkdir(parents=True)
        for number in range(10):
            remark = PngInfo()
            remark.add_text("number", f"{label} {number}")
            Image.fromarray(smooth(1)).save(folder / label / f"{number}.png", pnginfo=remark)
    return folder


def single(folder: Path) -> Path:
    (folder / "real").mkdir(parents=True)
    Image.fromarray(smooth(1)).save(folder / "real" / "one.png")
    return folder


def few(folder: Path) -> Path:
    return draw_collection(folder, 1, seed=77)


def one_fake(folder: Path) -> Path:
    """Each fold but one has real images alone inside, and one has them alone outside."""
    draw_collection(folder, 8)
    for path in sorted((folder / "fake").iterdir())[1:]:
        path.unlink()
    return folder


def slight(folder: Path) -> Path:
    """Black, one grey, one pixel, one row of pixels: nothing in them, nor any difference of parts.

    A held-out picture differs in what is the same in all others: it has parts.
    """
    pictures = [
        ("real", np.zeros((96, 96))),
        ("fake", np.full((96, 96), 127)),
        *(("real", np.full((1, 1), 10 * number)) for number in range(4)),
        *(("fake", np.full((1, 900), 140 + 10 * number)) for number in range(4)),
    ]
    folder.mkdir()
    rows = ["path,label,split"]
    for number, (label, pixels) in enumerate(pictures):
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{label},train")
    for label, draw in (("real", smooth), ("fake", with_rough_patch)):
        Image.fromarray(draw(1)).save(folder / f"{label}.png")
        rows.append(f"{label}.png,{label},test")
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(rows))
    return manifest


@pytest.mark.parametrize(
    "make",
    [alike, few, one_fake, slight],
    ids=["all alike", "a pair", "one fake", "nothing in the pictures"],
)
def test_what_can_hardly_be_told_apart_is_analysed_and_every_page_answers(
    reading: FlaskClient,
    tables: Flask,
    settings: Settings,
    tmp_path: Path,
    make: Callable[[Path], Path],
) -> None:
    import_images(make(tmp_path / "odd"), collection="odd", settings=settings, progress=Silent())

    assert analyse(collection_id("odd"), settings) == "succeeded"
    assert analyse(collection_id("odd"), settings, again=True) == "succeeded"

    assert not_finite(settings) == set()
    assert max(abs(logit) for (logit,) in session().execute(select(Prediction.logit))) < 50
    assert answers(reading) == dict.fromkeys(PAGES, 200)
    if make is alike:
        for page in ("", "patterns", "models", "patterns/report.html"):
            limiter.reset()
            words = reading.get(f"/c/odd/{page}").text
            assert "Nothing was found that tells real from fake" in words, page
            assert "There may be too few images" in words, page
        assert "there is nothing to cluster" in reading.get("/c/odd/patterns").text
        said = printed(settings, "analyze", "--collection", "odd")
        assert "Nothing was found that tells real from fake" in said
        assert "There may be too few images" in said
        assert "nothing found that tells real from fake" in printed(settings, "status")


def printed(settings: Settings, *command: str) -> str:
    """What a command prints of this workbench."""
    places = {
        "WORKBENCH_DATA_DIR": str(settings.data_dir),
        "WORKBENCH_DATABASE_URL": settings.url,
    }
    done = CliRunner().invoke(main, command, env=places)
    assert done.exit_code == 0, done.output
    return done.output


def test_one_image_is_refused_with_words_and_every_page_says_what_there_is(
    reading: FlaskClient, tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    import_images(single(tmp_path / "odd"), collection="odd", settings=settings, progress=Silent())

    assert analyse(collection_id("odd"), settings) == "failed"

    (run,) = queue.runs(collection_id("odd"))
    assert run.error == "training needs both real and fake images; the only training image is real"
    assert set(answers(reading).values()) == {200, 404}


def answers(reading: FlaskClient) -> dict[str, int]:
    found = {}
    for page in PAGES:
        limiter.reset()
        address = f"/c/odd/{page}"
        found[page] = reading.get(address, buffered=True, follow_redirects=True).status_code
    return found
