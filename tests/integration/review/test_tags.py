"""Tags: names that people put on patterns and pixel groups."""

from __future__ import annotations

import threading
import unicodedata

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.hand_tags import hand_tags
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.explore.filters import Filters, Selection, choose, filter_choices
from workbench.services.review import tags
from workbench.services.taxonomy.edits import Edited, edit
from workbench.services.taxonomy.listing import TagRow, taxonomy
from workbench.store.database import session, transaction
from workbench.store.judgements import Tag, Tagging
from workbench.store.people import AuditEvent
from workbench.store.results import Pattern, PixelGroup
from workbench.store.versions import ActiveVersion, TrainingRun

pytestmark = pytest.mark.analysed


@pytest.fixture
def groups(version_id: int) -> list[PixelGroup]:
    """The strongest pixel group of each image."""
    return list(
        session().scalars(
            select(PixelGroup)
            .where(PixelGroup.version_id == version_id, PixelGroup.number == 0)
            .order_by(PixelGroup.id)
        )
    )


@pytest.fixture
def group(groups: list[PixelGroup]) -> PixelGroup:
    return groups[0]


@pytest.fixture
def pattern(version_id: int) -> Pattern:
    """The strongest pattern."""
    return (
        session()
        .scalars(select(Pattern).where(Pattern.version_id == version_id, Pattern.number == 0))
        .one()
    )


def active() -> list[int]:
    """The active version of each collection."""
    return list(session().scalars(select(ActiveVersion.version_id)))


def taxonomy_row(name: str) -> TagRow:
    return next(row for row in taxonomy(active()).rows if row.name == name)


def test_a_new_name_becomes_a_tag_and_says_who_gave_it(group: PixelGroup, ada: Account) -> None:
    made = tags.tag_group(ada.id, group.id, "  Fake \t smile ")

    assert (made.tag, made.by, made.source) == ("Fake smile", "ada", "hand")
    assert taxonomy_row("Fake smile").created_by == "ada"
    actions = session().scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions[-2:] == ["tag.create", "tag.add"]


def test_a_tag_in_other_case_is_the_same_tag(group: PixelGroup, ada: Account) -> None:
    tags.tag_group(ada.id, group.id, "Fake smile")
    tags.tag_group(ada.id, group.id, "fake SMILE")

    assert tags.tag_names() == ("Fake smile",)
    assert hand_tags(group.id) == ["Fake smile"]


def test_people_who_give_a_new_name_at_the_same_moment_give_the_same_tag(
    tables: Flask, groups: list[PixelGroup], ada: Account
) -> None:
    ids = [each.id for each in groups[:4]]
    session().rollback()
    start = threading.Barrier(len(ids))
    failed: list[Exception] = []

    def tag(group_id: int) -> None:
        with tables.app_context():
            start.wait()
            try:
                tags.tag_group(ada.id, group_id, "blur")
            except Exception as error:  # noqa: BLE001 - it is what the test looks at
                failed.append(error)

    threads = [threading.Thread(target=tag, args=(each,)) for each in ids]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert failed == []
    assert tags.tag_names() == ("blur",)
    assert taxonomy_row("blur").groups == len(ids)


def test_the_taxonomy_is_read_page_by_page_and_by_a_part_of_a_name(
    pattern: Pattern, group: PixelGroup, ada: Account
) -> None:
    for name in ("teeth", "Moss", "100 %", "blur", "moss, wet"):
        tags.tag_group(ada.id, group.id, name)
    tags.tag_pattern(ada.id, pattern.id, "teeth")

    pages = [taxonomy(active(), limit=2)]
    while pages[-1].after is not None:
        tags.tag_group(ada.id, group.id, f"added before, {len(pages)}")
        pages.append(taxonomy(active(), after=pages[-1].after, limit=2))
    found = taxonomy(active(), " MOSS ")

    assert [[row.name for row in page.rows] for page in pages] == [
        ["100 %", "blur"],
        ["Moss", "moss, wet"],
        ["teeth"],
    ]
    assert [page.total for page in pages] == [5, 6, 7]
    assert (pages[-1].rows[0].patterns, pages[0].rows[0].patterns) == (1, 0)
    assert pages[-1].rows[0].groups == pattern.groups + (group.pattern_id != pattern.id)
    assert [row.name for row in found.rows] == ["Moss", "moss, wet"]
    assert (found.total, found.after) == (2, None)
    assert [row.name for row in taxonomy(active(), "%").rows] == ["100 %"]


def test_a_field_is_offered_a_few_names_however_many_there_are(
    version_id: int, ada: Account
) -> None:
    with transaction() as write:
        names = [f"name {number:03}" for number in range(120)]
        write.add_all(Tag(name=each, folded_name=each, created_by_id=ada.id) for each in names)

    assert tags.tag_names() == tuple(names[: tags.NAMES_OFFERED])
    assert filter_choices(version_id).tags == tags.tag_names()
    assert tags.tag_names("Name  11") == tuple(names[110:])


