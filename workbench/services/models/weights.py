"""The weights of a version's heads, and the projection before them, as artifacts, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.cross_fitting.heads import CrossFittedHeads, Head
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.linear_evidence import LinearEvidence
from workbench.analysis.distiller.window_evidence import WindowEvidence
from workbench.analysis.kinds.space import Kinds, Side
from workbench.analysis.spelling.projection import Projection
from workbench.config import Settings
from workbench.services.errors import UnavailableError
from workbench.store.artifacts import (
    Artifact,
    ArtifactDamagedError,
    load_arrays,
    store_arrays,
)
from workbench.store.versions import ModelVersion

Arrays = dict[str, NDArray[np.generic]]

_TENSORS = ("mean", "scale", "weight", "bias", "logit_weight")
_OF_FOLD = ("weight", "bias")
"""What the head of a fold has of its own, beside `_BIAS`, where dimensions are ReLUs."""
_BIAS = "logit_bias"
_CENTRES = "concept_centres"
"""Only heads by concepts have it."""
_FOLD = "fold_"
_BLOCK = "weight_"
_PREFIX = "projection_"
_KINDS = "kinds_"
_WINDOWS = "windows_"
_OF_WINDOWS = ("origin", "factor", "pooled_factor")


def store_heads(
    heads: CrossFittedHeads[Head], settings: Settings, *, kinds: Kinds | None = None
) -> Artifact:
    """Write the weights as safetensors; the row is returned, not yet in a session.

    A version keeps its own copy of its projection: it says the same for ever, whatever becomes of
    the collection's.
    """
    final = heads.final
    of_fold: Callable[[Head], Arrays]
    if isinstance(final, ConceptHead):
        arrays, of_fold = _of_concepts(final), _of_concept_fold
    elif isinstance(final, DistilledHead):
        arrays, of_fold = {name: getattr(final, name).numpy() for name in _TENSORS}, _of_relu_fold
    else:
        raise TypeError(f"a {type(final).__name__} cannot be stored")
    arrays[_BIAS] = _number(final.logit_bias)
    for fold, head in heads.folds.items():
        own = of_fold(head) | {_BIAS: _number(head.logit_bias)}
        arrays |= {f"{_FOLD}{fold}_{name}": array for name, array in own.items()}
    if final.projection is not None:
        own_projection = projection_arrays(final.projection)
        arrays |= {f"{_PREFIX}{name}": array for name, array in own_projection.items()}
    if kinds is not None:
        arrays |= {f"{_KINDS}{name}": array for name, array in _kinds_arrays(kinds).items()}
    return store_arrays(settings.artifact_dir, "weights", arrays)


def _kinds_arrays(kinds: Kinds) -> Arrays:
    arrays: Arrays = {"blocks": np.array(kinds.blocks, dtype=np.int64)}
    for name, side in (("fake", kinds.fake), ("real", kinds.real)):
        arrays |= {
            f"{name}_components": side.components.numpy(),
            f"{name}_origin": side.origin.numpy(),
            f"{name}_natural": _number(side.natural),
        }
    return arrays


def _of_concepts(head: ConceptHead) -> Arrays:
    evidence, dictionary = head.evidence, head.dictionary
    return {
        "mean": evidence.mean.numpy(),
        "scale": evidence.scale.numpy(),
        "weight": evidence.weight.numpy(),
        "smoothing": _number(evidence.smoothing),
        "concept_mean": dictionary.mean.numpy(),
        _CENTRES: dictionary.centres.numpy(),
        "temperature": _number(dictionary.temperature),
        "logit_weight": head.logit_weight.numpy(),
    } | _of_windows(head)


def _of_concept_fold(head: Head) -> Arrays:
    assert isinstance(head, ConceptHead)  # noqa: S101 - as the final head
    own: Arrays = {"weight": head.evidence.weight.numpy(), "gain": head.gain.numpy()}
    return own | _of_windows(head)


def _of_windows(head: ConceptHead) -> Arrays:
    """Evidence of windows; nothing where the head has none."""
    if head.windows is None:
        return {}
    numbers = {f"{_WINDOWS}{name}": _number(getattr(head.windows, name)) for name in _OF_WINDOWS}
    return numbers | {
        f"{_WINDOWS}weight": head.windows.weight.numpy(),
        f"{_WINDOWS}blocks": np.array(head.windows.blocks, dtype=np.int64),
    }


def _of_relu_fold(head: Head) -> Arrays:
    return {name: getattr(head, name).numpy() for name in _OF_FOLD}


def _number(value: float) -> NDArray[np.generic]:
    return np.array([value], dtype=np.float64)


def load_heads(version: ModelVersion, settings: Settings) -> CrossFittedHeads[Head]:
    """A version's heads; without any of folds for a version from before cross-fitting.

    Raises UnavailableError where their file is lost or damaged.
    """
    arrays = _load(version, settings)
    own = _named(arrays, _PREFIX)
    projection = projection_of(own) if own else None
    final: ConceptHead | DistilledHead
    if _CENTRES in arrays:
        final = _concept_head(arrays, projection)
    else:
        final = _relu_head(arrays, projection)
    of_folds = sorted(
        int(name.removeprefix(_FOLD).removesuffix(f"_{_BIAS}"))
        for name in arrays
        if name.startswith(_FOLD) and name.endswith(f"_{_BIAS}")
    )
    return CrossFittedHeads(final, {fold: _of_fold(final, fold, arrays) for fold in of_folds})


def load_kinds(version: ModelVersion, settings: Settings) -> Kinds | None:
    """A version's space of kinds; None where it was made without one.

    Raises UnavailableError where its file is lost or damaged.
    """
    arrays = _named(_load(version, settings), _KINDS)
    if not arrays:
        return None
    fake, real = (
        Side(
            _tensor(arrays, f"{name}_components"),
            _tensor(arrays, f"{name}_origin"),
            float(arrays[f"{name}_natural"][0]),
        )
        for name in ("fake", "real")
    )
    return Kinds(tuple(arrays["blocks"].tolist()), fake, real)


def _load(version: ModelVersion, settings: Settings) -> Arrays:
    try:
        return load_arrays(settings.artifact_dir, version.weights)
    except ArtifactDamagedError as error:
        raise UnavailableError(
            f"The weights of version {version.number} cannot be read. The log names the file.",
            detail=f"{error}.",
        ) from error


def _named(arrays: Arrays, prefix: str) -> Arrays:
    """Those arrays whose names start so, without the prefix."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _concept_head(arrays: Arrays, projection: Projection | None) -> ConceptHead:
    mean, scale, direction = (_tensor(arrays, name) for name in ("mean", "scale", "weight"))
    evidence = LinearEvidence(
        mean,
        scale,
        direction,
        smoothing=float(arrays["smoothing"][0]),
        projection=projection,
    )
    dictionary = ConceptDictionary(
        _tensor(arrays, "concept_mean"),
        _tensor(arrays, _CENTRES),
        float(arrays["temperature"][0]),
    )
    weight = _tensor(arrays, "logit_weight")
    return ConceptHead(
        evidence,
        dictionary,
        torch.ones_like(weight),
        weight,
        float(arrays[_BIAS][0]),
        _windows(arrays),
    )


