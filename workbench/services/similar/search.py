"""What is nearest: images to an image, pixel groups to a pixel group, images to words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload

from workbench.analysis.neighbours import unit
from workbench.analysis.regions.pixel_groups import KEPT_AT_MOST
from workbench.config import shown_encoder
from workbench.services import app_settings
from workbench.services.errors import InvalidError, NotFoundError, UnavailableError
from workbench.services.explore.cards import ImageCard, cards_of
from workbench.services.models.versions import finished_version
from workbench.services.similar.on_demand import opened
from workbench.store.artifacts import Artifact, ArtifactDamagedError, load_rows
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Embedding, EmbeddingShard, PixelGroup, Prediction
from workbench.store.versions import ModelVersion

if TYPE_CHECKING:
    from workbench.analysis.encoders.protocol import TextTower

MOST = 48
LONGEST_WORDS = 200
PACKAGED = "packaged"


@dataclass(frozen=True)
class GroupCard:
    """A pixel group in a grid. Its contribution is in logits; + toward fake."""

    id: int
    number: int
    contribution: float


@dataclass(frozen=True)
class Neighbour:
    """An image, or one of its pixel groups, that is like what was asked for.

    similarity: the cosine, in [-1, 1]; 1 is the same direction.
    group: the pixel group that is alike; None where the image as a whole is.
    """

    card: ImageCard
    similarity: float
    group: GroupCard | None = None


def of_image(version_id: int, image_id: int, limit: int = 8) -> tuple[Neighbour, ...]:
    """The version's images most like one of them as the encoder sees them, without itself.

    Raises NotFoundError where the version has not scored it, UnavailableError where its embedding
    is lost or the index is not there yet.
    """
    version = finished_version(version_id)
    row = (
        session()
        .execute(
            select(Artifact, Embedding.row)
            .select_from(Prediction)
            .join(Image, Image.id == Prediction.image_id)
            .outerjoin(
                Embedding,
                and_(
                    Embedding.pixel_hash == Image.pixel_hash,
                    Embedding.encoder_fingerprint == version.encoder_fingerprint,
                ),
            )
            .outerjoin(EmbeddingShard, EmbeddingShard.id == Embedding.shard_id)
            .outerjoin(Artifact, Artifact.id == EmbeddingShard.artifact_id)
            .where(Prediction.version_id == version_id, Prediction.image_id == image_id)
        )
        .tuples()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(gettext("This version has no prediction for this image."))
    artifact, embedding_row = row
    vector = _row(artifact, "embedding", embedding_row)
    index = opened(version, "images", app_settings.settings())
    if index.space is None:
        raise AssertionError("images are indexed in a space of their own")
    limit = _bounded(limit)
    found = index.nearest(index.space.transform(vector[None])[0], limit + 1)
    others = [(each, cosine) for each, cosine in found if each != image_id][:limit]
    by_id = _cards(version_id, (each for each, _cosine in others))
    return tuple(Neighbour(by_id[each], cosine) for each, cosine in others if each in by_id)


def of_group(version_id: int, group_id: int, limit: int = 8) -> tuple[Neighbour, ...]:
    """Pixel groups of other images, one each, that are the most alike in what they do and show.

    Empty where the group has no direction, as it contributes nothing. Raises NotFoundError where
    the version has no such group, UnavailableError where its direction is lost or the index is not
    there yet.
    """
    version = finished_version(version_id)
    group, prediction = _group(version_id, group_id)
    vector = _row(prediction.shard.artifact, "directions", prediction.row)[group.number]
    if not vector.any():
        return ()
    index = opened(version, "groups", app_settings.settings())
    limit = _bounded(limit)
    # Each image may have so many groups before those of the next.
    found = index.nearest(unit(vector[None])[0], (limit + 1) * KEPT_AT_MOST)
    groups = {
        each.id: each
        for each in session().scalars(
            select(PixelGroup).where(
                PixelGroup.version_id == version_id, PixelGroup.id.in_([key for key, _ in found])
            )
        )
    }
    best: dict[int, tuple[PixelGroup, float]] = {}
    for key, cosine in found:
        like = groups.get(key)
        if like is not None and like.image_id != group.image_id:
            best.setdefault(like.image_id, (like, cosine))
    chosen = list(best.items())[:limit]
    by_id = _cards(version_id, (image_id for image_id, _ in chosen))
    return tuple(
        Neighbour(by_id[image_id], cosine, _group_card(like))
        for image_id, (like, cosine) in chosen
        if image_id in by_id
    )


def of_text(version_id: int, text: str, limit: int = 8) -> tuple[Neighbour, ...]:
    """The version's images that lie nearest to these words in the encoder's joint space.

    Raises InvalidError for no words, UnavailableError where the encoder reads none, cannot be had,
    or the index is not there yet.
    """
    from workbench.analysis.encoders.protocol import EncoderUnavailableError  # noqa: PLC0415 - loads torch

    text = text.strip()
    if not text:
        raise InvalidError(gettext("Enter a text to search for."))
    if len(text) > LONGEST_WORDS:
        raise InvalidError(
            gettext(
                "The text query can have at most %(longest)s characters.", longest=LONGEST_WORDS
            )
        )
    version = finished_version(version_id)
    tower = text_tower_of(version)
    index = opened(version, "words", app_settings.settings(), part=tower.joint_slice)
    try:
        vector = tower.encode_text([text]).numpy().astype(np.float32)
    except EncoderUnavailableError as error:
        raise UnavailableError(
            gettext("Text search failed. The log says why."), detail=f"{error}."
        ) from error
    found = index.nearest(unit(vector)[0], _bounded(limit))
    by_id = _cards(version_id, (each for each, _cosine in found))
    return tuple(Neighbour(by_id[each], cosine) for each, cosine in found if each in by_id)


def why_no_text(version_id: int) -> str | None:
    """Why images cannot be looked for by words under a version, for people; None where they can."""
    try:
        text_tower_of(finished_version(version_id))
    except UnavailableError as error:
        return str(error)
    return None


def image_card(version_id: int, image_id: int) -> ImageCard:
    """An image as it is asked about. Raises NotFoundError."""
    finished_version(version_id)
    found = _cards(version_id, (image_id,))
    if image_id not in found:
        raise NotFoundError(gettext("This version has no prediction for this image."))
    return found[image_id]


def group_card(version_id: int, group_id: int) -> tuple[GroupCard, ImageCard]:
    """A pixel group as it is asked about, and its image. Raises NotFoundError."""
    finished_version(version_id)
    group, _prediction = _group(version_id, group_id)
    return _group_card(group), image_card(version_id, group.image_id)


def text_tower_of(version: ModelVersion) -> TextTower:
    """The text tower of a version's encoder. Raises UnavailableError where there is none."""
    refusal = gettext(
        "The encoder of this version, %(encoder)s, has no text tower: no text search.",
        encoder=shown_encoder(version.encoder),
    )
    if version.encoder == PACKAGED:  # known without loading it
        raise UnavailableError(refusal)
    from workbench.services.models.encoders import encoder_of_version  # noqa: PLC0415 - loads torch

    tower = encoder_of_version(version, app_settings.settings()).text_tower
    if tower is None:
        raise UnavailableError(refusal)
    return tower


