"""Modules of a vision transformer, the same for weights of any library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from workbench.analysis.encoders.protocol import ClassAttention, Feature


class PatchEmbedding(nn.Module):
    """Pixels to tokens: patch projection, position embedding, prefix in front, LayerNorm.

    prefix: the tokens that are the same for all images, with their position embedding: a class
        token first, where there is one, then registers.
    position: of the patches.
    """

    def __init__(
        self,
        *,
        projection: nn.Conv2d,
        prefix: Float[Tensor, "prefix width"],
        position: Float[Tensor, "patch width"],
        norm: nn.Module,
    ) -> None:
        super().__init__()
        self.projection = projection
        self.norm = norm
        self.prefix: Tensor
        self.position: Tensor
        self.register_buffer("prefix", prefix.detach())
        self.register_buffer("position", position.detach())

    def forward(
        self, pixels: Float[Tensor, "image 3 height width"]
    ) -> Float[Tensor, "image token channel"]:
        patches = self.projection(pixels).flatten(2).transpose(1, 2) + self.position
        prefix = self.prefix.expand(len(patches), -1, -1)
        tokens: Tensor = self.norm(torch.cat([prefix, patches], dim=1))
        return tokens


class KeysValues(NamedTuple):
    """Keys and values of one block's attention."""

    keys: Float[Tensor, "image head token channel"]
    values: Float[Tensor, "image head token channel"]


