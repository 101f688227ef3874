"""A retrain learns what people decided, and changes nothing that was there before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Engine, func, select

from tests.support.choosing import chosen
from tests.support.fake_encoder import FakeEncoder
from tests.support.queries import counted
from tests.support.working import claimed, perform, retrain
from workbench.analysis.layout.cells import COLUMNS, ROWS
from workbench.analysis.layout.mixtures import LAYOUTS
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.encoding import registry
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.explore.filters import Chosen
from workbench.services.image.detail import image_detail
from workbench.services.models.versions import activate, versions
from workbench.services.models.weights import load_heads
from workbench.services.pipeline import executor, layout, pattern_effects, scoring
from workbench.services.progress import Stopping
from workbench.services.review import tags, verdicts
from workbench.services.runs import queue
from workbench.services.runs.claims import Claim
from workbench.services.runs.progress import RunProgress
from workbench.services.runs.schedules import new_decisions
from workbench.services.training import distillers
from workbench.services.training.dataset import final_labels
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import db, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Tagging, Verdict
from workbench.store.outcomes import CALLED_FAKE
from workbench.store.people import AuditEvent
from workbench.store.results import Cell, Pattern, PixelGroup, Placement, Prediction, ResultShard
from workbench.store.versions import (
    ActiveVersion,
    CuratedDataset,
    CuratedItem,
    ModelVersion,
    TrainingRun,
)

pytestmark = pytest.mark.analysed

OF_A_VERSION = (Cell, Pattern, PixelGroup, Placement, Prediction, ResultShard)


@pytest.fixture
def mislabelled(analysed: Workspace) -> list[int]:
    """The real pictures that were drawn with a fake's roughness, those to train on first."""
    return list(
        session().scalars(
            select(Image.id)
            .where(
                Image.collection_id == analysed.collection.id,
                Image.name.in_([f"real-{number:03}.png" for number in range(3)]),
            )
            .order_by(Image.held_out, Image.name)
        )
    )


def said_by(version_id: int) -> list[tuple[object, ...]]:
    """Everything that a version says, as plain values."""
    session().rollback()
    return [
        tuple(row)
        for table in (ModelVersion, *OF_A_VERSION)
        for row in session().execute(
            select(*table.__table__.columns)
            .where((table.id if table is ModelVersion else table.version_id) == version_id)
            .order_by(*table.__table__.primary_key)
        )
    ]


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_by_version(table: type) -> set[int]:
    return set(session().scalars(select(table.version_id).distinct()))


def newest(collection_id: int) -> ModelVersion:
    session().rollback()
    return (
        session()
        .scalars(
            select(ModelVersion)
            .where(ModelVersion.collection_id == collection_id)
            .order_by(ModelVersion.number.desc())
        )
        .first()
    ) or pytest.fail("no version")


