"""The legend of heatmaps, and the places of pixel groups' labels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.web.fakes.data import CARDS
from tests.web.fakes.image import Details, Media
from tests.web.fakes.workbench import FakeWorkbench
from workbench.config import PROJECT_ROOT
from workbench.services.image.detail import GroupView
from workbench.web.presenters.heat import (
    BAR_LEFT,
    BAR_WIDTH,
    LETTER_SHARE,
    LETTER_WIDTH,
    Label,
    group_labels,
    legend,
)

BOOK = FakeWorkbench(PROJECT_ROOT)
KEY = Media(BOOK).map_key(2)
GROUP = Details(BOOK).image_detail(2, next(iter(CARDS))).groups[0]
SIZE = 224


def group(number: int, contribution: float, point: tuple[int, int]) -> GroupView:
    return replace(GROUP, id=number, contribution=contribution, label_point=point)


def overlapping(one: Label, other: Label) -> bool:
    letter = LETTER_SHARE * SIZE
    widths = LETTER_WIDTH * letter * (len(one.words) + len(other.words)) / 2
    return abs(one.x - other.x) < widths - 0.1 and abs(one.y - other.y) < letter


def test_the_bar_has_the_ramp_s_own_colours() -> None:
    bar = legend(KEY)

    middle = bar.stops[len(bar.stops) // 2]
    assert (middle.offset, middle.opacity) == (0.5, 0.0)
    red, green, blue, opacity = KEY.ramp[255]
    assert bar.stops[-1].colour == f"#{red:02x}{green:02x}{blue:02x}"
    assert bar.stops[-1].opacity == opacity / 255
    assert bytes.fromhex(bar.ramp) == bytes(part for colour in KEY.ramp for part in colour)


def test_the_ticks_say_which_contribution_has_which_colour() -> None:
    ticks = legend(KEY).ticks

    assert [tick.words for tick in ticks] == ["≤ −0.080", "−0.040", "0", "+0.040", "≥ +0.080"]
    assert ticks[0].x == BAR_LEFT
    assert ticks[2].x == BAR_LEFT + BAR_WIDTH / 2
    assert ticks[-1].x == BAR_LEFT + BAR_WIDTH


@pytest.mark.parametrize(
    ("scale", "decimals"),
    [(0.004, 4), (0.03, 3), (0.08, 3), (0.1, 3), (0.8, 2), (3.0, 1), (40.0, 1)],
)
def test_thirty_steps_of_the_scale_are_told_apart(scale: float, decimals: int) -> None:
    assert legend(replace(KEY, scale=scale)).decimals == decimals
    assert 10.0**-decimals <= scale / 30 * 1.001


@given(
    some.lists(
        some.tuples(some.floats(-5, 5), some.integers(0, SIZE - 1), some.integers(0, SIZE - 1)),
        max_size=8,
    )
)
def test_every_label_lies_within_the_image(groups: list[tuple[float, int, int]]) -> None:
    labels = group_labels(
        [group(number, value, (x, y)) for number, (value, x, y) in enumerate(groups)], SIZE
    )

    assert len(labels) == len(groups)
    for label in labels:
        half = LETTER_WIDTH * LETTER_SHARE * SIZE * len(label.words) / 2
        assert half - 0.01 <= label.x <= SIZE - half + 0.01
        assert 0 < label.y < SIZE


@given(some.lists(some.integers(100, 124), min_size=8, max_size=8))
def test_labels_of_groups_that_crowd_do_not_lie_over_each_other(places: list[int]) -> None:
    labels = group_labels(
        [group(n, 1.0 - n / 10, (place, 112)) for n, place in enumerate(places)], SIZE
    )

    pairs = [(a, b) for n, a in enumerate(labels) for b in labels[:n]]
    assert not any(overlapping(a, b) for a, b in pairs)


def test_the_strongest_group_has_its_label_where_it_wants_it() -> None:
    labels = group_labels([group(1, 0.2, (112, 112)), group(2, -0.9, (112, 112))], SIZE)

    assert (labels[0].group_id, labels[0].x, labels[0].y) == (2, 112, 112)
    assert not labels[0].toward_fake
    assert (labels[1].x, labels[1].y) != (112, 112)
