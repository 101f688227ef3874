"""Steps that run ahead keep their order, their bound and their errors."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Generator, Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.patience import PATIENCE_S
from workbench.services.lookahead import ahead


class Thing:
    """Something that can be seen to be alive."""


@given(
    items=st.lists(st.integers(), max_size=20),
    threads=st.integers(1, 4),
    depth=st.integers(1, 6),
)
def test_results_come_in_the_order_of_their_items(
    items: list[int], threads: int, depth: int
) -> None:
    made = ahead(lambda each: each * 2, items, threads=threads, depth=depth)

    assert list(made) == [each * 2 for each in items]


def test_steps_can_follow_each_other() -> None:
    first = ahead(lambda each: each + 1, range(50), threads=2, depth=3)
    second = ahead(str, first, threads=1, depth=2)

    assert list(second) == [str(each + 1) for each in range(50)]


def test_a_later_item_is_worked_on_while_the_caller_has_an_earlier_one() -> None:
    begun = threading.Event()

    def work(each: int) -> int:
        if each == 1:
            begun.set()
        return each

    stream = ahead(work, range(4), threads=1, depth=2)

    assert next(stream) == 0
    assert begun.wait(timeout=PATIENCE_S)
    stream.close()


@pytest.mark.parametrize("length", [12, 60])
def test_what_is_alive_does_not_grow_with_the_number_of_items(length: int) -> None:
    alive: weakref.WeakSet[Thing] = weakref.WeakSet()
    most = 0

    def thing(_each: object) -> Thing:
        made = Thing()
        alive.add(made)
        return made

    stream = ahead(thing, ahead(thing, range(length), threads=2, depth=3), threads=1, depth=2)
    for _each in stream:
        most = max(most, len(alive))

    # Three and two under way, and those that are just handed over.
    assert most <= 8


def test_an_error_comes_in_its_items_place_and_nothing_begins_after_it() -> None:
    begun: list[int] = []

    def work(each: int) -> int:
        begun.append(each)
        if each == 2:
            raise ValueError("item 2 is broken")
        return each

    stream = ahead(work, range(100), threads=1, depth=3)
    taken: list[int] = []
    with pytest.raises(ValueError, match="item 2 is broken"):
        taken.extend(iter(stream))

    assert taken == [0, 1]
    assert len(begun) <= 6


def test_an_error_of_an_earlier_step_reaches_the_caller_after_what_came_before_it() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise OSError("the disk is gone")

    stream = ahead(str, ahead(abs, items(), threads=1, depth=2), threads=1, depth=2)
    taken: list[str] = []
    with pytest.raises(OSError, match="the disk is gone"):
        taken.extend(iter(stream))

    assert taken == ["0", "1", "2"]


def test_closing_drops_what_has_not_begun_and_closes_the_steps_before() -> None:
    closed = []
    begun: list[int] = []

    def items() -> Generator[int]:
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    def work(each: int) -> int:
        begun.append(each)
        return each

    with closing(ahead(work, ahead(abs, items(), threads=1, depth=4), threads=1, depth=4)) as it:
        next(it)

    assert closed == [True]
    assert len(begun) <= 5
    assert not [each for each in threading.enumerate() if each.name.startswith("work")]
