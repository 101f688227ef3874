"""What finally counts of people's verdicts, and the hash over what was decided."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.services.review.decisions import final_decision
from workbench.services.training.dataset import (
    UNSURE_WEIGHT,
    FinalLabel,
    _counts,
    _finally,
    _fingerprint,
)
from workbench.store.images import LABELS
from workbench.store.judgements import DECISIONS

DECISION = st.sampled_from(DECISIONS)


@given(st.lists(DECISION), st.none() | DECISION)
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


@given(st.lists(DECISION, max_size=5).flatmap(lambda some: st.tuples(*2 * [st.permutations(some)])))
def test_nobodys_verdict_counts_more_for_coming_first(orders: tuple[list[str], list[str]]) -> None:
    assert final_decision(orders[0], None) == final_decision(orders[1], None)


@given(st.lists(DECISION, min_size=1))
def test_one_more_person_of_the_same_opinion_changes_nothing(verdicts: list[str]) -> None:
    assert final_decision([*verdicts, verdicts[0]], None) == final_decision(verdicts, None)


def finally_(label: str, decision: str | None) -> FinalLabel:
    found = _finally(1, label, False, "a", decision)
    assert found is not None
    return found


@pytest.mark.parametrize("imported", LABELS)
def test_a_decided_label_is_the_label_and_else_the_imported_one_is(imported: str) -> None:
    for decided in LABELS:
        assert finally_(imported, decided).label == decided
        assert finally_(imported, decided).overturned == (decided != imported)
    for undecided in (None, "unsure", "exclude"):
        assert finally_(imported, undecided).label == imported
        assert not finally_(imported, undecided).overturned


@pytest.mark.parametrize("undecided", [None, "unsure"])
def test_an_image_that_came_without_a_label_has_one_once_it_is_decided(
    undecided: str | None,
) -> None:
    assert _finally(1, None, False, "a", undecided) is None
    decided = _finally(1, None, False, "a", "fake")
    assert decided is not None
    assert (decided.label, decided.overturned) == ("fake", False)


def test_only_unsure_lowers_the_weight() -> None:
    weights = {decision: finally_("real", decision).weight for decision in (None, *DECISIONS)}

    assert weights == dict.fromkeys((None, *DECISIONS), 1.0) | {"unsure": UNSURE_WEIGHT}


@pytest.mark.parametrize(
    "change",
    [{"image_id": 9}, {"label": "fake"}, {"weight": 0.5}, {"held_out": True}],
    ids=lambda change: next(iter(change)),
)
def test_the_hash_differs_by_everything_that_training_sees(change: dict[str, object]) -> None:
    label = finally_("real", None)

    assert _fingerprint([label]) == _fingerprint([replace(label, group_key="b")])
    assert _fingerprint([label]) != _fingerprint([replace(label, **change)])
    assert _fingerprint([label]) != _fingerprint([label, label])


def test_the_counts_say_what_was_decided() -> None:
    labels = [finally_("real", "fake"), finally_("real", "unsure"), finally_("fake", None)]

    assert _counts(labels) == {
        "images": 3,
        "real": 1,
        "fake": 2,
        "overturned": 1,
        "unsure": 1,
        "held_out": 0,
    }
