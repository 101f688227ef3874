"""Words are suggested by a real, if random, pair of towers, and by no other encoder."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from tests.integration.similar.test_words import clip, finished_version, tokenize, unreadable
from workbench.analysis.encoders.transformer import TransformerEncoder
from workbench.analysis.nearest_words import nearest_words
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.describing.describe import describe
from workbench.services.describing.of_words import suggest_words
from workbench.services.explore.descriptions import dimension_views
from workbench.services.models.arrays import logit_weights_of
from workbench.services.models.scores import load_scores
from workbench.services.progress import Silent
from workbench.services.review.vocabulary import save_vocabulary, vocabulary
from workbench.services.similar.suggestions import PROMPT, SUGGESTED, suggest_again
from workbench.store.database import session, transaction
from workbench.store.descriptions import DimensionDescription
from workbench.store.versions import ActiveVersion


def described(collection_id: int, encoder: TransformerEncoder, settings: Settings) -> int:
    version_id = finished_version(collection_id, encoder, settings)
    describe(
        version_id,
        load_scores(version_id, settings),
        logit_weights_of(version_id, settings),
        encoder.grid,
        settings,
        Silent(),
    )
    with transaction() as write:
        write.add(ActiveVersion(collection_id=collection_id, version_id=version_id))
    suggest_words(version_id, encoder, settings)
    return version_id


def rows_of(version_id: int) -> list[DimensionDescription]:
    return list(
        session().scalars(
            select(DimensionDescription)
            .where(DimensionDescription.version_id == version_id)
            .order_by(DimensionDescription.dimension)
        )
    )


def nearest(version_id: int, encoder: TransformerEncoder) -> list[tuple[str, ...]]:
    words = vocabulary().words
    assert encoder.text_tower is not None
    vectors = encoder.text_tower.encode_text([PROMPT.format(each) for each in words])
    directions = np.array([each.direction for each in rows_of(version_id) if each.direction])
    ranked = nearest_words(directions, vectors.double().numpy(), SUGGESTED)
    return [tuple(words[each] for each in found) for found in ranked]


def test_words_nearest_to_what_shows_a_dimension_are_suggested_and_follow_the_vocabulary(
    imported: int, settings: Settings, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = clip(monkeypatch, tokenize=tokenize)
    version_id = described(imported, encoder, settings)

    views = [each for each in dimension_views(version_id) if each.strongest]
    assert views
    assert [each.suggested for each in views] == nearest(version_id, encoder)
    assert any(each.suggested for each in views)

    save_vocabulary(ada.id, "zebra\nbrick\nsky", 0)
    assert suggest_again() == 1

    views = [each for each in dimension_views(version_id) if each.strongest]
    assert [each.suggested for each in views] == nearest(version_id, encoder)
    assert {word for each in views for word in each.suggested} <= {"zebra", "brick", "sky"}

    save_vocabulary(ada.id, "", vocabulary().revision)
    suggest_again()
    assert {each.suggested for each in dimension_views(version_id)} == {()}


def test_without_a_tokenizer_nothing_is_suggested_and_the_run_goes_on(
    imported: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    version_id = described(imported, clip(monkeypatch, tokenize=unreadable), settings)

    assert {each.suggested for each in dimension_views(version_id)} == {()}
    assert any(each.direction for each in rows_of(version_id))


@pytest.mark.analysed
def test_without_a_text_tower_there_is_no_direction_and_nothing_to_suggest(
    version_id: int,
) -> None:
    assert {(each.direction, each.suggested) for each in rows_of(version_id)} == {(None, None)}
    assert suggest_again() == 0
