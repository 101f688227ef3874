"""Split, move, deprecate, restore and accept; and any of them in a row, undone in reverse order."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.integration.taxonomy.conftest import REGIONS, Book, basis, snapshot
from workbench.services.errors import ConflictError, InvalidError, NotFoundError, ServiceError
from workbench.services.taxonomy import operations
from workbench.services.taxonomy.basis import PreviewChangedError
from workbench.services.taxonomy.edits import Edited, edit
from workbench.services.taxonomy.operations import Part
from workbench.services.taxonomy.reversal import reverse
from workbench.services.taxonomy.tree import DEEPEST
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Tag
from workbench.store.tag_changes import TagChange


def split(book: Book, tag_id: int, name: str, part: Part) -> int:
    found = select(Tag.id).where(Tag.name == name, Tag.withdrawn_at.is_(None))
    seen = basis(tag_id, session().scalar(found), part=part)
    return operations.split(book.ben, tag_id, name, part, seen)


def id_of(name: str) -> int:
    return session().scalars(select(Tag.id).where(Tag.name == name)).one()


def test_what_one_person_put_on_becomes_a_tag_of_its_own_beside_the_first(book: Book) -> None:
    top = book.tag("artefact")
    blur = book.tag("blur", 0, 1, parent_id=top)
    book.put(blur, 2, by=book.ben)
    before = snapshot()

    change = split(book, blur, "haze", Part(user_id=book.ben))

    haze = session().get_one(Tag, id_of("haze"))
    assert (book.on(blur), book.on(haze.id)) == ([0, 1], [2])
    assert (haze.parent_id, haze.state) == (top, "active")

    reverse(book.ada, change)
    assert snapshot() == before


def test_ticked_taggings_and_those_of_a_label_go_to_a_tag_that_is_there(book: Book) -> None:
    blur, haze = book.tag("blur", 0), book.tag("haze")
    ticked = book.put(blur, 1)

    split(book, blur, "haze", Part(tagging_ids=(ticked,)))
    assert (book.on(blur), book.on(haze)) == ([0], [1])

    with pytest.raises(InvalidError, match="Nothing that bears the tag"):
        split(book, blur, "haze", Part(label="fake"))
    assert session().scalars(select(Image.label)).all() == ["real"]
    split(book, blur, "haze", Part(label="real", kind="hand"))
    assert (book.on(blur), book.on(haze)) == ([], [0, 1])


def test_a_tag_that_was_split_off_and_put_on_more_since_stays_when_the_split_is_reversed(
    book: Book,
) -> None:
    blur = book.tag("blur", 0, 1)
    change = split(book, blur, "haze", Part(user_id=book.ada))
    book.put(id_of("haze"), 4)

    reverse(book.ada, change)

    assert (book.on(blur), book.on(id_of("haze"))) == ([0, 1], [4])


@pytest.mark.parametrize(
    ("name", "part", "words"),
    [
        ("haze", Part(), "Choose which part"),
        ("BLUR", Part(kind="hand"), "another name than the tag has"),
        ("old", Part(kind="hand"), "“old” is deprecated. Restore it first."),
        ("x" * 10_000, Part(kind="hand"), "1 to 60 printable characters"),
        ("a\u202eb", Part(kind="hand"), "1 to 60 printable characters"),
    ],
)
def test_a_split_is_refused_with_words(book: Book, name: str, part: Part, words: str) -> None:
    blur = book.tag("blur", 0)
    book.tag("old", state="deprecated")
    before = snapshot()

    with pytest.raises(ServiceError, match=words):
        operations.split(book.ben, blur, name, part, basis(blur, None, part=part))

    assert snapshot() == before


def test_a_tree_has_a_bottom(book: Book) -> None:
    parent: int | None = None
    for level in range(DEEPEST):
        parent = book.tag(f"level {level}", parent_id=parent)
    loose = book.tag("loose")

    with pytest.raises(InvalidError, match=f"more than {DEEPEST} levels"):
        operations.move(book.ben, loose, parent, basis(loose, parent))
    second = id_of("level 1")
    operations.move(book.ben, second, loose, basis(second, loose))

    assert session().get_one(Tag, second).parent_id == loose


def test_moves_that_are_reversed_out_of_order_make_no_loop(book: Book) -> None:
    first, second = book.tag("first"), book.tag("second")
    down = operations.move(book.ben, first, second, basis(first, second))
    reverse(book.ben, down)
    operations.move(book.ben, second, first, basis(second, first))
    again = session().scalars(select(TagChange.id).where(TagChange.kind == "reverse")).one()
    before = snapshot()

    with pytest.raises(InvalidError, match="itself or lies below it"):
        reverse(book.ben, again)

    assert snapshot() == before


def test_a_tag_is_deprecated_in_favour_of_another_and_restored(book: Book) -> None:
    blur, haze = book.tag("blur"), book.tag("haze", 0)

    change = operations.deprecate(book.ben, haze, blur, basis(haze, blur))
    tag = session().get_one(Tag, haze)
    assert (tag.state, tag.replaced_by_id, book.on(haze)) == ("deprecated", blur, [0])
    with pytest.raises(InvalidError, match="Restore it first"):
        operations.deprecate(book.ben, haze, None, basis(haze, None))

    operations.restore(book.ben, haze, basis(haze))
    tag = session().get_one(Tag, haze)
    assert (tag.state, tag.replaced_by_id) == ("active", None)
    with pytest.raises(ConflictError, match="changed again since"):
        reverse(book.ben, change)


def test_a_proposed_tag_is_accepted_once(book: Book) -> None:
    haze = book.tag("haze", state="proposed")
    operations.accept(book.ben, haze, basis(haze))

    assert session().get_one(Tag, haze).state == "active"
    with pytest.raises(ConflictError, match="not proposed any more"):
        operations.accept(book.ben, haze, basis(haze))


def test_what_is_not_there_is_not_changed(book: Book) -> None:
    with pytest.raises(NotFoundError, match="Tag not found"):
        operations.accept(book.ben, 10_000, "")
    with pytest.raises(NotFoundError, match="Change not found"):
        reverse(book.ben, 10_000)


@pytest.mark.parametrize("seed", range(12))
def test_any_changes_undone_in_reverse_order_leave_everything_as_it_was(
    book: Book, seed: int
) -> None:
    draw = random.Random(seed)
    tags = [
        book.tag(f"tag {n}", *draw.sample(range(REGIONS), 3), hotkey=str(n) if n < 3 else None)
        for n in range(5)
    ]
    states = [snapshot()]
    made: list[int] = []
    while len(made) < 8:
        one, other = draw.choice(tags), draw.choice([*tags, None])
        change = _any(book, draw, one, other)
        if change:
            made.append(change)
            states.append(snapshot())
            tags = list(session().scalars(select(Tag.id)))

    for change in reversed(made):
        assert snapshot() == states.pop()
        reverse(book.ada, change)

    assert snapshot() == states.pop()
    assert states == []


def _any(book: Book, draw: random.Random, one: int, other: int | None) -> int | None:
    """A change of some kind; None where it is refused, and so changed nothing."""

    def edited() -> int | None:
        tag = session().get_one(Tag, one)
        edit(book.ada, one, Edited(f"name {draw.randrange(20)}", hue=2), tag.revision)
        return session().scalar(newest)

    def parted() -> int:
        part = Part(label="real") if draw.random() < 0.5 else Part(user_id=book.ada)
        return split(book, one, f"part {draw.randrange(3)}", part)

    newest = select(TagChange.id).order_by(TagChange.id.desc()).limit(1)
    before, known = snapshot(), session().scalar(newest)
    kinds: list[Callable[[], int | None]] = [
        edited,
        parted,
        lambda: operations.merge(book.ada, one, other or one, basis(one, other or one)),
        lambda: operations.move(book.ada, one, other, basis(one, other)),
        lambda: operations.deprecate(book.ada, one, other, basis(one, other)),
        lambda: operations.restore(book.ada, one, basis(one)),
    ]
    try:
        made = draw.choice(kinds)()
    except PreviewChangedError:
        raise
    except ServiceError:
        assert snapshot() == before
        return None
    return made if made != known else None
