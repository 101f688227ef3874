"""Slots for expensive requests: refused at once, and never all of them one visitor's."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from workbench.services.errors import BusyError
from workbench.web.site import slots
from workbench.web.site.slots import OF_ONE_VISITOR, OF_STRANGERS, SLOTS, Refusals, Slots


def held(among: Slots, stack: ExitStack, visitor: str, *, stranger: bool) -> int:
    """Take slots until one is refused; how many there were."""
    count = 0
    while True:
        try:
            stack.enter_context(among.taken(visitor, stranger=stranger))
        except BusyError:
            return count
        count += 1


def test_one_visitor_cannot_take_all() -> None:
    among = Slots()
    with ExitStack() as stack:
        assert held(among, stack, "1.2.3.4", stranger=True) == OF_ONE_VISITOR < SLOTS
        assert held(among, stack, "1", stranger=False) == OF_ONE_VISITOR


def test_strangers_together_leave_one_to_people_who_signed_in() -> None:
    among = Slots()
    with ExitStack() as stack:
        by_strangers = sum(
            held(among, stack, f"1.2.3.{number}", stranger=True) for number in range(9)
        )
        assert by_strangers == OF_STRANGERS == SLOTS - 1
        assert held(among, stack, "1", stranger=False) == 1


def test_what_was_taken_is_free_again_whatever_happened_in_it() -> None:
    among = Slots()
    for _ in range(3 * SLOTS):
        with pytest.raises(ZeroDivisionError), among.taken("1", stranger=False):
            raise ZeroDivisionError
    with ExitStack() as stack:
        assert sum(held(among, stack, str(each), stranger=False) for each in range(9)) == SLOTS


def test_only_who_asks_again_and_again_is_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0] * (slots.REFUSED_AT_ONCE + 2) + [slots.RETRY_SECONDS + 0.1])
    monkeypatch.setattr(slots.time, "monotonic", lambda: next(clock))
    refusals = Refusals()

    first = [refusals.seconds_to_hold("1.2.3.4") for _ in range(slots.REFUSED_AT_ONCE)]
    assert first == [0.0] * slots.REFUSED_AT_ONCE
    assert refusals.seconds_to_hold("1.2.3.4") == slots.RETRY_SECONDS
    assert refusals.seconds_to_hold("5.6.7.8") == 0.0
    assert refusals.seconds_to_hold("1.2.3.4") == 0.0
