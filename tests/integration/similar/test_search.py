"""What is nearest in an analysed collection, and the indexes that it is looked up in."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sqlalchemy import delete, select, update

from tests.support.fake_encoder import CHANNELS, FakeEncoder
from tests.support.patience import PATIENCE_S
from tests.support.queries import queries
from tests.support.working import retrain
from workbench.analysis.neighbours import fit_space
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.encoding.encode import embeddings_of
from workbench.services.errors import InvalidError, NotFoundError, UnavailableError
from workbench.services.pipeline.cleanup import sweep
from workbench.services.progress import Cancelled, Silent
from workbench.services.similar import build, index_files, on_demand
from workbench.services.similar.build import make_indexes
from workbench.services.similar.index_files import folder_of, open_index
from workbench.services.similar.search import (
    Neighbour,
    group_card,
    image_card,
    of_group,
    of_image,
    of_text,
    why_no_text,
)
from workbench.services.workspaces import Workspace, workspace
from workbench.store.artifacts import load_rows
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import Embedding, EmbeddingShard, PixelGroup, Prediction
from workbench.store.versions import ModelVersion, TrainingRun

pytestmark = pytest.mark.analysed

Damage = Callable[[Path], None]


class Tower:
    """Reads the first three channels, which are the mean colour, of a colour's name."""

    joint_slice = slice(0, 3)

    def encode_text(self, texts: list[str]) -> torch.Tensor:
        colours = {"red": (1.0, 0, 0), "green": (0, 1.0, 0), "blue": (0, 0, 1.0)}
        return torch.tensor([colours[each] for each in texts])


