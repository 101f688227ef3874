"""A collection goes with all of it, and the others are as they were."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.integration.removal.conftest import Left
from tests.support.traces import in_files, in_rows
from tests.support.working import analyse, import_pictures
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError
from workbench.services.removal.check_files import check_files
from workbench.services.removal.collections import plan_collection, remove_collection
from workbench.services.runs import queue
from workbench.services.workspaces import Workspace, collections, workspace
from workbench.store.database import Base, session, transaction
from workbench.store.images import Collection, Image
from workbench.store.import_jobs import ImportJob
from workbench.store.people import AuditEvent
from workbench.store.removals import Takedown

pytestmark = pytest.mark.analysed

KEPT = {"removal", "audit_event", "takedown"}


def rows_of(collection_id: int) -> set[str]:
    """The tables that have a row of this collection."""
    return {
        table.name
        for table in Base.metadata.sorted_tables
        if "collection_id" in table.c
        and session().execute(select(table).where(table.c.collection_id == collection_id)).first()
    }


def test_a_collection_goes_with_all_rows_and_files_of_it(
    left: Left, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    collection_id = analysed.collection.id
    hashes = session().execute(
        select(Image.content_hash, Image.pixel_hash).where(Image.collection_id == collection_id)
    )
    words = [*left.words[1:], *(each for row in hashes for each in row)]
    plan = plan_collection("pictures", settings)
    assert (plan.counts.images, plan.counts.versions, plan.counts.scores) == (40, 1, 40)
    assert (plan.counts.notes, plan.counts.drawn, plan.counts.work) == (2, 1, 6), (
        "a note, its reply"
    )
    assert plan.counts.files > 40

    counts = remove_collection("pictures", ada.id, settings)

    assert counts == plan.counts
    assert rows_of(collection_id) <= KEPT
    assert in_rows(words) == set()
    assert {
        each
        for each in in_files(settings.data_dir, words, apart=("drawn",))
        if "sqlite" not in each
    } == set()
    assert check_files(settings).is_well
    assert [each.name for each in collections()] == ["others"]
    event = (
        session().scalars(select(AuditEvent).where(AuditEvent.action == "collection.remove")).one()
    )
    assert (event.subject, event.detail) == (f"collection:{collection_id}", counts.as_json())


def test_the_other_collection_is_shown_and_the_name_is_free(left: Left, settings: Settings) -> None:
    before = workspace("others")

    remove_collection("pictures", None, settings)

    after = workspace("others")
    assert (after.collection, after.version) == (before.collection, before.version)
    assert session().scalars(select(Takedown)).all() == [], "it is no takedown"
    import_pictures(settings, settings.data_dir / "drawn")
    again = session().scalars(select(Collection).where(Collection.name == "pictures")).one()
    assert analyse(again.id, settings) == "succeeded"


def test_it_is_refused_while_a_run_is_queued(
    left: Left, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    queue.request_retrain(ada.id, analysed.collection.id)

    with pytest.raises(ConflictError, match="A run of pictures is queued or running"):
        remove_collection("pictures", ada.id, settings)

    assert workspace("pictures").version is not None


def test_it_is_refused_while_an_import_into_it_is_queued(
    left: Left, settings: Settings, ada: Account
) -> None:
    with transaction() as write:
        job = write.scalars(select(ImportJob)).one()
        job.state = "queued"

    with pytest.raises(ConflictError, match="An import into pictures is queued or running"):
        remove_collection("pictures", ada.id, settings)