def _windows(arrays: Arrays) -> WindowEvidence | None:
    own = _named(arrays, _WINDOWS)
    if not own:
        return None
    numbers = {name: float(own[name][0]) for name in _OF_WINDOWS}
    return WindowEvidence(tuple(own["blocks"].tolist()), _tensor(own, "weight"), **numbers)


def _relu_head(arrays: Arrays, projection: Projection | None) -> DistilledHead:
    mean, scale, weight, bias, logit_weight = (_tensor(arrays, name) for name in _TENSORS)
    return DistilledHead(
        mean,
        scale,
        weight,
        bias,
        logit_weight,
        logit_bias=float(arrays[_BIAS][0]),
        projection=projection,
    )


def _tensor(arrays: Arrays, name: str) -> torch.Tensor:
    return torch.from_numpy(arrays[name])


def _of_fold(final: ConceptHead | DistilledHead, fold: int, arrays: Arrays) -> Head:
    start = f"{_FOLD}{fold}_"
    own = {
        name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)
    }
    bias = float(own[_BIAS][0])
    if isinstance(final, ConceptHead):
        evidence = replace(final.evidence, weight=_tensor(own, "weight"))
        return replace(
            final,
            evidence=evidence,
            gain=_tensor(own, "gain"),
            logit_bias=bias,
            windows=_windows(own),
        )
    weight, relu_bias = (_tensor(own, name) for name in _OF_FOLD)
    return replace(final, weight=weight, bias=relu_bias, logit_bias=bias)


def projection_arrays(projection: Projection) -> Arrays:
    """A projection as the arrays of an artifact."""
    arrays: Arrays = {"mean": projection.mean.numpy(), "scale": projection.scale.numpy()}
    return arrays | {
        f"{_BLOCK}{index:03}": block.numpy() for index, block in enumerate(projection.weights)
    }


def projection_of(arrays: Arrays) -> Projection:
    """The projection that these arrays were made of."""
    blocks = sorted(name for name in arrays if name.startswith(_BLOCK))
    mean, scale, *weights = (torch.from_numpy(arrays[name]) for name in ("mean", "scale", *blocks))
    return Projection(mean, scale, tuple(weights))
