"""A version goes with its scores, patterns and files; what people said of images stays."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.integration.removal.conftest import FINDING, NOTE, REASON, Left
from tests.support.working import retrain
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.image.detail import image_detail
from workbench.services.models.versions import versions
from workbench.services.removal.check_files import check_files
from workbench.services.removal.versions import plan_version, remove_version
from workbench.services.review import tags
from workbench.services.taxonomy.listing import taxonomy
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session
from workbench.store.judgements import CounterfactualNote, Tag, Verdict
from workbench.store.people import AuditEvent
from workbench.store.results import Cell, Pattern, PixelGroup, Placement, Prediction, ResultShard
from workbench.store.versions import CuratedDataset, ModelVersion, TrainingRun

pytestmark = pytest.mark.analysed


@pytest.fixture
def retrained(left: Left, analysed: Workspace, ada: Account, settings: Settings) -> int:
    """The id of the first version, once a second one is active."""
    assert analysed.version is not None
    assert retrain(ada.id, analysed.collection.id, settings).version_number == 2
    return analysed.version.id


def test_the_active_version_stays_until_another_one_is(
    left: Left, version_id: int, settings: Settings
) -> None:
    with pytest.raises(ConflictError, match="v1 is the active version"):
        remove_version("pictures", 1, None, settings)

    assert session().get(ModelVersion, version_id) is not None


def test_a_version_goes_and_peoples_work_stays(
    retrained: int, left: Left, settings: Settings, ada: Account
) -> None:
    pattern = session().scalars(select(Pattern).where(Pattern.version_id == retrained)).first()
    assert pattern is not None
    tags.tag_pattern(ada.id, pattern.id, "Hair")
    plan = plan_version("pictures", 1, settings)
    assert (plan.counts.tags, plan.tags, plan.verdicts, plan.notes) == (0, 1, 1, 1)
    assert plan.counts.scores == 40
    pattern_images = pattern.images
    assert plan.counts.files > 3
    remove_version("pictures", 1, ada.id, settings)

    for table in (Prediction, PixelGroup, Pattern, Cell, Placement, ResultShard):
        left_over = select(func.count()).where(table.version_id == retrained)
        assert session().scalar(left_over) == 0, table
    assert session().scalar(select(func.count()).select_from(CuratedDataset)) == 2, "one a version"
    assert session().scalars(select(Verdict.reason)).all() == [REASON]
    assert session().scalars(select(CounterfactualNote.text)).all() == [NOTE]
    [drawn] = image_detail(second_version(), left.id).drawn
    assert [(each.tag, each.reason) for each in drawn.tags] == [("Fingers", FINDING)]
    assert set(session().scalars(select(Tag.name))) == {"Fingers", "Hair"}, "the taxonomy keeps it"
    assert {each.name: each.images for each in taxonomy([second_version()]).rows} == {
        "Fingers": 1,
        "Hair": pattern_images,
    }
    assert workspace("pictures").version is not None
    second = session().scalars(select(ModelVersion).where(ModelVersion.number == 2)).one()
    shown = image_detail(second.id, left.id)
    assert [each.reason for each in shown.verdicts] == [REASON]
    assert [each.text for each in shown.notes] == [NOTE]
    assert [each.number for each in shown.scores] == []
    assert check_files(settings).is_well
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "version.remove")).one()
    assert (event.user_id, event.subject) == (ada.id, f"version:{retrained}")


def second_version() -> int:
    """The id of the version that is left."""
    return session().scalars(select(ModelVersion.id).where(ModelVersion.number == 2)).one()


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_what_came_of_a_version_still_says_so_and_its_number_is_not_given_again(
    retrained: int, left: Left, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    remove_version("pictures", 1, ada.id, settings)
    (row,) = versions(analysed.collection.id)
    assert (row.summary.number, row.parent_number) == (2, 1)
    states = session().scalars(
        select(TrainingRun.state)
        .where(TrainingRun.collection_id == analysed.collection.id)
        .order_by(TrainingRun.id)
    )
    assert states.all() == ["removed", "succeeded"]

    assert retrain(ada.id, analysed.collection.id, settings).version_number == 3
    remove_version("pictures", 2, ada.id, settings)
    remove = session().scalars(select(ModelVersion.number).order_by(ModelVersion.number))
    assert remove.all()[-1] == 3
    with pytest.raises(NotFoundError):
        plan_version("pictures", 2, settings)
