"""A takedown removes a picture wherever it is, and nothing brings it back."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from tests.integration.removal.conftest import NOTE, REASON, Left
from tests.support.traces import in_files, in_rows
from tests.support.working import retrain
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.explore import patterns
from workbench.services.explore.filters import Selection, choose
from workbench.services.image import media
from workbench.services.imports.run import import_images
from workbench.services.models.arrays import rows_of
from workbench.services.models.scores import load_scores
from workbench.services.pipeline.cells import write_cells
from workbench.services.progress import Silent
from workbench.services.removal.images import plan_image, remove_image
from workbench.services.review import tags
from workbench.services.runs import queue
from workbench.services.similar import search
from workbench.services.sources.labels import LabelNames
from workbench.services.sources.options import SourceOptions
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session, transaction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Tagging, Verdict
from workbench.store.people import AuditEvent
from workbench.store.removals import Removal, RemovalFile
from workbench.store.results import Cell, Pattern, PixelGroup, Prediction

pytestmark = pytest.mark.analysed

OUTSIDE = ("drawn",)
"""The originals, which are not the workbench's."""


def in_data(settings: Settings, left: Left) -> set[str]:
    return in_files(settings.data_dir, left.words, apart=OUTSIDE)


def cells(version_id: int) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    found = session().execute(select(Cell.__table__).where(Cell.version_id == version_id))
    rows = [dict(each._mapping) for each in found]
    session().rollback()
    return {
        (each["layout"], each["level"], each["row"], each["column"]): each | {"id": 0}
        for each in rows
    }


def test_a_dry_run_counts_what_goes_and_removes_nothing(left: Left, settings: Settings) -> None:
    before = in_rows(left.words), in_data(settings, left)
    scores = session().scalars(select(Prediction).where(Prediction.image_id == left.id)).all()
    groups = session().scalars(select(PixelGroup).where(PixelGroup.image_id == left.id)).all()

    plan = plan_image(left.id, settings)

    assert (plan.name, plan.collections) == (left.name, ("pictures",))
    counts = plan.counts
    assert (counts.images, counts.versions, counts.embeddings) == (1, 1, 1)
    assert (counts.scores, counts.pixel_groups) == (len(scores), len(groups))
    assert (counts.verdicts, counts.notes, counts.tags, counts.drawn) == (1, 2, 2, 1)
    assert counts.work == 6
    # The copy, two thumbnails, the original for the screen, and a crop of each group.
    assert counts.files == 4 + len(groups)
    assert counts.size > 1000
    assert (in_rows(left.words), in_data(settings, left)) == before


def test_after_a_takedown_nothing_of_the_picture_is_left_in_rows_or_files(
    left: Left, settings: Settings, ada: Account
) -> None:
    assert {"image", "embedding", "verdict"} <= {table for table, _word in in_rows(left.words)}
    assert in_data(settings, left)

    remove_image(left.id, ada.id, settings)

    assert in_rows(left.words) == set()
    assert in_data(settings, left) == set()
    with pytest.raises(NotFoundError):
        media.thumbnail(left.id, 96)
    assert session().scalar(select(func.count()).select_from(RemovalFile)) == 0


def test_a_copy_of_the_data_directory_made_afterwards_does_not_hold_it(
    left: Left, settings: Settings, tmp_path: Path
) -> None:
    remove_image(left.id, None, settings)

    backup = shutil.copytree(settings.data_dir, tmp_path / "backup")

    assert in_files(backup, left.words, apart=OUTSIDE) == set()


def test_the_audit_event_says_who_when_and_how_much_but_not_what(
    left: Left, settings: Settings, ada: Account
) -> None:
    counts = remove_image(left.id, ada.id, settings)

    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "image.remove")).one()
    assert (event.user_id, event.subject) == (ada.id, f"image:{left.id}")
    assert event.detail == counts.as_json()
    assert all(isinstance(each, int) for each in event.detail.values())
    assert session().scalars(select(Removal.finished_at)).one() is not None


