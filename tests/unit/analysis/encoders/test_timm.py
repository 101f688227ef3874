"""timm's plain transformers, written out: the same numbers, or the reason why not."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_model_data_config
from timm.models.vision_transformer import VisionTransformer

from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.load import load_encoder
from workbench.analysis.encoders.protocol import Encoder, EncoderUnavailableError
from workbench.analysis.encoders.timm import from_model
from workbench.analysis.encoders.transformer import TransformerEncoder
from workbench.analysis.relevance.methods import attribute
from workbench.analysis.relevance.shares import as_shares

SMALL = "test_vit.r160_in1k"
"""Three megabytes, one of the models that timm has for tests."""

KINDS: dict[str, dict[str, object]] = {
    "class token": {},
    "class token and registers": {"registers": 3},
    "registers whose position is their own": {"registers": 3, "no_embed_class": True},
    "no class token, pooled by the mean": {"class_token": False, "global_pool": "avg"},
    "no class token, pooled by attention": {"class_token": False, "global_pool": "map"},
    "registers alone": {"class_token": False, "global_pool": "avg", "registers": 2},
    "no bias, RMS norm, norm before the blocks": {
        "qkv_bias": False,
        "norm_layer": "rmsnorm",
        "pre_norm": True,
    },
    "any size of image": {"dynamic_img_size": True},
}
Save = Callable[[Path], Path]


@pytest.fixture
def saved(tmp_path: Path) -> tuple[VisionTransformer, Path]:
    """A small model of timm with random weights, and a file of its state dict."""
    torch.manual_seed(5)
    model = timm.create_model(SMALL).eval()
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    return model, tmp_path / "weights.pth"


def loaded(path: Path) -> TransformerEncoder:
    encoder = load_encoder(f"timm:{SMALL}@{path}", cache_dir=path.parent)
    assert isinstance(encoder, TransformerEncoder)
    return encoder


def tokens_of_timm(model: VisionTransformer, pixels: torch.Tensor) -> list[torch.Tensor]:
    """Patch tokens after each block and the model's last norm, by timm's own forward."""
    found = model.forward_intermediates(pixels, intermediates_only=True, output_fmt="NLC")
    return [model.fc_norm(model.norm(each)) for each in found]


@pytest.mark.parametrize("kind", KINDS)
def test_patch_tokens_are_those_of_the_timm_model(
    kind: str, make_timm: Callable[..., VisionTransformer]
) -> None:
    pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = tokens_of_timm(make_timm(**KINDS[kind]), pixels)

    encoder = from_model(make_timm(**KINDS[kind]), name="small")
    state = encoder.encode(pixels)

    assert encoder.grid == (4, 4)
    blocks = list(dict.fromkeys(feature.block for feature in encoder.features))
    for at, block in enumerate(blocks):
        torch.testing.assert_close(state.patch_tokens[:, at], expected[block])


def test_the_class_token_among_registers_is_that_of_the_timm_model(
    make_timm: Callable[..., VisionTransformer],
) -> None:
    pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = make_timm(registers=3)(pixels)

    encoder = from_model(make_timm(registers=3), name="small", embedding="class_token")

    torch.testing.assert_close(encoder.encode(pixels).embedding, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_evidence_over_the_patches_sums_to_the_score(
    kind: str,
    make_timm: Callable[..., VisionTransformer],
    make_concept_head: Callable[..., ConceptHead],
) -> None:
    encoder = from_model(make_timm(**KINDS[kind]), name="small")
    evidence = make_concept_head(encoder, smoothing=1.0).evidence
    state = encoder.encode(torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1)))

    of_patches = evidence.of_patches(encoder, state)

    score = (state.embedding - evidence.mean) / evidence.scale @ evidence.weight
    torch.testing.assert_close(of_patches.sum(dim=1), score, atol=1e-4, rtol=1e-4)


def test_redrawn_weights_give_other_maps(
    make_timm: Callable[..., VisionTransformer], make_head: Callable[..., DistilledHead]
) -> None:
    pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    encoders = [
        from_model(make_timm(registers=2), name="small", embedding="class_token"),
        from_model(redrawn(make_timm(registers=2)), name="small", embedding="class_token"),
    ]
    head = make_head(encoders[0].dimension)

    first, second = (
        as_shares(attribute("last_block", each, head, each.encode(pixels)).maps)
        for each in encoders
    )

    assert float((first - second).abs().max()) > 0.01


def redrawn(model: VisionTransformer) -> VisionTransformer:
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for weight in model.blocks.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * weight.std())
    return model


def test_a_checkpoint_is_loaded_at_its_models_own_size(
    saved: tuple[VisionTransformer, Path],
) -> None:
    model, path = saved
    pixels = torch.randn(2, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = tokens_of_timm(model, pixels)

    encoder = loaded(path)

    assert encoder.name == f"timm:{SMALL}@{path}"
    assert (encoder.image_size, encoder.grid) == (160, (10, 10))
    blocks = list(dict.fromkeys(feature.block for feature in encoder.features))
    tokens = encoder.encode(pixels).patch_tokens
    for at, block in enumerate(blocks):
        torch.testing.assert_close(tokens[:, at], expected[block], atol=1e-5, rtol=1e-5)


def test_images_are_normalised_as_the_models_configuration_says(
    saved: tuple[VisionTransformer, Path],
) -> None:
    model, path = saved
    config = resolve_model_data_config(model) | {"crop_pct": 1.0}
    image = Image.effect_noise((200, 200), 80).convert("RGB")

    prepared = loaded(path).preprocess([image])

    torch.testing.assert_close(prepared[0], create_transform(**config)(image))


def test_positions_are_resampled_for_another_size_of_images(
    saved: tuple[VisionTransformer, Path],
) -> None:
    model, path = saved
    pixels = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    # It has positions of its own for every size.
    with torch.inference_mode():
        expected = tokens_of_timm(model, pixels)

    encoder = load_encoder(f"timm:{SMALL}@{path}", image_size=96, cache_dir=path.parent)

    assert (encoder.image_size, encoder.grid) == (96, (6, 6))
    assert encoder.fingerprint != loaded(path).fingerprint
    last = encoder.features[-1].block
    tokens = encoder.encode(pixels).patch_tokens[:, -1]
    torch.testing.assert_close(tokens, expected[last], atol=1e-5, rtol=1e-5)
    with pytest.raises(EncoderUnavailableError, match="WORKBENCH_IMAGE_SIZE=96 or 112"):
        load_encoder(f"timm:{SMALL}@{path}", image_size=100, cache_dir=path.parent)


def test_a_size_that_is_no_multiple_of_the_patch_is_that_which_the_patches_cover(
    make_timm: Callable[..., VisionTransformer],
) -> None:
    encoder = from_model(make_timm(image_size=36, patch_size=8), name="small")

    assert (encoder.image_size, encoder.grid) == (32, (4, 4))


def as_safetensors(path: Path) -> Path:
    weights = torch.load(path, weights_only=True)
    save_file(weights, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def as_a_training_checkpoint(path: Path) -> Path:
    weights = torch.load(path, weights_only=True)
    torch.save(
        {
            "epoch": 3,
            "args": argparse.Namespace(lr=0.1),
            "state_dict": {f"module.{key}": each for key, each in weights.items()},
        },
        path,
    )
    return path


@pytest.mark.parametrize("save", [as_safetensors, as_a_training_checkpoint])
def test_the_same_weights_in_another_format_are_the_same_encoder(
    saved: tuple[VisionTransformer, Path], save: Save
) -> None:
    path = saved[1]
    expected = loaded(path).fingerprint

    assert loaded(save(path)).fingerprint == expected


def test_other_weights_and_other_models_are_other_encoders(
    saved: tuple[VisionTransformer, Path], tmp_path: Path
) -> None:
    model, path = saved
    with torch.no_grad():
        model.blocks[0].mlp.fc1.bias.add_(0.01)
    torch.save(model.state_dict(), tmp_path / "other.pth")

    assert loaded(path).fingerprint != loaded(tmp_path / "other.pth").fingerprint


def test_gelu_and_quick_gelu_are_different_encoders(
    make_timm: Callable[..., VisionTransformer],
) -> None:
    encoders = [
        from_model(make_timm(act_layer=layer), name="small") for layer in ("gelu", "quick_gelu")
    ]

    assert encoders[0].fingerprint != encoders[1].fingerprint


def test_a_classification_head_beside_the_encoder_is_left_out(
    saved: tuple[VisionTransformer, Path], tmp_path: Path
) -> None:
    path = saved[1]
    weights = torch.load(path, weights_only=True)
    assert weights.pop("head.weight") is not None
    weights.pop("head.bias")
    torch.save(weights, tmp_path / "headless.pth")

    assert loaded(tmp_path / "headless.pth").fingerprint == loaded(path).fingerprint


def lacking(path: Path) -> Path:
    weights = torch.load(path, weights_only=True)
    torch.save({key: each for key, each in weights.items() if "blocks.0.norm" not in key}, path)
    return path


def with_more(path: Path) -> Path:
    torch.save(torch.load(path, weights_only=True) | {"neck.weight": torch.zeros(3)}, path)
    return path


def misshapen(path: Path) -> Path:
    torch.save(torch.load(path, weights_only=True) | {"norm.weight": torch.zeros(3)}, path)
    return path


def of_objects(path: Path) -> Path:
    torch.save(Surprise(), path)
    return path


def of_a_whole_model(path: Path) -> Path:
    torch.save(timm.create_model(SMALL), path)
    return path


def in_the_old_format(path: Path) -> Path:
    torch.save(Surprise(), path, _use_new_zipfile_serialization=False)
    return path


def of_text(path: Path) -> Path:
    path.write_text("these are no weights")
    return path


def of_a_list(path: Path) -> Path:
    torch.save({"weights": [1, 2, 3]}, path)
    return path


def torn(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:4000])
    return path


def torn_safetensors(path: Path) -> Path:
    path = as_safetensors(path)
    path.write_bytes(path.read_bytes()[:4000])
    return path


def missing(path: Path) -> Path:
    path.unlink()
    return path


class Surprise:
    """What a pickle runs when it is loaded carelessly."""

    def __reduce__(self) -> tuple[object, tuple[object, str]]:
        return (Path.write_text, (Path("surprise"), "loaded"))


@pytest.mark.parametrize(
    ("save", "reason"),
    [
        (lacking, r"does not fit timm:\S+: it lacks blocks.0.norm1.bias, .* and 1 more"),
        (with_more, r"it has, which the model has not, neck.weight$"),
        (misshapen, r"it has in another shape norm.weight$"),
        (of_objects, "holds pickled code, which is never run; save its state dict$"),
        (of_a_whole_model, "holds pickled code, which is never run; save its state dict$"),
        (in_the_old_format, "holds pickled code, which is never run; save its state dict$"),
        (of_text, "could not be read"),
        (of_a_list, "save its state dict alone"),
        (torn, "could not be read"),
        (torn_safetensors, "could not be read"),
        (missing, "there is no checkpoint"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    saved: tuple[VisionTransformer, Path],
    save: Save,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(saved[1].parent)

    with pytest.raises(EncoderUnavailableError, match=reason):
        loaded(save(saved[1]))

    assert not Path("surprise").exists()


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("vit_tiny_patch17_224", "timm has no model 'vit_tiny_patch17_224' of its own"),
        ("hf-hub:someone/something", "timm has no model 'hf-hub:someone/something' of its own"),
        ("vit_tiny_patch16_224.imagenet99", "cannot be used: .*imagenet99"),
        ("resnet18", "it is a ResNet; a plain vision transformer of timm fits, such as vit_base"),
        ("swin_tiny_patch4_window7_224", "it is a SwinTransformer;"),
        ("vit_tiny_r_s16_p8_224", "its patches are embedded by a Hybrid"),
        ("deit_tiny_distilled_patch16_224", "it is a VisionTransformerDistilled;"),
        ("vit_small_patch16_18x2_224", "its blocks are of the kind ParallelThingsBlock"),
        ("vit_small_patch16_36x1_224.nothing", "cannot be used"),
        ("beit3_base_patch16_224", "which is not plain"),
    ],
)
def test_a_model_that_is_no_plain_transformer_is_refused_before_anything_is_read(
    model: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(EncoderUnavailableError, match=reason):
        load_encoder(f"timm:{model}@{tmp_path / 'missing.pth'}", cache_dir=tmp_path)


def test_the_papers_distiller_is_refused_a_model_without_class_token(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailableError, match=r"has no class token.*`concepts`"):
        load_encoder("timm:test_vit2", embedding="class_token", cache_dir=tmp_path)


def test_without_a_network_the_sentence_says_to_give_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*given: object, **more: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", unreachable)

    with pytest.raises(
        EncoderUnavailableError,
        match=f"weights of timm:{SMALL} could not be fetched .* without a network, say "
        f"timm:{SMALL}@/path/to/checkpoint",
    ):
        load_encoder(f"timm:{SMALL}", cache_dir=tmp_path)


def test_with_a_network_the_fetched_weights_are_those_of_a_file(
    saved: tuple[VisionTransformer, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, path = saved
    asked: list[object] = []

    def fetched(name: str, *given: object, cache_dir: Path, **more: object) -> dict[str, object]:
        asked.append((name, cache_dir))
        return model.state_dict()

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", fetched)

    encoder: Encoder = load_encoder(f"timm:{SMALL}", cache_dir=tmp_path)

    assert asked == [("timm/test_vit.r160_in1k", tmp_path / "timm")]
    assert encoder.fingerprint == loaded(path).fingerprint
