"""A collection's projection is trained once, kept, and stands before the next distiller."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest
import torch
from click.testing import CliRunner
from sqlalchemy import func, select

from tests.support.fake_encoder import FakeEncoder
from tests.support.working import analyse
from workbench.analysis.spelling.projection import same_projection
from workbench.analysis.spelling.train import train_projection
from workbench.cli import context, main
from workbench.config import Settings
from workbench.services.errors import NotFoundError
from workbench.services.models.weights import load_heads
from workbench.services.progress import Silent
from workbench.services.training import projection, train
from workbench.services.training.projection import WORDS, project, projection_for, projection_wanted
from workbench.store.artifacts import Artifact
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.versions import ActiveVersion, StoredProjection


class EndsAt:
    """A Progress that a person ends at one stage."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def advance(self, done: int, _total: int, stage: str) -> None:
        if stage == self._stage and done == 2:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = partial(train_projection, steps=5)
    monkeypatch.setattr(projection, "train_projection", quick)
    monkeypatch.setattr(projection, "TRAINING_IMAGES", 12)


def rows() -> int:
    found = session().scalar(select(func.count()).select_from(StoredProjection))
    session().rollback()
    return found or 0


def test_it_is_trained_on_images_that_are_not_held_out(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    report = project("pictures", settings, Silent())

    held_out = session().scalar(
        select(func.count())
        .select_from(Image)
        .where(Image.collection_id == imported, Image.held_out.is_(True))
    )
    assert report.made
    assert (report.features, report.dimensions, report.terms) == (12, 6, "image-only")
    assert (report.images, report.words, report.proof_images) == (12, WORDS, held_out)
    assert report.recall_before is not None
    assert report.recall_after is not None
    assert 0 <= report.recall_after <= 1


def test_the_second_time_it_is_found_and_nothing_is_encoded(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    first = project("pictures", settings, Silent())
    encoded = encoder.encoded
    second = project("pictures", settings, Silent())

    assert encoder.encoded == encoded
    assert not second.made
    assert second.recall_after == first.recall_after
    assert rows() == 1


def test_again_trains_a_new_one_which_is_then_the_one(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    project("pictures", settings, Silent())
    other = settings.model_copy(update={"seed": 5})
    before = projection_for(imported, encoder, settings)
    report = project("pictures", other, Silent(), again=True)
    after = projection_for(imported, encoder, settings)

    assert report.made
    assert rows() == 2
    assert before is not None
    assert after is not None
    assert not torch.equal(before.weights[0], after.weights[0])


@pytest.mark.parametrize("stage", ["Writing words on images", "Training the projection"])
def test_one_that_is_cut_short_leaves_nothing_and_can_be_made_later(
    imported: int, settings: Settings, encoder: FakeEncoder, stage: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        project("pictures", settings, EndsAt(stage))

    assert rows() == 0
    assert not list((settings.artifact_dir).glob("projection/**/*.safetensors"))
    assert project("pictures", settings, Silent()).made


def test_a_lost_file_is_made_again(imported: int, settings: Settings, encoder: FakeEncoder) -> None:
    project("pictures", settings, Silent())
    path = session().scalar(select(Artifact.path).where(Artifact.kind == "projection"))
    session().rollback()
    assert path is not None
    (settings.artifact_dir / path).unlink()

    assert projection_for(imported, encoder, settings) is None
    assert project("pictures", settings, Silent()).made


def test_another_encoders_projection_is_not_taken(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    project("pictures", settings, Silent())
    encoder.fingerprint = "1" * 32

    assert projection_for(imported, encoder, settings) is None


def test_an_unknown_collection_is_said_so(imported: int, settings: Settings) -> None:
    with pytest.raises(NotFoundError):
        project("nothing", settings, Silent())


def test_switched_on_it_stands_before_the_distiller_and_in_the_versions_weights(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    on = settings.model_copy(update={"projection": "on"})

    assert analyse(imported, on) == "succeeded"

    version = session().get_one(ActiveVersion, imported).version
    kept = load_heads(version, on).final.evidence.projection
    stored = projection_for(imported, encoder, on)
    assert version.metrics["projected_to"] == 6
    assert kept is not None
    assert stored is not None
    assert same_projection(kept, stored)
    # A retrain starts from it behind the same projection only.
    parent = partial(train._parent, version.id, encoder, settings=on)
    assert parent(projection=kept) is version
    assert parent(projection=None) is None
    assert parent(projection=replace(kept, scale=2 * kept.scale)) is None


def test_switched_off_none_is_made_and_none_is_taken(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    off = settings.model_copy(update={"projection": "off"})

    assert projection_wanted(imported, encoder, off, Silent()) is None
    assert rows() == 0
    project("pictures", off, Silent())
    assert projection_wanted(imported, encoder, off, Silent()) is None


def test_the_command_prints_one_object(
    imported: int, settings: Settings, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "read_settings", lambda: settings)

    done = CliRunner().invoke(main, ["project", "--collection", "pictures", "--json"])

    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["collection"] == "pictures"
    assert report["made"] is True
    assert set(report) >= {"recall_before", "recall_after", "terms", "dimensions"}
