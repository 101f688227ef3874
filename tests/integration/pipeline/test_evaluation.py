"""A version is measured on what it has not learned from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from tests.support.fake_encoder import FakeEncoder
from tests.support.pictures import draw_collection
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, NotFoundError, UnavailableError
from workbench.services.imports.run import import_images
from workbench.services.pipeline.evaluation import Evaluation, evaluate
from workbench.services.progress import Silent
from workbench.services.review import verdicts
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.outcomes import WRONG
from workbench.store.results import Prediction
from workbench.store.versions import ActiveVersion, ModelVersion

pytestmark = pytest.mark.analysed


def measured(name: str, settings: Settings) -> Evaluation:
    session().rollback()
    return evaluate(name, settings, Silent())


def bring(settings: Settings, folder: Path, name: str) -> None:
    import_images(folder, collection=name, settings=settings, progress=Silent())


@pytest.fixture
def strange(analysed: Workspace, settings: Settings, tmp_path: Path) -> str:
    """A collection that nobody has analysed, of pictures that no version has seen."""
    bring(settings, draw_collection(tmp_path / "strange", 6, seed=40_000), "strange")
    return "strange"


def test_its_own_collection_is_measured_on_the_images_held_out(
    analysed: Workspace, settings: Settings
) -> None:
    found = measured("pictures", settings)

    held_out = session().scalar(
        select(func.count())
        .select_from(Image)
        .where(Image.collection_id == analysed.collection.id, Image.held_out)
    )
    assert analysed.version is not None
    assert (found.collection, found.trained_on, found.version) == ("pictures", "pictures", 1)
    assert found.n == held_out
    assert found.left_out == analysed.collection.images - found.n > 0
    assert found.auc == pytest.approx(analysed.version.figures.test.auc)
    assert found.accuracy == pytest.approx(analysed.version.figures.test.accuracy)
    assert found.auc_interval is not None
    assert found.auc_interval[0] <= (found.auc or 0) <= found.auc_interval[1]
    assert found.accuracy_interval is not None
    assert found.accuracy_interval[0] < (found.accuracy or 0) <= found.accuracy_interval[1]
    metrics = session().get_one(ModelVersion, analysed.version.id).metrics
    assert found.auc_interval == pytest.approx((metrics["auc_low"], metrics["auc_high"]))
    assert found.accuracy_interval == pytest.approx(
        (metrics["accuracy_low"], metrics["accuracy_high"])
    )


def test_another_collection_is_measured_whole(
    strange: str, settings: Settings, encoder: FakeEncoder
) -> None:
    encoder.encoded = 0

    found = measured(strange, settings)

    assert (found.n, found.left_out, found.trained_on) == (12, 0, "pictures")
    assert found.auc is not None
    assert found.auc > 0.7
    assert encoder.encoded == 12


def test_the_same_pictures_under_another_name_are_still_those_learned_from(
    analysed: Workspace, settings: Settings
) -> None:
    own = measured("pictures", settings)
    bring(settings, settings.data_dir / "drawn" / "pictures", "again")

    found = measured("again", settings)

    assert (found.n, found.left_out) == (own.n, own.left_out)
    assert found.auc == own.auc


def test_what_people_decided_is_what_it_is_measured_against(
    analysed: Workspace, version_id: int, ada: Account, settings: Settings
) -> None:
    before = measured("pictures", settings)
    first, *others = (
        session()
        .execute(
            select(Image.id, Image.label)
            .where(Image.collection_id == analysed.collection.id, Image.held_out)
            .order_by(Image.id)
        )
        .all()
    )
    verdicts.give_verdict(ada.id, first.id, version_id, "exclude")
    for image_id, label in others:
        overturned = "real" if label == "fake" else "fake"
        verdicts.give_verdict(ada.id, image_id, version_id, overturned)

    after = measured("pictures", settings)

    assert (after.n, after.left_out) == (before.n - 1, before.left_out + 1)
    wrong = session().get_one(Prediction, (version_id, first.id)).outcome in WRONG
    right = round((before.accuracy or 0) * before.n) - (not wrong)
    assert after.accuracy == pytest.approx(1 - right / after.n)


def test_each_generators_images_are_measured_against_all_real_ones(
    strange: str, settings: Settings
) -> None:
    with transaction() as current:
        fakes = current.scalars(
            select(Image)
            .where(Image.label == "fake", Image.collection.has(name=strange))
            .order_by(Image.id)
        )
        for number, each in enumerate(fakes):
            each.generator = ("", "gan", "diffusion")[number % 3]

    found = measured(strange, settings)

    assert list(found.by_generator) == ["diffusion", "gan"]
    for each in found.by_generator.values():
        assert each.n == 2
        low, high = each.called_fake_interval
        assert 0 <= low <= each.called_fake <= high <= 1
        assert high - low > 0.5  # two images tell little
        assert each.auc is not None
    assert json.loads(json.dumps(found.as_json()))["by_generator"].keys() == {"gan", "diffusion"}


def test_images_of_one_source_are_not_taken_for_independent_ones(
    strange: str, settings: Settings
) -> None:
    single = measured(strange, settings)
    with transaction() as current:
        own = select(Image.id).where(Image.collection.has(name=strange))
        current.execute(update(Image).where(Image.id.in_(own)).values(group_key="one source"))

    grouped = measured(strange, settings)

    assert grouped.accuracy == single.accuracy
    assert grouped.accuracy_interval == pytest.approx((0.0, 1.0))
    assert grouped.auc_interval is not None
    assert grouped.auc_interval[1] - grouped.auc_interval[0] > 0.5


def test_a_collection_of_one_label_has_an_accuracy_and_no_auc(
    strange: str, settings: Settings
) -> None:
    with transaction() as current:
        own = select(Image.id).where(Image.collection.has(name=strange))
        current.execute(update(Image).where(Image.id.in_(own)).values(label="real"))

    found = measured(strange, settings)

    assert (found.auc, found.auc_interval, found.by_generator) == (None, None, {})
    assert found.accuracy is not None


def test_measuring_the_same_twice_says_the_same_and_encodes_once(
    strange: str, settings: Settings, encoder: FakeEncoder
) -> None:
    first = measured(strange, settings)
    encoder.encoded = 0

    assert measured(strange, settings) == first
    assert encoder.encoded == 0


def test_without_a_version_there_is_nothing_to_measure(
    analysed: Workspace, settings: Settings
) -> None:
    with transaction() as current:
        current.execute(delete(ActiveVersion))

    with pytest.raises(ConflictError, match="No model version yet"):
        measured("pictures", settings)


def test_an_unknown_collection_is_not_found(analysed: Workspace, settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="“nothing” not found"):
        measured("nothing", settings)


def test_another_build_of_the_encoder_measures_nothing(
    analysed: Workspace, settings: Settings, encoder: FakeEncoder
) -> None:
    encoder.fingerprint = "1" * 32

    with pytest.raises(UnavailableError, match="another build"):
        measured("pictures", settings)
