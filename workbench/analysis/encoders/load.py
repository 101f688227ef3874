"""Loading of encoders by name."""

from __future__ import annotations

from pathlib import Path

from workbench.analysis.encoders.protocol import (
    Embedding,
    Encoder,
    EncoderUnavailableError,
    Precision,
)


def load_encoder(
    name: str,
    *,
    embedding: Embedding = "patches",
    device: str = "cpu",
    precision: Precision = "float32",
    image_size: int | None = None,
    cache_dir: Path,
) -> Encoder:
    """Load an encoder by its name.

    `packaged`, `open_clip:MODEL/PRETRAINED`, `open_clip:MODEL@PATH`, `timm:MODEL` or
    `timm:MODEL@PATH`.

    image_size: side of the images that it sees, in pixels; None for the encoder's own. Positions
    are resampled for any other.

    `cache_dir` keeps converted and downloaded weights. Only names without PATH need a network,
    once. Raises EncoderUnavailableError with the reason and the remedy.
    """
    # Each kind's libraries take seconds to import, and a process needs one kind at most.
    if name == "packaged":
        from workbench.analysis.encoders.packaged import FEATURES, IMAGE_SIZE, load_packaged  # noqa: PLC0415

        features = FEATURES[embedding]
        return load_packaged(
            cache_dir,
            device=device,
            features=features,
            precision=precision,
            image_size=image_size or IMAGE_SIZE,
        )
    kind, _, source = name.partition(":")
    if kind == "open_clip" and source:
        from workbench.analysis.encoders.open_clip import load_open_clip  # noqa: PLC0415

        return load_open_clip(
            source,
            cache_dir=cache_dir,
            device=device,
            embedding=embedding,
            precision=precision,
            image_size=image_size,
        )
    if kind == "timm" and source:
        from workbench.analysis.encoders.timm import load_timm  # noqa: PLC0415

        return load_timm(
            source,
            cache_dir=cache_dir,
            device=device,
            embedding=embedding,
            precision=precision,
            image_size=image_size,
        )
    raise EncoderUnavailableError(
        f"there is no encoder {name!r}; say packaged, open_clip:MODEL/PRETRAINED, timm:MODEL, "
        "open_clip:MODEL@/path/to/checkpoint or timm:MODEL@/path/to/checkpoint"
    )
