"""Notes: expected before the result, listed with what came of them, answered, replayed."""

from __future__ import annotations

import threading
from typing import NamedTuple

import pytest
from sqlalchemy import func, select, update

from tests.support.noting import save_note
from tests.support.queries import queries
from tests.support.working import retrain
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from workbench.services.image import note_replays, note_writing
from workbench.services.image.counterfactuals import try_described, try_edit
from workbench.services.image.edits import DimensionEdit, RegionEdit
from workbench.services.models import new_concepts
from workbench.services.removal.versions import remove_version
from workbench.services.review import note_list, note_replies, notes
from workbench.services.review.expectations import Expected
from workbench.services.review.note_list import NoteFilter, counts, notes_of
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import Expectation, NoteReplay, ReplayRequest
from workbench.store.regions import Region
from workbench.store.results import Cell, PixelGroup
from workbench.store.versions import ActiveVersion, ModelVersion

pytestmark = pytest.mark.analysed

WORDS = "Straße: the rim"


class Group(NamedTuple):
    """A pixel group, whatever becomes of the session."""

    id: int
    image_id: int
    rle: str


@pytest.fixture
def groups(version_id: int) -> list[Group]:
    """The strongest pixel group of each image."""
    rows = session().execute(
        select(PixelGroup.id, PixelGroup.image_id, Region.rle)
        .join(PixelGroup.region)
        .where(PixelGroup.version_id == version_id, PixelGroup.number == 0)
        .order_by(PixelGroup.id)
    )
    return [Group(*each) for each in rows]


@pytest.fixture
def collection_id(analysed: Workspace) -> int:
    return analysed.collection.id


@pytest.fixture
def retrained(version_id: int, collection_id: int, ada: Account, settings: Settings) -> int:
    """A second version of the same collection."""
    retrain(ada.id, collection_id, settings)
    session().rollback()
    return session().get_one(ActiveVersion, collection_id).version_id


def listed(collection_id: int, version_id: int, **asked: str) -> list[str]:
    """The texts of the notes that are listed."""
    page = notes_of(collection_id, version_id, NoteFilter(**asked))
    return [each.text for each in page.notes]


def write(user: Account, version_id: int, group: Group, text: str, bound: float = 0.5) -> int:
    edit = RegionEdit(group.id, "mean")
    return save_note(user.id, version_id, group.image_id, edit, "fall", text, bound=bound).id


# Expectations


