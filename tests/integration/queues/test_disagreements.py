"""What people disagree on waits until a reviewer adjudicates; all readers then say the same."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.support.queueing import queue
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.errors import (
    ConflictError,
    EditConflictError,
    InvalidError,
    NotFoundError,
)
from workbench.services.queues.claims import claim
from workbench.services.queues.disagreements import (
    disagreement,
    disputed_images,
    is_kept_out,
    next_disputed,
)
from workbench.services.queues.judging import judge
from workbench.services.review import adjudications, undo, verdicts
from workbench.services.review.adjudications import Seen
from workbench.services.review.decision_changes import changes_until_now
from workbench.services.review.decisions import decisions_on
from workbench.services.review.history import history_of_image
from workbench.services.review.recording import subject_of
from workbench.services.review.verdicts import Said
from workbench.services.training.dataset import UNSURE_WEIGHT, final_labels
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Adjudication
from workbench.store.people import AuditEvent


@pytest.fixture
def some(imported: int) -> list[int]:
    """Three real images."""
    return list(
        session().scalars(
            select(Image.id)
            .where(Image.collection_id == imported, Image.label == "real")
            .order_by(Image.id)
            .limit(3)
        )
    )


@pytest.fixture
def cleo(tables: object) -> Account:
    """A second reviewer."""
    return accounts.add_user("cleo", "correct horse battery", "reviewer")


def disagree(image_id: int, *people: Account) -> None:
    for person, decision in zip(people, ("real", "fake", "unsure"), strict=False):
        verdicts.give_verdict(person.id, image_id, None, decision, f"{person.name} says so")


def seen(imported: int, image_id: int) -> Seen:
    found = disagreement(imported, image_id)
    return Seen(found.newest_verdict, found.adjudication_id)


def trained(imported: int, image_id: int) -> tuple[str, float]:
    [found] = [each for each in final_labels(imported) if each.image_id == image_id]
    return found.label, found.weight


def test_images_wait_while_people_disagree_on_them(
    imported: int, some: list[int], ada: Account, ben: Account
) -> None:
    disagree(some[0], ada, ben)
    disagree(some[2], ada, ben)
    verdicts.give_verdict(ada.id, some[1], None, "fake")
    verdicts.give_verdict(ben.id, some[1], None, "fake")

    page = disputed_images(imported)
    assert [each.image_id for each in page.images] == [some[0], some[2]]
    assert page.total == 2
    said = [(each.by, each.decision) for each in page.images[0].opinions]
    assert said == [("ada", "real"), ("ben", "fake")]
    assert next_disputed(imported, some[0]) == some[2]
    assert next_disputed(imported, some[2]) == some[0], "it begins again behind the last"

    verdicts.give_verdict(ada.id, some[2], None, "fake")
    assert [each.image_id for each in disputed_images(imported).images] == [some[0]]
    assert next_disputed(imported, some[0]) is None


def test_an_adjudication_decides_for_pages_and_training_until_it_is_withdrawn(
    imported: int, some: list[int], ada: Account, ben: Account, cleo: Account
) -> None:
    disagree(some[0], ada, ben)
    assert trained(imported, some[0]) == ("real", UNSURE_WEIGHT)
    before = changes_until_now(imported)

    made = adjudications.adjudicate(
        cleo.id, some[0], "fake", " six fingers ", seen(imported, some[0])
    )

    row = session().get_one(Adjudication, made)
    assert (row.user_id, row.decision, row.reason) == (cleo.id, "fake", "six fingers")
    assert not row.own_opinion
    assert trained(imported, some[0]) == ("fake", 1.0)
    assert decisions_on(some) == {some[0]: "fake"}
    assert changes_until_now(imported) > before, "filters and queues see it"
    standing = disagreement(imported, some[0]).standing
    assert (standing.decision, standing.disputed) == ("fake", False)
    assert disputed_images(imported).total == 0
    assert history_of_image(some[0]).events[0].action == "adjudication.give"

    with pytest.raises(ConflictError, match="Only its author"):
        adjudications.withdraw_adjudication(ben.id, made)
    adjudications.withdraw_adjudication(cleo.id, made)

    assert trained(imported, some[0]) == ("real", UNSURE_WEIGHT)
    assert disputed_images(imported).total == 1
    assert [each.action for each in history_of_image(some[0]).events[:2]] == [
        "adjudication.withdraw",
        "adjudication.give",
    ]
    with pytest.raises(NotFoundError):
        adjudications.withdraw_adjudication(cleo.id, made)


def test_an_adjudication_is_undone_and_done_again_in_the_history(
    imported: int, some: list[int], ada: Account, ben: Account, cleo: Account
) -> None:
    disagree(some[0], ada, ben)
    made = adjudications.adjudicate(cleo.id, some[0], "fake", "so", seen(imported, some[0]))
    subject = subject_of(session().get_one(Adjudication, made))

    def newest() -> int:
        found = select(AuditEvent.id).where(AuditEvent.subject == subject)
        return session().scalars(found.order_by(AuditEvent.id.desc())).first() or 0

    undo.undo(cleo.id, newest())
    assert decisions_on(some) == {some[0]: "unsure"}
    undo.undo(cleo.id, newest())
    assert decisions_on(some) == {some[0]: "fake"}

    undo.undo(cleo.id, newest())
    adjudications.adjudicate(ben.id, some[0], "real", "no", seen(imported, some[0]))
    with pytest.raises(ConflictError, match="adjudicated again since"):
        undo.undo(cleo.id, newest())
    assert decisions_on(some) == {some[0]: "real"}


def test_who_gave_one_of_the_verdicts_is_noted_and_kept_out_where_that_is_the_rule(
    imported: int, some: list[int], ada: Account, ben: Account, cleo: Account
) -> None:
    disagree(some[0], ada, ben)

    with pytest.raises(ConflictError, match="another reviewer"):
        adjudications.adjudicate(
            ben.id, some[0], "fake", "so", seen(imported, some[0]), independent=True
        )
    given = verdicts.give_verdict(cleo.id, some[0], None, "real")
    verdicts.withdraw_verdict(cleo.id, given.id)
    with pytest.raises(ConflictError, match="another reviewer"):
        adjudications.adjudicate(
            cleo.id, some[0], "fake", "so", seen(imported, some[0]), independent=True
        )
    assert not is_kept_out(cleo.id, some[0]), "no queue says so"
    queue(imported, ada, some[:1], independent=True)
    assert is_kept_out(cleo.id, some[0]), "who withdrew, too"
    assert not is_kept_out(cleo.id, some[1])
    made = adjudications.adjudicate(ben.id, some[0], "fake", "so", seen(imported, some[0]))

    assert session().get_one(Adjudication, made).own_opinion
    adjudication = disagreement(imported, some[0]).standing.adjudication
    assert adjudication is not None
    assert adjudication.own_opinion


def test_what_has_changed_since_the_page_was_loaded_is_not_decided_over(
    imported: int, some: list[int], ada: Account, ben: Account, cleo: Account
) -> None:
    disagree(some[0], ada, ben)
    page = seen(imported, some[0])
    verdicts.give_verdict(cleo.id, some[0], None, "exclude")

    with pytest.raises(ConflictError, match="verdicts on this image have changed"):
        adjudications.adjudicate(ben.id, some[0], "fake", "so", page)

    page = seen(imported, some[0])
    adjudications.adjudicate(cleo.id, some[0], "fake", "six fingers", page)
    with pytest.raises(EditConflictError, match="adjudicated since") as refused:
        adjudications.adjudicate(ben.id, some[0], "real", "five", page)

    assert refused.value.by == "cleo"
    assert [each.theirs for each in refused.value.fields] == ["fake", "six fingers"]
    assert decisions_on(some) == {some[0]: "fake"}
    replaced = Seen(page.verdict_id, refused.value.revision)
    adjudications.adjudicate(ben.id, some[0], "real", "five", replaced)
    assert decisions_on(some) == {some[0]: "real"}


def test_what_nobody_disagrees_on_needs_no_adjudication_and_each_needs_a_reason(
    imported: int, some: list[int], ada: Account, ben: Account
) -> None:
    verdicts.give_verdict(ada.id, some[0], None, "fake")
    verdicts.give_verdict(ben.id, some[0], None, "fake")

    with pytest.raises(InvalidError, match="do not disagree"):
        adjudications.adjudicate(ben.id, some[0], "fake", "so", seen(imported, some[0]))
    for decision, reason in (("fake", " "), ("maybe", "so"), ("fake", "x" * 2001)):
        with pytest.raises(InvalidError):
            adjudications.adjudicate(ben.id, some[0], decision, reason, Seen(0, 0))
    with pytest.raises(NotFoundError):
        adjudications.adjudicate(ben.id, 10**6, "fake", "so", Seen(0, 0))
    with pytest.raises(NotFoundError):
        disagreement(imported + 1, some[0])


def majority_of(image_id: int) -> list[tuple[str, int]]:
    """What was decided by majority and stands, and who is named as its author."""
    found = select(Adjudication.decision, Adjudication.user_id).where(
        Adjudication.image_id == image_id,
        Adjudication.by_majority,
        Adjudication.withdrawn_at.is_(None),
    )
    return list(session().execute(found).tuples())


def judged_by_three(imported: int, image_id: int, *three: Account) -> tuple[int, list[int]]:
    """A queue in which they judged an image, the majority fake; and their verdicts."""
    made = queue(
        imported, three[0], [image_id], verdicts_needed=3, disputes="majority", members=three
    )
    given = []
    for person, decision in zip(three, ("real", "fake", "fake"), strict=True):
        claim(person.id, imported, made)
        judged = judge(person.id, imported, made, image_id, Said(decision), seen=None)
        given.append(judged.verdict.id)
    return made, given


def newest_event_of(verdict_id: int) -> int:
    subject = f"verdict:{verdict_id}"
    return (
        session()
        .scalars(select(func.max(AuditEvent.id)).where(AuditEvent.subject == subject))
        .one()
    )


def test_a_majority_decides_until_one_of_its_verdicts_changes_and_again_once_it_stands(
    imported: int, some: list[int], ada: Account, ben: Account, cleo: Account
) -> None:
    _made, given = judged_by_three(imported, some[0], ada, ben, cleo)
    standing = disagreement(imported, some[0]).standing
    assert standing.adjudication is not None
    assert standing.adjudication.by_majority
    assert decisions_on(some) == {some[0]: "fake"}

    verdicts.withdraw_verdict(cleo.id, given[2])
    assert majority_of(some[0]) == []
    assert decisions_on(some) == {some[0]: "unsure"}

    undo.undo(cleo.id, newest_event_of(given[2]))
    assert majority_of(some[0]) == [("fake", cleo.id)]
    assert decisions_on(some) == {some[0]: "fake"}
    assert disputed_images(imported).total == 0


def test_a_verdict_beside_the_queue_leaves_its_majority_and_one_of_its_people_counts_anew(
    imported: int, some: list[int], ada: Account, ben: Account, cleo: Account
) -> None:
    outsider = accounts.add_user("dan", "correct horse battery", "annotator")
    judged_by_three(imported, some[0], ada, ben, cleo)
    settled = majority_of(some[0])

    for decision in ("fake", "real"):
        given = verdicts.give_verdict(outsider.id, some[0], None, decision)
        assert majority_of(some[0]) == settled
    verdicts.withdraw_verdict(outsider.id, given.id)
    assert majority_of(some[0]) == settled == [("fake", cleo.id)]

    changed = verdicts.give_verdict(ben.id, some[0], None, "real")
    assert majority_of(some[0]) == [("real", ben.id)]
    verdicts.withdraw_verdict(ben.id, changed.id)
    assert majority_of(some[0]) == [("fake", ben.id)]
    verdicts.give_verdict(ada.id, some[0], None, "unsure")
    verdicts.give_verdict(ben.id, some[0], None, "real")
    assert majority_of(some[0]) == [], "three opinions"
    assert disputed_images(imported).total == 1
