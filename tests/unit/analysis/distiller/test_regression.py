"""A regression reads its columns along their principal directions."""

from __future__ import annotations

import torch

from workbench.analysis.distiller.regression import principal_directions


def test_stretched_directions_span_what_the_images_span() -> None:
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    base = principal_directions(x)

    assert base.shape == (8, 5)
    inside = torch.linalg.lstsq(base, x.T).solution
    torch.testing.assert_close(base @ inside, x.T, atol=1e-4, rtol=1e-4)
