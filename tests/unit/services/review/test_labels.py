"""The label that stands for an image follows the one rule, and says whom it comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.services.review.decisions import final_decision
from workbench.services.review.labels import AdjudicationView, StandingLabel, standing_verdicts
from workbench.services.review.verdicts import VerdictView
from workbench.store.images import LABELS
from workbench.store.judgements import DECISIONS

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
PEOPLE = ("ada", "ben", "cleo")


def verdict(number: int, decision: str, by: str = "ada", *, withdrawn: bool = False) -> VerdictView:
    at = NOON + timedelta(days=number)
    return VerdictView(number, decision, "", by, at, withdrawn, "real", 0.12, 1)


given_verdicts = st.lists(
    st.builds(
        verdict,
        st.just(0),
        st.sampled_from(DECISIONS),
        st.sampled_from(PEOPLE),
        withdrawn=st.booleans(),
    ),
    max_size=6,
).map(lambda some: [replace(each, id=number) for number, each in enumerate(some)][::-1])
adjudications = st.none() | st.sampled_from(DECISIONS).map(
    lambda decision: AdjudicationView(decision, "cleo", NOON)
)


@given(st.sampled_from(LABELS), given_verdicts, adjudications)
def test_the_label_is_the_decided_one_and_else_the_imported_one(
    imported: str, history: list[VerdictView], adjudication: AdjudicationView | None
) -> None:
    standing = StandingLabel(imported, standing_verdicts(history), adjudication)

    newest = {each.by: each.decision for each in history[::-1] if not each.withdrawn}
    decision = final_decision(newest.values(), adjudication.decision if adjudication else None)
    assert standing.decision == decision
    assert standing.label == (decision if decision in LABELS else imported)
    assert {standing.label, standing.opposite} == set(LABELS)
    if standing.disputed:
        assert (decision, standing.decided) == ("unsure", None)
    elif decision is not None:
        assert standing.decided is not None
        assert standing.decided.decision == decision


def test_of_people_who_agree_the_newest_is_said_to_have_decided() -> None:
    history = [verdict(3, "fake", "cleo", withdrawn=True), verdict(2, "fake", "ben")]
    standing = StandingLabel("real", standing_verdicts([*history, verdict(1, "fake")]), None)

    assert standing.decided == history[1]
    assert standing.agreeing == 1


def test_an_adjudication_is_said_to_have_decided_whatever_people_say_later() -> None:
    adjudication = AdjudicationView("real", "cleo", NOON)
    standing = StandingLabel("fake", (verdict(9, "fake", "ben"), verdict(8, "real")), adjudication)

    assert (standing.label, standing.decided, standing.agreeing) == ("real", adjudication, 0)
    assert not standing.disputed


def test_a_verdict_overturns_or_confirms_the_label_that_was_shown() -> None:
    overturns = {each: verdict(1, each).overturns for each in DECISIONS}

    assert overturns == {"real": False, "fake": True, "unsure": None, "exclude": None}
