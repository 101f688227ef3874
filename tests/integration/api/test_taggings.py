"""Programs put tags on patterns, pixel groups and selections, and say whether they fit."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.api.conftest import Program, program_of
from workbench.services.accounts import Account
from workbench.services.review import tags
from workbench.store.database import session
from workbench.store.judgements import TagCheck, TaggedRegion, Tagging
from workbench.store.results import Pattern, PixelGroup

pytestmark = pytest.mark.analysed


@pytest.fixture
def pattern_id(version_id: int) -> int:
    """The pattern with most pixel groups."""
    found = session().scalars(
        select(Pattern.id).where(Pattern.version_id == version_id).order_by(Pattern.groups.desc())
    )
    return found.first() or pytest.fail("no pattern")


def group_in(pattern_id: int) -> PixelGroup:
    found = session().scalars(select(PixelGroup).where(PixelGroup.pattern_id == pattern_id))
    return found.first() or pytest.fail("no pixel group")


def standing(tagging_id: int) -> bool:
    session().rollback()
    return session().get_one(Tagging, tagging_id).withdrawn_at is None


def test_a_pattern_is_tagged_once_and_the_tag_withdrawn(pattern_id: int, program: Program) -> None:
    first = program.post(f"/patterns/{pattern_id}/tags", {"tag": "six fingers"})
    again = program.post(f"/patterns/{pattern_id}/tags", {"tag": "Six fingers"})

    assert first["new"]
    assert (again["new"], again["id"], again["tag"]) == (False, first["id"], "six fingers")
    assert first["by"] == "ada"
    program.delete(f"/taggings/{first['id']}", 204)
    assert not standing(first["id"])
    program.delete(f"/taggings/{first['id']}", 404)


def test_a_group_s_tag_is_told_with_its_image(pattern_id: int, program: Program) -> None:
    group = group_in(pattern_id)
    group_id, image_id = group.id, group.image_id
    given = program.post(f"/groups/{group_id}/tags", {"tag": "rough"})

    told = program.get(f"/collections/pictures/images/{image_id}")["groups"]
    on_it = next(each["tags"] for each in told if each["id"] == group_id)
    assert [(each["id"], each["tag"], each["source"]) for each in on_it] == [
        (given["id"], "rough", "hand")
    ]


def test_somebody_else_s_tag_stays(
    pattern_id: int, program: Program, ben: Account, tables: Flask
) -> None:
    given = program.post(f"/patterns/{pattern_id}/tags", {"tag": "rough"})

    program_of(tables, ben).delete(f"/taggings/{given['id']}", 409)
    assert standing(given["id"])


def test_who_may_only_read_tags_nothing(pattern_id: int, ada: Account, tables: Flask) -> None:
    reader = program_of(tables, ada, "read")

    reader.post(f"/patterns/{pattern_id}/tags", {"tag": "rough"}, 403)
    assert session().scalar(select(Tagging.id)) is None


def test_a_selection_is_tagged_as_it_was_counted(pattern_id: int, program: Program) -> None:
    chosen = f"/collections/pictures/selection?pattern={pattern_id}&label=fake"
    counted = program.get(chosen)["groups"]
    path = f"/collections/pictures/selection/tags?pattern={pattern_id}&label=fake"

    assert counted > 0
    program.post(path, {"tag": "rough", "groups": counted + 1}, 409)
    given = program.post(path, {"tag": "rough", "groups": counted})
    regions = session().scalars(
        select(TaggedRegion.region_id).where(TaggedRegion.tagging_id == given["id"])
    )
    assert len(regions.all()) == counted


def test_a_finding_is_edited_at_the_revision_that_was_read(
    pattern_id: int, program: Program
) -> None:
    given = program.post(f"/patterns/{pattern_id}/tags", {"tag": "rough"})
    path = f"/taggings/{given['id']}/finding"
    sent = {"reason": "the rim", "severity": "severe", "revision": given["revision"]}

    assert program.put(path, sent)["revision"] == given["revision"] + 1
    program.put(path, sent | {"reason": "no rim"}, 409)
    session().rollback()
    kept = session().get_one(Tagging, given["id"])
    assert (kept.reason, kept.severity) == ("the rim", "severe")


def test_a_pattern_s_tag_is_checked_on_its_sample(pattern_id: int, program: Program) -> None:
    given = program.post(f"/patterns/{pattern_id}/tags", {"tag": "rough"})
    path = f"/collections/pictures/patterns/{pattern_id}/tags/{given['id']}"
    first = program.get(path)["sample"][0]["group_id"]
    made = program.post(f"/taggings/{given['id']}/checks", {"group": first, "fits": False})

    told = program.get(path)
    answered = next(each["answer"] for each in told["sample"] if each["group_id"] == first)
    assert answered == answered | {"id": made["id"], "fits": False, "by": "ada"}
    assert (told["tally"]["checked"], told["tally"]["wrong"]) == (1, 1)
    assert 0 <= told["tally"]["low"] < told["tally"]["share"] == 1

    program.delete(f"/tag-checks/{made['id']}", 204)
    assert program.get(path)["tally"]["checked"] == 0


def test_a_tag_is_taken_off_one_group_and_put_back(
    pattern_id: int, program: Program, ada: Account
) -> None:
    tagging = tags.tag_pattern(ada.id, pattern_id, "rough")
    group = group_in(pattern_id)
    group_id, image_id = group.id, group.image_id

    def on_it() -> list[str]:
        told = program.get(f"/collections/pictures/images/{image_id}")["groups"]
        of_group = next(each["tags"] for each in told if each["id"] == group_id)
        return [each["tag"] for each in of_group]

    assert on_it() == ["rough"]
    made = program.post(f"/taggings/{tagging.id}/off", {"group": group_id})
    assert on_it() == []
    assert not session().get_one(TagCheck, made["id"]).sampled
    program.delete(f"/tag-checks/{made['id']}", 204)
    assert on_it() == ["rough"]