def test_the_other_images_are_shown_as_before(
    left: Left, version_id: int, settings: Settings
) -> None:
    shard = select(Prediction.shard_id).where(
        Prediction.version_id == version_id, Prediction.image_id == left.id
    )
    beside = (
        session()
        .scalars(
            select(Prediction.image_id).where(
                Prediction.version_id == version_id,
                Prediction.shard_id.in_(shard),
                Prediction.image_id != left.id,
            )
        )
        .all()
    )
    before = {each: rows_of(version_id, each, settings) for each in beside}
    assert before
    near = search.of_image(version_id, beside[0], limit=40)
    assert left.id in {each.card.id for each in near}

    remove_image(left.id, None, settings)

    for each, (activations, maps) in before.items():
        now_activations, now_maps = rows_of(version_id, each, settings)
        np.testing.assert_array_equal(now_activations, activations)
        np.testing.assert_array_equal(now_maps, maps)
    again = search.of_image(version_id, beside[0], limit=40)
    # The space that they are compared in is fitted without it, so the order may change a little.
    assert {each.card.id for each in again} == {each.card.id for each in near} - {left.id}
    assert left.id not in column_store(version_id).image_ids


def test_cells_are_those_that_a_run_would_cut_without_the_image(
    left: Left, version_id: int, settings: Settings
) -> None:
    remove_image(left.id, None, settings)
    found = cells(version_id)

    write_cells(version_id, load_scores(version_id, settings))

    afresh = cells(version_id)
    # A run of one image less may need one level less.
    assert afresh.keys() <= found.keys()
    for at, cell in afresh.items():
        for name, value in cell.items():
            if isinstance(value, float | list):
                np.testing.assert_allclose(found[at][name], value, rtol=1e-4, atol=1e-5)
            elif name != "exemplar_id":
                assert found[at][name] == value, (at, name)
    assert left.id not in {each["exemplar_id"] for each in found.values()}


def test_patterns_are_of_the_images_that_are_left(
    left: Left, version_id: int, settings: Settings
) -> None:
    remove_image(left.id, None, settings)

    found = session().scalars(select(Pattern).where(Pattern.version_id == version_id)).all()
    for each in found:
        members = (
            session().scalars(select(PixelGroup).where(PixelGroup.pattern_id == each.id)).all()
        )
        assert (each.groups, each.images) == (len(members), len({one.image_id for one in members}))
        contributions = [one.contribution for one in members]
        assert each.mean_contribution == pytest.approx(np.mean(contributions))
        assert each.spread_contribution == pytest.approx(np.std(contributions), abs=1e-6)
        profile = np.mean([one.by_dimension for one in members], axis=0)
        assert each.profile == pytest.approx(profile.tolist(), rel=1e-3, abs=1e-5)
    assert len(patterns.patterns(choose(version_id, Selection()))) == len(found)


def test_a_pattern_without_other_members_goes_and_its_tags_are_counted(
    left: Left, version_id: int, settings: Settings, ada: Account
) -> None:
    with transaction() as write:
        group = write.scalars(select(PixelGroup).where(PixelGroup.image_id == left.id)).first()
        assert group is not None
        alone = Pattern(
            version_id=version_id,
            number=999,
            side="fake",
            groups=1,
            images=1,
            mean_contribution=group.contribution,
            spread_contribution=0.0,
            profile=group.by_dimension,
        )
        write.add(alone)
        write.flush()
        group.pattern_id, group.typicality = alone.id, 0.0
        alone_id = alone.id
    tags.tag_pattern(ada.id, alone_id, "Hands")

    counts = remove_image(left.id, ada.id, settings)

    assert (counts.patterns, counts.tags) == (1, 3)
    assert session().get(Pattern, alone_id) is None
    assert session().scalars(select(Tagging)).all() == []


