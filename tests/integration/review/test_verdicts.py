"""What people decide on images is kept, and counts as it should."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.support.choosing import chosen
from tests.support.working import retrain
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import column_store, forget_columns
from workbench.services.errors import ConflictError, EditConflictError, InvalidError, NotFoundError
from workbench.services.explore.cards import cards_of
from workbench.services.explore.filters import VERDICTS
from workbench.services.explore.review_queue import review_queue
from workbench.services.image.detail import image_detail
from workbench.services.review import verdicts
from workbench.services.review.decision_changes import record_change
from workbench.services.review.decisions import decisions_on, final_decisions
from workbench.services.runs.schedules import new_decisions
from workbench.services.training import dataset
from workbench.services.training.dataset import (
    UNSURE_WEIGHT,
    final_labels,
    freeze,
)
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session, transaction
from workbench.store.images import LABELS, Image
from workbench.store.judgements import DECISIONS, Adjudication, Verdict
from workbench.store.outcomes import WRONG
from workbench.store.people import AuditEvent
from workbench.store.results import Prediction
from workbench.store.versions import CuratedDataset, CuratedItem

pytestmark = pytest.mark.analysed


@pytest.fixture
def some(analysed: Workspace) -> list[int]:
    """Three real images."""
    return list(
        session().scalars(
            select(Image.id)
            .where(Image.collection_id == analysed.collection.id, Image.label == "real")
            .order_by(Image.name)
            .limit(3)
        )
    )


def adjudicate(write: Session, by: Account, image_id: int, decision: str) -> None:
    write.add(Adjudication(image_id=image_id, user_id=by.id, decision=decision))
    record_change(write, image_id)


# Verdicts


def test_a_verdict_is_kept_with_its_person_version_and_event(
    some: list[int], version_id: int, ada: Account
) -> None:
    for decision in DECISIONS:
        given = verdicts.give_verdict(ada.id, some[0], version_id, decision, " it is rough\n")

        row = session().get_one(Verdict, given.id)
        assert (row.user_id, row.version_id, row.decision) == (ada.id, version_id, decision)
        assert row.reason == "it is rough"
        scored = session().get_one(Prediction, (version_id, some[0]))
        assert row.shown_p == given.shown_p == scored.p
        assert given.shown_version == 1
        event = (
            session()
            .scalars(select(AuditEvent).where(AuditEvent.subject == f"verdict:{row.id}"))
            .one()
        )
        assert (event.user_id, event.action) == (ada.id, "verdict.give")
        assert (event.image_id, event.version_id) == (some[0], version_id)
        assert event.after is not None
        assert event.after["decision"] == decision


def test_a_verdict_keeps_the_label_that_was_shown_or_else_the_one_that_stands(
    some: list[int], version_id: int, ada: Account, ben: Account
) -> None:
    first = verdicts.give_verdict(ada.id, some[0], version_id, "fake")
    late = verdicts.give_verdict(ben.id, some[0], version_id, "fake", shown_label="real")
    third = verdicts.give_verdict(ben.id, some[0], None, "fake")

    shown = [(each.shown_label, each.overturns) for each in (first, late, third)]
    assert shown == [("real", True), ("real", True), ("fake", False)]
    assert (third.shown_p, third.shown_version) == (None, None)
    assert verdicts.history(some[0]) == (third, late, first)
    with pytest.raises(InvalidError):
        verdicts.give_verdict(ben.id, some[0], None, "fake", shown_label="unsure")


def test_a_persons_newer_verdict_counts_and_the_older_stays_in_the_history(
    some: list[int], analysed: Workspace, version_id: int, ada: Account
) -> None:
    for decision in ("real", "exclude"):
        verdicts.give_verdict(ada.id, some[0], version_id, decision)

    assert decisions_on(some) == {some[0]: "exclude"}
    assert final_decisions(analysed.collection.id) == {some[0]: "exclude"}
    assert [each.decision for each in verdicts.history(some[0])] == ["exclude", "real"]


def test_a_verdict_that_is_taken_back_lets_the_one_before_it_stand(
    some: list[int], analysed: Workspace, version_id: int, ada: Account
) -> None:
    verdicts.give_verdict(ada.id, some[0], version_id, "real")
    newer = verdicts.give_verdict(ada.id, some[0], version_id, "fake")
    verdicts.withdraw_verdict(ada.id, newer.id)

    assert final_decisions(analysed.collection.id) == {some[0]: "real"}
    assert [(each.decision, each.withdrawn) for each in verdicts.history(some[0])] == [
        ("fake", True),
        ("real", False),
    ]


def test_a_verdict_on_an_image_judged_since_the_page_was_loaded_is_refused(
    some: list[int], version_id: int, ada: Account, ben: Account
) -> None:
    verdicts.give_verdict(ben.id, some[0], version_id, "unsure")
    given = verdicts.give_verdict(ada.id, some[0], version_id, "real", seen=0)

    with pytest.raises(EditConflictError, match="already judged") as refused:
        verdicts.give_verdict(ada.id, some[0], version_id, "fake", "the rim", seen=0)
    both = [(each.theirs, each.yours) for each in refused.value.fields]
    assert both == [("real", "fake"), ("", "the rim")]
    assert refused.value.revision == given.id
    assert [each.decision for each in verdicts.history(some[0])] == ["real", "unsure"]
    verdicts.give_verdict(ada.id, some[0], version_id, "fake", seen=given.id)
    assert verdicts.history(some[0])[0].decision == "fake"


def test_only_ones_own_verdict_can_be_taken_back_and_only_once(
    some: list[int], version_id: int, ada: Account, ben: Account
) -> None:
    given = verdicts.give_verdict(ada.id, some[0], version_id, "real")

    with pytest.raises(ConflictError):
        verdicts.withdraw_verdict(ben.id, given.id)
    assert verdicts.withdraw_verdict(ada.id, given.id).withdrawn
    with pytest.raises(NotFoundError):
        verdicts.withdraw_verdict(ada.id, given.id)
    assert decisions_on(some) == {}
    events = session().scalars(
        select(AuditEvent.action).where(AuditEvent.subject == f"verdict:{given.id}")
    )
    assert events.all() == ["verdict.give", "verdict.withdraw"]


def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    some: list[int], version_id: int, ada: Account
) -> None:
    others = workspace("others").version
    assert others is not None
    with pytest.raises(InvalidError):
        verdicts.give_verdict(ada.id, some[0], version_id, "perhaps")
    with pytest.raises(InvalidError):
        verdicts.give_verdict(ada.id, some[0], version_id, "real", "x" * 2001)
    with pytest.raises(NotFoundError):
        verdicts.give_verdict(ada.id, 10**6, version_id, "real")
    for unseen in (others.id, 10**6):
        with pytest.raises(NotFoundError):
            verdicts.give_verdict(ada.id, some[0], unseen, "real")

    assert session().scalar(select(func.count()).select_from(Verdict)) == 0


# The queue


def wrong_images(version_id: int) -> list[int]:
    """The misclassified images, the most wrong first."""
    return list(
        session().scalars(
            select(Prediction.image_id)
            .where(Prediction.version_id == version_id, Prediction.outcome.in_(WRONG))
            .order_by(func.abs(Prediction.logit).desc(), Prediction.image_id)
        )
    )


def met_in_the_queue(version_id: int, images: int) -> list[int]:
    """The queue's first images, each behind the last one; behind the end it begins again."""
    queue = review_queue(version_id)
    met = [queue.first() or 0]
    while len(met) < images:
        met.append(queue.after(met[-1]) or 0)
    return met


