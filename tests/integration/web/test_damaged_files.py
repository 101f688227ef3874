"""Files that are lost or damaged: no page fails, what can be made again is, the rest is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from workbench.config import Settings
from workbench.services.columns import store as columns
from workbench.services.models import arrays
from workbench.services.similar import index_files
from workbench.services.workspaces import Workspace
from workbench.store.database import session
from workbench.store.results import Cell, Pattern, PixelGroup
from workbench.web.site.limits import limiter

pytestmark = [pytest.mark.analysed, pytest.mark.parametrize("database_kind", ["sqlite"])]

OTHERS = ("workbench.sqlite*", "*secret_key*", "drawn/**/*", "cache/neighbours/.lock")
"""Files of the data directory that are no results: the database, and what tests put there."""


def removed(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    replace(path, b"")


def truncated(path: Path) -> None:
    content = path.read_bytes()
    replace(path, content[: len(content) // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    replace(path, bytes(content))


def replace(path: Path, content: bytes) -> None:
    """By a new file: this process may have the old one mapped."""
    path.unlink()
    path.write_bytes(content)


@dataclass
class Kind:
    """Files of one kind, and what their damage means."""

    patterns: tuple[str, ...]
    named: dict[str, str] = field(default_factory=dict)
    """By page: what it says while they cannot be had. All other pages are as they were."""

    def files(self, data_dir: Path) -> set[Path]:
        return {each for pattern in self.patterns for each in data_dir.glob(pattern)}


LOST = "is missing or damaged. Import its original again."
RETRAIN = "Retrain to compute it again."
OF_ONE_IMAGE = ("image", "adjudicate", "edit", "heatmap", "map", "image.svg")
CACHE = Kind(
    (
        "cache/columns/*",
        "cache/thumbnails/*/*",
        "cache/crops/*/*/*",
        "cache/parts/**/*.safetensors",
        "cache/neighbours/*/*.*",
        "cache/precision.json",
    )
)
KINDS = (
    CACHE,
    # Thumbnails and crops are kept, so only the image itself is missing.
    Kind(("images/*/*.jpg",), dict.fromkeys(("image", "adjudicate", "picture", "edit"), LOST)),
    Kind(
        ("artifacts/embeddings/*/*",),
        dict.fromkeys(("image", "adjudicate", "edit", "like image"), RETRAIN),
    ),
    Kind(("artifacts/results/*/*",), dict.fromkeys((*OF_ONE_IMAGE, "like group"), RETRAIN)),
    Kind(
        ("artifacts/weights/*/*",),
        dict.fromkeys((*OF_ONE_IMAGE, "explore", "filtered", "dimensions.svg"), RETRAIN),
    ),
)


@pytest.fixture
def reading(client: FlaskClient, settings: Settings, app: Flask) -> Iterator[FlaskClient]:
    """A visitor of an installation that is open for reading."""
    app.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    yield client
    started_anew()


def started_anew() -> None:
    """What a process keeps of files is gone."""
    columns._mapped.cache_clear()
    arrays._cached_array.cache_clear()
    index_files._open.clear()


@pytest.fixture
def pages(analysed: Workspace) -> dict[str, str]:
    """Every page of a collection, and every picture, by a name."""
    assert analysed.version is not None
    version = analysed.version.id
    group, image = (
        session()
        .execute(select(PixelGroup.id, PixelGroup.image_id).where(PixelGroup.version_id == version))
        .tuples()
        .all()[0]
    )
    cell = session().scalars(select(Cell.id).where(Cell.version_id == version)).first()
    pattern = session().scalars(select(Pattern.id).where(Pattern.version_id == version)).first()
    session().rollback()
    here = "/c/pictures"
    return {
        "home": "/",
        "explore": f"{here}/",
        "filtered": f"{here}/?outcome=misclassified&dimension=0&cell={cell}",
        "cell": f"{here}/cells/{cell}",
        "empty cell": f"{here}/cells/{cell}?text=zzzz",
        "patterns": f"{here}/patterns",
        "pattern": f"{here}/patterns/{pattern}",
        "report": f"{here}/patterns/{pattern}/report.html",
        "models": f"{here}/models",
        "taxonomy": "/taxonomy",
        "adjudicate": f"{here}/adjudicate",
        "overview.svg": f"{here}/export/overview.svg",
        "dimensions.svg": f"{here}/export/dimensions.svg",
        "like image": f"{here}/similar?image={image}",
        "like group": f"{here}/similar?group={group}",
        "image": f"{here}/images/{image}",
        "edit": f"{here}/images/{image}?edit=group-{group}&fill=blur&expectation=fall",
        "image.svg": f"{here}/export/image.svg?image={image}",
        "picture": f"/images/{image}.jpg",
        "thumbnail": f"/images/{image}/thumb/96",
        "crop": f"/groups/{group}/crop/96",
        "heatmap": f"/heatmaps/{version}/{image}.png",
        "map": f"/maps/{version}/{image}.png",
    }


def visit(reading: FlaskClient, pages: dict[str, str]) -> dict[str, tuple[int, str]]:
    found = {}
    for name, address in pages.items():
        limiter.reset()
        answer = reading.get(address, follow_redirects=True)
        is_text = answer.mimetype in ("text/html", "image/svg+xml")
        found[name] = (answer.status_code, answer.text if is_text else "")
    return found


@pytest.mark.parametrize("damage", [removed, emptied, truncated, flipped])
def test_no_page_fails_by_a_damaged_file_and_each_says_what_is_missing(
    reading: FlaskClient,
    pages: dict[str, str],
    settings: Settings,
    tmp_path: Path,
    damage: Callable[[Path], None],
) -> None:
    before = visit(reading, pages)
    assert {name for name, (status, _text) in before.items() if status != 200} == set()
    others = {each for pattern in OTHERS for each in settings.data_dir.glob(pattern)}
    files = {each for each in settings.data_dir.rglob("*") if each.is_file()} - others
    assert files - {each for kind in KINDS for each in kind.files(settings.data_dir)} == set()
    wrong = []
    for kind in KINDS:
        started_anew()
        shutil.copytree(settings.data_dir, tmp_path / "kept")
        damaged = kind.files(settings.data_dir) & files
        assert {each.is_relative_to(settings.data_dir) for each in damaged} == {True}
        for path in damaged:
            damage(path)

        for name, (status, text) in visit(reading, pages).items():
            said = kind.named.get(name)
            if said is None:
                fine = status == 200 and "missing" not in text and "damaged" not in text
            else:
                fine = status in (200, 503) and said in text
            if not fine:
                wrong.append((kind.patterns[0], name, status, text[-600:]))

        for path in damaged:
            path.unlink(missing_ok=True)
            shutil.copy2(tmp_path / "kept" / path.relative_to(settings.data_dir), path)
        shutil.rmtree(tmp_path / "kept")
    assert wrong == [], "\n".join(map(str, wrong))
