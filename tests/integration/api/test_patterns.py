"""Programs read patterns and dimensions, dismiss suggestions, and save the vocabulary."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.integration.api.conftest import Program
from workbench.services.explore import dimensions, filters, patterns
from workbench.services.explore.filters import Selection
from workbench.services.review.vocabulary import vocabulary
from workbench.store.database import session
from workbench.store.judgements import DismissedSuggestion
from workbench.store.results import PixelGroup

pytestmark = pytest.mark.analysed
COLLECTION = "/collections/pictures"


@pytest.mark.parametrize("sort", patterns.ORDERS)
def test_patterns_are_ranked_as_on_their_page(version_id: int, program: Program, sort: str) -> None:
    listed = program.get(f"{COLLECTION}/patterns?sort={sort}")["items"]
    found = patterns.patterns(filters.choose(version_id, Selection()), sort)

    assert [each["id"] for each in listed] == [each.id for each in found]
    assert [each["mean_contribution"] for each in listed] == pytest.approx(
        [each.mean_contribution for each in found]
    )


def test_pages_of_a_pattern_hold_each_of_its_groups_once(version_id: int, program: Program) -> None:
    path = f"{COLLECTION}/patterns/{program.get(f'{COLLECTION}/patterns')['items'][0]['id']}"
    seen, cursor = [], ""
    while True:
        page = program.get(f"{path}?limit=9{cursor}")
        seen += [each["group_id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    groups = select(PixelGroup.id).where(PixelGroup.pattern_id == page["pattern"]["id"])
    assert sorted(seen) == sorted(session().scalars(groups))
    assert page["pattern"]["groups"] == len(seen)
    program.get(f"{path}?cursor=first", 422)


def test_dimensions_are_compared_over_a_selection(version_id: int, program: Program) -> None:
    pattern_id = program.get(f"{COLLECTION}/patterns")["items"][0]["id"]
    listed = program.get(f"{COLLECTION}/dimensions?pattern={pattern_id}")["items"]
    chosen = filters.choose(version_id, Selection(pattern_id=pattern_id))
    found = dimensions.violins(chosen, None, None)

    assert [each["index"] for each in listed] == [each.index for each in found]
    assert [each["weight"] for each in listed] == pytest.approx([each.weight for each in found])
    assert [each["left"]["mean"] for each in listed] == pytest.approx(
        [each.left.mean for each in found]
    )


def test_a_suggestion_is_dismissed_and_restored(program: Program) -> None:
    first = program.get(f"{COLLECTION}/patterns")["items"][0]
    tag_id = program.post(f"/patterns/{first['id']}/tags", {"tag": "rough"})["tag_id"]
    group = first["exemplars"][0]["group_id"]
    ids = [
        program.post(path, {"tag": tag_id})["id"]
        for path in (f"/patterns/{first['id']}/dismissals", f"/groups/{group}/dismissals")
    ]

    program.post(f"/groups/{group}/dismissals", {"tag": tag_id + 1}, 404)
    for each in ids:
        program.delete(f"/dismissals/{each}", 204)
    session().rollback()
    kept = session().scalars(select(DismissedSuggestion)).all()
    assert [each.withdrawn_at is not None for each in kept] == [True, True]
    program.delete(f"/dismissals/{ids[0]}", 404)


def test_a_tag_on_some_of_a_pattern_s_groups_is_suggested_for_it(
    version_id: int, program: Program
) -> None:
    listed = program.get(f"{COLLECTION}/patterns")["items"]
    largest = max(listed, key=lambda each: each["groups"])
    members = program.get(f"{COLLECTION}/patterns/{largest['id']}?limit=100")["items"]
    scores = sorted(each["p"] for each in members)
    chosen = f"pattern={largest['id']}&p=0,{scores[len(scores) * 3 // 10]:.6f}"
    counted = program.get(f"{COLLECTION}/selection?{chosen}")["groups"]
    assert 0.1 < counted / largest["groups"] < 0.5
    sent = {"tag": "rough", "groups": counted}
    given = program.post(f"{COLLECTION}/selection/tags?{chosen}", sent)

    told = program.get(f"{COLLECTION}/suggestions")["patterns"]
    suggested = {each["id"]: each["suggested"] for each in told}
    assert [(each["tag"], each["share"]) for each in suggested[largest["id"]]] == [
        ("rough", pytest.approx(counted / largest["groups"]))
    ]
    program.post(f"/patterns/{largest['id']}/dismissals", {"tag": given["tag_id"]})
    told = program.get(f"{COLLECTION}/suggestions")["patterns"]
    assert largest["id"] not in {each["id"] for each in told}


def test_the_vocabulary_is_saved_at_the_revision_that_was_read(program: Program) -> None:
    told = program.get("/vocabulary")
    assert (told["revision"], told["by"]) == (0, None)
    saved = program.put("/vocabulary", {"words": ["paw", "PAW", "tail"], "revision": 0})

    assert (saved["words"], saved["by"]) == (["paw", "tail"], "ada")
    program.put("/vocabulary", {"words": ["ear"], "revision": 0}, 409)
    program.put("/vocabulary", {"words": ["e" * 61], "revision": saved["revision"]}, 422)
    session().rollback()
    assert vocabulary().words == ("paw", "tail")