def test_the_queue_gives_each_wrong_image_once_the_most_wrong_first(version_id: int) -> None:
    wrong = wrong_images(version_id)

    assert met_in_the_queue(version_id, len(wrong) + 1) == [*wrong, wrong[0]]
    assert len(wrong) > 2


def test_the_queue_goes_back_to_what_was_skipped_and_to_what_one_has_judged(
    version_id: int, ada: Account, ben: Account
) -> None:
    first, second, third, *_ = wrong_images(version_id)
    verdicts.give_verdict(ben.id, second, version_id, "real")

    assert review_queue(version_id).before(third, verdicts.last_judged(ada.id)) == first
    assert review_queue(version_id).before(third, verdicts.last_judged(ben.id)) == second
    assert review_queue(version_id).before(first, verdicts.last_judged(ben.id)) is None


def test_an_image_that_waits_alone_has_none_before_or_behind_it(
    version_id: int, ada: Account
) -> None:
    *judged, last = wrong_images(version_id)
    for image_id in judged:
        verdicts.give_verdict(ada.id, image_id, version_id, "unsure")

    assert review_queue(version_id).after(last) is None
    assert review_queue(version_id).before(last) is None


def test_who_judges_all_that_the_queue_gives_comes_to_its_end(
    analysed: Workspace, version_id: int, ada: Account
) -> None:
    judged = []
    while (image_id := review_queue(version_id).first()) is not None:
        assert workspace("pictures").to_judge == analysed.to_judge - len(judged)
        verdicts.give_verdict(ada.id, image_id, version_id, "unsure")
        judged.append(image_id)

    assert judged == wrong_images(version_id)
    assert workspace("pictures").to_judge == 0
    assert workspace("others").to_judge > 0


