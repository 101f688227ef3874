"""Lay a version's images out by content and by evidence, starting from its parent's layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import delete, insert

from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.layout.mixtures import BY_CONTENT, LAYOUTS, Mixture
from workbench.analysis.layout.representation import principal_components, represent
from workbench.analysis.layout.umap import ParentLayout, lay_out
from workbench.config import Settings
from workbench.services.encoding.content import content_of
from workbench.services.encoding.encode import encode_missing
from workbench.services.encoding.registry import encoder_of
from workbench.services.errors import UnavailableError
from workbench.services.models.arrays import all_activations
from workbench.services.models.encoders import encoder_of_version
from workbench.services.models.scores import Scores, layouts_of
from workbench.services.models.versions import trained_version
from workbench.services.models.weights import load_heads
from workbench.services.progress import Progress
from workbench.store.chunks import change_in_chunks, write_in_chunks
from workbench.store.database import session
from workbench.store.results import Placement
from workbench.store.versions import ModelVersion

STAGE = "Computing layout"
log = structlog.get_logger()


@dataclass(frozen=True)
class _Evidence:
    """What each dimension contributes to the logit, of the images that a version scored."""

    image_ids: NDArray[np.int64]
    evidence: NDArray[np.float64]
    """(image, K)."""


def write_layouts(
    version_id: int, scores: Scores, encoder: Encoder, settings: Settings, progress: Progress
) -> Scores:
    """The scores with every layout, written in chunks.

    A layout that is there is kept; one that was written in part is computed again.
    """
    missing = [name for name, each in scores.layouts.items() if np.isnan(each).any()]
    progress.advance(0, len(LAYOUTS), STAGE)
    if missing:
        version = session().get_one(ModelVersion, version_id)
        components = _components(version.collection_id, scores.image_ids, encoder, settings)
        own = _evidence(version, scores.image_ids, scores.activations, settings)
        parent = _Parent.of(version, scores.image_ids, settings)
        made = dict(scores.layouts)
        for name in missing:
            mixture = LAYOUTS[name]
            made[name] = lay_out(
                represent(components, own.evidence, mixture),
                seed=settings.seed,
                parent=(
                    parent.layout(name, components, scores.image_ids, mixture) if parent else None
                ),
            )
            write_placements(version_id, name, scores.image_ids, made[name])
            progress.advance(len(LAYOUTS) - len(missing) + missing.index(name), len(LAYOUTS), STAGE)
        scores = replace(scores, layouts=made)
    progress.advance(len(LAYOUTS), len(LAYOUTS), STAGE)
    return scores


@dataclass(frozen=True)
class Placed:
    """Images by what they show alone, and the encoder that saw it."""

    image_ids: NDArray[np.int64]
    """Ascending; without those that have no embedding and can get none."""
    coordinates: NDArray[np.float64]
    encoder: str
    fingerprint: str


def place_by_content(
    collection_id: int, image_ids: Sequence[int], settings: Settings, progress: Progress
) -> Placed:
    """Place images by content: where the trained version has them, else laid out anew.

    So the same image lies in the same cell, whoever's scores are shown. Images that have no
    embedding are encoded.
    """
    trained = trained_version(collection_id)
    ids = np.array(image_ids, np.int64)
    known = np.full((len(ids), 2), np.nan)
    if trained is not None:
        known = layouts_of(trained.id, ids)[BY_CONTENT]
        if not np.isnan(known).any():
            return Placed(ids, known, trained.encoder, trained.encoder_fingerprint)
    encoder = encoder_of_version(trained, settings) if trained else encoder_of(settings)
    session().rollback()
    encode_missing(collection_id, encoder, settings, progress)
    progress.advance(0, 1, STAGE)
    embedded, content = content_of(collection_id, encoder, settings)
    seen = np.isin(ids, embedded)
    components = principal_components(
        content[np.searchsorted(embedded, ids[seen])], seed=settings.seed
    )
    coordinates = lay_out(
        represent(components, np.zeros((len(components), 0)), LAYOUTS[BY_CONTENT]),
        seed=settings.seed,
        parent=ParentLayout(known[seen]) if trained else None,
    )
    progress.advance(1, 1, STAGE)
    return Placed(ids[seen], coordinates, encoder.name, encoder.fingerprint)


def _components(
    collection_id: int, image_ids: NDArray[np.int64], encoder: Encoder, settings: Settings
) -> NDArray[np.float64]:
    """Principal components of what these images show."""
    known, content = content_of(collection_id, encoder, settings)
    own = content[np.searchsorted(known, image_ids)]
    return np.asarray(principal_components(own, seed=settings.seed), np.float64)


def _evidence(
    version: ModelVersion,
    image_ids: NDArray[np.int64],
    activations: NDArray[np.float32],
    settings: Settings,
) -> _Evidence:
    weight = load_heads(version, settings).final.logit_weight.double().numpy()
    return _Evidence(image_ids, np.asarray(activations * weight, np.float64))


@dataclass(frozen=True)
class _Parent:
    """The version that a retrain started from: its layouts, and what they were computed from."""

    layouts: Mapping[str, NDArray[np.float64]]
    """Of the new version's images."""
    known: _Evidence | None
    """None where the content was another encoder's, or a file is lost."""

    @classmethod
    def of(
        cls, version: ModelVersion, image_ids: NDArray[np.int64], settings: Settings
    ) -> _Parent | None:
        if version.parent_id is None:
            return None
        parent = session().get_one(ModelVersion, version.parent_id)
        layouts = layouts_of(parent.id, image_ids)
        if parent.encoder_fingerprint != version.encoder_fingerprint:
            return cls(layouts, None)
        try:
            known = _evidence(parent, *all_activations(parent.id, settings), settings)
        except UnavailableError:
            log.warning("parent's results lost, laid out anew", version=version.id)
            return cls(layouts, None)
        return cls(layouts, known)

    def layout(
        self,
        name: str,
        components: NDArray[np.float64],
        image_ids: NDArray[np.int64],
        mixture: Mixture,
    ) -> ParentLayout:
        coordinates = self.layouts[name]
        if self.known is None:
            return ParentLayout(coordinates)
        _common, new, old = np.intersect1d(image_ids, self.known.image_ids, return_indices=True)
        then = represent(components[new], self.known.evidence[old], mixture)
        representation = np.full((len(image_ids), then.shape[1]), np.nan)
        representation[new] = then
        return ParentLayout(coordinates, representation)


def write_placements(
    version_id: int, name: str, image_ids: NDArray[np.int64], coordinates: NDArray[np.float64]
) -> None:
    """Write one layout of a version afresh, in chunks."""
    rows = [
        {"version_id": version_id, "layout": name, "image_id": int(image_id), "x": x, "y": y}
        for image_id, (x, y) in zip(image_ids, coordinates.tolist(), strict=True)
    ]
    own = (Placement.version_id == version_id) & (Placement.layout == name)
    change_in_chunks(delete(Placement), Placement.image_id, own)
    write_in_chunks(rows, lambda write, chunk: write.execute(insert(Placement), chunk))
