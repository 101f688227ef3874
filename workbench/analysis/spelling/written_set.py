"""Images with words on them, encoded: what a forget-to-spell projection is trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import open_clip
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from workbench.analysis.encoders.protocol import Encoder, TextTower
from workbench.analysis.spelling.projection import Texts, WrittenSet
from workbench.analysis.spelling.written_words import Pixels, random_word, word_alone, write_word

Words = tuple[tuple[str, ...], ...]
"""The words of each image, as many for each."""

CONTENT_NAMES: tuple[str, ...] = tuple(open_clip.IMAGENET_CLASSNAMES)
"""What an image may be said to show: the thousand classes of ImageNet, as open_clip names them."""

CONTENT_TEXT = "a photo of a {}."


def draw_words(
    images: int, variants: int, *, seed: int, vocabulary: Sequence[str] | None = None
) -> Words:
    """Different words for each image: random ones, or out of a vocabulary large enough."""
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
    """Write each image's words on it, and each alone on one colour, and encode it all.

    image, pictures: the images' embeddings, and their pixels in the same order. Fonts, sizes and
    places are drawn for each picture by itself from `seed`, those of a word alone apart from those
    of the same word on the image, so that they share the word only. `advance` is told of every
    image and may raise to end it.

    Where the encoder has a text tower the texts come along. Collections have no captions: an
    image's text is that of the content name whose text is nearest to it in the joint space.
    """
    both, alone = [], []
    for place, (picture, own) in enumerate(zip(pictures, words, strict=True)):
        advance(place, len(words))
        generator = np.random.default_rng((seed, place))
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
    joint = functional.normalize(image[:, tower.columns], dim=-1)
    nearest = (joint @ functional.normalize(names, dim=-1).T).argmax(dim=-1)
    different = sorted({word for own in words for word in own})
    embedded = tower.encode_text(different)
    rows = [[different.index(word) for word in own] for own in words]
    return Texts(tower.columns, names[nearest], embedded[torch.tensor(rows)])