def test_the_queue_goes_on_behind_an_image_whether_judged_or_skipped(
    version_id: int, ada: Account
) -> None:
    first, second, third, *_ = wrong_images(version_id)
    verdicts.give_verdict(ada.id, first, version_id, "real")

    assert review_queue(version_id).after(first) == second
    assert review_queue(version_id).after(second) == third
    assert review_queue(version_id).first() == second


def test_an_image_comes_back_to_the_queue_with_its_verdict_taken_back(
    version_id: int, ada: Account
) -> None:
    first = review_queue(version_id).first()
    assert first is not None
    given = verdicts.give_verdict(ada.id, first, version_id, "unsure")
    assert review_queue(version_id).first() != first
    verdicts.withdraw_verdict(ada.id, given.id)

    assert review_queue(version_id).first() == first


def test_images_of_the_same_wrongness_all_have_their_turn(
    version_id: int, settings: Settings
) -> None:
    wrong = sorted(wrong_images(version_id))
    with transaction() as current:
        for number, image_id in enumerate(wrong):
            sign = 1 if number % 2 else -1
            current.get_one(Prediction, (version_id, image_id)).logit = sign * 0.3
    forget_columns(version_id, settings)

    assert met_in_the_queue(version_id, len(wrong)) == wrong


# The curated dataset


def items_of(dataset_id: int) -> dict[int, tuple[str, float]]:
    return {
        each.image_id: (each.label, each.weight)
        for each in session().scalars(
            select(CuratedItem).where(CuratedItem.dataset_id == dataset_id)
        )
    }


def test_decisions_go_into_the_dataset_as_they_were_meant(
    analysed: Workspace, some: list[int], version_id: int, ada: Account
) -> None:
    for image_id, decision in zip(some, ("fake", "exclude", "unsure"), strict=True):
        verdicts.give_verdict(ada.id, image_id, version_id, decision)

    dataset_id = freeze(analysed.collection.id).id

    items = items_of(dataset_id)
    assert items[some[0]] == ("fake", 1.0)
    assert some[1] not in items
    assert items[some[2]] == ("real", 0.5)
    counts = session().get_one(CuratedDataset, dataset_id).counts
    assert (counts["overturned"], counts["excluded"], counts["unsure"]) == (1, 1, 1)
    assert counts["images"] == analysed.collection.images - 1 == len(items)
    assert counts["fake"] == analysed.collection.fake + 1


def test_people_who_disagree_are_unsure_until_an_adjudication_decides(
    analysed: Workspace, some: list[int], version_id: int, ada: Account, ben: Account
) -> None:
    collection_id = analysed.collection.id
    verdicts.give_verdict(ada.id, some[0], version_id, "fake")
    alone = final_decisions(collection_id)
    verdicts.give_verdict(ben.id, some[0], version_id, "real")
    both = final_decisions(collection_id)
    with transaction() as current:
        for decision in ("real", "fake"):
            adjudicate(current, ada, some[0], decision)

    assert (alone, both) == ({some[0]: "fake"}, {some[0]: "unsure"})
    assert final_decisions(collection_id) == {some[0]: "fake"}


