"""Training data of a forget-to-spell projection: embeddings of images with words on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import open_clip
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from workbench.analysis.encoders.protocol import Encoder, TextTower
from workbench.analysis.spelling.written_words import Pixels, random_word, word_alone, write_word

Words = tuple[tuple[str, ...], ...]
"""The words of each image, the same number for each."""

CONTENT_NAMES: tuple[str, ...] = tuple(open_clip.IMAGENET_CLASSNAMES)
"""Candidate descriptions of an image: ImageNet's thousand classes, as open_clip names them."""

CONTENT_TEXT = "a photo of a {}."


@dataclass(frozen=True)
class Texts:
    """Text embeddings of the images' content and of the words, in CLIP's joint space.

    joint_slice: the slice of x in the joint space.
    """

    joint_slice: slice
    content: Float[Tensor, "image joint"]
    word: Float[Tensor, "image variant joint"]


@dataclass(frozen=True)
class WrittenSet:
    """Embeddings x of natural images, and of each with several words; not standardised.

    image: of the image itself.
    word: of each of its words alone.
    both: of the image with that word on it.
    """

    image: Float[Tensor, "image feature"]
    word: Float[Tensor, "image variant feature"]
    both: Float[Tensor, "image variant feature"]
    texts: Texts | None = None


def draw_words(
    images: int, variants: int, *, seed: int, vocabulary: Sequence[str] | None = None
) -> Words:
    """Draw `variants` different words for each image, at random or from `vocabulary`."""
    generator = np.random.default_rng(seed)
    return tuple(_different(variants, generator, vocabulary) for _ in range(images))


def _different(
    variants: int, generator: np.random.Generator, vocabulary: Sequence[str] | None
) -> tuple[str, ...]:
    if vocabulary is not None:
        return tuple(str(word) for word in generator.choice(vocabulary, variants, replace=False))
    words: dict[str, None] = {}
    while len(words) < variants:
        words[random_word(generator)] = None
    return tuple(words)


def encode_written(
    encoder: Encoder,
    image: Float[Tensor, "image feature"],
    pictures: Iterable[Pixels],
    words: Words,
    *,
    seed: int,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> WrittenSet:
    """Encode each image with each of its words written on it, and each word alone on one colour.

    image, pictures: the images' embeddings, and their pixels in the same order.
    advance: told of every image; may raise to end the work.

    Fonts, sizes and positions are drawn for each picture by itself from `seed`, those of a word
    alone apart from those of the same word on the image, so that they share the word only.

    With a text tower, texts are encoded too. Collections have no captions: an image's text is that
    of the content name whose text is nearest to it in the joint space.
    """
    both, alone = [], []
    for index, (picture, own) in enumerate(zip(pictures, words, strict=True)):
        advance(index, len(words))
        generator = np.random.default_rng((seed, index))
        written = [write_word(picture, word, generator) for word in own]
        written += [word_alone(word, encoder.image_size, generator) for word in own]
        pixels = encoder.preprocess([Image.fromarray(each) for each in written])
        first, second = encoder.encode(pixels, frozenset()).embedding.chunk(2)
        both.append(first)
        alone.append(second)
    advance(len(words), len(words))
    tower = encoder.text_tower
    texts = _texts(tower, image, words) if tower is not None and words else None
    return WrittenSet(image, _stacked(alone, image), _stacked(both, image), texts)


def _stacked(
    parts: list[Tensor], image: Float[Tensor, "image feature"]
) -> Float[Tensor, "image variant feature"]:
    return torch.stack(parts) if parts else image[:, None]


def _texts(tower: TextTower, image: Float[Tensor, "image feature"], words: Words) -> Texts:
    names = tower.encode_text([CONTENT_TEXT.format(name) for name in CONTENT_NAMES])
    joint = functional.normalize(image[:, tower.joint_slice], dim=-1)
    nearest = (joint @ functional.normalize(names, dim=-1).T).argmax(dim=-1)
    different = sorted({word for own in words for word in own})
    embedded = tower.encode_text(different)
    rows = [[different.index(word) for word in own] for own in words]
    return Texts(tower.joint_slice, names[nearest], embedded[torch.tensor(rows)])