def test_undoing_a_new_tag_takes_its_name_out_of_the_taxonomy(
    pattern: Pattern, group: PixelGroup, ada: Account, ben: Account
) -> None:
    for put in (
        lambda: tags.tag_group(ada.id, group.id, "a typo"),
        lambda: tags.tag_pattern(ada.id, pattern.id, "A TYPO"),
    ):
        tags.withdraw(ada.id, put().id)

        assert tags.tag_names() == ()
        assert taxonomy(active()).rows == ()
        assert filter_choices(pattern.version_id).tags == ()
    # The name is free, in whatever case it comes back, and whoever gives it made it.
    assert tags.tag_group(ben.id, group.id, "A typo").new
    assert taxonomy_row("A typo").created_by == "ben"
    actions = session().scalars(
        select(AuditEvent.action)
        .where(AuditEvent.action.startswith("tag."))
        .order_by(AuditEvent.id)
    )
    assert actions.all()[:4] == ["tag.create", "tag.add", "tag.withdraw", "tag.remove"]


def test_a_name_that_somebody_uses_or_used_before_or_described_stays_when_one_tag_is_undone(
    groups: list[PixelGroup], ada: Account, ben: Account
) -> None:
    shared = tags.tag_group(ada.id, groups[0].id, "shared")
    tags.tag_group(ben.id, groups[1].id, "shared")
    tags.tag_group(ada.id, groups[0].id, "older")
    newer = tags.tag_group(ada.id, groups[1].id, "older")
    said = tags.tag_group(ada.id, groups[0].id, "said")
    edit(ben.id, said.tag_id, Edited("said", "What it means."), 1)
    tags.tag_group(ben.id, groups[0].id, "of ben")
    of_ada = tags.tag_group(ada.id, groups[1].id, "of ben")

    for each in (shared, newer, said, of_ada):
        tags.withdraw(ada.id, each.id)

    assert set(tags.tag_names()) == {"shared", "older", "said", "of ben"}


STRANGE_NAMES = [
    "<script>alert('\"x\"')</script>",
    'it\'s "quoted"',
    "'; drop table tag; --",
    "100 % \\ _",
    "Größe ß",
    "笑顔 😀",
    "&amp;",
    "\u0645\u06cc\u200c\u062e\u0648",
    "क्\u200dष",
    "👩\u200d🔬",
]


def test_a_name_is_kept_exactly_as_it_was_given(group: PixelGroup, ada: Account) -> None:
    for name in STRANGE_NAMES:
        assert tags.tag_group(ada.id, group.id, name).tag == name
    assert set(tags.tag_names()) == set(STRANGE_NAMES)


ALIKE = [
    ("\u00c4rger", "A\u0308rger", "a\u0308RGER"),
    ("Straße", "STRASSE", "strasse"),
    (
        "\u0645\u06cc\u200c\u062e\u0648",
        "\u0645\u06cc\u062e\u0648",
    ),
    ("❤\ufe0f", "❤"),
    ("\uff21\uff22\uff23", "abc"),
]


def test_names_that_look_alike_are_one_tag_however_they_were_typed(
    group: PixelGroup, ada: Account
) -> None:
    for names in ALIKE:
        made = [tags.tag_group(ada.id, group.id, each) for each in names]

        assert [each.new for each in made] == [True] + [False] * (len(names) - 1)
        for each in names:
            assert tags.tag_names(each) == (made[0].tag,)
            assert choose(group.version_id, Selection(Filters(tag=each))).total == 1
    assert all(unicodedata.is_normalized("NFC", each) for each in tags.tag_names())


REFUSED_NAMES = [
    "",
    "   ",
    "x" * 61,
    "ß" * 60,
    "a\x00b",
    "a\x1bb",
    *("\u202eevil", "\u2066evil\u2069", "\u200fevil"),
    *("\u200d", "\u200c \u200d", "\u3164", "\ufe0f", "\u2800"),
    *("\ue000", "a\U000e0041"),
    "a" + "\u200d" * 60,
]


def test_a_tag_needs_a_sensible_name(group: PixelGroup, ada: Account) -> None:
    for name in REFUSED_NAMES:
        with pytest.raises(InvalidError):
            tags.tag_group(ada.id, group.id, name)

    assert session().scalar(select(func.count()).select_from(Tag)) == 0


def test_the_longest_name_fits(group: PixelGroup, ada: Account) -> None:
    for name in ("x" * 60, "ß" * 30):
        assert tags.tag_group(ada.id, group.id, name).tag == name


def test_what_is_not_there_cannot_be_tagged(analysed: object, ada: Account) -> None:
    with pytest.raises(NotFoundError):
        tags.tag_group(ada.id, 10**6, "blur")
    with pytest.raises(NotFoundError):
        tags.tag_pattern(ada.id, 10**6, "blur")

    assert taxonomy(active()).rows == ()