def verdict_filters(version_id: int) -> dict[str, set[int]]:
    """What each verdict filter lets through."""
    found = {each: chosen(version_id, verdict=each) for each in VERDICTS}
    return {
        name: {int(each) for each in of.store.image_ids[of.selected]} for name, of in found.items()
    }


def said_everywhere(collection_id: int, version_id: int, image_id: int) -> set[str]:
    """The decision on an image by each page that shows one, and by training."""
    filtered = verdict_filters(version_id)
    return {
        cards_of(version_id, [image_id])[0].decision or "none",
        image_detail(version_id, image_id).card.decision or "none",
        final_decisions(collection_id).get(image_id, "none"),
        *(name for name in ("none", *DECISIONS) if image_id in filtered[name]),
    }


def test_people_who_disagree_are_unsure_on_every_page_and_in_training(
    analysed: Workspace, version_id: int, ada: Account, ben: Account
) -> None:
    collection_id = analysed.collection.id
    image_id, *others = wrong_images(version_id)
    said = [said_everywhere(collection_id, version_id, image_id)]
    verdicts.give_verdict(ada.id, image_id, version_id, "fake")
    said.append(said_everywhere(collection_id, version_id, image_id))
    verdicts.give_verdict(ben.id, image_id, version_id, "real")
    said.append(said_everywhere(collection_id, version_id, image_id))

    assert said == [{"none"}, {"fake"}, {"unsure"}]
    assert not verdict_filters(version_id)["overturned"]
    assert verdict_filters(version_id)["unsure"] == {image_id}
    assert verdict_filters(version_id)["any"] == {image_id}
    assert review_queue(version_id).first() == others[0]
    assert items_of(freeze(collection_id).id)[image_id][1] == UNSURE_WEIGHT


def test_an_adjudication_decides_on_every_page_and_in_training(
    analysed: Workspace, version_id: int, ada: Account, ben: Account
) -> None:
    collection_id = analysed.collection.id
    disputed, unjudged, *others = wrong_images(version_id)
    for user, decision in ((ada, "fake"), (ben, "real")):
        verdicts.give_verdict(user.id, disputed, version_id, decision)
    with transaction() as current:
        for image_id in (disputed, unjudged):
            for decision in ("real", "exclude"):
                adjudicate(current, ada, image_id, decision)
    verdicts.give_verdict(ben.id, disputed, version_id, "fake")

    for image_id in (disputed, unjudged):
        assert said_everywhere(collection_id, version_id, image_id) == {"exclude"}
    assert verdict_filters(version_id)["any"] == {disputed, unjudged}
    assert review_queue(version_id).first() == others[0]
    assert workspace("pictures").to_judge == len(others)
    assert not {disputed, unjudged} & items_of(freeze(collection_id).id).keys()


def test_the_filter_finds_what_was_decided_against_the_imported_label(
    version_id: int, ada: Account, ben: Account
) -> None:
    store = column_store(version_id)
    real, fake = (
        store.image_ids[store.imported_labels == LABELS.index(label)][:4].tolist()
        for label in LABELS
    )
    for image_id, decision in (
        *zip(real, DECISIONS, strict=True),
        *zip(fake, DECISIONS, strict=True),
    ):
        verdicts.give_verdict(ada.id, image_id, version_id, decision)

    as_fake, as_real = real[DECISIONS.index("fake")], fake[DECISIONS.index("real")]
    assert verdict_filters(version_id)["overturned"] == {as_fake, as_real}
    verdicts.give_verdict(ben.id, as_fake, version_id, "real")
    assert verdict_filters(version_id)["overturned"] == {as_real}


def test_who_changes_their_mind_ends_the_disagreement(
    analysed: Workspace, some: list[int], version_id: int, ada: Account, ben: Account
) -> None:
    verdicts.give_verdict(ada.id, some[0], version_id, "fake")
    verdicts.give_verdict(ben.id, some[0], version_id, "real")
    verdicts.give_verdict(ben.id, some[0], version_id, "fake")

    assert final_decisions(analysed.collection.id) == {some[0]: "fake"}


