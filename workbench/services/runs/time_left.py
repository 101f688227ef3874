"""The time that a run still needs, from what its stages were expected to take and do take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from workbench.services.runs.stages import SHARES

SETTLING_SECONDS = 10.0
"""A shorter estimate is adopted with this time constant."""
_LEAST_SHARE = 0.02
"""Of the run's work: before that is done, nothing is estimated without an earlier run."""
_TRUST = 0.25
"""Weight of an earlier run's seconds against those of this one, in runs."""


class _Step(NamedTuple):
    done: int
    total: int
    moment: float


class TimeLeft:
    """Estimates the seconds left at each step; what it returns never rises.

    expected: seconds by stage of an earlier run, for as many images; None for `shares` of an
        unknown time.
    shares: of each stage, in order.
    """

    def __init__(
        self, expected: Mapping[str, float] | None, shares: Mapping[str, float] = SHARES
    ) -> None:
        self._known = expected is not None
        self._expected = {stage: (expected or shares).get(stage, 0.0) for stage in shares}
        self._finished_work = self._finished_seconds = 0.0
        self._stage = ""
        self._first = self._last = _Step(0, 0, 0.0)
        self._shown: float | None = None
        self._shown_at = 0.0

    def advance(self, done: int, total: int, stage: str, moment: float) -> float | None:
        """The seconds left, given that `done` of `total` steps of a stage are finished now."""
        step = _Step(done, total, moment)
        if stage != self._stage:
            work, seconds = self._of_this_stage(self._last._replace(moment=moment))
            self._finished_work += work
            self._finished_seconds += seconds
            self._stage, self._first = stage, step
        self._last = step
        left = self._estimated(step)
        if left is not None:
            self._shown = left if self._shown is None else self._calmed(left, moment)
            self._shown_at = moment
        return self._shown

    def _of_this_stage(self, step: _Step) -> tuple[float, float]:
        """What this process did of the stage, in expected units and in seconds."""
        if not self._stage or step.done <= self._first.done:
            return 0.0, 0.0
        part = (step.done - self._first.done) / step.total
        return self._expected[self._stage] * part, step.moment - self._first.moment

    def _estimated(self, step: _Step) -> float | None:
        pace = self._pace(step)
        if pace is None:
            return None
        stages = list(self._expected)
        later = sum(self._expected[each] for each in stages[stages.index(self._stage) + 1 :])
        return self._left_of_stage(step, pace) + later * pace

    def _pace(self, step: _Step) -> float | None:
        """Seconds for an expected unit of work; None where that is not known yet."""
        here, spent = self._of_this_stage(step)
        work, seconds = self._finished_work + here, self._finished_seconds + spent
        everything = sum(self._expected.values())
        if self._known:
            trusted = _TRUST * everything
            return (seconds + trusted) / (work + trusted) if work + trusted else None
        return seconds / work if work >= _LEAST_SHARE * everything else None

    def _left_of_stage(self, step: _Step, pace: float) -> float:
        """The longer a stage has worked, the more its own rate counts."""
        left = (step.total - step.done) / step.total if step.total else 0.0
        by_plan = self._expected[self._stage] * pace * left
        spent = step.moment - self._first.moment
        done, all_of_it = step.done - self._first.done, step.total - self._first.done
        if done <= 0 or all_of_it <= 0:
            return max(by_plan - spent, 0.0)
        by_rate = spent / done * (step.total - step.done)
        share = done / all_of_it
        return share * by_rate + (1.0 - share) * by_plan

    def _calmed(self, left: float, moment: float) -> float:
        """Fall to a shorter estimate in a while; before a longer one, only count more slowly."""
        assert self._shown is not None  # noqa: S101 - the caller has one
        passed = moment - self._shown_at
        if left >= self._shown:
            return self._shown * math.exp(-passed / max(left, 1e-3))
        counted = max(self._shown - passed, left)
        return left + (counted - left) * math.exp(-passed / SETTLING_SECONDS)
