"""Distillers of the benchmarks, on an encoder of a few lines and drawn pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.distilling import DIMENSIONS, dimensions_of, distil_some, logits_of
from benchmarks.encoded import Encoded, Picture, encode
from tests.support.fake_encoder import FakeEncoder
from tests.support.pictures import draw_collection
from workbench.config import Settings


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    folder: Path = tmp_path_factory.mktemp("drawn")
    draw_collection(folder, 20, mislabelled=2)
    return encode(
        FakeEncoder(),
        [
            Picture(path, path.parent.name == "fake", str(path), "")
            for path in sorted(folder.rglob("*.png"))
        ],
    )


def test_pictures_are_read_in_batches_in_any_order(encoded: Encoded) -> None:
    rows = np.array([*range(30, 5, -1), 7, 7])

    batches = list(encoded.in_batches(rows))

    assert np.concatenate([each for each, _ in batches]).tolist() == list(range(len(rows)))
    embedding = torch.cat([state.embedding for _, state in batches])
    assert torch.equal(embedding, encoded.state.embedding[rows])
    assert all(state.patch_tokens.dtype == torch.float for _, state in batches)
    assert all(
        state.parts == frozenset() for _, state in encoded.in_batches(rows, parts=frozenset())
    )


def test_a_distiller_is_trained_on_the_rows_that_are_given(encoded: Encoded) -> None:
    kept, held_out = encoded.parted()

    distilled = distil_some(FakeEncoder(), encoded, kept)

    assert distilled.head.dimensions == DIMENSIONS == Settings().dimensions
    fold = encoded.training_set(kept).fold
    for each in np.unique(fold).tolist():
        rows = kept[fold == each]
        own = logits_of(distilled.heads.head_of(each), FakeEncoder(), encoded, rows)
        np.testing.assert_allclose(distilled.logit[fold == each], own, atol=1e-3)
    z = dimensions_of(distilled.head, FakeEncoder(), encoded, held_out)
    logit = distilled.head.logit_of(z).numpy()
    np.testing.assert_allclose(
        logits_of(distilled.head, FakeEncoder(), encoded, held_out), logit, atol=1e-5
    )


def test_a_retrain_starts_from_its_parent_and_learns_turned_labels(encoded: Encoded) -> None:
    kept, held_out = encoded.parted()
    parent = distil_some(FakeEncoder(), encoded, kept)
    before = dimensions_of(parent.head, FakeEncoder(), encoded, held_out)

    same = distil_some(FakeEncoder(), encoded, kept, parent=parent)
    turned = distil_some(FakeEncoder(), encoded, kept, turned=np.arange(10), parent=parent)

    assert same.penalty == parent.penalty
    assert torch.equal(same.head.evidence.mean, parent.head.evidence.mean)
    for child in (same, turned):
        after = dimensions_of(child.head, FakeEncoder(), encoded, held_out)
        # The strongest dimension keeps its number.
        assert np.corrcoef(before[:, 0], after[:, 0])[0, 1] > 0.8
    assert not torch.equal(same.head.evidence.weight, turned.head.evidence.weight)
    assert encoded.fake.sum() == 20
