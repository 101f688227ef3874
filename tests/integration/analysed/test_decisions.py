"""What people decide is kept, counts as it should, and is what a retrain learns from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.support.fake_encoder import FakeEncoder
from tests.support.working import perform, retrain
from workbench.config import Settings
from workbench.services import judging, runs, summarising, tagging, training
from workbench.services.accounts import Account
from workbench.services.collections import Workspace, workspace
from workbench.services.counterfactuals import (
    DimensionEdit,
    RegionEdit,
    save_note,
    try_edit,
    withdraw_note,
)
from workbench.services.curation import final_decision, freeze, new_decisions
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.version_files import logit_weights_of, rows_of
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import DECISIONS, CounterfactualNote, Tag, Verdict
from workbench.store.people import AuditEvent
from workbench.store.results import Pattern, PixelGroup, Prediction
from workbench.store.versions import (
    ActiveVersion,
    CuratedDataset,
    CuratedItem,
    ModelVersion,
    TrainingRun,
)


@pytest.fixture
def mislabelled(analysed: Workspace) -> list[int]:
    """The real pictures that were drawn with a fake's roughness."""
    return list(
        session().scalars(
            select(Image.id)
            .where(Image.collection_id == analysed.collection.id, Image.label == "real")
            .order_by(Image.name)
            .limit(3)
        )
    )


@pytest.fixture
def group(version_id: int) -> PixelGroup:
    """The strongest pixel group of some image."""
    return session().scalars(
        select(PixelGroup).where(PixelGroup.version_id == version_id, PixelGroup.number == 0)
    ).first() or pytest.fail("no pixel group")


# Verdicts


def test_a_verdict_is_kept_with_its_person_version_and_event(
    mislabelled: list[int], version_id: int, ada: Account
) -> None:
    given_ = judging.give_verdict(ada.id, mislabelled[0], version_id, "overturn", " it is rough ")

    row = session().get_one(Verdict, given_.id)
    assert (row.user_id, row.version_id, row.decision) == (ada.id, version_id, "overturn")
    assert row.reason == "it is rough"
    assert (
        session().scalar(
            select(AuditEvent.user_id).where(AuditEvent.subject == f"verdict:{row.id}")
        )
        == ada.id
    )


def test_a_persons_newer_verdict_counts_and_the_older_stays_in_the_history(
    mislabelled: list[int], version_id: int, ada: Account
) -> None:
    for decision in ("confirm", "exclude"):
        judging.give_verdict(ada.id, mislabelled[0], version_id, decision)

    assert judging.standing_decisions(mislabelled) == {mislabelled[0]: "exclude"}
    assert [each.decision for each in judging.history(mislabelled[0])] == ["exclude", "confirm"]


def test_only_ones_own_verdict_can_be_taken_back(
    mislabelled: list[int], version_id: int, ada: Account, ben: Account
) -> None:
    given_ = judging.give_verdict(ada.id, mislabelled[0], version_id, "confirm")

    with pytest.raises(ConflictError):
        judging.withdraw_verdict(ben.id, given_.id)
    assert judging.withdraw_verdict(ada.id, given_.id).withdrawn
    with pytest.raises(NotFoundError):
        judging.withdraw_verdict(ada.id, given_.id)
    assert judging.standing_decisions(mislabelled) == {}


def test_an_unknown_decision_or_image_is_refused(version_id: int, ada: Account) -> None:
    with pytest.raises(InvalidError):
        judging.give_verdict(ada.id, 1, version_id, "perhaps")
    with pytest.raises(NotFoundError):
        judging.give_verdict(ada.id, 10**6, version_id, "confirm")


def test_the_queue_gives_each_wrong_image_once_the_most_wrong_first(version_id: int) -> None:
    wrong = session().execute(
        select(Prediction.image_id)
        .where(Prediction.version_id == version_id, Prediction.outcome.in_(judging.WRONG))
        .order_by(func.abs(Prediction.logit).desc(), Prediction.image_id)
    )
    expected = [image_id for (image_id,) in wrong]

    met, last = [], None
    while (last := judging.queue(version_id, last)) is not None:
        met.append(last)

    assert met == expected
    assert met


