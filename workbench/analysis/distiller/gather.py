"""Evidence of training images gathered by concept, from their states batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from torch import Tensor

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.concepts.learn import Learned, learn
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.evidence_training import CrossFittedEvidence
from workbench.analysis.distiller.window_training import CrossFittedWindows, train_windows
from workbench.analysis.encoders.patch_features import tokens_of
from workbench.analysis.encoders.protocol import Encoder, Penultimate, content_feature
from workbench.analysis.kinds.contrast import contrasted_blocks, tokens_of_blocks
from workbench.analysis.kinds.learn import learn_kinds
from workbench.analysis.kinds.sample import Sample, sample_regions
from workbench.analysis.kinds.space import Kinds

MOST_PATCHES = 20_000
"""Most patches that a dictionary is learned from."""
BATCH = 32


@dataclass(frozen=True)
class Patches:
    """What of training images dictionary, weights and kinds are learned from.

    rows: of the images in the training set.
    content: the patches' content tokens, in half precision.
    evidence: e(t), each image's by what was not learned from it.
    blocks: whose tokens regions and windows are compared by.
    tokens: of these blocks, in half precision.
    """

    rows: Integer[ndarray, " image"]
    content: Float[Tensor, "image patch channel"]
    evidence: Float[Tensor, "image patch"]
    blocks: tuple[int, ...]
    tokens: Float[Tensor, "image block patch channel"]
    grid: tuple[int, int]

    def dictionary(
        self, concepts: int, *, seed: int, parent: ConceptDictionary | None = None
    ) -> Learned:
        """Learn the dictionary (`learn`) from at most `MOST_PATCHES` of them."""
        flat = self.content.flatten(0, 1)
        random = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(len(flat), generator=random)[:MOST_PATCHES]
        return learn(flat[chosen].float(), concepts=concepts, seed=seed, parent=parent)

    def by_concept(self, dictionary: ConceptDictionary) -> Float[ndarray, "image dimension"]:
        """Compute each image's sums of evidence by concept, before weighing, in logits."""
        sums = [
            torch.einsum("kp,p->k", dictionary.assign(tokens[None].float())[0], evidence)
            for tokens, evidence in zip(self.content, self.evidence, strict=True)
        ]
        found: Float[ndarray, "image dimension"] = torch.stack(sums).numpy().astype(float)
        return found

    def kinds(self, fake: Bool[ndarray, " image"]) -> Kinds:
        """Learn the space of kinds (`learn_kinds`); fake: of all images of the training set."""
        regions = Sample.joined(
            [
                sample_regions(tokens, evidence, self.grid, rows)
                for tokens, evidence, rows in zip(
                    torch.split(self.tokens, BATCH),
                    torch.split(self.evidence, BATCH),
                    np.split(self.rows, range(BATCH, len(self.rows), BATCH)),
                    strict=True,
                )
            ]
        )
        return learn_kinds(regions, fake[self.rows], self.blocks)

    def windows(
        self, data: TrainingSet, parent: CrossFittedWindows | None = None
    ) -> CrossFittedWindows | None:
        """Learn window evidence (`train_windows`); data: all images of the training set."""
        pooled: Float[ndarray, " image"] = self.evidence.sum(dim=1).numpy().astype(float)
        own = data.rows(self.rows)
        return train_windows(self.tokens, self.grid, own, pooled, blocks=self.blocks, parent=parent)

    def beside(self, windows: CrossFittedWindows, fold: Integer[ndarray, " image"]) -> Patches:
        """Add the evidence of windows; fold: of all images of the training set."""
        evidence = torch.empty_like(self.evidence)
        folds = fold[self.rows]
        for each in np.unique(folds).tolist():
            model = windows.of_fold(each)
            for chosen in torch.split(torch.from_numpy(np.flatnonzero(folds == each)), BATCH):
                own = model.of_tokens(self.tokens[chosen].float(), self.grid)
                evidence[chosen] = model.beside(self.evidence[chosen], own)
        return replace(self, evidence=evidence)


def patches_of(
    encoder: Encoder,
    evidence: CrossFittedEvidence,
    batches: Iterable[tuple[Integer[ndarray, " image"], Integer[ndarray, " image"], Penultimate]],
) -> Patches:
    """Keep what is needed of states with patch tokens, given with rows and folds of their images.

    ValueError for no image, or an encoder whose x has no content.
    """
    feature = content_feature(encoder.features)
    if feature is None:
        raise ValueError(f"the embedding of {encoder.name} has no content")
    blocks = contrasted_blocks(encoder.features)
    rows, content, found, kept = [], [], [], []
    for batch, folds, state in batches:
        of_batch = torch.empty(state.patch_tokens.shape[0], state.patch_tokens.shape[2])
        for fold in np.unique(folds).tolist():
            chosen = torch.from_numpy(np.flatnonzero(folds == fold))
            of_batch[chosen] = evidence.of_fold(fold).of_patches(encoder, state.subset(chosen))
        rows.append(batch)
        content.append(tokens_of(feature, encoder.features, state).half())
        found.append(of_batch)
        kept.append(tokens_of_blocks(state, encoder.features, blocks).half())
    if not rows:
        raise ValueError("a dictionary needs an image at least")
    return Patches(
        np.concatenate(rows),
        torch.cat(content),
        torch.cat(found),
        blocks,
        torch.cat(kept),
        encoder.grid,
    )
