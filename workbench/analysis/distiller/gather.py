"""Evidence of training images gathered by concept, from their states batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from torch import Tensor

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.concepts.learn import Learned, learn
from workbench.analysis.distiller.evidence_training import CrossFittedEvidence
from workbench.analysis.encoders.patch_features import tokens_of
from workbench.analysis.encoders.protocol import Encoder, Penultimate, content_feature
from workbench.analysis.kinds.contrast import contrasted_blocks, tokens_of_blocks
from workbench.analysis.kinds.learn import learn_kinds
from workbench.analysis.kinds.sample import Sample, sample_regions
from workbench.analysis.kinds.space import Kinds

MOST_PATCHES = 20_000
"""Most patches that a dictionary is learned from."""


@dataclass(frozen=True)
class Patches:
    """What of training images dictionary, weights and kinds are learned from.

    rows: of the images in the training set.
    content: the patches' content tokens, in half precision.
    evidence: e(t), each image's by what was not learned from it.
    blocks: whose tokens `regions` contrasts.
    """

    rows: Integer[ndarray, " image"]
    content: Float[Tensor, "image patch channel"]
    evidence: Float[Tensor, "image patch"]
    blocks: tuple[int, ...]
    regions: Sample

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
        return learn_kinds(self.regions, fake[self.rows], self.blocks)


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
    rows, content, found, regions = [], [], [], []
    for batch, folds, state in batches:
        of_batch = torch.empty(state.patch_tokens.shape[0], state.patch_tokens.shape[2])
        for fold in np.unique(folds).tolist():
            chosen = torch.from_numpy(np.flatnonzero(folds == fold))
            of_batch[chosen] = evidence.of_fold(fold).of_patches(encoder, state.subset(chosen))
        rows.append(batch)
        content.append(tokens_of(feature, encoder.features, state).half())
        found.append(of_batch)
        tokens = tokens_of_blocks(state, encoder.features, blocks)
        regions.append(sample_regions(tokens, of_batch, encoder.grid, batch))
    if not rows:
        raise ValueError("a dictionary needs an image at least")
    return Patches(
        np.concatenate(rows), torch.cat(content), torch.cat(found), blocks, Sample.joined(regions)
    )
