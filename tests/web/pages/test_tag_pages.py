"""A tag's page: edits with conflicts side by side, previews, and changes that are reversed."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from tests.web.addresses import PAGES
from tests.web.conftest import Reader
from tests.web.fakes.tags import SEEN
from tests.web.fakes.workbench import FakeWorkbench
from workbench.config import PROJECT_ROOT
from workbench.services.taxonomy.hotkeys import TAKEN
from workbench.services.taxonomy.operations import Part


@pytest.fixture
def tag(ada: Reader, book: FakeWorkbench) -> str:
    """The address of a tag's page."""
    ada.post("/patterns/31/tags", tag="fake smile")
    return f"/taxonomy/{book.tags[0].id}"


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's last form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found if name != "csrf_token"}


def test_a_tag_says_what_it_means_where_it_is_from_and_what_was_done_to_it(
    visitor: Reader, tag: str
) -> None:
    page = visitor.get("/taxonomy/1").text

    assert "All teeth alike." in page
    assert 'href="https://arxiv.org/abs/2601.19430"' in page
    assert 'href="/taxonomy/3">semantics' in page
    assert "merged “hair” into “fake smile”" in page
    assert "3 taggings" in page
    assert "<del>smile</del> → <ins>fake smile</ins>" in page
    assert "reversed since" in page
    assert "/reverse" not in page, "a visitor may not"
    assert visitor.get("/taxonomy/4").status_code == 404


def test_a_tag_is_renamed_described_and_coloured(
    ada: Reader, book: FakeWorkbench, tag: str
) -> None:
    form = fields(ada.get(tag).text)

    answer = ada.post(tag, **form, name="even smile", description="All alike.", hue="4")

    row = book.tags[0]
    assert (row.name, row.description, row.hue) == ("even smile", "All alike.", 4)
    assert answer.location == tag
    assert "Saved: “even smile”." in ada.get(tag).text


def test_a_save_from_an_old_page_shows_both_versions_and_saves_what_one_chooses(
    ada: Reader, book: FakeWorkbench, tag: str
) -> None:
    form = fields(ada.get(tag).text)
    ada.post(tag, **form, name="even smile", description="")

    answer = ada.post(tag, **form, name="odd <smile>", description="Mine.")

    assert answer.status_code == 409
    assert "<td>even smile</td><td>odd &lt;smile&gt;</td>" in answer.text
    assert "by ben" in answer.text
    assert f'href="{tag}">Keep theirs' in answer.text
    assert book.tags[0].name == "even smile"
    again = fields(answer.text)
    assert (again["revision"], again["description"]) == (str(book.revision), "Mine.")
    assert ada.post(tag, **again).status_code == 303
    assert book.tags[0].name == "odd <smile>"


def test_a_taken_name_is_a_conflict_that_changes_nothing(
    ada: Reader, book: FakeWorkbench, tag: str
) -> None:
    ada.post("/patterns/32/tags", tag="blur")

    answer = ada.post(tag, revision="1", name="blur", description="")

    assert answer.status_code == 409
    assert "Tag “blur” already exists." in answer.text
    assert book.tags[0].name == "fake smile"


def test_a_merge_is_shown_before_it_is_done(ada: Reader, book: FakeWorkbench) -> None:
    assert "Show what it would change" in ada.get("/taxonomy/1/merge").text
    page = ada.get("/taxonomy/1/merge?other=hair").text
    assert "7 by hand, 4 on patterns, 1 on selections" in page
    for figure in ("120 pixel groups", "90 images", "140 pixel groups", "101 images"):
        assert f">{figure}<" in page
    assert "even teeth" in page
    assert book.tag_changes == []

    answer = ada.post("/taxonomy/1/merge", **fields(page))

    assert answer.location == "/taxonomy/1"
    assert book.tag_changes == [("merge", 1, 2)]


def test_what_is_no_longer_as_it_was_previewed_is_not_done_but_shown_anew(
    ada: Reader, book: FakeWorkbench
) -> None:
    form = fields(ada.get("/taxonomy/1/merge?other=hair").text)
    book.tags_moved = True

    answer = ada.post("/taxonomy/1/merge", **form)

    assert answer.status_code == 409
    assert "Edit conflict: the tags were changed since you looked." in answer.text
    assert '<td class="numeric">12</td><td class="numeric">13</td>' in answer.text
    assert fields(answer.text)["seen"] != SEEN
    assert book.tag_changes == []


def test_a_part_is_split_off_by_who_put_it_on_and_by_what_was_ticked(
    ada: Reader, book: FakeWorkbench
) -> None:
    page = ada.get(
        "/taxonomy/1/split?other=hair&by=2&kind_of=hand&label=fake&tagging=5&tagging=6"
    ).text
    form = fields(page)
    assert form["by"] == "2"

    ada.client.post(
        "/taxonomy/1/split",
        data={**form, "tagging": ["5", "6"], "csrf_token": ada.token()},
    )

    part = Part(user_id=2, kind="hand", label="fake", tagging_ids=(5, 6))
    assert book.tag_changes == [("split", 1, ("hair", part))]


