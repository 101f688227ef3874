"""The estimate of the time left: it falls, calmly, to nothing at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from workbench.services.runs.stages import SHARES
from workbench.services.runs.time_left import TimeLeft

Step = tuple[int, int, str, float]
RUN = {
    "Encoding images": 300.0,
    "Training the distiller": 4.0,
    "Computing attributions": 120.0,
    "Computing layout": 30.0,
    "Measuring sensitivity": 60.0,
    "Finding patterns": 10.0,
    "Measuring effect sizes": 40.0,
    "Resampling patterns": 5.0,
    "Writing cells and patterns": 3.0,
    "Indexing images": 8.0,
}
"""Seconds of a made-up first run."""
AT_ONCE = ("Computing layout", "Finding patterns", "Writing cells and patterns")
"""Stages of one step."""


def simulated(seconds: Mapping[str, float]) -> Iterator[Step]:
    """A run's steps: forty of a stage, at a rate that wavers by a third."""
    moment = 0.0
    for stage, duration in seconds.items():
        steps = 1 if stage in AT_ONCE else 40
        weights = [1.0 + (number % 3 - 1) / 3 for number in range(steps)]
        yield 0, steps, stage, moment
        for done, weight in enumerate(weights, 1):
            moment += duration * weight / sum(weights)
            yield done, steps, stage, moment


def estimates(
    run: Mapping[str, float], expected: Mapping[str, float] | None
) -> list[tuple[float, float]]:
    """Each moment of a simulated run with the estimate then."""
    left = TimeLeft(expected)
    told = [(step[3], left.advance(*step)) for step in simulated(run)]
    return [(moment, value) for moment, value in told if value is not None]


@pytest.mark.parametrize(
    "expected",
    [
        None,
        RUN,
        {stage: 2.0 * value for stage, value in RUN.items()},
        {stage: 0.4 * value for stage, value in RUN.items()},
        {"Encoding images": 0.0, "Computing attributions": 100.0},
    ],
    ids=["a first run", "as the last", "twice as fast", "slower", "the last encoded nothing"],
)
def test_it_never_rises_and_ends_near_nothing(expected: Mapping[str, float] | None) -> None:
    found = [value for _moment, value in estimates(RUN, expected)]

    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.05 * sum(RUN.values())


def test_a_run_like_the_last_is_told_within_a_few_seconds() -> None:
    whole = sum(RUN.values())

    for moment, value in estimates(RUN, RUN):
        assert value == pytest.approx(whole - moment, abs=0.08 * whole)


def test_a_first_run_says_nothing_before_it_has_done_anything() -> None:
    first_moment, first = estimates(RUN, None)[0]

    assert 0.0 < first_moment < RUN["Encoding images"] / 4
    assert first > 0.0


def test_what_an_earlier_process_did_is_no_rate_of_this_one() -> None:
    left = TimeLeft({"Computing attributions": 1000.0})
    left.advance(900, 1000, "Computing attributions", 0.0)

    assert left.advance(910, 1000, "Computing attributions", 10.0) == pytest.approx(90.0, rel=0.1)


def test_a_retrain_that_encodes_nothing_leaves_that_out() -> None:
    left = TimeLeft(RUN)
    left.advance(0, 0, "Encoding images", 0.0)

    found = left.advance(0, 40, "Computing attributions", 60.0)

    assert found is not None
    assert found < sum(RUN.values()) - RUN["Encoding images"] + 5.0


def test_shares_are_of_a_whole() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)
