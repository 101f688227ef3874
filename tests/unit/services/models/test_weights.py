"""A version's heads come back from their file as they were trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.linear_evidence import LinearEvidence
from workbench.analysis.distiller.window_evidence import WindowEvidence
from workbench.config import Settings
from workbench.services.models.weights import load_heads, store_heads
from workbench.store.versions import ModelVersion


def windows(seed: int) -> WindowEvidence:
    weight = torch.randn(2, 3, generator=torch.Generator().manual_seed(seed))
    return WindowEvidence((1, 3), weight, origin=0.5 + seed, factor=1.5, pooled_factor=0.25)


def head(own: WindowEvidence | None) -> ConceptHead:
    return ConceptHead(
        LinearEvidence(torch.zeros(4), torch.ones(4), torch.arange(4.0), smoothing=1.0),
        ConceptDictionary(torch.zeros(3), torch.eye(3), temperature=0.1),
        gain=torch.ones(3),
        logit_weight=torch.tensor([1.0, 2.0, 0.5]),
        logit_bias=0.75,
        windows=own,
    )


def again(heads: CrossFittedHeads[ConceptHead], folder: Path) -> CrossFittedHeads[ConceptHead]:
    settings = Settings(data_dir=folder)
    version = ModelVersion(number=1, weights=store_heads(heads, settings))
    found = load_heads(version, settings)
    assert isinstance(found.final, ConceptHead)
    return found


def same(one: WindowEvidence | None, other: WindowEvidence | None) -> bool:
    if one is None or other is None:
        return one is other
    numbers = [(each.blocks, each.origin, each.factor, each.pooled_factor) for each in (one, other)]
    return numbers[0] == numbers[1] and torch.equal(one.weight, other.weight)


def test_evidence_of_windows_comes_back_with_each_head(tmp_path: Path) -> None:
    final = head(windows(0))
    heads = CrossFittedHeads(
        final, {fold: replace(final, windows=windows(fold)) for fold in (1, 2)}
    )

    found = again(heads, tmp_path)

    assert same(found.final.windows, windows(0))
    for fold in (1, 2):
        assert same(found.folds[fold].windows, windows(fold))
        assert torch.equal(found.folds[fold].evidence.weight, torch.arange(4.0))


@pytest.mark.parametrize("silent", [True, False])
def test_a_head_without_windows_has_none(tmp_path: Path, *, silent: bool) -> None:
    """As versions from before there were any, and as the head of a fold that says nothing."""
    final = head(windows(0) if silent else None)

    found = again(CrossFittedHeads(final, {0: replace(final, windows=None)}), tmp_path)

    assert (found.final.windows is None) is not silent
    assert found.folds[0].windows is None
