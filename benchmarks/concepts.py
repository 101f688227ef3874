"""Do dimensions follow what is seen? Faces, whose regions landmarks tell.

`--data DIR` (again and again) names folders of faces with `real/` and `fake/` below, or with a
manifest; without it, the demo set's faces are used. Figures without a set's name are of the first.

A quarter of the groups is held out; on the others a version is trained as the workbench does. Every
image is explained by a head that was not trained on it. A patch is in the region that most of it
lies in: one of seven of the face, and what is above, beside or below the face, so that landmarks
alone decide. `_segmented` figures have the regions of `workbench.analysis.faces` instead: hair,
body and background. Images without a face are left out. Evidence is the absolute contribution of a
dimension at a patch.

`region_information`: normalised mutual information of a patch's region and its strongest dimension,
weighted by the patch's evidence (arithmetic mean of the entropies); `_shared` the same where each
dimension counts with its own evidence at the patch; `_shuffled` with regions shuffled over all
patches, `_of_another_image` with those of another image's face, which tells how much of it is
where faces usually are.
`top_patch_purity`: of a dimension's 50 strongest patches, one an image, the share in the region
that most of them are in; mean over the dimensions with 3 % of the evidence or more. `_shuffled` as
above: what the sizes of the regions alone give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.command import Figures, run_on_folders
from benchmarks.distilling import distil_some
from benchmarks.encoded import Picture, batches, default_encoder, encode
from benchmarks.ordinary import demo_folders, pictures
from benchmarks.region_metrics import (
    evidence_shares,
    normalised_information,
    purities,
    table_of_all,
    table_of_strongest,
    top_patch_purity,
)
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.faces.finder import FaceFinder
from workbench.analysis.faces.regions import REGIONS, Face, toward_chin
from workbench.analysis.metrics import auc
from workbench.analysis.relevance.methods import attribute, default_method

NO_FACE = -1
OUTSIDE = REGIONS.index("hair")
"""From here on regions are outside of the face."""


@dataclass(frozen=True)
class Explained:
    """Pictures under a version: who scored them, and what each dimension says where."""

    fold: NDArray[np.int64]
    logit: NDArray[np.float32]
    contributions: NDArray[np.float32]
    """(image, dimension, patch), in logits, + toward fake."""


def measure(folders: list[Path], quick: bool) -> Figures:
    """The figures of each set, and what each dimension of the first one shows."""
    encoder = default_encoder()
    chosen = folders or [each for each in demo_folders() if each.name == "demo-faces"]
    sets = [(each.name, *_of_set(encoder, pictures(each, quick=quick))) for each in chosen]
    _first, of_first, dimensions = sets[0]
    by_set = {f"{key} {name}": value for name, each, _ in sets for key, value in each.items()}
    return {**of_first, **dimensions, **by_set}


def _of_set(encoder: Encoder, images: Sequence[Picture]) -> tuple[Figures, Figures]:
    by_landmarks, segmented = face_regions(images, encoder.grid)
    explained = explain(encoder, images)
    shown = (segmented != NO_FACE).all(axis=1)
    contributions = explained.contributions[shown]
    of_people = figures(contributions, segmented[shown])
    labels = np.array([each.fake for each in images])
    held_out = explained.fold == NO_FOLD
    return (
        {
            "images": len(images),
            "faces": int(shown.sum()),
            "auc": auc(labels[held_out], explained.logit[held_out]),
            **figures(contributions, by_landmarks[shown]),
            **{f"{key}_segmented": value for key, value in of_people.items()},
        },
        dict(described(contributions, segmented[shown])),
    )


def figures(contributions: NDArray[np.float32], regions: NDArray[np.int64]) -> Figures:
    """Of images that all have a face."""
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(regions.ravel()).reshape(regions.shape)
    return {
        "region_information": _information(contributions, regions),
        "region_information_shared": normalised_information(table_of_all(contributions, regions)),
        "region_information_shuffled": _information(contributions, shuffled),
        "region_information_of_another_image": _information(
            contributions, np.roll(regions, len(regions) // 2, axis=0)
        ),
        "top_patch_purity": top_patch_purity(contributions, regions),
        "top_patch_purity_shuffled": top_patch_purity(contributions, shuffled),
    }


def _information(contributions: NDArray[np.float32], regions: NDArray[np.int64]) -> float:
    return normalised_information(table_of_strongest(contributions, regions))


def described(
    contributions: NDArray[np.float32], regions: NDArray[np.int64]
) -> Iterator[tuple[str, str]]:
    """Each dimension's share of the evidence, where most of it lies, and its purity."""
    shares, purity = evidence_shares(contributions), purities(contributions, regions)
    for number, row in enumerate(table_of_all(contributions, regions)):
        of_region = row / max(row.sum(), np.finfo(float).tiny)
        most = np.argsort(-of_region, kind="stable")[:3]
        names = ", ".join(f"{REGIONS[each]} {of_region[each]:.0%}" for each in most if row[each])
        text = f"{shares[number]:.0%} of evidence; {names}; purity {purity[number]:.2f}"
        yield f"dimension {number + 1}", text


