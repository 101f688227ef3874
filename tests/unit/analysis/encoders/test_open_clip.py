"""open_clip's transformers, written out: the same numbers, or the reason why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import open_clip
import pytest
import torch
from PIL import Image

from workbench.analysis.encoders.features import default_features
from workbench.analysis.encoders.load import load_encoder
from workbench.analysis.encoders.open_clip import from_model, parse_source
from workbench.analysis.encoders.protocol import Encoder, EncoderUnavailableError
from workbench.analysis.encoders.quick_gelu import ActivationWarning

MakeClip = Callable[..., open_clip.CLIP]
SMALL = {
    "embed_dim": 24,
    "vision_cfg": {"layers": 2, "width": 32, "head_width": 16, "patch_size": 8, "image_size": 32},
    "text_cfg": {"context_length": 8, "vocab_size": 32, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a small model that open_clip knows by its configuration."""
    path = tmp_path_factory.mktemp("configs") / "small-for-tests.json"
    path.write_text(json.dumps(SMALL))
    open_clip.add_model_config(path.parent)
    return path.stem


def paper_embedding(encoder: Encoder, pixels: torch.Tensor) -> torch.Tensor:
    """The part of x that is the paper's whole one: the last block's class token, projected."""
    last = encoder.features[-1]
    assert last.kind == "class"
    return encoder.encode(pixels).embedding[:, last.slice]


