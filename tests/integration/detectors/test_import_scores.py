"""Scores of another detector become a version with scores, a layout and figures, and no more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from sklearn.metrics import accuracy_score, roc_auc_score
from sqlalchemy import func, select

from tests.support.pictures import draw_collection
from tests.support.working import retrain
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.detectors.run import ScoresReport, import_scores
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.explore.filters import Selection, choose
from workbench.services.hygiene.check import check, check_again
from workbench.services.imports.run import import_images
from workbench.services.models.outside import outside_of
from workbench.services.models.versions import activate, trained_version, versions
from workbench.services.pipeline.evaluation import evaluate
from workbench.services.progress import Silent
from workbench.services.removal.check_files import check_files
from workbench.services.removal.images import remove_image
from workbench.services.removal.versions import remove_version
from workbench.services.review.verdicts import give_verdict
from workbench.services.runs import processes, queue, schedules
from workbench.services.runs.requests import run_for_analysis
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import db, session, transaction
from workbench.store.image_files import original_location
from workbench.store.images import Image
from workbench.store.people import AuditEvent
from workbench.store.results import Cell, Pattern, PixelGroup, Placement, Prediction
from workbench.store.versions import CuratedDataset, ModelVersion, TrainingRun

pytestmark = pytest.mark.analysed
Rows = Sequence[tuple[object, object]]
Write = Callable[..., Path]


@pytest.fixture
def images(analysed: Workspace) -> list[Image]:
    found = session().scalars(
        select(Image).where(Image.collection_id == analysed.collection.id).order_by(Image.id)
    )
    return list(found)


def made_up(images: Sequence[Image], seed: int = 3) -> dict[int, float]:
    """The scores of a detector that is right more often than not."""
    random = np.random.default_rng(seed)
    return {
        each.id: round(float(random.beta(5, 2) if each.label == "fake" else random.beta(2, 5)), 6)
        for each in images
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a table with a header and rows."""

    def written(rows: Rows, header: str = "id,p_fake", name: str = "scores.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *(f"{first},{p}" for first, p in rows)]) + "\n")
        return path

    return written


def importing(path: Path, settings: Settings, **given: Any) -> ScoresReport:
    options: dict[str, Any] = {"collection": "pictures", "model": "UnivFD", "columns": {}}
    return import_scores(
        path,
        settings=settings,
        engine=db.engine,
        progress=Silent(),
        **(options | given),
    )


def version_of(report: ScoresReport) -> ModelVersion:
    found = session().scalar(
        select(ModelVersion)
        .where(ModelVersion.number == report.version)
        .order_by(ModelVersion.id.desc())
    )
    assert found is not None
    return found


@pytest.fixture
def imported(
    images: list[Image], write: Write, settings: Settings
) -> tuple[ScoresReport, dict[int, float]]:
    scores = made_up(images)
    return importing(write(list(scores.items())), settings), scores


def test_scores_become_a_version_that_has_them_and_no_maps(
    imported: tuple[ScoresReport, dict[int, float]], images: list[Image]
) -> None:
    report, scores = imported
    version = version_of(report)

    assert (report.version, report.scores, report.rows) == (2, len(images), len(images))
    assert (report.unknown, report.without_score) == (0, 0)
    kept = {
        each.image_id: each
        for each in session().scalars(select(Prediction).where(Prediction.version_id == version.id))
    }
    assert {image_id: each.p for image_id, each in kept.items()} == scores
    for image_id, p in scores.items():
        assert kept[image_id].logit == pytest.approx(np.log(p / (1 - p)))
        assert (
            "called_fake" in kept[image_id].outcome or kept[image_id].outcome == "fake_right"
        ) == (p > 0.5)
    outside = outside_of(version.metrics)
    assert outside is not None
    assert (outside.model, outside.file) == ("UnivFD", "scores.csv")
    for table in (Pattern, PixelGroup):
        assert session().scalar(select(func.count()).where(table.version_id == version.id)) == 0


def test_its_figures_are_those_of_scikit_learn(
    imported: tuple[ScoresReport, dict[int, float]], images: list[Image], analysed: Workspace
) -> None:
    report, scores = imported
    row = versions(analysed.collection.id)[0]
    figures = row.summary.figures

    def expected(chosen: list[Image]) -> tuple[float, float]:
        fake = [each.label == "fake" for each in chosen]
        p = [scores[each.id] for each in chosen]
        return roc_auc_score(fake, p), accuracy_score(fake, [each > 0.5 for each in p])

    held_out = [each for each in images if each.held_out]
    assert (figures.test.auc, figures.test.accuracy) == pytest.approx(expected(held_out))
    assert figures.all_labelled is not None
    assert figures.all_labelled.n == len(images)
    assert (figures.all_labelled.auc, figures.all_labelled.accuracy) == pytest.approx(
        expected(images)
    )
    assert figures.all_labelled.auc_low < figures.all_labelled.auc < figures.all_labelled.auc_high  # type: ignore[operator]
    assert figures.all_labelled.calibration_error is not None
    assert figures.cross_validated is None
    assert row.summary.signal == "clear"
    assert row.summary.beside is not None
    assert analysed.version is not None
    assert row.summary.beside.number == 1
    assert row.summary.beside.auc == pytest.approx(analysed.version.figures.test.auc)
    assert report.version == row.summary.number


def test_images_lie_where_they_lay_in_the_trained_version(
    imported: tuple[ScoresReport, dict[int, float]], version_id: int
) -> None:
    version = version_of(imported[0])

    def placed(of: int) -> dict[int, tuple[float, float]]:
        rows = session().execute(
            select(Placement.image_id, Placement.x, Placement.y).where(
                Placement.version_id == of, Placement.layout == "content"
            )
        )
        return {image_id: (x, y) for image_id, x, y in rows}

    assert placed(version.id) == placed(version_id)
    counted = session().scalars(select(Cell).where(Cell.version_id == version.id, Cell.level == 0))
    assert sum(
        each.real_right + each.real_called_fake + each.fake_right + each.fake_called_real
        for each in counted
    ) == len(imported[1])


def test_the_active_version_stays_and_the_import_is_in_the_audit_log(
    imported: tuple[ScoresReport, dict[int, float]], analysed: Workspace
) -> None:
    assert analysed.version is not None
    now = workspace("pictures").version
    assert now is not None
    assert now.id == analysed.version.id
    assert (
        session().scalar(
            select(AuditEvent.subject).where(AuditEvent.action == "version.import_scores")
        )
        == f"model_version:{version_of(imported[0]).id}"
    )


def by_digest(images: list[Image]) -> Rows:
    return [(each.content_hash.upper(), 0.25) for each in images]


def by_absolute_path(images: list[Image]) -> Rows:
    return [(original_location(each.original_uri, None)[0], 0.25) for each in images]


def by_relative_path(images: list[Image]) -> Rows:
    paths = [original_location(each.original_uri, None)[0] for each in images]
    return [("/".join(path.parts[-2:]), 0.25) for path in paths]


def by_windows_path(images: list[Image]) -> Rows:
    return [(str(path).replace("/", "\\"), p) for path, p in by_relative_path(images)]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (by_digest, "digest,p_fake"),
        (by_absolute_path, "path,p_fake"),
        (by_relative_path, "Filename,P_FAKE"),
        (by_windows_path, "path,p(fake)"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_an_image_is_named_by_path_or_digest_too(
    rows: Callable[[list[Image]], Rows],
    header: str,
    images: list[Image],
    write: Write,
    settings: Settings,
) -> None:
    report = importing(write(rows(images), header), settings, dry_run=True)

    assert (report.scores, report.unknown, report.without_score) == (len(images), 0, 0)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_columns_of_other_names_are_mapped(
    images: list[Image], write: Write, settings: Settings
) -> None:
    path = write([(each.id, 0.3) for each in images], "number,score")

    with pytest.raises(InvalidError, match="no column path, id or digest; it has: number, score"):
        importing(path, settings)
    report = importing(path, settings, columns={"id": "number", "p_fake": "score"}, dry_run=True)

    assert report.scores == len(images)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_copy_that_the_import_left_out_has_the_score_of_its_content(
    images: list[Image], write: Write, settings: Settings
) -> None:
    original = original_location(images[0].original_uri, None)[0]
    path = write([("copies/again.png", 0.75)], "path,p_fake")
    (path.parent / "copies").mkdir()
    shutil.copyfile(original, path.parent / "copies" / "again.png")

    report = importing(path, settings, dry_run=True)

    assert (report.scores, report.unknown) == (1, 0)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_what_is_left_over_on_either_side_is_counted_and_named(
    images: list[Image], write: Write, settings: Settings
) -> None:
    scored = images[:-2]
    rows = [(f"{each.id}", 0.25) for each in scored]
    rows += [(str(scored[0].id), 0.25), ("999999", 0.5), ("no id", 0.5), (str(images[-1].id), "")]

    report = importing(write(rows), settings)

    assert (report.scores, report.rows) == (len(scored), len(rows))
    assert (report.repeated, report.empty) == (1, 1)
    assert (report.unknown, report.unknown_names) == (2, ("999999", "no id"))
    assert report.without_score == 2
    assert report.without_names == tuple(each.name for each in images[-2:])
    version = version_of(report)
    outside = outside_of(version.metrics)
    assert outside is not None
    assert outside.without_score == 2


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("p", "reason"),
    [
        ("97.2", r"row 1: '97.2' is no number from 0 to 1.*nothing was imported"),
        ("-0.1", "row 1: '-0.1'"),
        ("nan", "row 1: 'nan'"),
        ("inf", "row 1: 'inf'"),
        ("high", "row 1: 'high'"),
    ],
)
def test_a_score_that_is_no_probability_refuses_the_whole_table(
    p: str, reason: str, images: list[Image], write: Write, settings: Settings
) -> None:
    with pytest.raises(InvalidError, match=reason):
        importing(write([(images[0].id, p), (images[1].id, 0.5)]), settings)

    assert session().scalar(select(func.count()).select_from(ModelVersion)) == 2


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_two_scores_for_an_image_refuse_the_whole_table(
    images: list[Image], write: Write, settings: Settings
) -> None:
    rows = [(images[0].id, 0.2), (images[1].id, 0.5), (images[0].id, 0.3)]

    with pytest.raises(InvalidError, match=rf"rows 1 and 3 \({images[0].id}\)"):
        importing(write(rows), settings)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_table_that_fits_nothing_is_refused_with_what_to_write(
    analysed: Workspace, write: Write, settings: Settings
) -> None:
    path = write([("elsewhere/1.png", 0.5)], "path,p_fake")

    with pytest.raises(InvalidError, match=r"None of 1 rows is of an image of pictures, such as"):
        importing(path, settings)
    with pytest.raises(InvalidError, match="has no rows"):
        importing(write([]), settings)
    with pytest.raises(NotFoundError, match="not found"):
        importing(path.with_name("nothing.csv"), settings)
    with pytest.raises(InvalidError, match="--model"):
        importing(path, settings, model="  ")
    with pytest.raises(NotFoundError, match="nowhere"):
        importing(path, settings, collection="nowhere")


def test_extreme_scores_are_kept_with_finite_logits(
    images: list[Image], write: Write, settings: Settings
) -> None:
    rows = [(each.id, float(each.label == "fake")) for each in images]

    version = version_of(importing(write(rows), settings))

    found = session().scalars(select(Prediction).where(Prediction.version_id == version.id))
    assert all(np.isfinite(each.logit) and abs(each.logit) > 20 for each in found)
    assert version.metrics["all_labelled"]["auc"] == 1


def test_a_score_of_one_half_is_called_real(
    images: list[Image], write: Write, settings: Settings
) -> None:
    version = version_of(importing(write([(each.id, 0.5) for each in images]), settings))

    outcomes = session().scalars(
        select(Prediction.outcome).where(Prediction.version_id == version.id)
    )
    assert set(outcomes) == {"real_right", "fake_called_real"}
    assert version.metrics["constant_score"]


def test_a_dry_run_writes_nothing(images: list[Image], write: Write, settings: Settings) -> None:
    def counts() -> list[int | None]:
        return [
            session().scalar(select(func.count()).select_from(table))
            for table in (ModelVersion, TrainingRun, CuratedDataset, Prediction, AuditEvent)
        ]

    before = counts()
    files = sorted(settings.artifact_dir.rglob("*"))

    report = importing(write([(each.id, 0.4) for each in images]), settings, dry_run=True)

    assert report.version is None
    assert counts() == before
    assert sorted(settings.artifact_dir.rglob("*")) == files


def test_the_same_scores_are_imported_once(
    imported: tuple[ScoresReport, dict[int, float]], write: Write, settings: Settings
) -> None:
    scores = list(imported[1].items())
    # Another file, another order, the same scores.
    path = write(list(reversed(scores)), name="again.csv")

    again = importing(path, settings)

    assert (again.already, again.version) == (True, imported[0].version)
    assert importing(path, settings, model="DIRE").version == 3
    assert importing(path, settings, again=True).version == 4
    assert importing(write([(scores[0][0], 0.123), *scores[1:]]), settings).version == 5


def test_another_run_of_the_collection_is_not_disturbed(
    images: list[Image], write: Write, settings: Settings, ada: Account
) -> None:
    queue.request_retrain(ada.id, images[0].collection_id)

    with pytest.raises(ConflictError, match="already queued or running"):
        importing(write([(each.id, 0.4) for each in images]), settings)


def test_an_import_that_fails_leaves_nothing(
    images: list[Image], write: Write, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.services.detectors.write.write_columns", full)

    with pytest.raises(OSError, match="No space"):
        importing(write([(each.id, 0.4) for each in images]), settings)

    assert session().scalar(select(func.max(ModelVersion.number))) == 1
    newest = session().scalars(select(TrainingRun).order_by(TrainingRun.id.desc())).first()
    assert newest is not None
    assert (newest.state, newest.version_id, newest.dataset_id) == ("failed", None, None)


def test_what_a_dead_process_left_is_given_up_and_never_trained(
    analysed: Workspace, settings: Settings
) -> None:
    claim = queue.begin_scores(analysed.collection.id, "elsewhere:1:dead")
    with transaction() as write:
        run = write.get_one(TrainingRun, claim.run_id)
        run.claimed_by = processes.new_name().replace(f":{os.getpid()}:", ":999999999:")

    queue.recover()

    ended = queue.run(claim.run_id)
    assert ended.state == "failed"
    assert "Start it again" in ended.error
    assert queue.claim_next("here:1:test") is None


def test_the_next_retrain_starts_from_the_trained_version(
    imported: tuple[ScoresReport, dict[int, float]],
    analysed: Workspace,
    ada: Account,
    settings: Settings,
) -> None:
    version = version_of(imported[0])
    activate(ada.id, version.id)
    collection_id = analysed.collection.id

    assert workspace("pictures").version.id == version.id  # type: ignore[union-attr]
    trained = trained_version(collection_id)
    assert trained is not None
    assert trained.number == 1
    assert run_for_analysis(collection_id) is None
    with pytest.raises(InvalidError, match="v2 has the scores of UnivFD alone"):
        evaluate("pictures", settings, Silent())
    assert retrain(ada.id, collection_id, settings).state == "succeeded"
    newest = versions(collection_id)[0]
    assert (newest.summary.number, newest.parent_number) == (3, 1)
    assert newest.summary.active


def test_verdicts_on_its_errors_count_and_wait_for_the_next_retrain(
    imported: tuple[ScoresReport, dict[int, float]], analysed: Workspace, ben: Account
) -> None:
    found = workspace("pictures", imported[0].version)
    assert found.version is not None
    assert found.queue is not None
    wrong = choose(found.version.id, Selection()).store.wrong
    assert found.to_judge == int(wrong.sum())
    first = found.queue.first()
    assert first is not None

    give_verdict(ben.id, first, found.version.id, "unsure")

    assert workspace("pictures", imported[0].version).to_judge == found.to_judge - 1
    assert schedules.new_decisions(analysed.collection.id) == 1


def test_a_check_under_its_scores_finds_its_slices(
    imported: tuple[ScoresReport, dict[int, float]],
    images: list[Image],
    write: Write,
    ada: Account,
    settings: Settings,
) -> None:
    # A detector that calls every image fake is wrong on all real ones.
    rows = [(each.id, 0.9 if each.label == "real" else 0.95) for each in images]
    version = version_of(importing(write(rows), settings, model="Always fake"))
    assert check("pictures", settings).version == 1, "the active version's"

    found = check("pictures", settings, version.number)

    slices = {each.subject: each for each in found.findings if each.kind == "slice"}
    assert slices["label=real"].figures["detector"] == "Always fake"
    assert found.version == slices["label=real"].figures["version"] == version.number
    assert check_again("pictures", settings).findings == found.findings
    activate(ada.id, version.id)
    assert check("pictures", settings).findings == found.findings
    with pytest.raises(NotFoundError, match="pictures has no version 9"):
        check("pictures", settings, 9)


def test_a_collection_without_a_version_gets_one_that_is_active(
    images: list[Image], write: Write, settings: Settings, app: Flask
) -> None:
    drawn = draw_collection(settings.data_dir / "more", 6, seed=77)
    import_images(drawn, collection="new", settings=settings, progress=Silent())
    collection_id = workspace("new").collection.id
    ids = session().scalars(select(Image.id).where(Image.collection_id == collection_id)).all()

    report = importing(write([(each, 0.2) for each in ids]), settings, collection="new")

    found = workspace("new")
    assert found.version is not None
    assert (found.version.number, found.version.active) == (report.version, True)
    assert trained_version(collection_id) is None
    assert not schedules.is_due(collection_id, settings)
    store = choose(found.version.id, Selection()).store
    assert store.count == len(ids)
    assert len(store.activations) == 0


def test_an_image_and_then_the_version_can_be_removed(
    imported: tuple[ScoresReport, dict[int, float]],
    images: list[Image],
    write: Write,
    settings: Settings,
) -> None:
    version = version_of(imported[0])
    gone = images[3].id

    remove_image(gone, None, settings)

    store = choose(version.id, Selection()).store
    assert gone not in store.image_ids
    assert store.count == len(images) - 1
    kept = {int(each): float(p) for each, p in zip(store.image_ids, store.p, strict=True)}
    assert kept == pytest.approx({each: imported[1][each] for each in kept})
    remove_version("pictures", 2, None, settings)
    assert [each.number for each in workspace("pictures").versions] == [1]
    assert check_files(settings).is_well
    again = importing(
        write([(each, p) for each, p in imported[1].items() if each != gone]), settings
    )
    assert again.version == 3, "the number of a removed version is not given out again"
