"""The distiller's function is its formula."""

from __future__ import annotations

import pytest
import torch
from torch import tensor

from workbench.analysis.distiller.head import DistilledHead


def small_head() -> DistilledHead:
    return DistilledHead(
        mean=tensor([1.0, 2.0]),
        scale=tensor([2.0, 0.5]),
        weight=tensor([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]]),
        bias=tensor([0.5, -1.0, 0.0]),
        logit_weight=tensor([1.0, 2.0, -3.0]),
        logit_bias=0.25,
    )


def test_the_mean_image_has_the_biases_as_pre_activation() -> None:
    head = small_head()

    assert torch.equal(head.pre_activation(head.mean), head.bias)


def test_activation_and_logit_follow_the_formula() -> None:
    head, x = small_head(), tensor([[5.0, 3.0]])

    assert head.pre_activation(x).tolist() == [[2.5, 1.0, 0.0]]
    assert head.activation(x).tolist() == [[2.5, 1.0, 0.0]]
    assert head.logit(x).tolist() == [4.75]


def test_a_negative_pre_activation_is_no_activation() -> None:
    head, x = small_head(), tensor([[-9.0, 2.0]])

    assert head.activation(x).tolist() == [[0.0, 0.0, 0.0]]
    assert head.logit(x).tolist() == [0.25]


def test_the_gradient_is_that_of_autograd() -> None:
    head, x = small_head(), torch.randn(4, 2)

    for image in range(4):
        expected = torch.autograd.functional.jacobian(head.pre_activation, x[image])
        torch.testing.assert_close(head.pre_activation_gradient(x)[image], expected)


def test_the_logit_of_an_activation_is_the_logit() -> None:
    head, x = small_head(), torch.randn(3, 2)

    assert torch.equal(head.logit_of(head.activation(x)), head.logit(x))


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="scale must be positive"):
        DistilledHead(
            mean=torch.zeros(2),
            scale=tensor([1.0, 0.0]),
            weight=torch.zeros(3, 2),
            bias=torch.zeros(3),
            logit_weight=torch.zeros(3),
            logit_bias=0.0,
        )