class SelfAttention(nn.Module):
    """Multi-head self-attention, written out from the joint weights of queries, keys and values."""

    def __init__(self, *, heads: int, qkv: nn.Linear, out: nn.Module) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = qkv
        self.out = out

    def attended(
        self, tokens: Float[Tensor, "image token width"]
    ) -> tuple[Float[Tensor, "image token width"], KeysValues]:
        """Compute all tokens' attention output before W_O, heads concatenated; and K and V."""
        query, key, value = self._by_head(self.qkv(tokens))
        mean = functional.scaled_dot_product_attention(query, key, value)
        return mean.transpose(1, 2).flatten(2), KeysValues(key, value)

    def keys_values(self, tokens: Float[Tensor, "image token width"]) -> KeysValues:
        """Compute the keys and values of all tokens, by head."""
        return KeysValues(*self._by_head(self._linear(tokens, slice(1, 3))))

    def values(
        self, tokens: Float[Tensor, "image token width"]
    ) -> Float[Tensor, "image head token channel"]:
        """Compute the values of all tokens, by head."""
        return self._by_head(self._linear(tokens, slice(2, 3)))[0]

    def query(self, token: Float[Tensor, "image width"]) -> Float[Tensor, "image head channel"]:
        """Compute one token's query by head, scaled: its products with keys are the scores."""
        channels = token.shape[-1] // self.heads
        query = self._linear(token, slice(0, 1)).reshape(len(token), self.heads, channels)
        return query * math.sqrt(1 / channels)

    def class_row(
        self, tokens: Float[Tensor, "image token width"]
    ) -> Float[Tensor, "image head token"]:
        """Compute the first token's row of the attention matrix.

        For one query it costs less to map the query into the tokens' space than all tokens to
        keys. The keys' bias adds the same to all scores of a row, and so nothing to the softmax.
        """
        mapped = torch.einsum("ihc,hcw->ihw", self.query(tokens[:, 0]), self._weight_of(1))
        weights: Tensor = (mapped @ tokens.transpose(1, 2)).softmax(dim=-1)
        return weights

    def class_attended(
        self, tokens: Float[Tensor, "image token width"]
    ) -> Float[Tensor, "image width"]:
        """Compute the first token's attention output, without computing keys and values."""
        mean_token = self.class_row(tokens) @ tokens
        mean = torch.einsum("ihw,hcw->ihc", mean_token, self._weight_of(2)).flatten(1)
        return mean + self.qkv.bias[-mean.shape[1] :]

    def _linear(self, tokens: Tensor, which: slice) -> Tensor:
        """Compute queries (0), keys (1), values (2), or several of them concatenated."""
        width = tokens.shape[-1]
        rows = slice(which.start * width, which.stop * width)
        return functional.linear(tokens, self.qkv.weight[rows], self.qkv.bias[rows])

    def _weight_of(self, which: int) -> Float[Tensor, "head channel width"]:
        width = self.qkv.weight.shape[1]
        of_all = self.qkv.weight.reshape(3, self.heads, width // self.heads, width)
        return of_all[which]

    def _by_head(self, joint: Tensor) -> list[Tensor]:
        """Split the result of a joint linear layer: (image, head, token, channel) each."""
        width = self.qkv.weight.shape[1]
        images, tokens, _ = joint.shape
        return [
            part.reshape(images, tokens, self.heads, width // self.heads).transpose(1, 2)
            for part in joint.chunk(joint.shape[-1] // width, dim=-1)
        ]


class Block(nn.Module):
    """A pre-norm transformer block.

    x <- x + scale1(W_O attention(norm1(x))), then x <- x + scale2(mlp(norm2(x))). `scale1` and
    `scale2` are LayerScale, or the identity.
    """

    def __init__(
        self,
        attention: SelfAttention,
        mlp: nn.Module,
        *,
        norm1: nn.Module,
        norm2: nn.Module,
        scale1: nn.Module,
        scale2: nn.Module,
    ) -> None:
        super().__init__()
        self.attention = attention
        self.mlp = mlp
        self.norm1 = norm1
        self.norm2 = norm2
        self.scale1 = scale1
        self.scale2 = scale2

    def forward(
        self, tokens: Float[Tensor, "image token width"]
    ) -> tuple[Float[Tensor, "image token width"], KeysValues]:
        """Compute the tokens after the block; and its keys and values."""
        attended, over = self.attention.attended(self.norm1(tokens))
        return self.after_attention(tokens, attended), over

    def keys_values(self, tokens: Float[Tensor, "image token width"]) -> KeysValues:
        """Compute the block's keys and values."""
        return self.attention.keys_values(self.norm1(tokens))

    def class_attention(self, tokens: Float[Tensor, "image token width"]) -> ClassAttention:
        """Compute the attention of the class token, the first one, over all tokens."""
        normed = self.norm1(tokens)
        return ClassAttention(self.attention.class_row(normed), self.attention.values(normed))

    def class_token(
        self, tokens: Float[Tensor, "image token width"]
    ) -> Float[Tensor, "image width"]:
        """Compute the class token, the first one, after the block, and none of the others."""
        attended = self.attention.class_attended(self.norm1(tokens))
        return self.after_attention(tokens[:, 0], attended)

    def class_query(
        self, class_token: Float[Tensor, "image width"]
    ) -> Float[Tensor, "image head channel"]:
        """Compute the class token's scaled query."""
        return self.attention.query(self.norm1(class_token))

    def after_attention(
        self, tokens: Float[Tensor, "*#batch width"], attended: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch width"]:
        """Compute the rest of the block, token by token: W_O, the residual, and the MLP."""
        tokens = tokens + self.scale1(self.attention.out(attended))
        result: Tensor = tokens + self.scale2(self.mlp(self.norm2(tokens)))
        return result


class Tower(nn.Module):
    """A vision transformer. `projection` maps the last block's class token to the joint space.

    Without `has_class_token`, its first token is not one, and it has no class features.
    """

    def __init__(
        self,
        *,
        embedding: PatchEmbedding,
        blocks: list[Block],
        norm: nn.Module,
        projection: Float[Tensor, "width joint"] | None,
        grid: tuple[int, int],
        has_class_token: bool = True,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.has_class_token = has_class_token
        self.blocks = tuple(blocks)
        self._registered = nn.ModuleList(blocks)
        self.norm = norm
        self.grid = grid
        self.projection: Tensor | None
        self.register_buffer("projection", None if projection is None else projection.detach())

    @property
    def width(self) -> int:
        return self.embedding.position.shape[1]

    @property
    def prefix(self) -> int:
        """Number of tokens before the patches."""
        return len(self.embedding.prefix)

    @property
    def heads(self) -> int:
        return self.blocks[0].attention.heads

    def class_width(self, block: int) -> int:
        """Compute the length of that block's class feature."""
        projected = self._projection_of(block)
        return self.width if projected is None else projected.shape[1]

    def class_feature(
        self, block: int, token: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch part"]:
        """Apply the final LayerNorm to a block's class token, and the projection to the last's."""
        normed: Tensor = self.norm(token)
        projection = self._projection_of(block)
        return normed if projection is None else normed @ projection

    def first_class_token(self) -> Float[Tensor, " width"]:
        """Compute the class token going into block 0, the same for all images."""
        start: Tensor = self.embedding.norm(self.embedding.prefix[0])
        return start

    def _projection_of(self, block: int) -> Tensor | None:
        return self.projection if block == len(self.blocks) - 1 else None


@dataclass(frozen=True)
class TowerBlock:
    """A `ClassTokenBlock` of a tower: from all tokens going in to a class feature."""

    tower: Tower
    feature: Feature

    @property
    def device(self) -> torch.device:
        return self.tower.embedding.position.device

    def attend(self, tokens: Float[Tensor, "image token width"]) -> ClassAttention:
        return self.tower.blocks[self.feature.block].class_attention(tokens)

    def finish(
        self, class_token: Float[Tensor, "*#batch width"], attended: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch part"]:
        block = self.tower.blocks[self.feature.block]
        token = block.after_attention(class_token, attended)
        return self.tower.class_feature(self.feature.block, token)


@dataclass(frozen=True)
class TowerPath:
    """A `ClassTokenPath` through a tower."""

    tower: Tower
    features: tuple[Feature, ...]

    @property
    def device(self) -> torch.device:
        return self.tower.embedding.position.device

    def start(self) -> Float[Tensor, " width"]:
        return self.tower.first_class_token()

    def query(
        self, block: int, class_token: Float[Tensor, "image width"]
    ) -> Float[Tensor, "image head channel"]:
        return self.tower.blocks[block].class_query(class_token)

    def advance(
        self,
        block: int,
        class_token: Float[Tensor, "image width"],
        attended: Float[Tensor, "image width"],
    ) -> Float[Tensor, "image width"]:
        return self.tower.blocks[block].after_attention(class_token, attended)

    def feature(
        self, block: int, class_token: Float[Tensor, "image width"]
    ) -> Float[Tensor, "image part"]:
        return self.tower.class_feature(block, class_token)
