"""Does the forget-to-spell projection forget spelling, and nothing else?

Recall@1 of content under written words and a probe of spelling, on images that the projection was
not trained on: before it, after it, and after an untrained one, of random orthonormal rows. The
probe sees the embedding (`spelling`), or how far writing the word has moved it (`spelling_shift`).
And real/fake AUC with it less that without it, in the same 5 folds by group, the projection of a
fold trained on the fold's training images. Beside the default embedding, the class token of the
last block, as in the paper. `--data DIR` (again and again) names folders with `real/` and `fake/`
below; without it, the demo set's faces and scenes are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold
from torch import Tensor

from benchmarks.command import Figures, cache_dir, run_on_folders
from benchmarks.distilling import distil_as_the_paper
from benchmarks.encoded import Encoded, Picture, encode, normalised
from benchmarks.ordinary import demo_folders, pictures
from benchmarks.spelling_probe import spelling_accuracy
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.evidence_training import train_evidence
from workbench.analysis.distiller.linear_evidence import evidence_features
from workbench.analysis.encoders.packaged import DEFAULT_FEATURES, load_packaged
from workbench.analysis.encoders.protocol import Encoder, Feature
from workbench.analysis.metrics import auc
from workbench.analysis.spelling.projection import Projection
from workbench.analysis.spelling.recall import content_recall
from workbench.analysis.spelling.train import train_projection
from workbench.analysis.spelling.written_set import WrittenSet, draw_words, encode_written
from workbench.analysis.spelling.written_words import random_word

FOLDS = 5
TESTED = 0.4
"""Share of the images that recall and spelling are measured on."""

WORDS = 2
"""Words for each image, to train on and to measure recall with."""

VOCABULARY = 20
SPELLED = 8
"""Of the vocabulary, words written on each image for the probe."""

RESAMPLES = 1000
LAST_BLOCK = 11
_SEED = 0
_PROBE_SEED = 1000


@dataclass(frozen=True)
class Material:
    """Everything encoded once, by an encoder that gives both embeddings side by side."""

    encoded: dict[str, Encoded]
    written: dict[str, WrittenSet]
    training: NDArray[np.int64]
    """Places, over all sets together, of the images to train on."""
    tested: NDArray[np.int64]
    spelled: Tensor
    """The tested images with words of the vocabulary: (image, word, feature)."""
    word: NDArray[np.int64]
    """Which word it is: (image, word)."""

    @property
    def shown(self) -> tuple[Picture, ...]:
        """The pictures of all sets."""
        return tuple(picture for each in self.encoded.values() for picture in each.pictures)


def measure(folders: list[Path], quick: bool) -> Figures:
    """The default embedding under plain names, the paper's under names that say so."""
    wanted = (*DEFAULT_FEATURES, (LAST_BLOCK, "class"))
    encoder = load_packaged(cache_dir(), features=wanted)
    material = gather(encoder, folders or demo_folders(), quick=quick)
    *default, class_token = encoder.features
    figures: Figures = {"images": len(material.training), "tested": len(material.tested)}
    figures |= figures_of(material, default)
    paper = figures_of(material, [class_token])
    return figures | {f"{key} of the class token": value for key, value in paper.items()}


def gather(encoder: Encoder, folders: list[Path], *, quick: bool) -> Material:
    """Encode the sets, their images with words, and the probe's words on the tested images."""
    encoded = {
        folder.name: encode(encoder, pictures(folder, quick=quick), parts=frozenset())
        for folder in folders
    }
    written = {name: _written(encoder, each) for name, each in encoded.items()}
    shown = [picture for each in encoded.values() for picture in each.pictures]
    training, tested = _parted([picture.group for picture in shown], TESTED)
    image = torch.cat([each.image for each in written.values()])[torch.from_numpy(tested)]
    spelled, word = _spelled(encoder, image, [shown[index] for index in tested])
    return Material(encoded, written, training, tested, spelled, word)


def figures_of(material: Material, features: Sequence[Feature]) -> Figures:
    """What a projection of these features does: all images together, then AUC set by set."""
    figures = _proof(material, features)
    changes = []
    for name, encoded in material.encoded.items():
        written = _columns(material.written[name], features)
        found = _with_and_without(encoded, written, _laid_out(features))
        figures |= {f"{key} {name}": value for key, value in found.items()}
        changes.append(found["auc_change"])
    return figures | {"auc_change": float(np.mean(changes))}


def _proof(material: Material, features: Sequence[Feature]) -> Figures:
    sets = [_columns(each, features) for each in material.written.values()]
    together = WrittenSet(
        torch.cat([each.image for each in sets]),
        torch.cat([each.word for each in sets]),
        torch.cat([each.both for each in sets]),
    )
    training, proof = _subset(together, material.training), _subset(together, material.tested)
    spelled = material.spelled[..., _span(features)]
    projection = train_projection(training, _laid_out(features), seed=_SEED)
    untrained = train_projection(training, _laid_out(features), seed=_SEED, steps=0)
    groups = [material.shown[index].group for index in material.tested]
    figures: Figures = {}
    for key, change in (
        ("before", projection.standardise),
        ("untrained", untrained.project),
        ("after", projection.project),
    ):
        image, v = change(proof.image), change(spelled)
        figures[f"recall_{key}"] = content_recall(image, change(proof.word), change(proof.both))
        figures[f"spelling_{key}"] = _spelling(v, material.word, groups)
        figures[f"spelling_shift_{key}"] = _spelling(v - image[:, None], material.word, groups)
    return figures


