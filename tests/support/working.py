"""What tests do with a workbench over and over: import drawn pictures, analyse, retrain."""

from __future__ import annotations

from pathlib import Path

from tests.support.pictures import draw_collection
from workbench.config import Settings
from workbench.services.imports.run import import_images
from workbench.services.pipeline import executor
from workbench.services.progress import Silent
from workbench.services.runs import queue, requests
from workbench.services.runs.claims import Claim
from workbench.store.database import db

EFFECT_IMAGES = 8
"""Fewer than by default: each of a pattern's images is encoded three times in every analysis."""

FEW_EFFECT_IMAGES = 4
"""Where nothing is asserted about effects, which are most of a run's time."""

PICTURES = {"others": (8, 900), "pictures": (20, 0)}
"""Images a label and seed of each collection."""


def import_pictures(settings: Settings, folder: Path) -> None:
    """Draw and import both collections; a few images of each are mislabelled."""
    for name, (per_label, seed) in PICTURES.items():
        import_images(
            draw_collection(folder / name, per_label, mislabelled=3, seed=seed),
            collection=name,
            settings=settings,
            progress=Silent(),
        )


def analyse(collection_id: int, settings: Settings, *, again: bool = False) -> str:
    """Bring a collection's analysis up to date in this process; the state that it ended in."""
    run_id = requests.run_for_analysis(collection_id, again=again)
    assert run_id is not None
    return perform(run_id, settings)


def retrain(user_id: int, collection_id: int, settings: Settings) -> queue.RunView:
    """Ask for a retrain and do it in this process."""
    run_id = queue.request_retrain(user_id, collection_id).id
    perform(run_id, settings)
    return queue.run(run_id)


def perform(run_id: int, settings: Settings) -> str:
    """Claim a queued run and do it."""
    return executor.execute(db.engine, claimed(run_id), settings)


def claimed(run_id: int) -> Claim:
    """Claim a queued run."""
    claim = queue.claim(run_id, "here:1:test")
    assert claim is not None
    return claim
