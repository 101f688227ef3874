"""A collection in which every kind of decision was made, frozen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, inspect, select, update

from tests.support.labelling import adjudicate, draw, judge, note
from tests.support.photographs import encoded, photograph, put
from tests.support.queueing import images, people
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import label_set
from workbench.services.review.findings import Finding
from workbench.store.database import transaction
from workbench.store.image_files import original_uri, store_normalised
from workbench.store.images import Collection, Image

TRIANGLE = ((0.0, 0.0), (8.0, 0.0), (0.0, 8.0))
FORMULA = "=too smooth"


@dataclass(frozen=True)
class Frozen:
    """A label set: its id, its collection, its images."""

    id: int
    collection_id: int
    ids: list[int]


@pytest.fixture
def frozen(tables: Flask, ben: Account) -> Frozen:
    """Seven images of 40 x 20 px, in folders."""
    collection_id, ids = images(7)
    ada, bob = people(2)
    with transaction() as write:
        for number, each in enumerate(ids):
            write.execute(
                update(Image)
                .where(Image.id == each)
                .values(
                    width=40,
                    height=20,
                    original_uri=f"file:///home/ada/set/{'ab'[number % 2]}/{number}%20.png",
                )
            )
    judge(ids[1], "fake", ada, bob, reason=FORMULA)
    judge(ids[2], "real", ada)
    judge(ids[2], "fake", bob)
    judge(ids[3], "real", ada)
    adjudicate(ids[3], "fake", ben)
    judge(ids[5], "exclude", ada)
    with transaction() as write:
        write.execute(update(Image).where(Image.id == ids[6]).values(label=None))
    draw(ids[0], ada, "Glare", *TRIANGLE, finding=Finding("on the lens", "minor"))
    draw(ids[4], ada, "-Blur; or", (12.0, 2.0), (30.0, 2.0), (30.0, 18.0), (12.0, 18.0))
    note(ids[0], bob, "It falls.")
    number = make_label_set(ben.id, collection_id, "first")
    return Frozen(label_set(collection_id, number).id, collection_id, ids)


@pytest.fixture
def elsewhere(frozen: Frozen) -> int:
    """A collection with the same images, on which nobody has decided anything."""
    columns = set(inspect(Image).columns.keys()) - {"id", "collection_id"}
    with transaction() as write:
        other = Collection(name="elsewhere")
        write.add(other)
        write.flush()
        rows = write.execute(
            select(*(getattr(Image, each) for each in columns))
            .where(Image.collection_id == frozen.collection_id)
            .order_by(Image.id)
        )
        write.execute(
            insert(Image), [{**row, "collection_id": other.id} for row in rows.mappings()]
        )
        return other.id


@dataclass(frozen=True)
class Pictured:
    """Of a label set with files: the images by what becomes of them, and their originals."""

    originals: dict[int, bytes]
    normalised: int
    excluded: int
    missing: int
    twin: int
    """Called as another but for case."""
    held_out: int


@pytest.fixture
def pictured(frozen: Frozen, settings: Settings, tmp_path: Path) -> Pictured:
    """Files for the images: an original of most, a normalised copy of one, none of another."""
    ids = frozen.ids
    originals = {}
    with transaction() as write:
        for number, each in enumerate(ids):
            name = "a/0 .PNG" if number == 2 else f"{'ab'[number % 2]}/{number} .png"
            path = tmp_path / "set" / name
            content = encoded(photograph(number).resize((40, 20)))
            facts = {
                "original_uri": original_uri(path, None),
                "content_hash": hashlib.sha256(content).hexdigest(),
                "file_size": len(content),
                "held_out": number == 3,
            }
            if number == 4:
                copy = encoded(photograph(4, NORMAL_SIZE), "JPEG")
                facts["pixel_hash"], _new = store_normalised(settings.image_dir, copy)
            elif number != 6:
                put(path, content)
                originals[each] = content
            write.execute(update(Image).where(Image.id == each).values(**facts))
    return Pictured(originals, ids[4], ids[5], ids[6], ids[2], ids[3])