def test_an_expectation_is_written_before_anything_is_computed(
    groups: list[Group], version_id: int, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id, edit = groups[0].image_id, RegionEdit(groups[0].id, "mean")
    computed: list[object] = []
    monkeypatch.setattr(note_writing, "try_described", lambda *given: computed.append(given))

    made = note_writing.expect(ada.id, version_id, image_id, edit, Expected("fall", 0.4))

    assert computed == []
    row = session().get_one(Expectation, made)
    assert (row.image_id, row.version_id, row.user_id) == (image_id, version_id, ada.id)
    assert (row.direction, row.bound, row.known) == ("fall", 0.4, False)
    assert (row.edit["kind"], row.edit["rle"]) == ("region", groups[0].rle)


def test_who_expects_something_of_an_edit_again_knows_its_result(
    groups: list[Group], version_id: int, ada: Account, ben: Account
) -> None:
    image_id = groups[0].image_id

    def expect(user: Account, fill: str, direction: str = "rise") -> int:
        edit = RegionEdit(groups[0].id, fill)  # type: ignore[arg-type]
        return note_writing.expect(user.id, version_id, image_id, edit, Expected(direction))

    def known(made: int) -> bool:
        return session().get_one(Expectation, made).known

    first = expect(ada, "mean")
    assert [known(first), known(expect(ada, "blur")), known(expect(ben, "mean"))] == [False] * 3
    assert expect(ada, "mean") == first, "sent twice"
    assert known(expect(ada, "mean", "fall"))
    note_writing.save_note(ada.id, first, WORDS)
    assert known(expect(ada, "mean"))


@pytest.mark.parametrize(
    "expected",
    [Expected("hope"), Expected("stay", 0.5), Expected("fall", 0.0), Expected("rise", 1.0)],
)
def test_what_cannot_be_expected_leaves_no_row(
    groups: list[Group], version_id: int, ada: Account, expected: Expected
) -> None:
    edit = RegionEdit(groups[0].id, "mean")
    with pytest.raises(InvalidError):
        note_writing.expect(ada.id, version_id, groups[0].image_id, edit, expected)

    assert session().scalar(select(func.count()).select_from(Expectation)) == 0


def test_a_trial_is_shown_to_who_expected_it_alone_and_noted_once(
    groups: list[Group], version_id: int, ada: Account, ben: Account
) -> None:
    image_id, edit = groups[0].image_id, RegionEdit(groups[0].id, "mean")
    made = note_writing.expect(ada.id, version_id, image_id, edit, Expected("fall", 0.9))
    outcome = try_edit(version_id, image_id, edit)

    trial = note_writing.trial(ada.id, version_id, image_id, made)
    assert trial is not None
    assert (trial.outcome, trial.noted) == (outcome, False)
    assert note_writing.trial(ben.id, version_id, image_id, made) is None
    assert note_writing.trial(ada.id, version_id, groups[1].image_id, made) is None
    with pytest.raises(NotFoundError):
        note_writing.save_note(ben.id, made, WORDS)

    note = note_writing.save_note(ada.id, made, WORDS)
    with pytest.raises(ConflictError):
        note_writing.save_note(ada.id, made, WORDS)
    again = note_writing.trial(ada.id, version_id, image_id, made)
    assert again is not None
    assert again.noted
    row = session().get_one(CounterfactualNote, note.id)
    assert (row.expectation, row.bound, row.expectation_id) == ("fall", 0.9, made)
    assert note.met == (outcome.moved == "fall" and outcome.p_after < 0.9)


# The list


def test_notes_are_found_by_words_in_them_and_in_replies_by_person_and_by_what_came(
    groups: list[Group], version_id: int, collection_id: int, ada: Account, ben: Account
) -> None:
    first = write(ada, version_id, groups[0], WORDS, bound=0.999)
    write(ben, version_id, groups[1], "100 % of it", bound=0.001)
    note_replies.reply(ben.id, first, "Like the MUSTACHE.")

    assert listed(collection_id, version_id) == ["100 % of it", WORDS]
    assert listed(collection_id, version_id, text="strasse") == [WORDS]
    assert listed(collection_id, version_id, text="mustache") == [WORDS]
    assert listed(collection_id, version_id, text="%") == ["100 % of it"]
    assert listed(collection_id, version_id, text="_") == []
    assert listed(collection_id, version_id, person="ada") == [WORDS]
    assert listed(collection_id, version_id, edit_kind="dimension") == []
    assert listed(collection_id, version_id, came="met") == [WORDS]
    assert listed(collection_id, version_id, came="unmet") == ["100 % of it"]
    assert note_list.authors(collection_id) == ("ada", "ben")
    assert counts(collection_id, version_id) == {
        "met": 1,
        "unmet": 1,
        "untested": 0,
        "refused": 0,
        "waiting": 0,
    }


def test_a_list_asks_as_often_for_many_notes_as_for_few_and_pages_them(
    groups: list[Group],
    version_id: int,
    collection_id: int,
    ada: Account,
) -> None:
    note_replies.reply(ada.id, write(ada, version_id, groups[0], "0"), "yes")
    few = queries(lambda: notes_of(collection_id, version_id, NoteFilter()))
    for number in range(1, 5):
        note_replies.reply(ada.id, write(ada, version_id, groups[number], str(number)), "yes")

    assert few == queries(lambda: notes_of(collection_id, version_id, NoteFilter())) == 2
    assert queries(lambda: counts(collection_id, version_id)) == 1
    shown, after = [], None
    while True:
        page = notes_of(collection_id, version_id, NoteFilter(), after, limit=2)
        shown += [each.text for each in page.notes]
        after = page.after
        if after is None:
            break
    assert shown == ["4", "3", "2", "1", "0"]


def test_replies_stand_below_their_note_until_withdrawn(
    groups: list[Group], version_id: int, collection_id: int, ada: Account, ben: Account
) -> None:
    note = write(ada, version_id, groups[0], WORDS)
    made = [note_replies.reply(user.id, note, text) for user, text in ((ben, "so"), (ada, "and"))]

    [listed_note] = notes_of(collection_id, version_id, NoteFilter()).notes
    assert [(each.by, each.text) for each in listed_note.replies] == [("ben", "so"), ("ada", "and")]
    with pytest.raises(ConflictError):
        note_replies.withdraw_reply(ada.id, made[0])
    note_replies.withdraw_reply(ben.id, made[0])
    [listed_note] = notes_of(collection_id, version_id, NoteFilter()).notes
    assert [each.text for each in listed_note.replies] == ["and"]
    for text in (" ", "x" * 10_000):
        with pytest.raises(InvalidError):
            note_replies.reply(ben.id, note, text)
    notes.withdraw_note(ada.id, note)
    with pytest.raises(NotFoundError):
        note_replies.reply(ben.id, note, "late")


# Replays


def test_a_note_is_replayed_on_another_version_to_the_figures_of_that_version(
    groups: list[Group], version_id: int, retrained: int, collection_id: int, ada: Account
) -> None:
    note = write(ada, version_id, groups[0], WORDS)
    assert counts(collection_id, retrained)["waiting"] == 1
    assert counts(collection_id, version_id)["waiting"] == 0

    note_replays.replay(note, retrained)

    row = session().get_one(CounterfactualNote, note)
    outcome = try_described(retrained, row.image_id, row.edit)
    replay = session().get_one(NoteReplay, (note, retrained))
    assert (replay.p_before, replay.p_after) == (outcome.p_before, outcome.p_after)
    assert (replay.control_low, replay.control_high) == outcome.interval
    assert replay.met == (outcome.moved == "fall" and outcome.p_after < 0.5)
    assert counts(collection_id, retrained)["waiting"] == 0
    [shown] = notes_of(collection_id, retrained, NoteFilter()).notes
    assert shown.replay is not None
    assert (shown.version, shown.replay.p_after) == (1, outcome.p_after)
    note_replays.replay(note, retrained)
    assert session().scalar(select(func.count()).select_from(NoteReplay)) == 2


def test_a_dimension_is_replayed_with_its_controls_where_it_means_the_same(
    groups: list[Group],
    version_id: int,
    retrained: int,
    ada: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image_id = groups[0].image_id
    cell = session().scalars(select(Cell.id).where(Cell.version_id == version_id)).first()
    assert cell is not None
    edit = DimensionEdit(2, cell)
    note = save_note(ada.id, version_id, image_id, edit, "stay", WORDS).id
    own = session().get_one(NoteReplay, (note, version_id))
    outcome = try_edit(version_id, image_id, edit)
    assert (own.delta_logit, own.control_low) == (outcome.delta_logit, (outcome.interval or [0])[0])
    monkeypatch.setattr(new_concepts, "new_concepts", lambda _version: {})

    note_replays.replay(note, retrained)
    assert session().get_one(NoteReplay, (note, retrained)).refused == ""
    monkeypatch.setattr(new_concepts, "new_concepts", lambda _version: {2: 2})
    note_replays.replay(note, retrained)

    replay = session().get_one(NoteReplay, (note, retrained), populate_existing=True)
    assert "Dimension 2 means something else" in replay.refused
    assert (replay.p_after, replay.met) == (None, None)


def test_the_worker_replays_all_that_wait_and_goes_on_where_it_was(
    groups: list[Group],
    version_id: int,
    retrained: int,
    collection_id: int,
    ada: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [write(ada, version_id, groups[number], str(number)) for number in range(4)]
    note_replays.request_replays(ada.id, retrained)
    with pytest.raises(ConflictError):
        note_replays.request_replays(ada.id, retrained)
    stop, replay = threading.Event(), note_replays.replay

    def and_stop(note_id: int, on: int) -> None:
        replay(note_id, on)
        if note_id == made[1]:
            stop.set()

    monkeypatch.setattr(note_replays, "replay", and_stop)
    assert note_replays.work(stop) == 2
    assert counts(collection_id, retrained)["waiting"] == 2
    assert note_replays.open_request(retrained) is not None

    assert note_replays.work(threading.Event()) == 2

    assert counts(collection_id, retrained)["waiting"] == 0
    assert note_replays.open_request(retrained) is None
    assert note_replays.last_error(retrained) == ""
    assert note_replays.work(threading.Event()) == 0
    with pytest.raises(InvalidError):
        note_replays.request_replays(ada.id, retrained)


def test_a_cancelled_request_keeps_what_was_replayed(
    groups: list[Group],
    version_id: int,
    retrained: int,
    collection_id: int,
    ada: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3):
        write(ada, version_id, groups[number], str(number))
    note_replays.request_replays(ada.id, retrained)
    replay = note_replays.replay

    def and_cancel(note_id: int, on: int) -> None:
        replay(note_id, on)
        note_replays.cancel_replays(on)

    monkeypatch.setattr(note_replays, "replay", and_cancel)

    assert note_replays.work(threading.Event()) == 1
    assert counts(collection_id, retrained)["waiting"] == 2
    with pytest.raises(ConflictError):
        note_replays.cancel_replays(retrained)


def test_a_request_ends_with_why_where_the_encoder_cannot_be_had(
    groups: list[Group],
    version_id: int,
    retrained: int,
    ada: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(ada, version_id, groups[0], WORDS)
    note_replays.request_replays(ada.id, retrained)

    def without_encoder(*_given: object) -> None:
        raise UnavailableError("The encoder cannot be had.")

    monkeypatch.setattr(note_replays, "try_described", without_encoder)

    assert note_replays.work(threading.Event()) == 0
    assert note_replays.last_error(retrained) == "The encoder cannot be had."
    assert session().scalar(select(func.count()).select_from(ReplayRequest)) == 1


def test_a_note_outlives_the_version_it_was_written_on_with_its_other_replays(
    groups: list[Group],
    version_id: int,
    retrained: int,
    collection_id: int,
    ada: Account,
    settings: Settings,
) -> None:
    note = write(ada, version_id, groups[0], WORDS)
    of_dimension = save_note(
        ada.id, version_id, groups[0].image_id, DimensionEdit(1), "stay", "dimension"
    ).id
    note_replays.replay(note, retrained)

    remove_version("pictures", 1, ada.id, settings)

    assert session().scalars(select(NoteReplay.version_id)).all() == [retrained]
    assert set(session().scalars(select(Expectation.version_id))) == {None}
    assert listed(collection_id, retrained) == ["dimension", WORDS]
    note_replays.replay(of_dimension, retrained)
    refused = session().get_one(NoteReplay, (of_dimension, retrained)).refused
    assert "was removed" in refused


def test_a_note_is_replayed_on_no_version_of_another_collection_and_no_more_once_withdrawn(
    groups: list[Group], version_id: int, collection_id: int, ada: Account
) -> None:
    note = write(ada, version_id, groups[0], WORDS)
    foreign = session().scalar(
        select(ModelVersion.id).where(ModelVersion.collection_id != collection_id)
    )
    assert foreign is not None
    with pytest.raises(NotFoundError):
        note_replays.replay(note, foreign)
    notes.withdraw_note(ada.id, note)
    with pytest.raises(NotFoundError):
        note_replays.replay(note, version_id)
    assert listed(collection_id, version_id) == []


def test_a_note_of_earlier_without_its_cells_means_has_nothing_to_compare_with(
    groups: list[Group], version_id: int, ada: Account
) -> None:
    note = save_note(ada.id, version_id, groups[0].image_id, DimensionEdit(1), "fall", WORDS).id
    old = {"kind": "dimension", "label": "old", "dimension": 1, "to": 0.25}
    with transaction() as write_old:
        write_old.execute(
            update(CounterfactualNote).where(CounterfactualNote.id == note).values(edit=old)
        )

    note_replays.replay(note, version_id)

    replay = session().get_one(NoteReplay, (note, version_id), populate_existing=True)
    assert replay.delta_logit is not None
    assert (replay.control_low, replay.met) == (None, None)
