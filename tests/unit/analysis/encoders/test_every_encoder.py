"""What every encoder does, whichever library its weights come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import open_clip
import pytest
import torch
from PIL import Image
from timm.models.vision_transformer import VisionTransformer

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.encoders.load import load_encoder
from workbench.analysis.encoders.open_clip import from_model
from workbench.analysis.encoders.patch_features import tokens_of
from workbench.analysis.encoders.protocol import (
    TOKENS,
    Encoder,
    EncoderUnavailableError,
    Penultimate,
    content_feature,
    patch_blocks,
)

MakeClip = Callable[..., open_clip.CLIP]
MIXED = ((0, "class"), (1, "patch_mean"), (2, "class"), (2, "patch_mean"))


def pixels(images: int, size: int = 32, seed: int = 0) -> torch.Tensor:
    return torch.randn(images, 3, size, size, generator=torch.Generator().manual_seed(seed))


def test_tokens_are_those_of_the_timm_model(
    make_timm: Callable[..., VisionTransformer], timm_encoder: MakeEncoder
) -> None:
    batch = pixels(3)
    expected = make_timm().get_intermediate_layers(
        batch, n=[1, 2], norm=True, return_prefix_tokens=True
    )

    state = timm_encoder(((1, "class"), (1, "patch_mean"), (2, "patch_mean"))).encode(batch)

    torch.testing.assert_close(state.embedding[:, :48], expected[0][1][:, 0])
    torch.testing.assert_close(state.patch_tokens[:, 0], expected[0][0])
    torch.testing.assert_close(state.patch_tokens[:, 1], expected[1][0])


def test_features_cover_the_embedding_in_the_order_they_were_asked_for(
    timm_encoder: MakeEncoder,
) -> None:
    encoder: Encoder = timm_encoder(MIXED)

    assert [(feature.block, feature.kind) for feature in encoder.features] == list(MIXED)
    assert [(feature.start, feature.stop) for feature in encoder.features] == [
        (0, 48),
        (48, 96),
        (96, 144),
        (144, 192),
    ]
    assert encoder.dimension == 192


def test_a_patch_mean_is_the_mean_of_its_patch_tokens(timm_encoder: MakeEncoder) -> None:
    encoder = timm_encoder(MIXED)

    state = encoder.encode(pixels(2))

    means = [feature for feature in encoder.features if feature.kind == "patch_mean"]
    for order, feature in enumerate(means):
        assert torch.equal(
            state.embedding[:, feature.slice], state.patch_tokens[:, order].mean(dim=1)
        )


def test_a_patch_variation_is_the_mean_step_between_neighbours(timm_encoder: MakeEncoder) -> None:
    encoder = timm_encoder(((1, "patch_variation"),))
    state = encoder.encode(torch.randn(2, 3, 32, 32))
    rows, columns = encoder.grid

    for image in range(2):
        placed = state.patch_tokens[image, 0].reshape(rows, columns, -1)
        steps = [
            (placed[row, column] - placed[below, right]).abs()
            for row in range(rows)
            for column in range(columns)
            for below, right in ((row + 1, column), (row, column + 1))
            if below < rows and right < columns
        ]
        torch.testing.assert_close(state.embedding[image], sum(steps) / len(steps))


def test_a_patch_spread_is_how_far_patch_tokens_lie_from_their_mean(
    timm_encoder: MakeEncoder,
) -> None:
    encoder = timm_encoder(((1, "patch_spread"), (2, "class"), (0, "patch_spread")))

    state = encoder.encode(pixels(2))

    for order, columns in enumerate((slice(0, 48), slice(96, 144))):
        for channel in range(48):
            tokens = state.patch_tokens[0, order, :, channel].double()
            spread = sum((token - tokens.mean()) ** 2 for token in tokens) / len(tokens)
            assert float(state.embedding[0, columns][channel]) == pytest.approx(
                float(spread) ** 0.5, rel=1e-5
            )


def test_patch_tokens_of_a_block_are_kept_once(timm_encoder: MakeEncoder) -> None:
    encoder = timm_encoder(
        ((2, "patch_spread"), (0, "class"), (1, "patch_mean"), (2, "patch_mean"))
    )

    state = encoder.encode(pixels(2))

    assert patch_blocks(encoder.features) == (2, 1)
    assert state.patch_tokens.shape == (2, 2, 16, 48)
    torch.testing.assert_close(state.patch_tokens[:, 0].mean(dim=1), state.embedding[:, -48:])
    torch.testing.assert_close(state.patch_tokens[:, 1].mean(dim=1), state.embedding[:, 96:144])


def test_the_class_token_can_be_followed_from_the_last_input_to_its_feature(
    timm_encoder: MakeEncoder, clip_encoder: MakeEncoder
) -> None:
    for encoder in (timm_encoder(MIXED), clip_encoder(), clip_encoder(((1, "class"),))):
        state = encoder.encode(pixels(2))
        block = encoder.last_block
        assert block is not None

        attention = block.attend(state.last_input)
        feature = block.finish(state.last_input[:, 0], attention.attended())

        torch.testing.assert_close(
            attention.weights.sum(dim=-1), torch.ones(2, attention.weights.shape[1])
        )
        torch.testing.assert_close(feature, state.embedding[:, block.feature.slice])


def test_without_a_class_feature_there_is_no_last_block(timm_encoder: MakeEncoder) -> None:
    encoder = timm_encoder(((1, "patch_mean"),))

    assert encoder.last_block is None
    assert encoder.class_path is None
    assert encoder.encode(pixels(2)).last_input.shape == (2, 0, 48)


def test_without_a_patch_feature_there_are_no_patch_tokens(clip_encoder: MakeEncoder) -> None:
    encoder = clip_encoder(((2, "class"),))

    assert encoder.encode(pixels(2)).patch_tokens.shape == (2, 0, 16, 64)


def test_content_is_the_mean_of_its_blocks_patch_tokens_which_are_kept(
    timm_encoder: MakeEncoder,
) -> None:
    encoder = timm_encoder(((1, "content"), (0, "patch_mean"), (1, "patch_spread")))

    state = encoder.encode(pixels(2))

    content = content_feature(encoder.features)
    assert content is not None
    assert patch_blocks(encoder.features) == (1, 0)
    torch.testing.assert_close(
        state.embedding[:, content.slice], state.patch_tokens[:, 0].mean(dim=1)
    )
    torch.testing.assert_close(
        tokens_of(content, encoder.features, state), state.patch_tokens[:, 0]
    )
    assert content_feature(timm_encoder(((1, "patch_mean"),)).features) is None


@pytest.mark.parametrize("library", ["clip", "timm"])
def test_the_class_token_can_be_led_through_kept_keys_and_values_to_its_features(
    timm_encoder: MakeEncoder, clip_encoder: MakeEncoder, library: str
) -> None:
    encoder = (timm_encoder if library == "timm" else clip_encoder)(MIXED)
    state = encoder.encode(pixels(2), frozenset({"keys_values"}))
    path = encoder.class_path
    assert path is not None
    assert [feature.block for feature in path.features] == [0, 2]
    found = {}

    token = path.start().expand(2, -1)
    for block in range(3):
        scores = torch.einsum("ihc,ihtc->iht", path.query(block, token), state.keys[:, block])
        weights = scores.softmax(dim=-1)
        attended = torch.einsum("iht,ihtc->ihc", weights, state.values[:, block]).flatten(1)
        token = path.advance(block, token, attended)
        found[block] = path.feature(block, token)

    for feature in path.features:
        torch.testing.assert_close(found[feature.block], state.embedding[:, feature.slice])


def test_only_the_wanted_parts_are_kept(timm_encoder: MakeEncoder) -> None:
    encoder = timm_encoder(((1, "class"), (2, "patch_mean")))
    whole = encoder.encode(pixels(2), TOKENS | {"keys_values"})

    assert whole.patch_tokens.shape == (2, 1, 16, 48)
    assert whole.last_input.shape == (2, 17, 48)
    assert whole.keys.shape == whole.values.shape == (2, 2, 3, 17, 16)
    assert whole.parts == {"patch_tokens", "last_input", "keys_values"}
    assert encoder.encode(pixels(2)).parts == TOKENS
    for part in whole.parts:
        state = encoder.encode(pixels(2), frozenset({part}))
        assert state.parts == {part}
        assert torch.equal(state.embedding, whole.embedding)


def test_states_are_cut_and_joined_with_all_their_parts(timm_encoder: MakeEncoder) -> None:
    state = timm_encoder(MIXED).encode(pixels(3), TOKENS | {"keys_values"})

    swapped = state.subset(torch.tensor([2, 0]))
    joined = Penultimate.joined([swapped, state.subset(slice(1, 2))])

    for name in vars(state):
        expected = getattr(state, name)[[2, 0, 1]]
        assert torch.equal(getattr(joined, name), expected)


def test_pixels_with_nan_spoil_their_own_image_only(timm_encoder: MakeEncoder) -> None:
    encoder, batch = timm_encoder(MIXED), pixels(3)
    expected = encoder.encode(batch).embedding
    batch[1, 0, 0, 0] = float("nan")

    embedding = encoder.encode(batch).embedding

    assert bool(embedding[1].isnan().all())
    torch.testing.assert_close(embedding[[0, 2]], expected[[0, 2]])


def test_an_embedding_does_not_depend_on_the_batch(timm_encoder: MakeEncoder) -> None:
    encoder, batch = timm_encoder(MIXED), pixels(5)

    together = encoder.encode(batch)

    for image in range(5):
        alone = encoder.encode(batch[image : image + 1])
        torch.testing.assert_close(alone.embedding[0], together.embedding[image])
        torch.testing.assert_close(alone.patch_tokens[0], together.patch_tokens[image])


def test_an_empty_batch_has_an_empty_state(
    timm_encoder: MakeEncoder, clip_encoder: MakeEncoder
) -> None:
    for encoder in (timm_encoder(MIXED), clip_encoder()):
        state = encoder.encode(encoder.preprocess([]))

        assert state.embedding.shape == (0, encoder.dimension)
        assert len(state.patch_tokens) == len(state.last_input) == 0


def test_an_embedding_can_be_learned_from(timm_encoder: MakeEncoder) -> None:
    state = timm_encoder(MIXED).encode(pixels(2))
    weight = torch.zeros(192, requires_grad=True)

    (state.embedding @ weight).sum().backward()

    assert not state.embedding.requires_grad
    assert weight.grad is not None
    assert bool(weight.grad.any())


def test_pixels_of_another_size_are_refused(timm_encoder: MakeEncoder) -> None:
    with pytest.raises(ValueError, match=r"\(3, 32, 32\), got \(3, 24, 24\)"):
        timm_encoder(MIXED).encode(pixels(1, size=24))


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ((), "needs features"),
        (((1, "class"), (1, "class")), "each once"),
        (((3, "class"),), "no block 3; blocks are 0 to 2"),
        (((-1, "class"),), "no block -1"),
    ],
)
def test_features_that_cannot_be_had_are_refused(
    timm_encoder: MakeEncoder, features: tuple[tuple[int, str], ...], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        timm_encoder(features)


def test_the_fingerprint_is_the_same_for_the_same_encoder(clip_encoder: MakeEncoder) -> None:
    assert clip_encoder().fingerprint == clip_encoder().fingerprint
    assert len(clip_encoder().fingerprint) == 32


def test_the_fingerprint_tells_encoders_apart(
    clip_encoder: MakeEncoder, timm_encoder: MakeEncoder
) -> None:
    encoders = [
        clip_encoder(),
        clip_encoder(seed=1),
        clip_encoder(quick_gelu=True),
        clip_encoder(((1, "class"),)),
        clip_encoder(((2, "class"), (2, "patch_mean"))),
        clip_encoder(image_size=64, patch_size=16),
        timm_encoder(((1, "class"),)),
    ]

    assert len({encoder.fingerprint for encoder in encoders}) == len(encoders)


def test_in_bfloat16_it_is_another_encoder_of_nearly_the_same(make_clip: MakeClip) -> None:
    exact, short = (
        from_model(make_clip(), name="small", precision=precision, features=MIXED)
        for precision in ("float32", "bfloat16")
    )

    states = [encoder.encode(pixels(3), TOKENS | {"keys_values"}) for encoder in (exact, short)]

    assert exact.fingerprint != short.fingerprint
    for name in vars(states[0]):
        first, second = (getattr(state, name) for state in states)
        assert second.dtype == torch.float32
        assert not torch.equal(first, second)
        assert float((first - second).norm() / first.norm()) < 0.05


def test_weights_stay_float32_for_what_follows_the_encoder(make_clip: MakeClip) -> None:
    encoder = from_model(make_clip(), name="small", precision="bfloat16")

    assert {weight.dtype for weight in encoder.tower.parameters()} == {torch.float32}


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_images_of_every_mode_become_three_channels(clip_encoder: MakeEncoder, mode: str) -> None:
    prepared = clip_encoder().preprocess([Image.new("RGB", (50, 50)).convert(mode)])

    assert prepared.shape == (1, 3, 32, 32)


def test_an_unknown_encoder_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    for name in ("resnet", "open_clip", "open_clip:", ""):
        with pytest.raises(EncoderUnavailableError, match="say packaged, open_clip:MODEL/"):
            load_encoder(name, cache_dir=tmp_path)


def test_a_model_is_not_trained_by_being_an_encoder(
    make_clip: Callable[..., open_clip.CLIP], clip_encoder: MakeEncoder
) -> None:
    encoder = clip_encoder()
    state = encoder.encode(pixels(2))

    assert not state.embedding.requires_grad
    for part in encoder.tower.modules():
        assert not part.training
        assert not part._forward_hooks
        assert all(not weight.requires_grad for weight in part.parameters())