def test_a_judged_image_leaves_the_queue(version_id: int, ada: Account) -> None:
    first = judging.queue(version_id)
    assert first is not None
    judging.give_verdict(ada.id, first, version_id, "unsure")

    assert judging.queue(version_id) != first


@given(st.lists(st.sampled_from(DECISIONS)), st.none() | st.sampled_from(DECISIONS))
def test_an_adjudication_decides_and_disagreement_is_unsure(
    verdicts: list[str], adjudicated: str | None
) -> None:
    found = final_decision(verdicts, adjudicated)

    if adjudicated is not None:
        assert found == adjudicated
    elif len(set(verdicts)) > 1:
        assert found == "unsure"
    else:
        assert found == (verdicts[0] if verdicts else None)


# The curated dataset and what is learned from it


def test_the_same_decisions_give_the_same_dataset(
    analysed: Workspace, mislabelled: list[int], version_id: int, ada: Account
) -> None:
    def sha() -> str:
        return session().get_one(CuratedDataset, freeze(analysed.collection.id)).sha256

    first, again = sha(), sha()
    judging.give_verdict(ada.id, mislabelled[0], version_id, "overturn")

    assert first == again
    assert sha() != first


def test_new_decisions_are_counted_until_a_retrain_has_learned_them(
    analysed: Workspace, mislabelled: list[int], version_id: int, ada: Account, settings: Settings
) -> None:
    for image_id in mislabelled[:2]:
        judging.give_verdict(ada.id, image_id, version_id, "overturn")
    before = new_decisions(analysed.collection.id)
    retrain(ada.id, analysed.collection.id, settings)
    session().rollback()

    assert (before, new_decisions(analysed.collection.id)) == (2, 0)


def test_taking_back_what_was_learned_is_a_new_decision(
    analysed: Workspace, mislabelled: list[int], version_id: int, ada: Account, settings: Settings
) -> None:
    given_ = judging.give_verdict(ada.id, mislabelled[0], version_id, "overturn")
    retrain(ada.id, analysed.collection.id, settings)
    judging.withdraw_verdict(ada.id, given_.id)

    assert new_decisions(analysed.collection.id) == 1


def test_a_retrain_learns_the_decisions_and_changes_nothing_of_its_parent(
    analysed: Workspace,
    mislabelled: list[int],
    version_id: int,
    ada: Account,
    settings: Settings,
    encoder: FakeEncoder,
) -> None:
    overturned, excluded = mislabelled[:2], mislabelled[2]
    for image_id in overturned:
        judging.give_verdict(ada.id, image_id, version_id, "overturn")
    judging.give_verdict(ada.id, excluded, version_id, "exclude")
    before = rows_of_version(version_id)
    encoder.encoded = 0

    run = retrain(ada.id, analysed.collection.id, settings)

    session().rollback()
    assert (run.state, run.version_number, run.requested_by) == ("succeeded", 2, "ada")
    made = (
        session()
        .scalars(
            select(ModelVersion).where(
                ModelVersion.collection_id == analysed.collection.id, ModelVersion.number == 2
            )
        )
        .one()
    )
    assert made.parent_id == version_id
    assert {"parent_auc", "dimension_match", "held_out_auc"} <= made.metrics.keys()
    assert (made.dataset.counts["overturned"], made.dataset.counts["excluded"]) == (2, 1)
    labels = dict(
        session()
        .execute(
            select(CuratedItem.image_id, CuratedItem.label).where(
                CuratedItem.dataset_id == made.dataset_id
            )
        )
        .tuples()
        .all()
    )
    assert [labels[each] for each in overturned] == ["fake", "fake"]
    assert excluded not in labels
    assert session().get(Prediction, (made.id, excluded)) is not None
    assert rows_of_version(version_id) == before
    active = session().get_one(ActiveVersion, analysed.collection.id)
    assert active.version_id == made.id
    patterns = session().scalar(
        select(func.count()).select_from(Pattern).where(Pattern.version_id == made.id)
    )
    assert encoder.encoded <= 2 * summarising.MEASURED * (patterns or 0)


