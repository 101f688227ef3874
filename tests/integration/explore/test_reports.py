"""What people have said of a pattern's images."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.support.choosing import chosen
from tests.support.noting import save_note
from tests.support.queries import queries
from tests.support.queueing import queue
from workbench.services.accounts import Account
from workbench.services.errors import NotFoundError
from workbench.services.explore import wrong_reasons
from workbench.services.explore.patterns import patterns
from workbench.services.explore.reports import remarks
from workbench.services.image.edits import DimensionEdit
from workbench.services.review import blinding, verdicts
from workbench.services.review.notes import withdraw_note
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session
from workbench.store.results import PixelGroup, Prediction

RIGHT = ("real_right", "fake_right")

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


def test_images_that_the_model_is_right_on_for_the_wrong_reason_are_counted_and_shown(
    version_id: int, pattern_id: int, ada: Account, ben: Account
) -> None:
    scored = {
        each.image_id: each
        for each in session().scalars(select(Prediction).where(Prediction.version_id == version_id))
    }
    right = [each for each in members(pattern_id) if scored[each].outcome in RIGHT]
    assert len(right) >= 3
    nothing = wrong_reasons.of_pattern(version_id, pattern_id)
    assert (nothing.images, nothing.share, nothing.shown) == (0, 0.0, ())
    given = [
        verdicts.give_verdict(
            person.id, each, version_id, scored[each].label or "", wrong_reason=True
        )
        for person, each in ((ada, right[0]), (ben, right[0]), (ada, right[1]))
    ]
    verdicts.give_verdict(ada.id, right[2], version_id, scored[right[2]].label or "")

    found = wrong_reasons.of_pattern(version_id, pattern_id)

    assert (found.images, found.share) == (2, 2 / len(right))
    surest = sorted(right[:2], key=lambda each: -abs(scored[each].logit))
    assert [card.id for card in found.shown] == surest
    others = [row.id for row in patterns(chosen(version_id))]
    of_all = wrong_reasons.of_patterns(version_id, others)
    assert (of_all[pattern_id].images, of_all[pattern_id].share) == (2, 2 / len(right))
    for other, told in of_all.items():
        assert told.images == len(set(members(other)) & set(right[:2]))
    verdicts.withdraw_verdict(ada.id, given[2].id)
    assert wrong_reasons.of_pattern(version_id, pattern_id).images == 1


def test_a_report_tells_nobody_what_others_say_of_an_image_that_they_have_to_judge_blind(
    analysed: Workspace, version_id: int, pattern_id: int, ada: Account, ben: Account
) -> None:
    scored = select(Prediction).where(
        Prediction.version_id == version_id, Prediction.image_id.in_(members(pattern_id))
    )
    one = next(each for each in session().scalars(scored) if each.outcome in RIGHT)
    verdicts.give_verdict(
        ada.id, one.image_id, version_id, one.label or "", "the ear", wrong_reason=True
    )
    queue(analysed.collection.id, ada, [one.image_id], blind=True, members=(ben,))

    def told(person: Account) -> tuple[int, int]:
        reader = blinding.read_as(person.id)
        found = (
            len(remarks(version_id, pattern_id)),
            wrong_reasons.of_pattern(version_id, pattern_id).images,
        )
        blinding.read_by_nobody(reader)
        return found

    assert told(ben) == (0, 0)
    assert told(ada) == (1, 1)
