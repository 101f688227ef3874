"""Images, the dataset that has them all, and what the version says of each."""

from __future__ import annotations

import hashlib
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.web.filling.bulk import insert
from benchmarks.web.filling.collection import SHARDS
from benchmarks.web.filling.made_up import GENERATORS, KINDS
from benchmarks.web.filling.writing import MOMENT, Filling, counted
from workbench.analysis.layout.mixtures import LAYOUTS
from workbench.store.images import Image
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Placement, Prediction
from workbench.store.versions import CuratedItem


def write_images(filling: Filling, hashes: list[str]) -> None:
    """The images, and the dataset that has them all."""
    made = filling.made
    for chunk in filling.chunks():
        numbers = range(chunk.start, chunk.stop)
        labels = _labels(made.fake[chunk])
        held_out = made.held_out[chunk].tolist()
        content = [hashlib.sha256(b"%d %d" % (filling.seed, each)).hexdigest() for each in numbers]
        generators = ["" if each < 0 else GENERATORS[each] for each in made.generator[chunk]]
        names = [
            f"{(generator or 'photo').casefold().replace(' ', '-')}-{number:07}.png"
            for generator, number in zip(generators, numbers, strict=True)
        ]
        insert(
            filling.bulk,
            Image.__table__,
            {
                "id": counted(chunk),
                "collection_id": filling.ids.collection,
                "content_hash": content,
                "pixel_hash": [hashes[each % len(hashes)] for each in numbers],
                "original_uri": [f"file:///made-up/{name}" for name in names],
                "name": names,
                "label": labels,
                "generator": generators,
                "group_key": content,
                "held_out": held_out,
                "format": "PNG",
                "width": 512,
                "height": 512,
                "file_size": [200_000 + number % 65_521 for number in numbers],
                "modified_ns": 1_700_000_000_000_000_000,
                "imported_at": MOMENT,
            },
        )
        insert(
            filling.bulk,
            CuratedItem.__table__,
            {
                "dataset_id": filling.ids.dataset,
                "image_id": counted(chunk),
                "label": labels,
                "weight": 1.0,
                "held_out": held_out,
            },
        )


def write_placements(filling: Filling) -> None:
    """The coordinates, the same in every layout."""
    for name, chunk in product(LAYOUTS, filling.chunks()):
        insert(
            filling.bulk,
            Placement.__table__,
            {
                "version_id": filling.ids.version,
                "layout": name,
                "image_id": counted(chunk),
                "x": filling.made.coordinates[chunk, 0].tolist(),
                "y": filling.made.coordinates[chunk, 1].tolist(),
            },
        )


def write_predictions(filling: Filling) -> None:
    """Scores, and where the maps of each image's kind lie."""
    made = filling.made
    p = made.p
    step = KINDS // SHARDS
    for chunk in filling.chunks():
        kind = made.kind[chunk]
        insert(
            filling.bulk,
            Prediction.__table__,
            {
                "version_id": filling.ids.version,
                "image_id": counted(chunk),
                "logit": made.logit[chunk].tolist(),
                "p": p[chunk].tolist(),
                "label": _labels(made.fake[chunk]),
                "outcome": [OUTCOMES[each] for each in made.outcome[chunk]],
                "removed_change": _known(made.removed[chunk]),
                "control_change": _known(made.control[chunk]),
                "shard_id": [filling.ids.shards[each] for each in kind // step],
                "row": (kind % step).tolist(),
            },
        )


def _labels(fake: NDArray[np.bool_]) -> list[str]:
    return ["fake" if each else "real" for each in fake]


def _known(values: NDArray[np.float64]) -> list[float | None]:
    return [None if each != each else each for each in values.tolist()]  # noqa: PLR0124 - NaN
