"""How well file facts alone predict the label: what a detector could cheat with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.tree import DecisionTreeClassifier
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.store.images import Image

MAX_ROWS: Final = 20_000
"""Largest number of images that are looked at; a sample of that size tells as much."""

FACTS: Final = ("format", "width", "height", "file_size", "jpeg_quality")

_FOLDS: Final = 5
_MIN_PER_LABEL: Final = 10
_NO_QUALITY: Final = -1.0

Facts = NDArray[np.float64]


def measure_file_facts(db_session: Session, collection_id: int) -> dict[str, Any]:
    """Predict the label of a collection's images from their files' facts, pixels unseen.

    The AUC is that of a small decision tree, cross-validated over 5 folds: near 0.5 the facts tell
    nothing; near 1.0 a model may score well without looking at the picture. Returns `auc` (None
    where there are fewer than 10 images of a label), `by_fact` (the same for each fact alone),
    `n`, `real`, `fake`, and `sampled` (whether only a part of the images was looked at). Facts are
    those of the originals; the normalised copies have one format, size and quality.
    """
    # Content hashes are uniform, so the smallest are a fair sample, the same every time.
    rows = db_session.execute(
        select(
            Image.label,
            Image.format,
            Image.width,
            Image.height,
            Image.file_size,
            Image.jpeg_quality,
        )
        .where(Image.collection_id == collection_id)
        .order_by(Image.content_hash)
        .limit(MAX_ROWS + 1)
    ).all()
    sampled, rows = len(rows) > MAX_ROWS, rows[:MAX_ROWS]
    fakes = np.array([row.label == "fake" for row in rows], dtype=bool)
    facts = _as_numbers([tuple(row)[1:] for row in rows])
    by_fact = {fact: _auc(facts[:, [index]], fakes) for index, fact in enumerate(FACTS)}
    return {
        "auc": _auc(facts, fakes),
        "by_fact": by_fact,
        "n": len(rows),
        "real": int((~fakes).sum()),
        "fake": int(fakes.sum()),
        "sampled": sampled,
    }


def _as_numbers(rows: Sequence[tuple[Any, ...]]) -> Facts:
    """(n, 5), in the order of FACTS; formats numbered by name, no JPEG quality as -1."""
    formats = sorted({row[0] for row in rows})
    numbers = [
        (formats.index(row[0]), *row[1:4], _NO_QUALITY if row[4] is None else row[4])
        for row in rows
    ]
    return np.array(numbers, dtype=np.float64).reshape(len(rows), len(FACTS))


def _auc(facts: Facts, fakes: NDArray[np.bool_]) -> float | None:
    if min(fakes.sum(), (~fakes).sum()) < _MIN_PER_LABEL:
        return None
    if (facts == facts[0]).all():
        return 0.5  # the same for all: nothing to tell them by
    # A tree cuts at thresholds: scales do not matter, and formats need no columns of their own.
    tree = DecisionTreeClassifier(max_leaf_nodes=16, min_samples_leaf=5, random_state=0)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    scores = cross_val_predict(tree, facts, fakes, cv=folds, method="predict_proba")
    return round(float(roc_auc_score(fakes, scores[:, 1])), 4)
