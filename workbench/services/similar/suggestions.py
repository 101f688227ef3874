"""Words of the vocabulary that are nearest to what dimensions and patterns show: suggestions.

For encoders with a text tower alone. The run keeps a direction of each dimension and pattern in the
joint space; words are ranked by it then, and again when somebody edits the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import structlog
from sqlalchemy import select

from workbench.analysis.nearest_words import nearest_words
from workbench.services.errors import UnavailableError
from workbench.services.review.vocabulary import vocabulary
from workbench.services.similar.search import text_tower_of
from workbench.store.database import session, transaction
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.results import Pattern
from workbench.store.versions import ActiveVersion, ModelVersion

if TYPE_CHECKING:
    from workbench.analysis.encoders.protocol import TextTower

SUGGESTED = 3
PROMPT = "a photo of {}"

log = structlog.get_logger()


def suggest(version_id: int, tower: TextTower) -> None:
    """Rank the vocabulary for each described dimension and pattern of a version, and keep it.

    Raises EncoderUnavailableError where there is no tokenizer.
    """
    words = vocabulary().words
    session().rollback()
    texts = [PROMPT.format(each) for each in words]
    vectors = tower.encode_text(texts).numpy().astype(np.float64) if texts else None
    with transaction() as write:
        for rows in (
            write.scalars(
                select(DimensionDescription).where(
                    DimensionDescription.version_id == version_id,
                )
            ).all(),
            write.scalars(
                select(PatternDescription)
                .join(Pattern, Pattern.id == PatternDescription.pattern_id)
                .where(Pattern.version_id == version_id)
            ).all(),
        ):
            _keep(rows, words, vectors)


def _keep(
    rows: Sequence[DimensionDescription] | Sequence[PatternDescription],
    words: Sequence[str],
    vectors: np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None,
) -> None:
    having = [row for row in rows if row.direction is not None]
    if vectors is None or not having:
        ranked: list[list[int]] = [[] for _row in having]
    else:
        directions = np.array([row.direction for row in having], np.float64)
        ranked = nearest_words(directions, vectors, SUGGESTED)
    for row, found in zip(having, ranked, strict=True):
        row.suggested = [words[each] for each in found]


def suggest_again() -> int:
    """Rank the vocabulary anew for the active versions; returns for how many it was done."""
    from workbench.analysis.encoders.protocol import EncoderUnavailableError  # noqa: PLC0415 - loads torch

    versions = session().scalars(
        select(ModelVersion)
        .join(ActiveVersion, ActiveVersion.version_id == ModelVersion.id)
        .where(
            ModelVersion.id.in_(
                select(DimensionDescription.version_id).where(
                    DimensionDescription.suggested.is_not(None)
                )
            )
        )
        .order_by(ModelVersion.id)
    )
    done = 0
    for version in versions.all():
        try:
            suggest(version.id, text_tower_of(version))
        except (UnavailableError, EncoderUnavailableError) as error:
            log.info("no suggestions", version=version.id, reason=str(error))
        else:
            done += 1
    return done
