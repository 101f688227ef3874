"""The starter taxonomy, export and import: loading joins, and never overwrites."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import func, select

from tests.integration.taxonomy.conftest import Book, basis
from workbench.services.errors import InvalidError
from workbench.services.taxonomy import exchange
from workbench.services.taxonomy.exchange import Entry, Loaded
from workbench.services.taxonomy.operations import merge
from workbench.store.database import session
from workbench.store.judgements import Tag


def standing() -> dict[str, Tag]:
    session().expire_all()
    found = session().scalars(select(Tag).where(Tag.withdrawn_at.is_(None)))
    return {tag.name: tag for tag in found}


def test_the_starter_has_seven_kinds_of_x_aigd_and_five_of_kamali_et_al(book: Book) -> None:
    entries = exchange.starter()
    children = [each for each in entries if each.parent]

    assert len([each for each in children if "2601.19430" in each.source]) == 7
    assert len([each for each in children if "2406.08651" in each.source]) == 5
    assert all(each.description and each.source for each in entries)
    assert exchange.read(exchange.as_json(entries).encode()) == entries


def test_the_starter_is_loaded_once_as_a_tree_with_sources(book: Book) -> None:
    mine = book.tag("Texture Artefact", description="Mine.")

    assert exchange.load(book.ben, exchange.starter()) == Loaded(13, 1)
    assert exchange.load(book.ben, exchange.starter()) == Loaded(0, 14)

    tags = standing()
    assert len(tags) == 14
    kept = tags["Texture Artefact"]
    assert (kept.id, kept.description, kept.parent_id) == (mine, "Mine.", None)
    hands = tags["anatomical implausibility"]
    assert hands.parent is not None
    assert (hands.parent.name, hands.state) == ("semantic artefact", "active")
    assert hands.source == "Kamali et al., arXiv 2406.08651"


def test_what_is_exported_is_the_same_once_it_is_loaded_elsewhere(book: Book) -> None:
    top = book.tag("artefact")
    blur = book.tag("blur", parent_id=top, description="Soft.", hue=2, hotkey="1")
    book.tag("haze", state="deprecated", replaced_by_id=blur)
    gone = book.tag("gone", 0)
    merge(book.ada, gone, blur, basis(gone, blur))
    text = exchange.as_text("json")
    for tag in standing().values():
        tag.withdrawn_at = tag.created_at
        tag.hotkey = None
    session().commit()

    assert exchange.load(book.ben, exchange.read(text.encode())) == Loaded(3, 0)

    assert exchange.as_text("json") == text
    assert "gone" not in text


def test_a_table_holds_no_formula(book: Book) -> None:
    book.tag("=1+1", description="@SUM(A1)")
    book.tag("blur", hue=2)

    rows = list(csv.DictReader(io.StringIO(exchange.as_text("csv"))))

    assert [(each["name"], each["description"], each["colour"]) for each in rows] == [
        ("'=1+1", "'@SUM(A1)", ""),
        ("blur", "", "2"),
    ]


def document(*tags: object) -> bytes:
    return json.dumps({"format": exchange.FORMAT, "tags": tags}).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,parent", "The file is no JSON"),
        (b"[1]", "The file is no taxonomy"),
        (b'{"format": "other", "tags": []}', "The file is no taxonomy"),
        (document("blur"), "Tag 1 of the file: It must have no other fields"),
        (document({"name": "blur", "odd": 1}), "Tag 1 of the file: It must have no other"),
        (document({"name": "blur"}, {"name": "x" * 10_000}), "Tag 2 of the file: A tag name"),
        (document({"name": "a\u202eb"}), "Tag 1 of the file: A tag name"),
        (document({"name": "blur", "colour": "red"}), "Its fields must be texts"),
        (document({"name": "blur", "colour": True}), "Its fields must be texts"),
        (document({"name": "blur", "state": "gone"}), "Its state must be one of"),
        (document({"name": "blur", "hotkey": "t"}), "Pages use the key t already"),
        (document({"name": "blur"}, {"name": "BLUR"}), "the name or hotkey of another"),
        (b"[" * 100_000, "The file is no JSON"),
    ],
)
def test_a_file_that_is_no_taxonomy_is_refused_with_the_tag_that_is_wrong(
    book: Book, content: bytes, words: str
) -> None:
    with pytest.raises(InvalidError, match=words):
        exchange.read(content)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([Entry("blur", parent="nowhere")], "Tag “nowhere” not found"),
        ([Entry("a", parent="b"), Entry("b", parent="a")], "lies below itself"),
        (
            [Entry("0"), *(Entry(str(each), parent=str(each - 1)) for each in range(1, 7))],
            "deeper than 6 levels",
        ),
    ],
)
def test_a_broken_tree_is_refused_and_nothing_is_added(
    book: Book, entries: list[Entry], words: str
) -> None:
    with pytest.raises(InvalidError, match=words):
        exchange.load(book.ada, entries)

    of_tags = select(func.count()).select_from(Tag).where(Tag.withdrawn_at.is_(None))
    assert session().scalar(of_tags) == 0
