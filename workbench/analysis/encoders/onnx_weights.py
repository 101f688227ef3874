"""Conversion of the packaged ViT-S/14 from its ONNX graph to timm's names."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import GraphProto, numpy_helper
from torch import Tensor

BLOCKS = 12
_POSITION = ("onnx::Concat_1957", "onnx::Reshape_1962")
"""The position embedding was split by the export: the class token's, and the 37 x 37 patches'."""


def timm_weights(path: Path) -> dict[str, Tensor]:
    """Convert the file to a state dict of timm's `vit_small_patch14_dinov2`, bit for bit.

    The graph's saliency decoder is left out. KeyError for another graph.
    """
    graph = onnx.load(path).graph
    named = _initializers(graph)
    linear = _linear_weights(graph, named)
    weights = {
        "cls_token": named["backbone.embeddings.cls_token"],
        "pos_embed": torch.cat([named[name] for name in _POSITION], dim=1),
    }
    for target, source in (
        ("patch_embed.proj", "backbone.embeddings.patch_embeddings.projection"),
        ("norm", "backbone.layernorm"),
    ):
        for part in ("weight", "bias"):
            weights[f"{target}.{part}"] = named[f"{source}.{part}"]
    for index in range(BLOCKS):
        block = _block(f"backbone.encoder.layer.{index}", named, linear)
        weights |= {f"blocks.{index}.{name}": tensor for name, tensor in block.items()}
    return weights


def _block(source: str, named: dict[str, Tensor], linear: dict[str, Tensor]) -> dict[str, Tensor]:
    """Collect one block's weights under timm's names; timm keeps q, k and v in one matrix."""
    joint = [f"{source}.attention.attention.{part}.bias" for part in ("query", "key", "value")]
    block = {
        "attn.qkv.weight": torch.cat([linear[bias] for bias in joint]),
        "attn.qkv.bias": torch.cat([named[bias] for bias in joint]),
        "ls1.gamma": named[f"{source}.layer_scale1.lambda1"],
        "ls2.gamma": named[f"{source}.layer_scale2.lambda1"],
    }
    for norm in ("norm1", "norm2"):
        for part in ("weight", "bias"):
            block[f"{norm}.{part}"] = named[f"{source}.{norm}.{part}"]
    for target, name in (
        ("attn.proj", "attention.output.dense"),
        ("mlp.fc1", "mlp.fc1"),
        ("mlp.fc2", "mlp.fc2"),
    ):
        block[f"{target}.weight"] = linear[f"{source}.{name}.bias"]
        block[f"{target}.bias"] = named[f"{source}.{name}.bias"]
    return block


def _initializers(graph: GraphProto) -> dict[str, Tensor]:
    # Copies: the arrays that onnx gives are read-only views into the file's bytes.
    return {
        each.name: torch.from_numpy(numpy_helper.to_array(each).copy())
        for each in graph.initializer
    }


def _linear_weights(graph: GraphProto, named: dict[str, Tensor]) -> dict[str, Tensor]:
    """Collect linear weights, (out, in), by the name of their bias.

    The export left them nameless and transposed; each is found by the bias added to its product.
    """
    bias_of = {
        operand: name
        for node in graph.node
        if node.op_type == "Add"
        for name, operand in (node.input, reversed(node.input))
        if name in named
    }
    return {
        bias_of[node.output[0]]: named[node.input[1]].T.contiguous()
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in named
    }
