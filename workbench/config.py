"""Settings from WORKBENCH_* variables; nothing else reads the environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent

SHORTEST_SECRET = 32
"""Characters."""


class Settings(BaseSettings):
    """Settings of an installation. Frozen: state that changes is in tables."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", frozen=True)

    data_dir: Path = PROJECT_ROOT / "var"
    """Directory of the database, artifacts and normalised images."""

    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `data_dir`."""

    encoder: str = "packaged"
    """`packaged`, `open_clip:MODEL/PRETRAINED` or `open_clip:MODEL@/path/to/checkpoint`."""

    device: str = "cpu"
    """Torch device of the encoder: `cpu`, `cuda`, `cuda:1`."""

    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    """Precision of the encoder's matrix products; `auto` is bfloat16 where it is measurably faster.

    Another precision is another encoder: embeddings are not shared between them.
    """

    secret_key: str = ""
    """Signs sessions; empty means a random one, kept in `data_dir`, readable by its owner only."""

    image_root: Path | None = None
    """Where set, originals must be inside of it, and their paths are stored relative to it."""

    open_reading: bool = False
    """Allow reading without signing in. Writing always needs an account."""

    relevance: Literal["patch_share", "smooth_share", "last_block", "class_token_path"] = (
        "smooth_share"
    )
    """Attribution method; the encoder's default where its features do not allow it."""

    projection: Literal["off", "on"] = "off"
    """Train distillers behind the forget-to-spell projection (ADR 10)."""

    dimensions: Annotated[int, Field(ge=2, le=64)] = 16
    """Number K of distilled dimensions."""

    seed: int = 0

    retrain_hour: Annotated[int, Field(ge=0, le=23)] = 2
    """Local hour of the scheduled retrain."""

    retrain_min_decisions: Annotated[int, Field(ge=1)] = 20
    """Fewest new verdicts since the active version's dataset for a scheduled retrain."""

    sensitivity_images: Annotated[int, Field(ge=0)] = 1000
    """Most images of a version with a measured sensitivity, stratified over the layout; each costs
    two encodings."""

    effect_images: Annotated[int, Field(ge=1)] = 24
    """Most images of a pattern that its effect is measured on, drawn at random; each costs three
    encodings. With half as many, weak patterns' effects are mostly noise."""

    batch_size: Annotated[int, Field(ge=1, le=512)] = 16

    cache_gigabytes: Annotated[float, Field(ge=0)] = 20
    """Largest size of the cache of tokens and superpixels, in 10^9 bytes; 0 turns it off.

    The packaged encoder's tokens take 0.8 MB an image, so 20 are room for 25,000 images.
    """

    max_pixels: Annotated[int, Field(ge=1)] = 80_000_000
    """Images with more pixels in their header are rejected unread (decompression bombs)."""

    https: bool = False
    """Mark cookies as secure, for a workbench served over https only."""

    @field_validator("data_dir", "image_root", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().resolve() if value is not None else None

    @field_validator("secret_key")
    @classmethod
    def _hard_to_guess(cls, value: str) -> str:
        if value and len(value) < SHORTEST_SECRET:
            raise ValueError(f"a secret key has at least {SHORTEST_SECRET} characters")
        return value

    @property
    def url(self) -> str:
        """The database URL; by default SQLite in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir / 'workbench.sqlite'}"

    @property
    def artifact_dir(self) -> Path:
        return self.data_dir / "artifacts"

    @property
    def image_dir(self) -> Path:
        """Directory of the normalised images, by hash."""
        return self.data_dir / "images"

    @property
    def cache_dir(self) -> Path:
        """Directory of what can be made again: converted weights, thumbnails, downloads."""
        return self.data_dir / "cache"

    @property
    def part_dir(self) -> Path:
        """Directory of cached encoder parts and superpixels, bounded by `cache_gigabytes`."""
        return self.cache_dir / "parts"

    @property
    def cache_bytes(self) -> int:
        return int(self.cache_gigabytes * 1e9)

    def session_secret(self) -> str:
        """Return the configured secret, or the data directory's own, created at first use."""
        return self.secret_key or _kept_secret(self.data_dir / "secret_key")


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    secret = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret
