"""Programs run edits, write notes on them, and replay them on other versions."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from tests.integration.api.conftest import Program, program_of
from workbench.services.accounts import Account
from workbench.services.image import note_replays
from workbench.services.image.counterfactuals import try_edit
from workbench.services.image.edits import RegionEdit
from workbench.store.database import session, transaction
from workbench.store.judgements import CounterfactualNote
from workbench.store.notes import Expectation, NoteReplay, ReplayRequest
from workbench.store.results import PixelGroup

pytestmark = pytest.mark.analysed
IMAGES = "/collections/pictures/images"


@pytest.fixture
def group(version_id: int) -> tuple[int, int]:
    """A pixel group and its image."""
    found = session().execute(
        select(PixelGroup.id, PixelGroup.image_id)
        .where(PixelGroup.version_id == version_id)
        .order_by(PixelGroup.contribution.desc())
    )
    return found.tuples().first() or pytest.fail("no pixel group")


def note_on(program: Program, group: tuple[int, int], text: str = "the rim", **said: object) -> int:
    """The id of a note on what an edit does."""
    sent = {"edit": {"group": group[0], "fill": "blur"}, "expectation": "fall"} | said
    trial = program.post(f"{IMAGES}/{group[1]}/expectations", sent)
    saved = program.post(f"/expectations/{trial['expectation_id']}/notes", {"text": text})
    return int(saved["id"])


def test_an_edit_is_expected_then_computed_and_noted_once(
    version_id: int, group: tuple[int, int], program: Program
) -> None:
    sent = {"edit": {"group": group[0], "fill": "blur"}, "expectation": "fall", "bound": 0.5}
    trial = program.post(f"{IMAGES}/{group[1]}/expectations", sent)
    outcome = try_edit(version_id, group[1], RegionEdit(group[0], "blur"))

    assert trial["outcome"]["p_after"] == pytest.approx(outcome.p_after, abs=1e-6)
    assert len(trial["outcome"]["controls"]) == len(outcome.controls)
    written = session().get_one(Expectation, trial["expectation_id"])
    assert (written.direction, written.bound, written.known) == ("fall", 0.5, False)
    path = f"/expectations/{trial['expectation_id']}/notes"
    saved = program.post(path, {"text": "the rim"})
    program.post(path, {"text": "again"}, 409)
    session().rollback()
    note = session().get_one(CounterfactualNote, saved["id"])
    assert (note.text, note.p_after) == ("the rim", saved["p_after"])
    assert (saved["expectation"], saved["bound"]) == ("fall", 0.5)


def test_a_dimension_is_edited(group: tuple[int, int], program: Program) -> None:
    sent = {"edit": {"dimension": 1, "to": "own"}, "expectation": "stay"}
    trial = program.post(f"{IMAGES}/{group[1]}/expectations", sent)

    edit = session().get_one(Expectation, trial["expectation_id"]).edit
    assert (edit["kind"], edit["dimension"]) == ("dimension", 1)


@pytest.mark.parametrize(
    "sent",
    [
        {"edit": {"group": 1, "dimension": 1}, "expectation": "fall"},
        {"edit": {}, "expectation": "fall"},
        {"edit": {"dimension": 0}, "expectation": "stay", "bound": 0.5},
        {"edit": {"dimension": 0}},
    ],
)
def test_what_is_no_expectation_is_refused(
    group: tuple[int, int], program: Program, sent: dict[str, object]
) -> None:
    program.post(f"{IMAGES}/{group[1]}/expectations", sent, 422)
    assert session().scalar(select(func.count()).select_from(Expectation)) == 0


def test_somebody_else_s_expectation_is_not_noted(
    group: tuple[int, int], program: Program, ben: Account, tables: Flask
) -> None:
    sent = {"edit": {"group": group[0]}, "expectation": "rise"}
    trial = program.post(f"{IMAGES}/{group[1]}/expectations", sent)
    path = f"/expectations/{trial['expectation_id']}/notes"

    program_of(tables, ben).post(path, {"text": "mine"}, 404)
    assert session().scalar(select(func.count()).select_from(CounterfactualNote)) == 0


def test_notes_are_listed_by_pages_searched_answered_and_withdrawn(
    group: tuple[int, int], program: Program, ben: Account, tables: Flask
) -> None:
    ids = [note_on(program, group, f"note {each}") for each in range(3)]
    first = program.get("/collections/pictures/notes?limit=2")
    rest = program.get(f"/collections/pictures/notes?limit=2&cursor={first['next']}")

    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None
    assert sum(first["counts"].values()) == 3
    reply = program_of(tables, ben).post(f"/notes/{ids[0]}/replies", {"text": "I see Straße"})
    found = program.get("/collections/pictures/notes?text=STRASSE")["items"]
    assert [each["id"] for each in found] == [ids[0]]
    assert [(each["id"], each["by"]) for each in found[0]["replies"]] == [(reply["id"], "ben")]
    program.delete(f"/replies/{reply['id']}", 409)
    program_of(tables, ben).delete(f"/replies/{reply['id']}", 204)
    program.delete(f"/notes/{ids[2]}", 204)
    left = program.get("/collections/pictures/notes")["items"]
    assert [(each["id"], each["replies"]) for each in left] == [(ids[1], []), (ids[0], [])]
    program.get("/collections/pictures/notes?cursor=first", 422)


def test_a_note_is_replayed_and_all_are_asked_for_and_cancelled(
    group: tuple[int, int], program: Program
) -> None:
    note_id = note_on(program, group)
    with transaction() as write:
        write.execute(delete(NoteReplay))
    path = "/collections/pictures/notes/replays"

    assert program.get(path) == {"running": False, "waiting": 1, "error": ""}
    assert program.post(path)["running"]
    program.post(path, status=409)
    assert program.post(f"{path}/cancel", status=200)["running"] is False
    program.post(f"{path}/cancel", status=409)
    assert session().scalars(select(ReplayRequest.cancelled)).all() == [True]

    replay = program.post(f"/collections/pictures/notes/{note_id}/replay", status=200)
    session().rollback()
    kept = session().scalars(select(NoteReplay)).one()
    assert replay["p_after"] == pytest.approx(kept.p_after)
    assert replay["refused"] == ""
    program.post(path, status=422)


def test_all_notes_are_replayed_by_the_worker(group: tuple[int, int], program: Program) -> None:
    note_on(program, group)
    with transaction() as write:
        write.execute(delete(NoteReplay))
    program.post("/collections/pictures/notes/replays")
    session().rollback()

    assert note_replays.work(threading.Event()) == 1
    session().rollback()
    assert program.get("/collections/pictures/notes/replays") == {
        "running": False,
        "waiting": 0,
        "error": "",
    }
