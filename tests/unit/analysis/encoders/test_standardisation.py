"""Features are brought to one scale; what never varies is left as it is."""

from __future__ import annotations

import pytest
import torch

from workbench.analysis.encoders.standardisation import standardisation


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 4096.3])
def test_a_constant_feature_has_scale_1_whatever_rounding_makes_of_its_deviation(
    value: float,
) -> None:
    mean, scale = standardisation(torch.full((997, 1), value))

    assert mean.item() == pytest.approx(value, rel=1e-5)
    assert scale.item() == 1.0


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_a_feature_that_varies_has_its_standard_deviation(size: float) -> None:
    x = size * torch.tensor([[1.0], [2.0], [4.0]])

    mean, scale = standardisation(x)

    assert mean.item() == pytest.approx(float(x.mean()))
    assert scale.item() == pytest.approx(float(x.std(correction=0)))