def test_only_ones_own_tag_can_be_taken_off_and_only_once(
    group: PixelGroup, ada: Account, ben: Account
) -> None:
    made = tags.tag_group(ada.id, group.id, "blur")

    with pytest.raises(ConflictError):
        tags.withdraw(ben.id, made.id)
    tags.withdraw(ada.id, made.id)
    with pytest.raises(NotFoundError):
        tags.withdraw(ada.id, made.id)
    assert hand_tags(group.id) == []
    assert session().get_one(Tagging, made.id).withdrawn_at is not None


def test_a_tag_that_was_taken_off_can_be_put_on_again(
    group: PixelGroup, ada: Account, ben: Account
) -> None:
    tags.withdraw(ada.id, tags.tag_group(ada.id, group.id, "blur").id)

    assert tags.tag_group(ben.id, group.id, "blur").by == "ben"
    assert taxonomy_row("blur").groups == 1


def test_the_taxonomy_counts_tags_by_hand_and_by_pattern_once_each(
    pattern: Pattern, groups: list[PixelGroup], ada: Account, ben: Account
) -> None:
    members = session().scalars(select(PixelGroup).where(PixelGroup.pattern_id == pattern.id)).all()
    outside = [each for each in groups if each.pattern_id != pattern.id][:2]
    tags.tag_pattern(ada.id, pattern.id, "rough")
    for each in (members[0], *outside):
        tags.tag_group(ben.id, each.id, "rough")
    tags.tag_group(ben.id, members[0].id, "another")

    row = taxonomy_row("rough")
    assert (row.patterns, row.groups) == (1, len(members) + 2)
    assert row.images == len({each.image_id for each in (*members, *outside)})
    assert (taxonomy_row("another").patterns, taxonomy_row("another").groups) == (0, 1)


def test_an_image_with_two_patterns_of_one_tag_counts_once_for_it(
    version_id: int, ada: Account
) -> None:
    ids = session().scalars(select(Pattern.id).where(Pattern.version_id == version_id)).all()
    for pattern_id in ids:
        tags.tag_pattern(ada.id, pattern_id, "any")

    members = (
        session()
        .execute(select(PixelGroup.id, PixelGroup.image_id).where(PixelGroup.pattern_id.in_(ids)))
        .all()
    )
    row = taxonomy_row("any")
    assert (row.patterns, row.groups) == (len(ids), len(members))
    assert row.images == len({image_id for _id, image_id in members}) < len(members)


def test_a_pattern_that_lost_its_tag_no_longer_counts_for_it(
    pattern: Pattern, ada: Account
) -> None:
    made = tags.tag_pattern(ada.id, pattern.id, "rough")
    edit(ada.id, made.tag_id, Edited("rough", "Like sandpaper."), 1)
    tags.withdraw(ada.id, made.id)

    row = taxonomy_row("rough")
    assert (row.patterns, row.groups, row.images) == (0, 0, 0)


def test_a_patterns_tag_says_that_it_is_the_patterns(pattern: Pattern, ada: Account) -> None:
    tags.tag_pattern(ada.id, pattern.id, "first")
    tags.tag_pattern(ada.id, pattern.id, "second")

    shown = tags.taggings_of_patterns([pattern.id])[pattern.id]
    assert [(each.tag, each.source) for each in shown] == [
        ("first", "pattern"),
        ("second", "pattern"),
    ]


def test_a_renamed_tag_keeps_what_bears_it(
    pattern: Pattern, group: PixelGroup, ada: Account, ben: Account
) -> None:
    tags.tag_pattern(ada.id, pattern.id, "blur")
    tags.tag_group(ben.id, group.id, "blur")
    before = taxonomy_row("blur")

    saved = edit(ben.id, before.id, Edited("soft background", " Out of focus. "), 1)

    after = taxonomy_row(saved)
    assert (after.name, after.description) == ("soft background", "Out of focus.")
    assert (after.patterns, after.groups, after.images, after.created_by) == (
        before.patterns,
        before.groups,
        before.images,
        "ada",
    )
    assert hand_tags(group.id) == ["soft background"]
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "tag.describe")).one()
    assert (event.user_id, event.tag_id) == (ben.id, before.id)
    assert event.before == {"name": "blur", "description": ""}
    assert event.after == {"name": "soft background", "description": "Out of focus."}


def test_nothing_of_a_version_that_is_still_being_made_can_be_tagged(
    group: PixelGroup, ada: Account
) -> None:
    run = (
        session()
        .scalars(select(TrainingRun).where(TrainingRun.version_id == group.version_id))
        .one()
    )
    run.state = "running"
    session().commit()

    with pytest.raises(NotFoundError):
        tags.tag_group(ada.id, group.id, "blur")
    assert tags.tag_names() == ()
