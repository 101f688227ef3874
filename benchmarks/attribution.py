"""Do the maps point at what was planted? Held-out photographs, rightly detected fakes.

Pointing game: share of images whose strongest patch lies on the mask. Average precision: the
patches' contributions as a score for lying on the mask. Random: the same of shuffled patches.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import average_precision_score

from benchmarks.command import Figures, OnStandardError, cache_dir, run
from benchmarks.encoded import Picture, default_encoder, encode
from workbench.analysis.distiller import train
from workbench.analysis.metrics import auc
from workbench.analysis.relevance import default_method, token_maps
from workbench.services.demo import build_demo_set

DIMENSIONS = 16
QUICK_GROUPS = 20


def measure(quick: bool) -> Figures:
    """Train on the photographs that are not held out, explain the others."""
    rows, pictures = _planted(quick)
    encoder = default_encoder()
    encoded = encode(encoder, pictures)
    held_out = np.array([row["split"] == "held_out" for row in rows])
    training, test = (encoded.subset(np.flatnonzero(side)) for side in (~held_out, held_out))
    head = train(training.training_set(), dimensions=DIMENSIONS, seeds=(0, 1, 2)).head
    logit = head.logit(test.state.embedding).numpy()
    detected = np.flatnonzero(test.fake & (logit > 0))
    masks = [_mask(rows[place], encoder.grid) for place in np.flatnonzero(held_out)[detected]]
    method = default_method(encoder)
    maps = token_maps(method, encoder, head, test.subset(detected).state).maps
    total = (maps * head.logit_weight[:, None]).sum(dim=1).numpy()
    shuffled = np.random.default_rng(0).permuted(total, axis=1)
    return {
        "method": method,
        "auc": auc(test.fake, logit),
        "images": len(detected),
        "chance": float(np.mean([mask.mean() for mask in masks])),
        "pointing_default": _pointing(total, masks),
        "pointing_random": _pointing(shuffled, masks),
        "average_precision_default": _precision(total, masks),
        "average_precision_random": _precision(shuffled, masks),
    }


def _planted(quick: bool) -> tuple[list[dict[str, str]], list[Picture]]:
    sets = build_demo_set(
        cache_dir() / "benchmark-sets",
        downloads=cache_dir() / "downloads",
        progress=OnStandardError(),
    )
    manifest = next(each.manifest for each in sets if each.name == "demo-planted")
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if quick:
        kept = sorted({row["group"] for row in rows})[:QUICK_GROUPS]
        rows = [row for row in rows if row["group"] in kept]
    for row in rows:
        row["mask"] = str(manifest.parent / row["mask"]) if row["mask"] else ""
    return rows, [
        Picture(
            manifest.parent / row["path"], row["label"] == "fake", row["group"], row["generator"]
        )
        for row in rows
    ]


def _mask(row: dict[str, str], grid: tuple[int, int]) -> NDArray[np.bool_]:
    """Which patches lie on the planted region by more than half."""
    with Image.open(Path(row["mask"])) as picture:
        small = picture.convert("L").resize((grid[1], grid[0]), Image.Resampling.BOX)
    return np.asarray(small).ravel() > 127


def _pointing(total: NDArray[np.float32], masks: list[NDArray[np.bool_]]) -> float:
    return float(np.mean([mask[each.argmax()] for each, mask in zip(total, masks, strict=True)]))


def _precision(total: NDArray[np.float32], masks: list[NDArray[np.bool_]]) -> float:
    return float(
        np.mean(
            [
                average_precision_score(mask, each)
                for each, mask in zip(total, masks, strict=True)
                if mask.any()
            ]
        )
    )


if __name__ == "__main__":
    run(__doc__ or "", measure)