@pytest.mark.parametrize("name", ["ViT-B-32", "ViT-B-32-quickgelu"])
def test_the_written_out_forward_is_encode_image(name: str) -> None:
    config = open_clip.get_model_config(name)
    # Its text tower has no part in this, and takes seconds to fill.
    model = open_clip.CLIP(**(config | {"text_cfg": SMALL["text_cfg"]})).eval()
    pixels = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = model.encode_image(pixels)

    encoder = from_model(model, name=name)

    assert encoder.grid == (7, 7)
    assert encoder.image_size == 224
    torch.testing.assert_close(paper_embedding(encoder, pixels), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("quick_gelu", [False, True])
@pytest.mark.parametrize(("image_size", "patch_size"), [(32, 8), (24, 8), (8, 8)])
def test_every_grid_and_activation_is_encode_image_too(
    make_clip: MakeClip, quick_gelu: bool, image_size: int, patch_size: int
) -> None:
    shape = {"quick_gelu": quick_gelu, "image_size": image_size, "patch_size": patch_size}
    pixels = torch.randn(3, 3, image_size, image_size)
    with torch.inference_mode():
        expected = make_clip(**shape).encode_image(pixels)

    encoder = from_model(make_clip(**shape), name="small")

    assert encoder.grid == (image_size // patch_size,) * 2
    torch.testing.assert_close(paper_embedding(encoder, pixels), expected, atol=1e-5, rtol=0)


def test_patch_means_go_through_ln_post_only(make_clip: MakeClip) -> None:
    pixels = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        tokens = make_clip().visual.forward_intermediates(
            pixels, indices=[1, 2], normalize_intermediates=True, output_fmt="NLC"
        )["image_intermediates"]

    encoder = from_model(make_clip(), name="small", features=((1, "patch_mean"), (2, "patch_mean")))

    patch_tokens = encoder.encode(pixels).patch_tokens
    torch.testing.assert_close(patch_tokens, torch.stack(tokens, dim=1))


def test_only_the_last_class_token_is_projected(make_clip: MakeClip) -> None:
    encoder = from_model(make_clip(), name="small", features=((1, "class"), (2, "class")))

    assert [feature.stop - feature.start for feature in encoder.features] == [64, 24]


def test_by_default_x_has_evidence_content_and_the_papers_class_token(make_clip: MakeClip) -> None:
    encoder = from_model(make_clip(), name="small", tokenize=letters)

    *before, last = [(feature.block, feature.kind) for feature in encoder.features]
    assert tuple(before) == default_features(3)
    assert last == (2, "class")
    assert encoder.text_tower is not None
    assert encoder.text_tower.joint_slice == encoder.features[-1].slice


def letters(texts: list[str]) -> torch.Tensor:
    """Tokens for a vocabulary of 32: a letter each, then the end, which has the largest id."""
    rows = [[ord(letter) - 96 for letter in text[:7]] + [31] for text in texts]
    return torch.tensor([row + [0] * (8 - len(row)) for row in rows])


def test_texts_are_encoded_as_open_clip_does(make_clip: MakeClip) -> None:
    model = make_clip()
    with torch.inference_mode():
        expected = model.encode_text(letters(["cat", "dog"]))

    tower = from_model(model, name="small", tokenize=letters).text_tower

    assert tower is not None
    found = tower.encode_text(["cat", "dog"])
    torch.testing.assert_close(found, expected)
    assert not found.is_inference()


def test_texts_share_the_space_of_the_last_blocks_class_token(make_clip: MakeClip) -> None:
    encoder = from_model(
        make_clip(), name="small", features=((1, "class"), (2, "class")), tokenize=letters
    )

    assert encoder.text_tower is not None
    assert encoder.text_tower.joint_slice == encoder.features[1].slice
    assert encoder.text_tower.encode_text(["cat"]).shape == (1, 24)


def test_without_that_class_token_or_without_tokens_there_is_no_text_tower(
    make_clip: MakeClip,
) -> None:
    earlier = from_model(make_clip(), name="small", features=((1, "class"),), tokenize=letters)
    wordless = from_model(make_clip(), name="small")

    assert earlier.text_tower is None
    assert wordless.text_tower is None


def test_a_tokenizer_that_cannot_be_had_is_said_in_words(make_clip: MakeClip) -> None:
    def lost(texts: list[str]) -> torch.Tensor:
        raise OSError("no network")

    tower = from_model(make_clip(), name="small", tokenize=lost).text_tower

    assert tower is not None
    with pytest.raises(EncoderUnavailableError, match="no network"):
        tower.encode_text(["cat"])


def test_preprocessing_is_open_clips_own(small_model: str) -> None:
    image = Image.effect_noise((90, 60), 80).convert("RGB")
    model, _, transform = open_clip.create_model_and_transforms(
        small_model, image_mean=(0.1, 0.2, 0.3), image_std=(0.4, 0.5, 0.6)
    )

    prepared = from_model(model, name="small").preprocess([image])

    assert torch.equal(prepared[0], transform(image))


def test_a_checkpoint_file_is_loaded(small_model: str, tmp_path: Path) -> None:
    saved = open_clip.create_model(small_model).eval()
    checkpoint = tmp_path / "weights@home.pt"
    torch.save(saved.state_dict(), checkpoint)
    name = f"open_clip:{small_model}@{checkpoint}"

    encoder = load_encoder(name, cache_dir=tmp_path)

    pixels = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        expected = saved.encode_image(pixels)
    assert encoder.name == name
    torch.testing.assert_close(paper_embedding(encoder, pixels), expected, atol=1e-5, rtol=0)


def test_a_checkpoint_is_loaded_at_another_size(small_model: str, tmp_path: Path) -> None:
    checkpoint = tmp_path / "weights.pt"
    torch.save(open_clip.create_model(small_model).state_dict(), checkpoint)
    name = f"open_clip:{small_model}@{checkpoint}"
    own = load_encoder(name, cache_dir=tmp_path)

    larger = load_encoder(name, image_size=2 * own.image_size, cache_dir=tmp_path)

    assert larger.image_size == 2 * own.image_size
    assert larger.grid == (2 * own.grid[0], 2 * own.grid[1])
    assert larger.fingerprint != own.fingerprint
    pixels = larger.preprocess([Image.effect_noise((90, 60), 80).convert("RGB")])
    assert larger.encode(pixels).patch_tokens.shape[2] == larger.grid[0] * larger.grid[1]
    with pytest.raises(EncoderUnavailableError, match="say WORKBENCH_IMAGE_SIZE="):
        load_encoder(name, image_size=own.image_size + 1, cache_dir=tmp_path)


def test_a_checkpoint_that_needs_another_activation_is_loaded_with_a_warning(
    small_model: str, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "mine-quickgelu.pt"
    torch.save(open_clip.create_model(small_model).state_dict(), checkpoint)

    with pytest.warns(ActivationWarning, match="mine-quickgelu.pt was trained with QuickGELU"):
        encoder = load_encoder(f"open_clip:{small_model}@{checkpoint}", cache_dir=tmp_path)

    assert encoder.image_size == 32


class Surprise:
    """What a pickle runs when it is loaded carelessly."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (Path.write_text, (Path("surprise"), "loaded"))


def test_a_pickled_object_in_a_checkpoint_is_not_run(
    small_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Surprise()}, tmp_path / "weights.pt")

    with pytest.raises(EncoderUnavailableError, match=r"pickled code, .*; save its state dict$"):
        load_encoder(f"open_clip:{small_model}@weights.pt", cache_dir=tmp_path)

    assert not Path("surprise").exists()


def test_a_checkpoint_of_another_model_is_refused(small_model: str, tmp_path: Path) -> None:
    torch.save({"visual.proj": torch.zeros(3)}, tmp_path / "weights.pt")

    with pytest.raises(EncoderUnavailableError, match="could not be loaded"):
        load_encoder(f"open_clip:{small_model}@{tmp_path / 'weights.pt'}", cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("ViT-B-32", "names no weights"),
        ("ViT-B-32/", "names no weights"),
        ("/openai", "names no weights"),
        ("ViT-B-32@", "names no weights"),
        ("ViT-B-33/openai", "no model 'ViT-B-33'"),
        ("hf-hub:someone/something", "no model 'hf-hub:someone'"),
        ("ViT-B-32/laion3b", "no weights 'laion3b' for ViT-B-32; it has .*laion2b"),
        ("ViT-B-32/openai", "QuickGELU; say open_clip:ViT-B-32-quickgelu/openai"),
        ("ViT-B-32@/no/such/file.pt", "no checkpoint /no/such/file.pt"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused_before_anything_is_fetched(
    source: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(EncoderUnavailableError, match=reason):
        load_encoder(f"open_clip:{source}", cache_dir=tmp_path)


def test_names_are_taken_apart() -> None:
    tag = parse_source("ViT-B-32-quickgelu/openai")
    file = parse_source("ViT-B-32@/data/a@b/weights.pt")

    assert (tag.model, tag.tag, tag.checkpoint) == ("ViT-B-32-quickgelu", "openai", None)
    assert (file.model, file.tag, file.checkpoint) == (
        "ViT-B-32",
        None,
        Path("/data/a@b/weights.pt"),
    )


@pytest.mark.parametrize(
    ("vision", "reason"),
    [
        ({"pool_type": "avg"}, "does not pool by its class token"),
        ({"attentional_pool": True}, "does not pool by its class token"),
        ({"image_size": [32, 48]}, "32 x 48 px, not a square"),
        ({"qk_norm": True, "block_type": "custom"}, "not written out"),
        ({"layers": [1, 1, 1, 1]}, "ModifiedResNet, not open_clip's vision transformer"),
    ],
)
def test_a_model_that_cannot_be_written_out_is_refused_with_the_reason(
    vision: dict[str, object], reason: str
) -> None:
    model = open_clip.CLIP(**(SMALL | {"vision_cfg": SMALL["vision_cfg"] | vision}))

    with pytest.raises(EncoderUnavailableError, match=reason):
        from_model(model, name="small")
