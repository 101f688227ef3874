"""Programs read and change the taxonomy as its pages do."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.api.conftest import Program, program_of
from workbench.services.accounts import Account
from workbench.services.taxonomy import exchange
from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import PixelGroup
from workbench.store.tag_changes import TagExample

pytestmark = pytest.mark.analysed


@pytest.fixture
def groups(version_id: int) -> list[int]:
    """Pixel groups, one an image."""
    found = session().scalars(
        select(PixelGroup.id)
        .where(PixelGroup.version_id == version_id, PixelGroup.number == 0)
        .order_by(PixelGroup.id)
    )
    return list(found)


def put(program: Program, name: str, *groups: int) -> int:
    """The id of a tag that is on these pixel groups."""
    given = [program.post(f"/groups/{each}/tags", {"tag": name}) for each in groups]
    return int(given[0]["tag_id"])


def on(tag_id: int) -> list[int]:
    """The pixel groups that a tag stands on."""
    session().rollback()
    found = session().scalars(
        select(PixelGroup.id)
        .join(Tagging, Tagging.region_id == PixelGroup.region_id)
        .where(Tagging.tag_id == tag_id, Tagging.withdrawn_at.is_(None))
        .order_by(PixelGroup.id)
    )
    return list(found)


def changed(program: Program, tag_id: int, planned: dict[str, object]) -> int:
    """The id of a change that was previewed, then made."""
    seen = program.post(f"/tags/{tag_id}/preview", planned, 200)["seen"]
    return int(program.post(f"/tags/{tag_id}/changes", planned | {"seen": seen})["id"])


def tag(tag_id: int) -> Tag:
    session().rollback()
    return session().get_one(Tag, tag_id)


def test_tags_are_listed_by_pages_in_the_order_of_their_tree(
    tables: Flask, program: Program
) -> None:
    loaded = program.post("/taxonomy/starter", status=200)
    assert loaded == {"added": len(exchange.starter()), "known": 0}
    assert program.post("/taxonomy/starter", status=200)["added"] == 0

    seen, cursor = [], ""
    while True:
        page = program.ask("GET", "/tags?limit=7" + cursor).get_json()
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == page["total"] == loaded["added"]
    assert len({each["id"] for each in seen}) == len(seen)
    above = {1: ""}
    for each in seen:
        assert each["parent"] == above[each["level"]]
        above[each["level"] + 1] = each["name"]

    told = program.get("/taxonomy")
    assert told["format"] == exchange.FORMAT
    assert {each["name"] for each in told["tags"]} == {each["name"] for each in seen}


def test_an_edit_keeps_what_it_leaves_out_and_refuses_what_it_has_not_seen(
    groups: list[int], program: Program
) -> None:
    hands = put(program, "hands", groups[0])
    first = {"revision": tag(hands).revision, "description": "of people", "hue": 2}
    seen = program.patch(f"/tags/{hands}", first)["revision"]
    told = program.patch(f"/tags/{hands}", {"revision": seen, "name": "fingers"})

    assert (told["name"], told["description"], told["hue"]) == ("fingers", "of people", 2)
    assert told["changes"][0]["before"] == {"name": "hands"}
    refused = program.patch(f"/tags/{hands}", {"revision": seen, "hue": None}, 409)
    assert refused["type"].endswith(":edit-conflict")
    assert tag(hands).hue == 2
    program.patch(f"/tags/{hands}", {"revision": told["revision"], "hue": None})
    assert (tag(hands).hue, tag(hands).name) == (None, "fingers")


def test_a_merge_is_previewed_made_and_reversed(groups: list[int], program: Program) -> None:
    hands, fingers = put(program, "hands", *groups[:2]), put(program, "fingers", *groups[1:3])
    planned = {"kind": "merge", "other": "fingers"}
    preview = program.post(f"/tags/{hands}/preview", planned, 200)

    assert (preview["taggings"], preview["doubled"]) == (2, 1)
    borne = preview["bearing"]
    assert {each["version"]["collection"]: each["together"] for each in borne} == {
        "others": [0, 0],
        "pictures": [3, 3],
    }
    made = program.post(f"/tags/{hands}/changes", planned | {"seen": preview["seen"]})
    assert (on(hands), on(fingers)) == ([], groups[:3])
    told = program.get(f"/tags/{hands}")
    assert (told["standing"], told["instead"]["name"]) == (False, "fingers")

    program.post(f"/tag-changes/{made['id']}/reverse")
    assert (on(hands), on(fingers)) == (groups[:2], groups[1:3])
    program.post(f"/tag-changes/{made['id']}/reverse", status=409)


def test_a_change_that_was_not_previewed_as_it_is_now_is_refused(
    groups: list[int], program: Program
) -> None:
    hands, body = put(program, "hands", groups[0]), put(program, "body", groups[1])
    planned: dict[str, object] = {"kind": "move", "other": "body"}
    seen = program.post(f"/tags/{hands}/preview", planned, 200)["seen"]
    put(program, "hands", groups[2])

    program.post(f"/tags/{hands}/changes", planned | {"seen": seen}, 409)
    assert tag(hands).parent_id is None
    changed(program, hands, planned)
    assert tag(hands).parent_id == body


def test_a_part_is_split_off_and_a_tag_deprecated_and_restored(
    groups: list[int], program: Program, ben: Account, tables: Flask
) -> None:
    hands = put(program, "hands", groups[0])
    put(program_of(tables, ben), "hands", groups[1])
    people = {each["name"]: each["id"] for each in program.get(f"/tags/{hands}")["people"]}
    assert people == {"ada": people["ada"], "ben": ben.id}

    changed(program, hands, {"kind": "split", "other": "thumbs", "part": {"by": ben.id}})
    thumbs = session().scalars(select(Tag.id).where(Tag.name == "thumbs")).one()
    assert (on(hands), on(thumbs)) == (groups[:1], groups[1:2])
    changed(program, hands, {"kind": "accept"})
    changed(program, hands, {"kind": "deprecate", "other": "thumbs"})
    assert (tag(hands).state, tag(hands).replaced_by_id) == ("deprecated", thumbs)
    changed(program, hands, {"kind": "restore"})
    assert tag(hands).state == "active"


def test_who_may_tag_does_not_change_the_taxonomy(
    groups: list[int], program: Program, ada: Account, tables: Flask
) -> None:
    hands = put(program, "hands", groups[0])
    tagging = program_of(tables, ada, "read", "tag")

    tagging.patch(f"/tags/{hands}", {"revision": 1, "name": "feet"}, 403)
    tagging.post(f"/tags/{hands}/preview", {"kind": "deprecate"}, 403)
    assert tag(hands).name == "hands"


def test_examples_are_added_and_withdrawn(groups: list[int], program: Program) -> None:
    tag_id = put(program, "rough", groups[0])
    sent = {"group": groups[0], "positive": False}
    made = program.post(f"/tags/{tag_id}/examples", sent)

    program.post(f"/tags/{tag_id}/examples", sent, 409)
    shown = program.get(f"/tags/{tag_id}")["examples"]
    assert [(each["id"], each["positive"], each["by"]) for each in shown] == [
        (made["id"], False, "ada")
    ]
    counted = program.get("/tags?text=ROU&collection=pictures")["items"]
    assert [(each["name"], each["groups"], each["images"]) for each in counted] == [("rough", 1, 1)]
    program.delete(f"/tag-examples/{made['id']}", 204)
    session().rollback()
    assert session().get_one(TagExample, made["id"]).withdrawn_at is not None