def _group(version_id: int, group_id: int) -> tuple[PixelGroup, Prediction]:
    row = (
        session()
        .execute(
            select(PixelGroup, Prediction)
            .join(
                Prediction,
                and_(
                    Prediction.version_id == PixelGroup.version_id,
                    Prediction.image_id == PixelGroup.image_id,
                ),
            )
            .options(joinedload(Prediction.shard))
            .where(PixelGroup.version_id == version_id, PixelGroup.id == group_id)
        )
        .tuples()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(gettext("Pixel group not found in this version."))
    return row


def _group_card(group: PixelGroup) -> GroupCard:
    return GroupCard(group.id, group.number, group.contribution)


def _row(artifact: Artifact | None, name: str, row: int) -> NDArray[np.float32]:
    if artifact is None:
        raise UnavailableError(
            gettext("The embedding of this image is missing. Retrain to compute it again.")
        )
    try:
        found = load_rows(app_settings.settings().artifact_dir, artifact, name, row)
    except ArtifactDamagedError as error:
        raise UnavailableError(
            gettext("The vector of this image is missing or damaged. Retrain to compute it again."),
            detail=f"{error}.",
        ) from error
    return found.astype(np.float32)


def _cards(version_id: int, image_ids: Iterable[int]) -> dict[int, ImageCard]:
    """Cards by image id, of those that the version has scored; two queries."""
    return {each.id: each for each in cards_of(version_id, list(image_ids))}


def _bounded(limit: int) -> int:
    return min(max(limit, 1), MOST)
