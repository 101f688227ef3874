"""Review queues go with what they are of: an image, a version's scores, a collection."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.integration.removal.conftest import Left
from tests.support.queueing import people, queue
from tests.support.working import retrain
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import NotFoundError
from workbench.services.queues.claims import claim
from workbench.services.queues.judging import judge
from workbench.services.queues.progress import queue_view
from workbench.services.queues.walking import item_view
from workbench.services.removal.collections import remove_collection
from workbench.services.removal.images import remove_image
from workbench.services.removal.versions import remove_version
from workbench.services.review.verdicts import Said
from workbench.services.workspaces import Workspace
from workbench.store.database import Base, session
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.queues import Queue, QueueClaim, QueueItem, QueueMember

pytestmark = pytest.mark.analysed


@pytest.fixture
def queued(left: Left, analysed: Workspace, version_id: int, ada: Account) -> int:
    """A queue of the image that is to go, which two people are to judge, and of another one."""
    collection_id = analysed.collection.id
    other = session().scalars(
        select(Image.id).where(Image.collection_id == collection_id, Image.id != left.id).limit(1)
    )
    return queue(
        collection_id,
        ada,
        [left.id, other.one()],
        members=(ada,),
        version_id=version_id,
        blind=False,
    )


def rows(table: type[Base]) -> int:
    return session().scalar(select(func.count()).select_from(table)) or 0


def test_an_image_leaves_the_queues_that_it_is_in_and_who_is_at_it_is_told(
    queued: int, left: Left, analysed: Workspace, ada: Account, settings: Settings
) -> None:
    here = analysed.collection.id
    first, second = claim(ada.id, here, queued).image_ids
    judge(ada.id, here, queued, first, Said("fake"), seen=None)

    remove_image(left.id, ada.id, settings)

    assert rows(QueueItem) == 1
    assert rows(QueueClaim) == 1
    line = queue_view(here, queued, ada.id).line
    assert (line.images, line.done, line.needed) == (1, 0, 2)
    with pytest.raises(NotFoundError):
        item_view(ada.id, here, queued, first)
    with pytest.raises(NotFoundError, match="removed from the workbench"):
        judge(ada.id, here, queued, first, Said("fake"), seen=None)
    assert claim(ada.id, here, queued).image_ids == (second,)


def test_a_queue_whose_images_are_all_removed_gives_out_nothing(
    queued: int, left: Left, analysed: Workspace, ada: Account, settings: Settings
) -> None:
    here = analysed.collection.id
    for image_id in session().scalars(select(QueueItem.image_id)).all():
        remove_image(image_id, ada.id, settings)

    assert claim(ada.id, here, queued).image_ids == ()
    view = queue_view(here, queued, ada.id)
    assert (view.line.images, view.left, view.ahead.days) == (0, 0, None)


def test_a_queue_outlives_the_version_that_it_was_made_under(
    queued: int, analysed: Workspace, ada: Account, settings: Settings
) -> None:
    here = analysed.collection.id
    retrain(ada.id, here, settings)

    remove_version("pictures", 1, ada.id, settings)

    assert queue_view(here, queued, ada.id).version is None
    [first, _second] = claim(ada.id, here, queued).image_ids
    told = item_view(ada.id, here, queued, first).told
    assert told is not None
    assert told.p is None
    given = judge(ada.id, here, queued, first, Said("fake"), seen=None).verdict
    assert session().get_one(Verdict, given.id).version_id is None


def test_queues_go_with_their_collection_and_not_with_another(
    queued: int, analysed: Workspace, ada: Account, settings: Settings
) -> None:
    here = analysed.collection.id
    elsewhere = session().scalars(
        select(Image).where(Image.collection_id != here).order_by(Image.id).limit(1)
    )
    image = elsewhere.one()
    [ben] = people(1)
    kept = queue(image.collection_id, ben, [image.id], members=(ben,))
    first, _second = claim(ada.id, here, queued).image_ids
    judge(ada.id, here, queued, first, Said("fake"), seen=None)

    remove_collection("pictures", ada.id, settings)

    assert session().scalars(select(Queue.id)).all() == [kept]
    assert rows(QueueMember) == rows(QueueItem) == 1
    assert rows(QueueClaim) == 0
