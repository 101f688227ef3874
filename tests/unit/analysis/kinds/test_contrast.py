"""A contrast is the mean token inside less that outside, of the blocks that carry evidence."""

from __future__ import annotations

import torch

from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.kinds.contrast import contrasted_blocks, contrasts


def test_every_other_block_with_evidence_is_compared() -> None:
    features = [
        Feature(block, kind, 0, 1)
        for block in (0, 1, 2, 3)
        for kind in ("patch_mean", "patch_spread")
    ]
    content = Feature(7, "content", 0, 1)

    assert contrasted_blocks([*features, content]) == (1, 3)
    assert contrasted_blocks([features[0], content]) == (0,)
    assert contrasted_blocks([content]) == ()


def test_it_is_the_weighted_mean_inside_less_that_outside_block_by_block() -> None:
    random = torch.Generator().manual_seed(0)
    tokens = torch.randn(2, 5, 3, generator=random)
    inside, outside = torch.rand(2, 4, 5, generator=random)

    found = contrasts(tokens, inside, outside)

    for region in range(4):
        for block in range(2):
            expected = sum(
                tokens[block, patch] * inside[region, patch] / inside[region].sum()
                - tokens[block, patch] * outside[region, patch] / outside[region].sum()
                for patch in range(5)
            )
            torch.testing.assert_close(found[region, 3 * block : 3 * block + 3], expected)


def test_the_whole_image_and_nothing_of_it_have_no_contrast() -> None:
    tokens = torch.ones(1, 4, 2)
    everything, nothing = torch.ones(1, 4), torch.zeros(1, 4)

    assert not contrasts(tokens, everything, nothing).any()
    assert not contrasts(tokens, nothing, everything).any()