@pytest.mark.parametrize(
    ("kind", "other", "given"),
    [("move", "hair", 2), ("move", "", None), ("deprecate", "hair", 2), ("accept", "", None)],
)
def test_tags_are_moved_deprecated_and_accepted(
    ada: Reader, book: FakeWorkbench, kind: str, other: str, given: int | None
) -> None:
    page = ada.get(f"/taxonomy/1/{kind}?other={other}").text

    ada.post(f"/taxonomy/1/{kind}", **fields(page))

    assert book.tag_changes == [(kind, 1, given)]


def test_a_change_is_reversed_from_the_history(ada: Reader, book: FakeWorkbench) -> None:
    page = ada.get("/taxonomy/1").text
    assert re.findall(r'action="(/taxonomy/changes/\d+/reverse)"', page) == [
        "/taxonomy/changes/7/reverse"
    ]

    answer = ada.post("/taxonomy/changes/7/reverse", back="/taxonomy/1")

    assert book.tag_changes == [("reverse", 7, None)]
    assert "the change is reversed" in ada.get(answer.location).text


def test_the_taxonomy_is_filtered_by_state_and_links_to_each_tag(
    ada: Reader, book: FakeWorkbench, tag: str
) -> None:
    book.tags[0] = replace(book.tags[0], state="proposed", hotkey="7", parent="semantics", level=2)

    page = ada.get("/taxonomy?state=proposed").text

    assert f'href="{tag}"' in page
    assert "in “semantics”" in page
    assert "<kbd" in page
    assert "No tag is in this state." in ada.get("/taxonomy?state=deprecated").text
    assert ada.get("/taxonomy?state=odd").status_code == 422


def test_the_starter_taxonomy_is_loaded_once_and_taken_away(
    ada: Reader, visitor: Reader, book: FakeWorkbench
) -> None:
    assert "Load the starter taxonomy" in ada.get("/taxonomy").text
    assert "Load the starter taxonomy" not in visitor.get("/taxonomy").text

    answer = ada.post("/taxonomy/starter")
    assert "Added 14 tags of the starter taxonomy." in ada.get(answer.location).text
    answer = ada.post("/taxonomy/starter")
    assert "The starter taxonomy is there already." in ada.get(answer.location).text

    assert len(book.tags) == 14
    file = visitor.get("/taxonomy/export.csv")
    assert (file.text, file.mimetype) == ("csv: 14", "text/csv")
    assert file.headers["Content-Disposition"] == "attachment; filename=taxonomy.csv"
    assert visitor.get("/taxonomy/export.xml").status_code == 404


def test_a_tag_s_page_says_what_bears_it_under_the_version_that_is_looked_at(
    visitor: Reader, book: FakeWorkbench
) -> None:
    page = visitor.get("/taxonomy/1").text

    assert "pixel groups of model v2 of faces" in page
    assert book.counted == [2]
    assert "7 by hand, 118 by pattern or selection; suggested for 9 more" in page
    assert "mean of a random sample of 100 pixel groups" in page
    assert "no fake images" in page
    assert "75% <span" in page
    assert 'class="mean-map"' in page
    for link in ("/c/faces/patterns/31?version=2", "/c/faces/images/3?version=2", "tag=fake+smile"):
        assert link in html.unescape(page)
    assert 'name="tagging"' not in page, "a visitor may not split"

    old = visitor.get("/taxonomy/1?collection=faces&version=1&source=hand").text
    assert "pixel groups of model v1 of faces" in old
    assert book.counted == [1]
    assert "/c/faces/images/3" not in old
    assert "source=hand&after=900" in html.unescape(old)
    assert visitor.get("/taxonomy/1?source=odd").status_code == 422


def test_examples_are_shown_added_from_the_gallery_and_withdrawn(
    ada: Reader, ben: Reader, book: FakeWorkbench
) -> None:
    page = ada.get("/taxonomy/1").text
    assert "Region of image 2, by ada" in page
    assert 'action="/tag-examples/5/withdraw"' in page
    assert 'action="/tag-examples/5/withdraw"' not in ben.get("/taxonomy/1").text

    answer = ben.post("/taxonomy/1/examples", negative="300", back="/taxonomy/1")
    assert "Saved as counterexample." in ben.get(answer.location).text
    ben.post("/taxonomy/1/examples", positive="200")
    ada.post("/tag-examples/5/withdraw")

    assert book.tag_changes == [
        ("example", 1, (300, False)),
        ("example", 1, (200, True)),
        ("withdraw example", 5, None),
    ]
    assert ben.post("/taxonomy/1/examples").status_code == 422


def test_no_hotkey_of_a_tag_can_be_a_key_of_a_page(ada: Reader) -> None:
    pages = [each.read_text("utf-8") for each in (PROJECT_ROOT / "templates").rglob("*.html")]
    pages += [html.unescape(ada.get(each).text) for each in PAGES]
    written = [key for page in pages for key in re.findall(r'data-key="([^"{}])"', page)]

    for page in pages:
        written += re.findall(r'\("([A-Z])", _\(', page)

    assert len(written) > 20
    assert {key.lower() for key in written} <= TAKEN
