"""A label set tells nobody what they have to judge blind yet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from tests.support.labelling import judge
from tests.support.queueing import images, people, queue
from workbench.services.accounts import Account
from workbench.services.errors import ForbiddenError
from workbench.services.interchange.writing import write_label_set
from workbench.services.label_sets.comparing import compare
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import images_of, label_set
from workbench.services.queues import leading
from workbench.services.review import blinding


@contextmanager
def reading(who: Account | None) -> Iterator[None]:
    token = blinding.read_as(who.id if who else None)
    try:
        yield
    finally:
        blinding.read_by_nobody(token)


class Frozen:
    """Four judged images, two of which reviewers have to judge blind yet."""

    def __init__(self, lead: Account) -> None:
        (self.annotator,) = people(1)
        self.collection_id, self.ids = images(4)
        judge(self.ids[0], "fake", self.annotator)
        judge(self.ids[1], "real", self.annotator)
        self.number = make_label_set(lead.id, self.collection_id, "first", "")
        self.id = label_set(self.collection_id, self.number).id
        self.queue_id = queue(self.collection_id, lead, self.ids[:2])

    def seen_by(self, who: Account) -> list[int]:
        with reading(who):
            return [each.image_id for each in images_of(self.id).images]


@pytest.fixture
def frozen(tables: Flask, ada: Account) -> Frozen:
    return Frozen(ada)


def test_images_that_are_to_be_judged_blind_are_not_among_the_images(
    frozen: Frozen, ben: Account
) -> None:
    assert frozen.seen_by(ben) == frozen.ids[2:]


def test_comparisons_and_files_are_refused_until_they_are_judged(
    frozen: Frozen, ben: Account
) -> None:
    with reading(ben):
        with pytest.raises(ForbiddenError, match="2 images"):
            compare(frozen.id, frozen.id)
        with pytest.raises(ForbiddenError, match="2 images"):
            write_label_set(frozen.id, "jsonl", io.BytesIO())


def test_who_may_retrain_and_the_worker_are_refused_nothing(frozen: Frozen, ada: Account) -> None:
    with reading(ada):
        assert compare(frozen.id, frozen.id).same
        write_label_set(frozen.id, "jsonl", io.BytesIO())
    write_label_set(frozen.id, "jsonl", io.BytesIO())


def test_once_the_queue_has_ended_all_is_told(frozen: Frozen, ben: Account, ada: Account) -> None:
    leading.end(ada.id, frozen.collection_id, frozen.queue_id)

    assert frozen.seen_by(ben) == frozen.ids
    with reading(ben):
        write_label_set(frozen.id, "jsonl", io.BytesIO())