class During:
    """A Progress that does something once, at a step of a stage."""

    def __init__(self, stage: str, do: object) -> None:
        self._stage, self._do, self.done = stage, do, False

    def advance(self, _done: int, _total: int, stage: str) -> None:
        if stage == self._stage and not self.done:
            self.done = True
            assert callable(self._do)
            self._do()


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is written and looks for a cancellation, as slow steps of real runs do."""

    class Eager(RunProgress):
        def __init__(self, engine: Engine, claim: Claim, **options: object) -> None:
            super().__init__(engine, claim, every=0.0)

    monkeypatch.setattr(executor, "RunProgress", Eager)


def test_a_retrain_learns_what_was_decided_and_its_version_becomes_the_active_one(
    analysed: Workspace,
    mislabelled: list[int],
    version_id: int,
    ada: Account,
    ben: Account,
    settings: Settings,
) -> None:
    overturned, excluded = mislabelled[:2], mislabelled[2]
    for image_id in overturned:
        verdicts.give_verdict(ada.id, image_id, version_id, "fake")
    verdicts.give_verdict(ada.id, excluded, version_id, "exclude")

    run = retrain(ada.id, analysed.collection.id, settings)

    assert (run.state, run.version_number, run.requested_by) == ("succeeded", 2, "ada")
    made = newest(analysed.collection.id)
    assert (made.number, made.parent_id) == (2, version_id)
    assert (made.dataset.counts["overturned"], made.dataset.counts["excluded"]) == (2, 1)
    items = {
        each.image_id: each.label
        for each in session().scalars(
            select(CuratedItem).where(CuratedItem.dataset_id == made.dataset_id)
        )
    }
    assert [items[each] for each in overturned] == ["fake", "fake"]
    assert excluded not in items
    assert session().get_one(Prediction, (made.id, excluded)).label == "real"
    for image_id in overturned:
        before = session().get_one(Prediction, (version_id, image_id))
        after = session().get_one(Prediction, (made.id, image_id))
        assert (after.label, after.outcome) == ("fake", "fake_right")
        assert after.p > before.p
        assert session().get_one(Image, image_id).label == "real"
    shown = workspace("pictures")
    assert shown.version is not None
    assert shown.version.id == made.id
    assert [(each.number, each.active) for each in shown.versions] == [(2, True), (1, False)]
    learned = shown.version.learned
    assert learned is not None
    assert (learned.parent, learned.training_labels, learned.test_labels) == (1, *changed_in(made))
    assert (learned.excluded, learned.new_images) == (1, 0)
    before, after = (called_fake_by(each) for each in (version_id, made.id))
    assert learned.flipped == len(before ^ after)

    agreed_on_after_the_retrain(overturned[0], analysed.collection.id, made.id, ben)


def called_fake_by(version_id: int) -> set[int]:
    scored = session().scalars(select(Prediction).where(Prediction.version_id == version_id))
    return {each.image_id for each in scored if each.outcome in CALLED_FAKE}


def changed_in(version: ModelVersion) -> tuple[int, int]:
    """How many training and held-out labels differ from the imported ones, counted here."""
    found = [
        item.held_out
        for item in session().scalars(
            select(CuratedItem).where(CuratedItem.dataset_id == version.dataset_id)
        )
        if session().get_one(Image, item.image_id).label != item.label
    ]
    return found.count(False), found.count(True)


def agreed_on_after_the_retrain(
    image_id: int, collection_id: int, version_id: int, second: Account
) -> None:
    """A second reviewer who confirms the corrected label agrees, and turns nothing back."""
    detail = image_detail(version_id, image_id)
    assert (detail.standing.label, detail.standing.imported) == ("fake", "real")
    verdicts.give_verdict(
        second.id, image_id, version_id, detail.standing.label, shown_label=detail.standing.label
    )

    standing = image_detail(version_id, image_id).standing
    assert [each.overturns for each in standing.verdicts] == [False, True]
    assert (standing.label, standing.disputed, standing.agreeing) == ("fake", False, 1)
    [final] = [each for each in final_labels(collection_id) if each.image_id == image_id]
    assert (final.label, final.weight, final.overturned) == ("fake", 1.0, True)
    assert image_id in selected_by(chosen(version_id, verdict="overturned"))
    assert image_id not in selected_by(chosen(version_id, verdict="unsure"))


def selected_by(found: Chosen) -> set[int]:
    return {int(each) for each in found.store.image_ids[found.selected]}


def test_one_goes_back_to_the_version_before_and_no_night_undoes_it(
    analysed: Workspace,
    mislabelled: list[int],
    version_id: int,
    ada: Account,
    ben: Account,
    settings: Settings,
) -> None:
    verdicts.give_verdict(ada.id, mislabelled[0], version_id, "fake")
    retrain(ada.id, analysed.collection.id, settings)
    left = newest(analysed.collection.id).id

    activate(ben.id, version_id)

    shown = workspace("pictures")
    assert shown.version is not None
    assert shown.version.id == version_id
    assert [each.active for each in shown.versions] == [False, True]
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, event.user_id) == ("version.activate", ben.id)
    assert (event.before, event.after) == ({"version_id": left}, {"version_id": version_id})
    # The version that was left has learned what was decided: no night makes another one like it.
    assert new_decisions(analysed.collection.id) == 0


def test_what_is_no_finished_version_cannot_become_active(
    analysed: Workspace, version_id: int, ada: Account
) -> None:
    with transaction() as current:
        run = current.scalars(select(TrainingRun).where(TrainingRun.version_id == version_id)).one()
        run.state = "running"

    for wrong in (version_id, 10**6):
        with pytest.raises(NotFoundError):
            activate(ada.id, wrong)
    events = session().scalars(
        select(AuditEvent.user_id).where(AuditEvent.action == "version.activate")
    )
    assert ada.id not in events.all()


def test_what_was_said_and_decided_before_a_retrain_stays_to_the_last_bit(
    analysed: Workspace,
    mislabelled: list[int],
    version_id: int,
    ada: Account,
    settings: Settings,
) -> None:
    others = workspace("others").version
    pattern = session().scalars(select(Pattern.id).where(Pattern.version_id == version_id)).first()
    assert others is not None
    assert pattern is not None
    tags.tag_pattern(ada.id, pattern, "rough")
    verdicts.give_verdict(ada.id, mislabelled[0], version_id, "fake", "it is rough")
    before = [said_by(each) for each in (version_id, others.id)]
    files = files_below(settings.artifact_dir)

    retrain(ada.id, analysed.collection.id, settings)

    assert [said_by(each) for each in (version_id, others.id)] == before
    after = files_below(settings.artifact_dir)
    assert {path: after[path] for path in files} == files
    assert len(after) > len(files)
    assert workspace("others").version == others
    assert session().scalars(select(Tagging.pattern_id)).all() == [pattern]
    assert session().scalars(select(Verdict.reason)).all() == ["it is rough"]


def test_a_retrain_without_decisions_keeps_each_dimensions_meaning_and_encodes_no_image_again(
    analysed: Workspace, ada: Account, settings: Settings, encoder: FakeEncoder
) -> None:
    encoder.encoded = 0

    retrain(ada.id, analysed.collection.id, settings)

    made = newest(analysed.collection.id)
    row, first = versions(analysed.collection.id)
    assert (row.parent_number, first.parent_number) == (1, None)
    assert row.metrics["dimension_match"] > 0.95
    assert row.metrics["parent_auc"] == pytest.approx(first.metrics["held_out_auc"])
    assert "dimension_match" not in first.metrics
    exemplars = 0
    for pattern_id in session().scalars(select(Pattern.id).where(Pattern.version_id == made.id)):
        images = session().scalar(
            select(func.count(func.distinct(PixelGroup.image_id))).where(
                PixelGroup.pattern_id == pattern_id
            )
        )
        exemplars += min(images or 0, settings.effect_images)
    measured = session().scalar(
        select(func.count()).where(
            Prediction.version_id == made.id, Prediction.removed_change.is_not(None)
        )
    )
    assert measured == settings.sensitivity_images
    # Each exemplar is seen without its group, and with regions like it removed elsewhere; each
    # image without its strongest groups, and with their like removed.
    assert encoder.encoded == (1 + pattern_effects.CONTROLS) * exemplars + 2 * measured


def places_of(version_id: int) -> dict[tuple[str, int], tuple[float, float]]:
    rows = session().execute(
        select(Placement.layout, Placement.image_id, Placement.x, Placement.y).where(
            Placement.version_id == version_id
        )
    )
    return {(layout, image_id): (x, y) for layout, image_id, x, y in rows}


def squares_of(version_id: int) -> set[tuple[str, int, int, int]]:
    rows = session().execute(
        select(Cell.layout, Cell.level, Cell.row, Cell.column).where(Cell.version_id == version_id)
    )
    return set(rows.tuples())


def test_a_retrain_on_the_same_labels_keeps_every_image_in_its_place_in_each_layout(
    analysed: Workspace, version_id: int, ada: Account, settings: Settings
) -> None:
    before, squares = places_of(version_id), squares_of(version_id)

    retrain(ada.id, analysed.collection.id, settings)

    made = newest(analysed.collection.id)
    after = places_of(made.id)
    assert set(after) == set(before)
    for name in LAYOUTS:
        stay = [
            max(abs(after[key][0] - x) * COLUMNS, abs(after[key][1] - y) * ROWS) <= 1
            for key, (x, y) in before.items()
            if key[0] == name
        ]
        assert sum(stay) >= 0.9 * len(stay)
    common = squares & squares_of(made.id)
    assert len(common) >= 0.9 * len(squares)


def test_a_retrain_whose_parents_results_are_lost_is_laid_out_all_the_same(
    analysed: Workspace, version_id: int, ada: Account, settings: Settings
) -> None:
    shards = session().scalars(select(ResultShard).where(ResultShard.version_id == version_id))
    for shard in shards:
        (settings.artifact_dir / shard.artifact.path).unlink()
    session().rollback()

    run = retrain(ada.id, analysed.collection.id, settings)

    assert run.state == "succeeded", run.error
    places = places_of(newest(analysed.collection.id).id)
    assert len(places) == len(LAYOUTS) * analysed.collection.images


def test_another_number_of_dimensions_starts_a_family_of_its_own(
    analysed: Workspace, ada: Account, settings: Settings
) -> None:
    fewer = settings.model_copy(update={"dimensions": 8})

    run = retrain(ada.id, analysed.collection.id, fewer)

    assert (run.state, run.error) == ("succeeded", "")
    made = newest(analysed.collection.id)
    assert (made.number, made.parent_id, made.dimensions) == (2, None, 8)
    assert len(load_heads(made, settings).final.logit_weight) == 8


def test_while_a_retrain_waits_or_works_another_is_refused(
    analysed: Workspace, ada: Account, settings: Settings
) -> None:
    refused = []

    def ask() -> None:
        with pytest.raises(ConflictError) as caught:
            queue.request_retrain(ada.id, analysed.collection.id)
        refused.append(str(caught.value))

    run_id = queue.request_retrain(ada.id, analysed.collection.id).id
    ask()
    claim = claimed(run_id)
    assert (
        executor.execute(db.engine, claim, settings, shown=During("Training the distiller", ask))
        == "succeeded"
    )

    assert len(refused) == 2
    assert queue.request_retrain(ada.id, analysed.collection.id).state == "queued"


@pytest.fixture
def unchanged(analysed: Workspace, version_id: int) -> Iterator[None]:
    """Holds that a test leaves the collection with version 1, whole and active, and no other."""
    before = said_by(version_id)
    yield
    assert said_by(version_id) == before
    assert session().get_one(ActiveVersion, analysed.collection.id).version_id == version_id
    assert [each.number for each in workspace("pictures").versions] == [1]
    assert newest(analysed.collection.id).id == version_id
    known = set(session().scalars(select(ModelVersion.id)))
    assert all(rows_by_version(table) == known for table in OF_A_VERSION)
    trained_on = set(session().scalars(select(ModelVersion.dataset_id)))
    assert set(session().scalars(select(CuratedDataset.id))) == trained_on
    assert set(session().scalars(select(CuratedItem.dataset_id))) == trained_on
    assert queue.open_run(analysed.collection.id) is None


@pytest.mark.parametrize(
    "stage",
    [
        "Encoding images",
        "Training the distiller",
        "Computing attributions",
        "Writing cells and patterns",
    ],
)
def test_a_retrain_that_is_cancelled_at_any_stage_leaves_nothing(
    analysed: Workspace,
    ada: Account,
    settings: Settings,
    eager: None,
    unchanged: None,
    stage: str,
) -> None:
    run_id = queue.request_retrain(ada.id, analysed.collection.id).id
    claim = claimed(run_id)
    cancelling = During(stage, lambda: queue.cancel(ada.id, run_id))

    state = executor.execute(db.engine, claim, settings, shown=cancelling)

    assert (state, cancelling.done) == ("cancelled", True)
    session().rollback()
    ended = queue.run(run_id)
    assert (ended.state, ended.error, ended.version_number) == ("cancelled", "", None)
    assert ended.finished_at is not None
    who = (
        session().scalars(select(AuditEvent.user_id).where(AuditEvent.action == "run.cancel")).all()
    )
    assert who == [ada.id]


def test_a_retrain_cancelled_before_its_first_step_ends_so(
    analysed: Workspace, ada: Account, settings: Settings, unchanged: None
) -> None:
    run_id = queue.request_retrain(ada.id, analysed.collection.id).id
    claim = claimed(run_id)
    queue.cancel(ada.id, run_id)
    queue.release(claim)

    assert perform(run_id, settings) == "cancelled"


def test_a_half_done_retrain_that_was_put_back_can_be_cancelled_without_a_trace(
    analysed: Workspace, ada: Account, settings: Settings, unchanged: None
) -> None:
    def stop() -> None:
        raise Stopping

    run_id = queue.request_retrain(ada.id, analysed.collection.id).id
    claim = claimed(run_id)
    with pytest.raises(Stopping):
        executor.execute(db.engine, claim, settings, shown=During("Measuring effect sizes", stop))
    session().rollback()
    assert session().get_one(TrainingRun, run_id).version_id is not None

    assert queue.cancel(ada.id, run_id).state == "cancelled"
    queue.recover()


def test_what_was_put_back_is_finished_as_it_began_whatever_the_settings_say_by_now(
    analysed: Workspace,
    ada: Account,
    settings: Settings,
    encoder: FakeEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop() -> None:
        raise Stopping

    run_id = queue.request_retrain(ada.id, analysed.collection.id).id
    claim, during = claimed(run_id), During("Computing attributions", stop)
    with pytest.raises(Stopping):
        executor.execute(db.engine, claim, settings, shown=during)
    session().rollback()
    encoders = {"patches": encoder, "class_token": FakeEncoder()}
    encoders["class_token"].fingerprint = "1" * 32
    monkeypatch.setattr(
        registry, "load_encoder", lambda _name, *, embedding, **_places: encoders[embedding]
    )
    registry._loaded.cache_clear()

    state = perform(run_id, settings.model_copy(update={"distiller": "paper"}))

    assert state == "succeeded"
    made = newest(analysed.collection.id)
    assert made.metrics["distiller"] == "evidence by concept"
    assert made.encoder_fingerprint == encoder.fingerprint
    assert encoders["class_token"].encoded == 0


@pytest.mark.parametrize(
    ("module", "name"),
    [(distillers, "train_by_concept"), (scoring, "score"), (layout, "write_layouts")],
)
def test_a_failing_retrain_says_why_and_leaves_all_as_it_was(
    analysed: Workspace,
    ada: Account,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    unchanged: None,
    module: ModuleType,
    name: str,
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("no space left")

    monkeypatch.setattr(module, name, broken)

    run = retrain(ada.id, analysed.collection.id, settings)

    assert (run.state, run.error) == ("failed", "RuntimeError: no space left")
    assert run.version_number is None


def test_decisions_that_leave_one_label_fail_with_a_clear_reason(
    analysed: Workspace, version_id: int, ada: Account, settings: Settings, unchanged: None
) -> None:
    fakes = session().scalars(
        select(Image.id).where(Image.collection_id == analysed.collection.id, Image.label == "fake")
    )
    for image_id in fakes.all():
        verdicts.give_verdict(ada.id, image_id, version_id, "exclude")

    run = retrain(ada.id, analysed.collection.id, settings)

    assert run.state == "failed"
    assert "training images are real" in run.error


def test_after_a_failure_the_next_retrain_is_version_2(
    analysed: Workspace, ada: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(scoring, "score", broken)
        retrain(ada.id, analysed.collection.id, settings)

    run = retrain(ada.id, analysed.collection.id, settings)

    assert (run.state, run.version_number) == ("succeeded", 2)
    assert [each.state for each in queue.runs(analysed.collection.id)[:2]] == [
        "succeeded",
        "failed",
    ]


def test_a_retrain_reads_labels_and_predictions_once(
    analysed: Workspace, ada: Account, settings: Settings
) -> None:
    with counted() as sent:
        view = retrain(ada.id, analysed.collection.id, settings)

    reads = [statement for statement in sent if statement.startswith("SELECT")]
    # Columns ask the same once more, a chunk at a time: they can be written by themselves.
    scores = [each for each in reads if "prediction.outcome" in each and "generator" not in each]
    assert view.state == "succeeded"
    assert len(scores) == 1
    # The dataset's labels, and those that the test set was imported with.
    labels = [each for each in reads if "image.group_key" in each and "prediction" not in each]
    assert len(labels) == 2
    assert not [each for each in reads if "curated_item.weight" in each]