def rows_of_version(version_id: int) -> list[tuple[object, ...]]:
    """Everything that a version says, as plain values."""
    tables = (ModelVersion, Prediction, PixelGroup, Pattern)
    return [
        tuple(row)
        for table in tables
        for row in session().execute(
            select(*table.__table__.columns)
            .where((table.id if table is ModelVersion else table.version_id) == version_id)
            .order_by(*table.__table__.primary_key)
        )
    ]


def test_a_failing_retrain_leaves_the_active_version_as_it_is(
    analysed: Workspace,
    version_id: int,
    ada: Account,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("no space left")

    before = rows_of_version(version_id)
    monkeypatch.setattr(training.summarising, "summarise", broken)

    run = retrain(ada.id, analysed.collection.id, settings)

    session().rollback()
    assert (run.state, run.error) == ("failed", "RuntimeError: no space left")
    assert rows_of_version(version_id) == before
    assert session().get_one(ActiveVersion, analysed.collection.id).version_id == version_id
    assert [each.number for each in workspace("pictures").versions] == [1]


def test_a_cancelled_retrain_ends_and_leaves_nothing(
    analysed: Workspace, version_id: int, ada: Account, settings: Settings
) -> None:
    run_id = runs.request_retrain(ada.id, analysed.collection.id).id
    with pytest.raises(ConflictError):
        runs.request_retrain(ada.id, analysed.collection.id)
    session().get_one(TrainingRun, run_id).cancel_requested = True
    session().commit()

    assert perform(run_id, settings) == "cancelled"

    session().rollback()
    assert runs.open_run(analysed.collection.id) is None
    assert (
        session().scalar(
            select(func.count())
            .select_from(ModelVersion)
            .where(ModelVersion.collection_id == analysed.collection.id)
        )
        == 1
    )


# Tags


def test_a_tag_in_other_case_is_the_same_tag(group: PixelGroup, ada: Account) -> None:
    tagging.tag_group(ada.id, group.id, "Fake  smile")
    tagging.tag_group(ada.id, group.id, "fake smile")

    assert tagging.tag_names() == ("Fake smile",)
    assert len(tagging.taggings_of_groups([group.id])[group.id]) == 1


def test_a_tag_on_a_pattern_counts_for_its_members(
    group: PixelGroup, version_id: int, ada: Account
) -> None:
    pattern = session().scalars(select(Pattern).where(Pattern.version_id == version_id)).first()
    if pattern is None:  # so few pictures may make none; then one is drawn up
        pattern = Pattern(
            version_id=version_id,
            number=0,
            side="fake",
            groups=1,
            images=1,
            mean_contribution=1.0,
            spread_contribution=0.0,
            prevalence_real=0.0,
            prevalence_fake=1.0,
            lift=1.0,
            lift_low=0.0,
            lift_high=99.0,
            profile=[],
        )
        session().add(pattern)
        session().flush()
        session().get_one(PixelGroup, group.id).pattern_id = pattern.id
        session().commit()
    members = session().scalar(
        select(func.count()).select_from(PixelGroup).where(PixelGroup.pattern_id == pattern.id)
    )

    tagging.tag_pattern(ada.id, pattern.id, "rough")

    row = tagging.taxonomy()[0]
    assert (row.name, row.patterns, row.groups) == ("rough", 1, members)


def test_markup_in_a_tag_is_kept_as_it_is(group: PixelGroup, ada: Account) -> None:
    name = "<script>alert('\"x\"')</script>"
    assert tagging.tag_group(ada.id, group.id, name).tag == name


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b"])
def test_a_tag_needs_a_sensible_name(group: PixelGroup, ada: Account, name: str) -> None:
    with pytest.raises(InvalidError):
        tagging.tag_group(ada.id, group.id, name)
    assert session().scalar(select(func.count()).select_from(Tag)) == 0


def test_a_renamed_tag_keeps_what_bears_it_and_a_taken_name_is_refused(
    group: PixelGroup, ada: Account
) -> None:
    tagging.tag_group(ada.id, group.id, "blur")
    tagging.tag_group(ada.id, group.id, "smile")
    blur = next(row for row in tagging.taxonomy() if row.name == "blur")

    assert tagging.describe_tag(ada.id, blur.id, "soft background", "").groups == 1
    with pytest.raises(ConflictError):
        tagging.describe_tag(ada.id, blur.id, "SMILE", "")
    assert tagging.tag_names() == ("smile", "soft background")


def test_only_ones_own_tag_can_be_taken_off(group: PixelGroup, ada: Account, ben: Account) -> None:
    made = tagging.tag_group(ada.id, group.id, "blur")

    with pytest.raises(ConflictError):
        tagging.withdraw(ben.id, made.id)
    tagging.withdraw(ada.id, made.id)
    assert tagging.taggings_of_groups([group.id]) == {}


# Counterfactuals


def test_a_region_is_tried_beside_ten_random_ones(group: PixelGroup, version_id: int) -> None:
    outcome = try_edit(version_id, group.image_id, RegionEdit(group.id, "inpaint"))

    stored = session().get_one(Prediction, (version_id, group.image_id))
    assert outcome.p_before == pytest.approx(stored.p, abs=1e-3)
    assert len(outcome.controls) == 10
    assert outcome.control_mean == pytest.approx(sum(outcome.controls) / 10)
    assert outcome.control_spread is not None
    far = abs(outcome.delta_logit - outcome.control_mean) > 2.37 * outcome.control_spread
    assert outcome.exceeds_control == far
    assert try_edit(version_id, group.image_id, RegionEdit(group.id, "inpaint")) == outcome


def test_a_dimension_set_to_zero_takes_its_part_from_the_logit(
    group: PixelGroup, version_id: int, settings: Settings
) -> None:
    activations, _maps = rows_of(version_id, group.image_id, settings)
    weights = logit_weights_of(version_id, settings)

    for dimension in (0, 5):
        outcome = try_edit(version_id, group.image_id, DimensionEdit(dimension))
        expected = -float(activations[dimension] * weights[dimension])
        assert outcome.delta_logit == pytest.approx(expected)
        assert outcome.exceeds_control is None


def test_a_note_holds_the_servers_figures_and_an_edit_that_can_be_replayed(
    group: PixelGroup, version_id: int, ada: Account, ben: Account
) -> None:
    edit = RegionEdit(group.id, "mean")

    saved = save_note(ada.id, version_id, group.image_id, edit, "fall", " It is the texture. ")

    row = session().get_one(CounterfactualNote, saved.id)
    outcome = try_edit(version_id, group.image_id, edit)
    assert (row.p_after, row.delta_logit) == (outcome.p_after, outcome.delta_logit)
    assert (row.edit["rle"], row.edit["fill"]) == (group.rle, "mean")
    assert row.text == "It is the texture."
    with pytest.raises(ConflictError):
        withdraw_note(ben.id, saved.id)


def test_a_note_without_words_or_with_a_strange_expectation_is_refused(
    group: PixelGroup, version_id: int, ada: Account
) -> None:
    edit = DimensionEdit(0)
    for expectation, text in (("fall", "  "), ("explode", "words")):
        with pytest.raises(InvalidError):
            save_note(ada.id, version_id, group.image_id, edit, expectation, text)


def test_a_group_of_another_image_cannot_be_edited(group: PixelGroup, version_id: int) -> None:
    other = session().scalar(
        select(PixelGroup.id).where(
            PixelGroup.version_id == version_id, PixelGroup.image_id != group.image_id
        )
    )
    assert other is not None

    with pytest.raises(NotFoundError):
        try_edit(version_id, group.image_id, RegionEdit(other, "inpaint"))