def test_another_collections_decisions_stay_there(
    analysed: Workspace, some: list[int], version_id: int, ada: Account
) -> None:
    others = workspace("others").collection.id
    before = final_labels(others)
    verdicts.give_verdict(ada.id, some[0], version_id, "fake")

    assert final_labels(others) == before
    assert (new_decisions(others), new_decisions(analysed.collection.id)) == (0, 1)


def test_the_same_decisions_give_the_same_dataset_and_others_another(
    analysed: Workspace, some: list[int], version_id: int, ada: Account, ben: Account
) -> None:
    def sha() -> str:
        return session().get_one(CuratedDataset, freeze(analysed.collection.id).id).sha256

    untouched = sha()
    given = verdicts.give_verdict(ada.id, some[0], version_id, "fake")
    overturned = sha()
    verdicts.give_verdict(ben.id, some[0], version_id, "fake")
    agreed = sha()
    verdicts.withdraw_verdict(ada.id, given.id)
    by_the_other = sha()
    verdicts.give_verdict(ben.id, some[0], version_id, "real")

    assert untouched != overturned
    assert overturned == agreed == by_the_other
    assert sha() == untouched


def test_a_verdict_given_while_the_dataset_is_frozen_is_still_a_new_decision(
    analysed: Workspace,
    some: list[int],
    version_id: int,
    ada: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def and_then_a_verdict(collection_id: int) -> list[dataset.FinalLabel]:
        labels = final_labels(collection_id)
        verdicts.give_verdict(ada.id, some[0], None, "fake")
        return labels

    monkeypatch.setattr(dataset, "final_labels", and_then_a_verdict)
    dataset_id = freeze(analysed.collection.id).id

    late = session().scalars(select(Verdict.id)).one()
    assert items_of(dataset_id)[some[0]] == ("real", 1.0)
    assert session().get_one(CuratedDataset, dataset_id).last_verdict_id < late


def test_decisions_are_new_until_a_retrain_has_learned_them_and_again_when_taken_back(
    analysed: Workspace, some: list[int], version_id: int, ada: Account, settings: Settings
) -> None:
    collection_id = analysed.collection.id
    counted = [new_decisions(collection_id)]
    given = [verdicts.give_verdict(ada.id, each, version_id, "fake") for each in some[:2]]
    counted.append(new_decisions(collection_id))
    verdicts.give_verdict(ada.id, some[0], version_id, "fake")
    counted.append(new_decisions(collection_id))

    retrain(ada.id, collection_id, settings)

    session().rollback()
    counted.append(new_decisions(collection_id))
    verdicts.withdraw_verdict(ada.id, given[1].id)
    counted.append(new_decisions(collection_id))
    assert counted == [0, 2, 2, 0, 1]


def test_a_verdict_taken_back_before_anybody_learned_it_is_no_decision(
    analysed: Workspace, some: list[int], version_id: int, ada: Account
) -> None:
    given = verdicts.give_verdict(ada.id, some[0], version_id, "fake")
    verdicts.withdraw_verdict(ada.id, given.id)

    assert new_decisions(analysed.collection.id) == 0


def test_the_model_can_be_right_for_the_wrong_reason_and_never_wrong_for_one(
    version_id: int, ada: Account
) -> None:
    scored = session().scalars(select(Prediction).where(Prediction.version_id == version_id)).all()
    image_id, p = next((each.image_id, each.p) for each in scored if each.outcome not in WRONG)
    called = "fake" if p > 0.5 else "real"
    other = "real" if called == "fake" else "fake"

    given = verdicts.give_verdict(ada.id, image_id, version_id, called, wrong_reason=True)

    assert given.wrong_reason
    assert session().get_one(Verdict, given.id).wrong_reason
    assert verdict_filters(version_id)["wrong_reason"] == {image_id}
    for decision in (other, "unsure", "exclude"):
        with pytest.raises(InvalidError, match="Only where the model is right"):
            verdicts.give_verdict(ada.id, image_id, version_id, decision, wrong_reason=True)
    with pytest.raises(InvalidError):
        verdicts.give_verdict(ada.id, image_id, None, called, wrong_reason=True)
    verdicts.withdraw_verdict(ada.id, given.id)
    assert verdict_filters(version_id)["wrong_reason"] == set()
