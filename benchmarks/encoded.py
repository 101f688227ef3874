"""Images of a folder or manifest, encoded by the default encoder and split by group."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import GroupShuffleSplit
from torch import Tensor

from benchmarks.command import cache_dir
from workbench.analysis.cross_fitting.folds import divide
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.encoders.load import load_encoder
from workbench.analysis.encoders.protocol import Encoder, Part, Penultimate
from workbench.analysis.images.normalise import normalise
from workbench.config import Settings
from workbench.services.encoding.precision import precision_of

BATCH = 16
PATCH_TOKENS: frozenset[Part] = frozenset({"patch_tokens"})
"""What evidence by concept is made of, beside embeddings."""


@dataclass(frozen=True)
class Picture:
    """One image: its normalised pixels, whether it is fake, its source group."""

    path: Path
    fake: bool
    group: str
    generator: str


@dataclass(frozen=True)
class Encoded:
    """Pictures with what the encoder gives of them, in the same order.

    state: its parts, which are many times larger than the embedding, in half precision.
    """

    pictures: tuple[Picture, ...]
    state: Penultimate

    def in_batches(
        self, rows: NDArray[np.int64], parts: frozenset[Part] = PATCH_TOKENS
    ) -> Iterator[tuple[NDArray[np.int64], Penultimate]]:
        """Some of these pictures at a time: their indices in `rows`, and their states.

        Without `parts`, no more than embeddings.
        """
        state = self.state if parts else embeddings_alone(self.state)
        for start in range(0, len(rows), BATCH):
            chosen = rows[start : start + BATCH]
            indices = np.arange(start, start + len(chosen))
            yield indices, cast(state.subset(torch.from_numpy(chosen)), torch.float)

    def parted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Three quarters of the groups to train on, one held out; indices."""
        groups = [picture.group for picture in self.pictures]
        splitter = GroupShuffleSplit(1, test_size=0.25, random_state=0)
        return next(splitter.split(groups, groups=groups))

    @property
    def fake(self) -> NDArray[np.bool_]:
        """Label of each picture."""
        return np.array([picture.fake for picture in self.pictures])

    @property
    def group(self) -> NDArray[np.int64]:
        """Which source each picture is of."""
        return np.unique([picture.group for picture in self.pictures], return_inverse=True)[1]

    def training_set(self, rows: NDArray[np.int64] | None = None, *, seed: int = 0) -> TrainingSet:
        """These pictures as the distiller takes them, or all; the seed divides them into folds."""
        chosen = np.arange(len(self.pictures)) if rows is None else rows
        x = self.state.embedding[torch.from_numpy(chosen)]
        return training_set([self.pictures[each] for each in chosen], x, seed=seed)


def training_set(pictures: Sequence[Picture], x: Tensor, *, seed: int = 0) -> TrainingSet:
    """Pictures with their embeddings as the distiller takes them, in folds by the seed."""
    fake = np.array([picture.fake for picture in pictures])
    groups = np.unique([picture.group for picture in pictures], return_inverse=True)[1]
    return TrainingSet(
        x,
        torch.from_numpy(fake).float(),
        torch.ones(len(pictures)),
        groups,
        divide(fake, groups, seed=seed).by_image,
    )


def default_encoder() -> Encoder:
    """The packaged encoder, in the precision that is set."""
    return load_encoder("packaged", cache_dir=cache_dir(), precision=precision_of(Settings()))


def normalised(path: Path) -> Image.Image:
    """The picture as the workbench's import makes it."""
    content = normalise(path.read_bytes(), max_pixels=Settings().max_pixels).content
    return Image.open(io.BytesIO(content)).convert("RGB")


def batches(paths: Sequence[Path]) -> Iterator[list[Image.Image]]:
    """Normalised pictures, a batch at a time."""
    for start in range(0, len(paths), BATCH):
        yield [normalised(path) for path in paths[start : start + BATCH]]


def encode(
    encoder: Encoder, pictures: Sequence[Picture], parts: frozenset[Part] = PATCH_TOKENS
) -> Encoded:
    """Encode all pictures; beside their embeddings these parts are kept."""
    states = [
        cast(encoder.encode(encoder.preprocess(batch), parts), torch.half)
        for batch in batches([picture.path for picture in pictures])
    ]
    return Encoded(tuple(pictures), Penultimate.joined(states))


def cast(state: Penultimate, kind: torch.dtype) -> Penultimate:
    """The state with its parts of another type."""
    names = [part.name for part in fields(state) if part.name != "embedding"]
    return replace(state, **{name: getattr(state, name).to(kind) for name in names})


def embeddings_alone(state: Penultimate) -> Penultimate:
    """The state without its parts."""
    names = [part.name for part in fields(state) if part.name != "embedding"]
    return replace(state, **{name: getattr(state, name)[:, :0] for name in names})
