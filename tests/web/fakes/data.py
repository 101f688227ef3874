"""The made-up data: a collection of six images under two versions, and one without any."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from workbench.services.accounts import Account
from workbench.services.explore.cards import ImageCard
from workbench.services.explore.cells import CellView
from workbench.services.models.figures import Figures, VersionFigures
from workbench.services.models.learned import Learned
from workbench.services.models.version_images import VersionImages
from workbench.services.models.versions import VersionSummary
from workbench.services.workspaces import ListedCollection
from workbench.store.outcomes import WRONG

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)

PASSWORD = "a long enough password"

ADA = Account(1, "ada", "developer")

BEN = Account(2, "ben", "annotator")

BEFORE = VersionFigures(test=Figures(60, 0.80, 0.76, 0.84, 0.74))
"""Of a version from before training images were scored by heads not trained on them."""

AFTER = VersionFigures(
    test=Figures(60, 0.84, 0.81, 0.87, 0.79, 0.70, 0.86, 0.031),
    test_as_imported=Figures(61, 0.82, 0.78, 0.86, 0.77, 0.68, 0.85, 0.044),
    cross_validated=Figures(240, 0.88, 0.85, 0.91, 0.81, 0.76, 0.85, 0.027),
    parent_auc=0.80,
)

CHANCE = replace(AFTER, cross_validated=Figures(240, 0.52, 0.46, 0.58, 0.51))
"""Of a version that has found nothing."""

LEARNED = Learned(
    parent=1,
    training_labels=12,
    test_labels=3,
    halved=1,
    restored=0,
    excluded=0,
    included=0,
    new_images=0,
    flipped=27,
    flipped_held_out=4,
    comparable=True,
)

OLD = VersionSummary(1, 1, BEFORE, None, "packaged", "patch_share", NOON, active=False)

NEW = VersionSummary(2, 2, AFTER, LEARNED, "packaged", "patch_share", NOON, active=True)

SIX = VersionImages(images=6, real=3, fake=3, overturned=1, unsure=1, excluded=2)

FACES = ListedCollection(1, "faces", "Faces", "Six faces.", 6, 3, 3, NEW, {"auc": 0.53}, SIX)

RAW = ListedCollection(2, "raw", "Raw", "", 4, 2, 2, None, {}, None)


def _card(image_id: int, label: str, p: float, outcome: str) -> ImageCard:
    return ImageCard(
        id=image_id,
        name=f"face {image_id} <b>.jpg",
        label=label,
        generator="stylegan" if label == "fake" else "",
        p=p,
        outcome=outcome,
        wrong=outcome in WRONG,
        held_out=image_id == 6,
        decision=None,
    )


CARDS = {
    1: _card(1, "real", 0.10, "real_right"),
    2: _card(2, "real", 0.90, "real_called_fake"),
    3: _card(3, "real", 0.70, "real_called_fake"),
    4: _card(4, "fake", 0.80, "fake_right"),
    5: _card(5, "fake", 0.20, "fake_called_real"),
    6: _card(6, "fake", 0.95, "fake_right"),
}

CELLS = {
    11: CellView(11, "balanced", 0, 0, 0, 1, 1, 0, 0, 0.5, 3, 0.4, 0.5, 1, 1, 2),
    12: CellView(12, "balanced", 0, 0, 1, 0, 1, 1, 0, 0.75, 4, -0.8, -1.0, 2, 4, 2),
    13: CellView(13, "balanced", 0, 2, 3, 0, 0, 1, 1, 0.57, 3, None, None, 0, 6, 2),
    21: CellView(21, "balanced", 1, 0, 0, 1, 0, 0, 0, 0.1, 1, 0.4, 0.5, 1, 1, 1),
}

HAVING = {31: (2, 3), 32: (5,)}
"""The images with each pattern."""

MEMBERS = {11: (1, 2), 12: (3, 4), 13: (5, 6), 21: (1,)}
