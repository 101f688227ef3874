"""What guards passwords where the database is lost."""

from __future__ import annotations

from argon2.low_level import Type
from argon2.profiles import RFC_9106_LOW_MEMORY

from workbench.services import accounts


def test_a_guess_costs_what_the_standard_asks_for_at_least() -> None:
    hasher = accounts._hasher()

    assert hasher.type is Type.ID
    assert hasher.time_cost >= RFC_9106_LOW_MEMORY.time_cost
    assert hasher.memory_cost >= RFC_9106_LOW_MEMORY.memory_cost