@pytest.fixture
def reading(encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """The encoder, with a text tower."""
    monkeypatch.setattr(encoder, "text_tower", Tower(), raising=False)
    return encoder


def folder(version_id: int, settings: Settings) -> Path:
    found = folder_of(session().get_one(ModelVersion, version_id), settings)
    session().rollback()
    return found


def ids_of(version_id: int) -> list[int]:
    found = session().scalars(
        select(Prediction.image_id)
        .where(Prediction.version_id == version_id)
        .order_by(Prediction.image_id)
    )
    return list(found)


def groups_of(version_id: int) -> list[PixelGroup]:
    return list(
        session().scalars(
            select(PixelGroup).where(PixelGroup.version_id == version_id).order_by(PixelGroup.id)
        )
    )


def direction(group: PixelGroup, settings: Settings) -> NDArray[np.float64]:
    prediction = session().get_one(Prediction, (group.version_id, group.image_id))
    rows = load_rows(settings.artifact_dir, prediction.shard.artifact, "directions", prediction.row)
    return rows[group.number].astype(np.float64)


def seen(found: tuple[Neighbour, ...]) -> list[tuple[int, float]]:
    return [(each.card.id, round(each.similarity, 6)) for each in found]


def test_the_analysis_leaves_the_indexes_behind(version_id: int, settings: Settings) -> None:
    there = {path.name for path in folder(version_id, settings).iterdir()}

    assert there == {
        "images.usearch",
        "images.safetensors",
        "groups.usearch",
        "groups.safetensors",
    }


def test_an_images_own_vector_is_nearest_to_it(
    analysed: Workspace, version_id: int, settings: Settings, encoder: FakeEncoder
) -> None:
    index = open_index(folder(version_id, settings), "images")
    assert index is not None
    assert index.space is not None
    ids, embedding = embeddings_of(analysed.collection.id, encoder, settings)

    for image_id, vector in zip(ids, index.space.transform(embedding.numpy()), strict=True):
        (first, cosine), *_others = index.nearest(vector, 3)
        assert first == image_id
        assert cosine == pytest.approx(1, abs=1e-3)


def test_the_nearest_images_are_those_of_the_highest_cosine(
    analysed: Workspace, version_id: int, settings: Settings, encoder: FakeEncoder
) -> None:
    ids, embedding = embeddings_of(analysed.collection.id, encoder, settings)
    vectors = embedding.numpy()
    placed = fit_space(vectors, seed=0).transform(vectors)
    cosines = placed @ placed.T - 3 * np.eye(len(ids))

    for place in range(0, len(ids), 5):
        found = of_image(version_id, ids[place], 6)
        assert [each.similarity for each in found] == pytest.approx(
            sorted(cosines[place], reverse=True)[:6], abs=2e-3
        )
        assert ids[place] not in [each.card.id for each in found]
        assert {each.group for each in found} == {None}


def test_the_nearest_groups_are_of_other_images_one_of_each(
    version_id: int, settings: Settings
) -> None:
    groups = groups_of(version_id)
    directions = np.stack([direction(each, settings) for each in groups])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    place = len(groups) // 2
    asked = groups[place]
    best: dict[int, float] = {}
    for each, cosine in zip(groups, directions @ directions[place], strict=True):
        if each.image_id != asked.image_id:
            best[each.image_id] = max(best.get(each.image_id, -1.0), float(cosine))

    found = of_group(version_id, asked.id, 10)

    assert [each.similarity for each in found] == pytest.approx(
        sorted(best.values(), reverse=True)[:10], abs=2e-3
    )
    assert len({each.card.id for each in found}) == 10
    owners = {each.id: each.image_id for each in groups}
    for each in found:
        assert each.group is not None
        assert owners[each.group.id] == each.card.id != asked.image_id


def test_all_other_images_are_found_where_they_are_asked_for(version_id: int) -> None:
    ids = ids_of(version_id)

    assert sorted(each.card.id for each in of_image(version_id, ids[0], 48)) == ids[1:]
    assert len(of_image(version_id, ids[0], 0)) == 1


def test_a_group_without_a_direction_is_like_nothing(
    version_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = groups_of(version_id)[0]
    monkeypatch.setattr(
        "workbench.services.similar.search._row", lambda *_given: np.zeros((8, 4), dtype=np.float32)
    )

    assert of_group(version_id, group.id) == ()


def test_what_was_asked_for_is_told(version_id: int) -> None:
    group = groups_of(version_id)[3]
    card, of = group_card(version_id, group.id)

    assert (card.id, card.number, card.contribution) == (
        group.id,
        group.number,
        group.contribution,
    )
    assert of == image_card(version_id, group.image_id)


def test_another_versions_ids_are_refused(version_id: int) -> None:
    others = workspace("others").version
    assert others is not None
    image_id, group_id = ids_of(others.id)[0], groups_of(others.id)[0].id

    for call in (
        lambda: of_image(version_id, image_id),
        lambda: image_card(version_id, image_id),
        lambda: of_group(version_id, group_id),
        lambda: group_card(version_id, group_id),
        lambda: of_image(999, ids_of(version_id)[0]),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_of_an_unfinished_version_nothing_is_looked_up_or_made(
    version_id: int, settings: Settings
) -> None:
    image_id = ids_of(version_id)[0]
    shutil.rmtree(index_files.root(settings))
    with transaction() as current:
        current.execute(
            update(TrainingRun).where(TrainingRun.version_id == version_id).values(state="running")
        )

    with pytest.raises(NotFoundError):
        of_image(version_id, image_id)
    assert not index_files.root(settings).exists()


def missing(path: Path) -> None:
    path.unlink()


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


@pytest.mark.parametrize("damage", [missing, torn])
@pytest.mark.parametrize("name", ["images.usearch", "images.safetensors"])
def test_an_index_that_is_gone_or_torn_is_made_again(
    version_id: int, settings: Settings, damage: Damage, name: str
) -> None:
    image_id = ids_of(version_id)[0]
    before = seen(of_image(version_id, image_id, 48))
    path = folder(version_id, settings) / name
    content = path.read_bytes()
    damage(path)

    assert seen(of_image(version_id, image_id, 48)) == before
    assert path.read_bytes() == content


def test_deleting_the_whole_cache_is_safe(version_id: int, settings: Settings) -> None:
    group = groups_of(version_id)[0]
    before = seen(of_group(version_id, group.id))
    shutil.rmtree(settings.cache_dir)

    assert seen(of_group(version_id, group.id)) == before


def test_who_asks_while_an_index_is_made_is_told_so_and_finds_it_later(
    version_id: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, made = threading.Event(), threading.Event()
    real = on_demand.make_index
    calls = []

    def slowly(*given: object, **named: object) -> None:
        calls.append(given)
        go_on.wait(PATIENCE_S)
        real(*given, **named)  # type: ignore[arg-type]
        made.set()

    monkeypatch.setattr(on_demand, "make_index", slowly)
    monkeypatch.setattr(on_demand, "PATIENCE_SECONDS", 0.01)
    shutil.rmtree(index_files.root(settings))
    image_id = ids_of(version_id)[0]

    for _ in range(2):
        with pytest.raises(UnavailableError, match="being built"):
            of_image(version_id, image_id)
    go_on.set()

    assert made.wait(PATIENCE_S)
    monkeypatch.setattr(on_demand, "PATIENCE_SECONDS", 30)  # it is checked before it is used
    assert of_image(version_id, image_id)
    assert len(calls) == 1


def test_where_the_embeddings_are_lost_the_page_is_told(
    version_id: int, settings: Settings
) -> None:
    image_id = ids_of(version_id)[0]
    shutil.rmtree(index_files.root(settings))
    lost = session().scalars(
        select(EmbeddingShard)
        .join(Embedding, Embedding.shard_id == EmbeddingShard.id)
        .join(Image, Image.pixel_hash == Embedding.pixel_hash)
        .where(Image.id != image_id)
        .order_by(EmbeddingShard.id.desc())
    )
    path = settings.artifact_dir / lost.first().artifact.path  # type: ignore[union-attr]
    path.unlink()

    for asked in (image_id, ids_of(version_id)[-1]):
        with pytest.raises(UnavailableError, match=r"missing or damaged|could not be built"):
            of_image(version_id, asked)


def test_an_image_whose_embedding_is_forgotten_is_told_so(version_id: int) -> None:
    image_id = ids_of(version_id)[0]
    with transaction() as current:
        pixel_hash = current.get_one(Image, image_id).pixel_hash
        current.execute(delete(Embedding).where(Embedding.pixel_hash == pixel_hash))

    with pytest.raises(UnavailableError, match="missing"):
        of_image(version_id, image_id)


class EndsAt:
    """A Progress that a person ends at one stage."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def advance(self, _done: int, _total: int, stage: str) -> None:
        if stage == self._stage:
            raise Cancelled


def test_making_goes_on_with_the_index_that_was_not_finished(
    version_id: int, settings: Settings, encoder: FakeEncoder
) -> None:
    shutil.rmtree(index_files.root(settings))
    with pytest.raises(Cancelled):
        make_indexes(version_id, encoder, settings, EndsAt("Indexing pixel groups"))
    place = folder(version_id, settings)
    first = (place / "images.usearch").stat().st_mtime_ns
    assert not (place / "groups.usearch").exists()

    make_indexes(version_id, encoder, settings, Silent())

    assert (place / "images.usearch").stat().st_mtime_ns == first
    assert open_index(place, "groups") is not None


def test_of_very_many_groups_the_strongest_are_indexed(
    version_id: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(index_files.root(settings))
    monkeypatch.setattr(build, "MOST_GROUPS", 10)
    group = max(groups_of(version_id), key=lambda each: each.number)
    assert group.number > 0

    found = of_group(version_id, group.id, 48)

    assert {each.group.number for each in found if each.group} == {0}


def test_the_sweep_keeps_the_indexes_of_versions_and_takes_the_others(
    version_id: int, settings: Settings
) -> None:
    place = folder(version_id, settings)
    gone = place.with_name("77-gone")
    shutil.copytree(place, gone)
    left = place / ".images.usearch.f00"
    left.write_bytes(b"half")

    assert sweep(settings).cached == 4
    assert not gone.exists()
    assert left.exists()
    assert sweep(settings, young=timedelta(0)).cached == 1
    assert open_index(place, "images") is not None


def test_a_retrain_indexes_its_own_version(
    analysed: Workspace, version_id: int, settings: Settings, ada: Account
) -> None:
    assert retrain(ada.id, analysed.collection.id, settings).state == "succeeded"
    newer = workspace("pictures").version
    assert newer is not None
    assert newer.id != version_id

    image_id = ids_of(version_id)[0]
    for each in (version_id, newer.id):
        assert open_index(folder(each, settings), "groups") is not None
        assert len(of_image(each, image_id)) == 8


def test_words_find_the_images_that_lie_their_way(
    analysed: Workspace, version_id: int, settings: Settings, reading: FakeEncoder
) -> None:
    ids, embedding = embeddings_of(analysed.collection.id, reading, settings)
    colours = embedding[:, :3].numpy()
    colours /= np.linalg.norm(colours, axis=1, keepdims=True)

    assert why_no_text(version_id) is None
    for name, channel in (("red", 0), ("blue", 2)):
        found = of_text(version_id, name, 5)
        assert [each.similarity for each in found] == pytest.approx(
            sorted(colours[:, channel], reverse=True)[:5], abs=2e-3
        )
    assert embedding.shape[1] == 2 * CHANNELS
    assert {each.card.id for each in found} <= set(ids)


def test_an_encoder_with_a_text_tower_has_its_index_made_by_the_run(
    version_id: int, settings: Settings, reading: FakeEncoder
) -> None:
    make_indexes(version_id, reading, settings, Silent())

    assert open_index(folder(version_id, settings), "words") is not None


def test_without_a_text_tower_words_are_refused_plainly(version_id: int) -> None:
    with pytest.raises(UnavailableError, match="no text tower"):
        of_text(version_id, "a smile")
    assert "no text tower" in (why_no_text(version_id) or "")


def test_the_packaged_encoder_is_not_loaded_to_say_that_it_reads_no_text(
    version_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as current:
        current.get_one(ModelVersion, version_id).encoder = "packaged"
    monkeypatch.setattr("workbench.services.encoding.registry.encoder_of", None)

    assert "no text tower" in (why_no_text(version_id) or "")


def test_another_build_of_the_encoder_is_not_asked(version_id: int, reading: FakeEncoder) -> None:
    reading.fingerprint = "1" * 32

    with pytest.raises(UnavailableError, match="another build"):
        of_text(version_id, "red")


@pytest.mark.parametrize("text", ["", "  ", "x" * 201])
def test_no_words_and_too_many_are_refused(
    version_id: int, reading: FakeEncoder, text: str
) -> None:
    with pytest.raises(InvalidError):
        of_text(version_id, text)


def test_the_nearest_are_asked_for_as_often_whatever_their_number(
    version_id: int, reading: FakeEncoder
) -> None:
    image_id, group_id = ids_of(version_id)[0], groups_of(version_id)[0].id

    for call in (
        lambda limit: of_image(version_id, image_id, limit),
        lambda limit: of_group(version_id, group_id, limit),
        lambda limit: of_text(version_id, "red", limit),
    ):
        few = queries(lambda call=call: call(2))
        assert queries(lambda call=call: call(30)) == few <= 8