def face_regions(
    images: Sequence[Picture], grid: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The region of each patch, (image, patch), by landmarks alone and segmented.

    `NO_FACE` everywhere where there is no face.
    """
    finder = FaceFinder()
    by_landmarks, segmented = np.full((2, len(images), grid[0] * grid[1]), NO_FACE)
    faces = (finder.find(each) for batch in batches([e.path for e in images]) for each in batch)
    for index, face in enumerate(faces):
        if face is not None:
            by_landmarks[index] = around_the_face(face).shares(*grid).argmax(axis=1)
            segmented[index] = face.shares(*grid).argmax(axis=1)
    return by_landmarks, segmented


def around_the_face(face: Face) -> Face:
    """The same with what is above, beside and below it in the place of hair, body, background."""
    along = toward_chin(face.landmarks, face.regions.shape)
    around = OUTSIDE + (along > -1).astype(np.uint8) + (along > 1)
    return replace(face, regions=np.where(face.regions < OUTSIDE, face.regions, around))


def explain(encoder: Encoder, images: Sequence[Picture]) -> Explained:
    """Train a version on three quarters of the groups, and explain all pictures under it.

    Contributions and logits are of the same tokens, so that they are complete.
    """
    encoded = encode(encoder, images)
    kept, _held_out = encoded.parted()
    heads = distil_some(encoder, encoded, kept).heads
    fold = np.full(len(images), NO_FOLD)
    fold[kept] = encoded.training_set(kept).fold
    every = np.arange(len(images))
    contributions, logits = [], []
    for rows, state in encoded.in_batches(every):
        maps, logit = _explained(encoder, heads, state, fold[rows])
        contributions.append(maps.numpy())
        logits.append(logit.numpy())
    return Explained(fold, np.concatenate(logits), np.concatenate(contributions))


def _explained(
    encoder: Encoder,
    heads: CrossFittedHeads[ConceptHead],
    state: Penultimate,
    fold: NDArray[np.int64],
) -> tuple[Tensor, Tensor]:
    """Contributions (image, dimension, patch) and logits of some images, each by its own head."""
    method = default_method(encoder)
    weight = heads.final.logit_weight
    maps = torch.empty(len(fold), len(weight), encoder.grid[0] * encoder.grid[1])
    logit = torch.empty(len(fold))
    for each in np.unique(fold).tolist():
        rows = torch.from_numpy(np.flatnonzero(fold == each))
        head = heads.head_of(each)
        maps[rows] = attribute(method, encoder, head, state.subset(rows)).maps
        logit[rows] = head.logit_of(maps[rows].sum(dim=-1))
    return maps * weight[:, None], logit


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