def test_the_collection_counts_one_image_less(
    left: Left, analysed: Workspace, settings: Settings
) -> None:
    before = analysed.collection

    remove_image(left.id, None, settings)

    after = workspace("pictures")
    assert after.collection.images == before.images - 1
    assert after.version is not None
    counted = session().scalar(
        select(func.count()).select_from(Image).where(Image.collection_id == before.id)
    )
    assert after.collection.images == counted


def import_again(settings: Settings, path: Path, **options: Any) -> Any:
    return import_images(
        path,
        collection="again",
        settings=settings,
        progress=Silent(),
        options=SourceOptions(**options),
    )


@pytest.fixture
def folder(left: Left, settings: Settings, tmp_path: Path) -> Path:
    """A folder with a copy of the picture's file, and another picture."""
    label = left.name.split("-")[0]
    source = next(settings.data_dir.glob(f"drawn/pictures/{label}/{left.name}"))
    other = next(each for each in sorted(source.parent.iterdir()) if each != source)
    (tmp_path / "again" / label).mkdir(parents=True)
    shutil.copy(source, tmp_path / "again" / label / "under another name.png")
    shutil.copy(other, tmp_path / "again" / label)
    return tmp_path / "again"


def test_an_import_does_not_bring_it_back_unless_told_so(
    left: Left, settings: Settings, folder: Path
) -> None:
    remove_image(left.id, None, settings)

    report = import_again(settings, folder)

    assert (report.imported, report.rejected) == (1, 1)
    ((_name, reason),) = report.rejections
    assert reason == "was removed from the workbench; --allow-removed takes it again"
    assert in_data(settings, left) == set()

    assert import_again(settings, folder, allow_removed=True).imported == 1
    back = select(Image.pixel_hash).where(Image.content_hash == left.content_hash)
    assert session().scalar(back) == left.pixel_hash
    # It is decided: from now on it is an image like any other.
    assert import_again(settings, folder).rejected == 0


def test_an_import_of_the_single_file_no_longer_names_it(
    left: Left, settings: Settings, folder: Path
) -> None:
    (path,) = folder.rglob("under another name.png")
    import_again(settings, path, labels=LabelNames.of(("real",)))
    assert "import_run" in {table for table, _word in in_rows(["under another name"])}

    remove_image(left.id, None, settings)

    assert in_rows(["under another name"]) == set()


def test_the_id_of_the_newest_image_is_not_given_to_another(
    left: Left, settings: Settings, folder: Path
) -> None:
    import_again(settings, folder)
    newest = session().scalar(select(func.max(Image.id)))
    assert newest is not None
    remove_image(newest, None, settings)

    import_again(settings, folder, allow_removed=True)

    assert (session().scalar(select(func.max(Image.id))) or 0) > newest


def test_the_same_picture_goes_from_all_collections(
    left: Left, settings: Settings, folder: Path
) -> None:
    import_again(settings, folder)
    plan = plan_image(left.id, settings)
    assert (plan.collections, plan.counts.images) == (("again", "pictures"), 2)

    remove_image(left.id, None, settings)

    assert in_rows(left.words) == set()
    assert in_data(settings, left) == set()
    again = session().scalars(select(Collection).where(Collection.name == "again")).one()
    assert again.real + again.fake == 1


def test_it_is_refused_while_a_run_is_queued(
    left: Left, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    queue.request_retrain(ada.id, analysed.collection.id)

    with pytest.raises(ConflictError, match="A run of pictures is queued or running"):
        remove_image(left.id, ada.id, settings)

    assert session().get(Image, left.id) is not None
    assert session().scalars(select(Verdict.reason)).all() == [REASON]
    assert NOTE in {word for _table, word in in_rows(left.words)}


def test_a_retrain_after_a_takedown_works(
    left: Left, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    remove_image(left.id, ada.id, settings)

    assert retrain(ada.id, analysed.collection.id, settings).state == "succeeded"
    assert in_rows(left.words) == set()
    assert in_data(settings, left) == set()
