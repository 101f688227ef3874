"""The copy that batches are encoded with computes what the tower does, and holds it once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.encoders.matrices import PackedLinear, can_pack, for_encoding

CPU = torch.device("cpu")


def test_this_torch_has_the_kernels_for_packed_matrices() -> None:
    """Without them all still works, slower: this says so where torch is changed."""
    assert can_pack()


@given(st.integers(0, 5), st.integers(1, 70), st.integers(1, 70), st.booleans())
def test_a_packed_layer_is_the_layer(rows: int, given: int, made: int, bias: bool) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(given, made, bias=bias)
    tokens = torch.randn(rows, 2, given).transpose(0, 1)

    with torch.no_grad():
        torch.testing.assert_close(PackedLinear(linear)(tokens), linear(tokens))


def test_a_copy_for_batches_gives_the_towers_tokens_from_the_towers_weights(
    timm_encoder: MakeEncoder,
) -> None:
    tower = timm_encoder(((2, "patch_mean"),)).tower
    copy = for_encoding(tower, CPU, "float32")
    tokens = torch.randn(2, 17, tower.width)

    with torch.no_grad():
        for ours, its in zip(copy.blocks, tower.blocks, strict=True):
            torch.testing.assert_close(ours(tokens)[0], its(tokens)[0])
    assert any(isinstance(part, PackedLinear) for part in copy.modules())
    places = {each.data_ptr() for each in tower.parameters()}
    assert {each.data_ptr() for each in copy.parameters()} == places


def test_where_torch_cannot_pack_the_tower_itself_encodes(
    timm_encoder: MakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    tower = timm_encoder(((2, "patch_mean"),)).tower
    monkeypatch.setattr("workbench.analysis.encoders.matrices.can_pack", lambda: False)

    assert for_encoding(tower, CPU, "float32") is tower
