"""Images with words are encoded in order, apart from their words, and with texts if there are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import open_clip
import pytest
import torch

from tests.support.fake_encoder import FakeEncoder
from tests.support.slow_forgetting import slow_loss
from workbench.analysis.encoders.open_clip import from_model
from workbench.analysis.spelling import written_set
from workbench.analysis.spelling.loss import FORGET, forgetting_loss
from workbench.analysis.spelling.recall import content_recall
from workbench.analysis.spelling.train import _draw, train_projection
from workbench.analysis.spelling.written_set import draw_words, encode_written
from workbench.analysis.spelling.written_words import write_word

MakeClip = Callable[..., open_clip.CLIP]


def pictures(count: int) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.integers(256, size=(224, 224, 3), dtype=np.uint8) for _ in range(count)]


def letters(texts: list[str]) -> torch.Tensor:
    """Tokens for a vocabulary of 32: a letter each, then the end, which has the largest id."""
    rows = [[ord(letter) % 31 for letter in text[-7:]] + [31] for text in texts]
    return torch.tensor([row + [0] * (8 - len(row)) for row in rows])


def test_an_image_has_different_words_and_the_same_for_a_seed() -> None:
    words = draw_words(50, 4, seed=0)

    assert all(len(set(own)) == 4 for own in words)
    assert words == draw_words(50, 4, seed=0)
    assert words != draw_words(50, 4, seed=1)


def test_words_can_come_from_a_vocabulary() -> None:
    words = draw_words(50, 2, seed=0, vocabulary=("a", "b", "c"))

    assert {word for own in words for word in own} == {"a", "b", "c"}


def test_each_image_gets_its_own_words_whoever_is_beside_it() -> None:
    encoder, shown = FakeEncoder(), pictures(3)
    image = torch.zeros(3, encoder.dimension)
    words = draw_words(3, 2, seed=0)

    together = encode_written(encoder, image, shown, words, seed=4)
    alone = encode_written(encoder, image[:1], shown[:1], words[:1], seed=4)

    assert together.both.shape == together.word.shape == (3, 2, encoder.dimension)
    assert torch.equal(together.both[:1], alone.both)
    assert torch.equal(together.word[:1], alone.word)
    generator = np.random.default_rng((4, 0))
    written = write_word(shown[0], words[0][0], generator)
    pixels = encoder.preprocess([written_set.Image.fromarray(written)])
    torch.testing.assert_close(encoder.encode(pixels).embedding[0], together.both[0, 0])


def test_no_images_give_an_empty_set() -> None:
    encoder = FakeEncoder()
    empty = encode_written(encoder, torch.zeros(0, encoder.dimension), [], (), seed=0)

    assert len(empty.both) == len(empty.word) == 0
    assert empty.texts is None


def test_with_a_text_tower_texts_come_along_and_the_loss_has_six_terms(
    make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written_set, "CONTENT_NAMES", ("cat", "dog", "tree"))
    encoder = from_model(
        make_clip(), name="small", features=((1, "patch_mean"), (2, "class")), tokenize=letters
    )
    tower = encoder.text_tower
    assert tower is not None
    shown, words = pictures(4), draw_words(4, 2, seed=0)
    image = encoder.encode(
        encoder.preprocess([written_set.Image.fromarray(each) for each in shown])
    ).embedding

    found = encode_written(encoder, image, shown, words, seed=0)

    assert found.texts is not None
    assert found.texts.joint_slice == slice(64, 88)
    names = tower.encode_text(["a photo of a cat.", "a photo of a dog.", "a photo of a tree."])
    for row in range(4):
        cosine = torch.nn.functional.cosine_similarity(image[row, 64:], names)
        torch.testing.assert_close(found.texts.content[row], names[cosine.argmax()])
        torch.testing.assert_close(found.texts.word[row], tower.encode_text(words[row]))
    batch = _draw(found, torch.Generator().manual_seed(0))
    weights = [torch.randn(32, 64), torch.randn(12, 24)]
    assert float(forgetting_loss(weights, batch)) == pytest.approx(
        slow_loss(torch.block_diag(*weights), batch, FORGET), rel=1e-5
    )
    projection = train_projection(found, encoder.features, seed=0, steps=3)
    assert [tuple(block.shape) for block in projection.weights] == [(32, 64), (12, 24)]


def test_recall_counts_images_that_find_themselves() -> None:
    image = torch.tensor([[1.0, 0, 0], [0, 1, 0]])
    word = torch.tensor([[[0.0, 0, 1], [0, 0, 3]], [[0, 0, 2], [0, 0, 1]]])
    both = torch.tensor([[[3.0, 1, 0], [1, 3, 0]], [[0, 1, 2], [0, 2, 1]]])

    # The first image is found once, and once taken for the other; the second once for its word.
    assert content_recall(image, word, both) == 0.5
