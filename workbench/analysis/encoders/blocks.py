"""A vision transformer in parts: the same few modules, whichever library its weights come from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from workbench.analysis.encoder import ClassAttention, Feature


class PatchEmbedding(nn.Module):
    """Pixels to tokens: a patch projection, a class token before it, positions, a LayerNorm."""

    def __init__(
        self,
        *,
        projection: nn.Conv2d,
        class_token: Float[Tensor, " width"],
        position: Float[Tensor, "token width"],
        norm: nn.Module,
    ) -> None:
        super().__init__()
        self.projection = projection
        self.norm = norm
        self.class_token: Tensor
        self.position: Tensor
        self.register_buffer("class_token", class_token.detach())
        self.register_buffer("position", position.detach())

    def forward(
        self, pixels: Float[Tensor, "image 3 height width"]
    ) -> Float[Tensor, "image token channel"]:
        patches = self.projection(pixels).flatten(2).transpose(1, 2)
        class_token = self.class_token.expand(len(patches), 1, -1)
        tokens: Tensor = self.norm(torch.cat([class_token, patches], dim=1) + self.position)
        return tokens


class SelfAttention(nn.Module):
    """Multi-head attention, written out from the joint weights of queries, keys and values."""

    def __init__(self, *, heads: int, qkv: nn.Linear, out: nn.Module) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = qkv
        self.out = out

    def attended(
        self, tokens: Float[Tensor, "image token width"], queries: int | None
    ) -> Float[Tensor, "image query width"]:
        """What the first `queries` tokens attend to, heads side by side, before W_O."""
        mean = functional.scaled_dot_product_attention(*self._split(tokens, queries))
        return mean.transpose(1, 2).flatten(2)

    def of_class_token(self, tokens: Float[Tensor, "image token width"]) -> ClassAttention:
        """The first token's row of the attention matrix, and the values it is a mean of."""
        query, key, value = self._split(tokens, 1)
        scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
        return ClassAttention(weights=scores.softmax(dim=-1)[:, :, 0], values=value)

    def _split(
        self, tokens: Float[Tensor, "image token width"], queries: int | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries of the first tokens, keys and values of all: (image, head, token, channel)."""
        width = tokens.shape[-1]
        weight, bias = self.qkv.weight, self.qkv.bias
        query = functional.linear(tokens[:, :queries], weight[:width], bias[:width])
        key, value = functional.linear(tokens, weight[width:], bias[width:]).chunk(2, dim=-1)
        return self._by_head(query), self._by_head(key), self._by_head(value)

    def _by_head(self, part: Tensor) -> Tensor:
        images, tokens, width = part.shape
        return part.reshape(images, tokens, self.heads, width // self.heads).transpose(1, 2)


class Block(nn.Module):
    """One pre-norm transformer block.

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
        self, tokens: Float[Tensor, "image token width"], *, queries: int | None = None
    ) -> Float[Tensor, "image query width"]:
        """What the first `queries` tokens become (all of them by default)."""
        attended = self.attention.attended(self.norm1(tokens), queries)
        return self.after_attention(tokens[:, :queries], attended)

    def class_attention(self, tokens: Float[Tensor, "image token width"]) -> ClassAttention:
        """Attention of the class token, which is the first, over all tokens."""
        return self.attention.of_class_token(self.norm1(tokens))

    def after_attention(
        self, tokens: Float[Tensor, "*#batch width"], attended: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch width"]:
        """The block's rest, token by token: W_O, the residual, and the MLP."""
        tokens = tokens + self.scale1(self.attention.out(attended))
        result: Tensor = tokens + self.scale2(self.mlp(self.norm2(tokens)))
        return result


class Tower(nn.Module):
    """A whole vision transformer. `projection` takes the last block's class token elsewhere."""

    def __init__(
        self,
        *,
        embedding: PatchEmbedding,
        blocks: list[Block],
        norm: nn.Module,
        projection: Float[Tensor, "width joint"] | None,
        grid: tuple[int, int],
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.blocks = tuple(blocks)
        self._registered = nn.ModuleList(blocks)
        self.norm = norm
        self.grid = grid
        self.projection: Tensor | None
        self.register_buffer("projection", None if projection is None else projection.detach())

    @property
    def width(self) -> int:
        return self.embedding.position.shape[1]

    def class_width(self, block: int) -> int:
        """Length of a class feature of that block."""
        projected = self._projection_of(block)
        return self.width if projected is None else projected.shape[1]

    def class_feature(
        self, block: int, token: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch columns"]:
        """A block's class token through the final LayerNorm, the last block's also projected."""
        normed: Tensor = self.norm(token)
        projection = self._projection_of(block)
        return normed if projection is None else normed @ projection

    def _projection_of(self, block: int) -> Tensor | None:
        return self.projection if block == len(self.blocks) - 1 else None


@dataclass(frozen=True)
class ClassTokenPath:
    """The class token's way through one block of a tower to a class feature."""

    tower: Tower
    feature: Feature

    @property
    def device(self) -> torch.device:
        return self.tower.embedding.position.device

    def attend(self, tokens: Float[Tensor, "image token width"]) -> ClassAttention:
        return self.tower.blocks[self.feature.block].class_attention(tokens)

    def finish(
        self, class_token: Float[Tensor, "*#batch width"], attended: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch columns"]:
        block = self.tower.blocks[self.feature.block]
        token = block.after_attention(class_token, attended)
        return self.tower.class_feature(self.feature.block, token)
