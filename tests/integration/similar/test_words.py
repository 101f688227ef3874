"""Words and images are compared in the joint space of a real, if random, pair of towers."""

from __future__ import annotations

import numpy as np
import open_clip
import pytest
import torch
from torch.nn.functional import normalize

from tests.support.made_up import made_up_version
from workbench.analysis.encoders.open_clip import from_model
from workbench.analysis.encoders.transformer import TransformerEncoder
from workbench.config import Settings
from workbench.services.encoding import registry
from workbench.services.encoding.encode import embeddings_of, encode_missing
from workbench.services.errors import UnavailableError
from workbench.services.pipeline.scoring import score
from workbench.services.progress import Silent
from workbench.services.similar.search import of_image, of_text, why_no_text
from workbench.store.database import transaction
from workbench.store.versions import ModelVersion, TrainingRun


def tokenize(texts: list[str]) -> torch.Tensor:
    """Made up: the letters' numbers, the end of the text last."""
    rows = [[ord(each) % 30 for each in text[:7]] + [31] for text in texts]
    return torch.tensor([row + [0] * (8 - len(row)) for row in rows])


def unreadable(_texts: list[str]) -> torch.Tensor:
    raise OSError("no network")


def clip(monkeypatch: pytest.MonkeyPatch, **given: object) -> TransformerEncoder:
    """A small CLIP as the installation's encoder, with the features that it has by default."""
    torch.manual_seed(0)
    model = open_clip.CLIP(
        embed_dim=24,
        vision_cfg={
            "layers": 2,
            "width": 64,
            "head_width": 16,
            "patch_size": 8,
            "image_size": 32,
        },
        text_cfg={"context_length": 8, "vocab_size": 32, "width": 16, "heads": 2, "layers": 1},
    ).eval()
    found = from_model(model, name="open_clip:small@made-up", **given)  # type: ignore[arg-type]
    monkeypatch.setattr(registry, "load_encoder", lambda _name, **_places: found)
    registry._loaded.cache_clear()
    return found


def finished_version(collection_id: int, encoder: TransformerEncoder, settings: Settings) -> int:
    encode_missing(collection_id, encoder, settings, Silent())
    version_id = made_up_version(collection_id, encoder, settings)
    with transaction() as current:
        version = current.get_one(ModelVersion, version_id)
        version.relevance = settings.method
        current.add(
            TrainingRun(
                collection_id=collection_id,
                trigger="request",
                state="succeeded",
                version_id=version_id,
            )
        )
    score(version_id, encoder, settings, Silent())
    return version_id


def test_words_find_the_images_nearest_to_them(
    imported: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = clip(monkeypatch, tokenize=tokenize)
    version_id = finished_version(imported, encoder, settings)
    tower = encoder.text_tower
    assert tower is not None
    assert tower.joint_slice != slice(0, encoder.dimension)
    ids, embedding = embeddings_of(imported, encoder, settings)
    joint = normalize(embedding[:, tower.joint_slice], dim=-1)

    assert why_no_text(version_id) is None
    for text in ("smile", "glare"):
        cosines = (joint @ normalize(tower.encode_text([text]), dim=-1)[0]).numpy()
        found = of_text(version_id, text, 5)

        assert [each.similarity for each in found] == pytest.approx(
            np.sort(cosines)[::-1][:5], abs=2e-3
        )
        assert {each.card.id for each in found} <= set(ids)
    assert len(of_image(version_id, ids[0])) == 8


def test_a_tokenizer_that_cannot_be_had_is_said_so(
    imported: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    version_id = finished_version(imported, clip(monkeypatch, tokenize=unreadable), settings)

    with pytest.raises(UnavailableError, match="The log says why") as refused:
        of_text(version_id, "smile")
    assert "no network" in refused.value.detail


def test_an_encoder_without_its_text_tower_reads_no_text(
    imported: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    version_id = finished_version(imported, clip(monkeypatch), settings)

    assert "no text tower" in (why_no_text(version_id) or "")
    with pytest.raises(UnavailableError, match="no text tower"):
        of_text(version_id, "smile")