def _written(encoder: Encoder, encoded: Encoded) -> WrittenSet:
    words = draw_words(len(encoded.pictures), WORDS, seed=_SEED)
    shown = _pixels(encoded.pictures)
    return encode_written(encoder, encoded.state.embedding, shown, words, seed=_SEED)


def _pixels(shown: Sequence[Picture]) -> Iterator[NDArray[np.uint8]]:
    for picture in shown:
        yield np.asarray(normalised(picture.path))


def _parted(groups: list[str], share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=0)
    return next(splitter.split(groups, groups=groups))


def _span(features: Sequence[Feature]) -> slice:
    """The columns of some neighbouring features."""
    return slice(features[0].start, features[-1].stop)


def _laid_out(features: Sequence[Feature]) -> list[Feature]:
    """The same features of an embedding that begins with the first of them."""
    first = features[0].start
    return [replace(each, start=each.start - first, stop=each.stop - first) for each in features]


def _columns(data: WrittenSet, features: Sequence[Feature]) -> WrittenSet:
    span = _span(features)
    return WrittenSet(data.image[:, span], data.word[..., span], data.both[..., span])


def _subset(data: WrittenSet, chosen: NDArray[np.int64]) -> WrittenSet:
    index = torch.from_numpy(chosen)
    return WrittenSet(data.image[index], data.word[index], data.both[index])


def _spelled(
    encoder: Encoder, image: Tensor, shown: Sequence[Picture]
) -> tuple[Tensor, NDArray[np.int64]]:
    generator = np.random.default_rng(_PROBE_SEED)
    vocabulary: dict[str, None] = {}
    while len(vocabulary) < VOCABULARY:
        vocabulary[random_word(generator)] = None
    names = tuple(vocabulary)
    words = draw_words(len(shown), SPELLED, seed=_PROBE_SEED, vocabulary=names)
    found = encode_written(encoder, image, _pixels(shown), words, seed=_PROBE_SEED)
    return found.both, np.array([[names.index(word) for word in own] for own in words])


def _spelling(v: Tensor, word: NDArray[np.int64], groups: list[str]) -> float:
    """The probe, fitted on half of the groups and tested on the others."""
    fitted, tested = _parted(groups, 0.5)
    first, second = (v[torch.from_numpy(side)].flatten(0, 1) for side in (fitted, tested))
    return spelling_accuracy(first, word[fitted].ravel(), second, word[tested].ravel())


def _with_and_without(
    encoded: Encoded, written: WrittenSet, features: Sequence[Feature]
) -> Figures:
    data = replace(encoded.training_set(), embedding=written.image)
    fake = encoded.fake
    without, behind = np.zeros(len(fake)), np.zeros(len(fake))
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for fitted, tested in splitter.split(fake, fake, data.group):
        training = data.subset(np.isin(np.arange(len(fake)), fitted))
        trained = train_projection(_subset(written, fitted), features, seed=_SEED)
        for projection, logit in ((None, without), (trained, behind)):
            logit[tested] = _logit(training, features, projection, data.embedding[tested])
    found = (auc(fake, without), auc(fake, behind))
    return {
        "auc_without": found[0],
        "auc_with": found[1],
        "auc_change": found[1] - found[0],
        "auc_change_interval": _interval(fake, without, behind),
    }


def _logit(
    training: TrainingSet,
    features: Sequence[Feature],
    projection: Projection | None,
    tested: Tensor,
) -> NDArray[np.float32]:
    """All evidence of an image together; the paper's logit where x is made of no patches."""
    logit: NDArray[np.float32]
    if not evidence_features(features):
        logit = distil_as_the_paper(training, projection).logit(tested).numpy()
        return logit
    # Smoothing moves evidence within an image.
    learned = train_evidence(training, features, projection, smoothing=0.0).final
    v = tested if projection is None else projection.project(tested)
    logit = ((v - learned.mean) / learned.scale @ learned.weight).numpy()
    return logit


def _interval(
    fake: NDArray[np.bool_], without: NDArray[np.float64], behind: NDArray[np.float64]
) -> list[float]:
    """95% of the change over resamples of the images, the same images on both sides."""
    generator = np.random.default_rng(0)
    changes = []
    for _ in range(RESAMPLES):
        drawn = generator.integers(len(fake), size=len(fake))
        if 0 < fake[drawn].sum() < len(drawn):
            changes.append(auc(fake[drawn], behind[drawn]) - auc(fake[drawn], without[drawn]))
    return [float(each) for each in np.quantile(changes, (0.025, 0.975))]


if __name__ == "__main__":
    run_on_folders(__doc__ or "", measure)
