"""What people have said of a pattern's images."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.support.choosing import chosen
from tests.support.noting import save_note
from tests.support.queries import queries
from workbench.services.accounts import Account
from workbench.services.errors import NotFoundError
from workbench.services.explore.patterns import patterns
from workbench.services.explore.reports import remarks
from workbench.services.image.edits import DimensionEdit
from workbench.services.review import verdicts
from workbench.services.review.notes import withdraw_note
from workbench.services.workspaces import workspace
from workbench.store.database import session
from workbench.store.results import PixelGroup, Prediction

pytestmark = pytest.mark.analysed


@pytest.fixture
def pattern_id(version_id: int) -> int:
    return patterns(chosen(version_id))[0].id


def members(pattern_id: int) -> list[int]:
    return list(
        session().scalars(
            select(PixelGroup.image_id)
            .where(PixelGroup.pattern_id == pattern_id)
            .distinct()
            .order_by(PixelGroup.image_id)
        )
    )


def outsider(version_id: int, pattern_id: int) -> int:
    found = session().scalar(
        select(Prediction.image_id).where(
            Prediction.version_id == version_id,
            Prediction.image_id.not_in(members(pattern_id)),
        )
    )
    assert found is not None
    return found


def test_reasons_and_notes_on_its_images_are_there_the_newest_first(
    version_id: int, pattern_id: int, ada: Account, ben: Account
) -> None:
    first, second = members(pattern_id)[:2]
    verdicts.give_verdict(ben.id, second, version_id, "fake", "the teeth")
    save_note(ada.id, version_id, first, DimensionEdit(0, "zero"), "fall", "the glare")

    found = remarks(version_id, pattern_id)

    assert [each.image_id for each in found] == [first, second]
    note, verdict = found[0].note, found[1].verdict
    assert note is not None
    assert (note.by, note.text) == ("ada", "the glare")
    assert verdict is not None
    assert (verdict.by, verdict.decision, verdict.reason) == ("ben", "fake", "the teeth")
    assert all(each.image_name for each in found)
    assert found[0].at >= found[1].at


def test_what_was_taken_back_left_unsaid_or_said_of_others_is_not(
    version_id: int, pattern_id: int, ada: Account
) -> None:
    member = members(pattern_id)[0]
    back = verdicts.give_verdict(ada.id, member, version_id, "unsure", "never mind")
    verdicts.withdraw_verdict(ada.id, back.id)
    verdicts.give_verdict(ada.id, member, version_id, "real", "")
    note = save_note(ada.id, version_id, member, DimensionEdit(0, "zero"), "fall", "hm")
    withdraw_note(ada.id, note.id)
    other = outsider(version_id, pattern_id)
    verdicts.give_verdict(ada.id, other, version_id, "real", "another image")

    assert remarks(version_id, pattern_id) == ()


def test_a_pattern_of_another_collection_has_no_report_here(
    version_id: int, pattern_id: int
) -> None:
    other = workspace("others").version
    assert other is not None

    with pytest.raises(NotFoundError):
        remarks(other.id, pattern_id)
    with pytest.raises(NotFoundError):
        remarks(version_id, 10**6)


def test_many_remarks_are_asked_for_as_often_as_few(
    version_id: int, pattern_id: int, ada: Account
) -> None:
    images = members(pattern_id)
    verdicts.give_verdict(ada.id, images[0], version_id, "real", "one")
    few = queries(lambda: remarks(version_id, pattern_id))
    for image_id in images:
        verdicts.give_verdict(ada.id, image_id, version_id, "real", "more")

    assert queries(lambda: remarks(version_id, pattern_id)) == few <= 3
