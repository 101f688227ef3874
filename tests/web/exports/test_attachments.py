"""Files to keep: their names, and what they allow."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from werkzeug.http import parse_options_header

from tests.web.conftest import Reader
from tests.web.exports.taking import HOSTILE, taken
from tests.web.fakes.data import FACES, NEW, NOON
from tests.web.fakes.workbench import FakeWorkbench
from workbench.services.review.tags import TaggingView
from workbench.services.workspaces import Workspace
from workbench.web.exports.attachments import file_name


@pytest.mark.parametrize(("kind", "mimetype"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_a_picture_is_a_file_to_keep_named_for_what_it_shows(
    visitor: Reader, kind: str, mimetype: str
) -> None:
    answer = taken(visitor, "overview", kind)

    assert answer.mimetype == mimetype
    assert answer.headers["Content-Disposition"] == f"attachment; filename=faces-v2-overview.{kind}"


def test_an_svg_carries_a_policy_that_forbids_scripts(visitor: Reader) -> None:
    policy = taken(visitor, "overview").headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "sandbox" in policy


@pytest.mark.parametrize(
    "name", [HOSTILE, '"; filename=evil.exe', "..", "größer & kleiner", "a\\b", "x" * 80]
)
def test_a_file_s_name_has_nothing_that_a_header_or_a_file_system_minds(name: str) -> None:
    workspace = Workspace(replace(FACES, name=name), NEW, (NEW,), None, 0)

    made = file_name(workspace, HOSTILE, "svg")

    assert re.fullmatch(r"[\w][\w.-]*\.svg", made)
    assert len(made) <= 105


def test_a_name_beyond_ascii_is_sent_as_it_is(visitor: Reader, book: FakeWorkbench) -> None:
    book.taggings[1] = ("pattern", 31, TaggingView(1, "größer", "ada", NOON, "hand"))

    sent = visitor.get("/c/faces/patterns/31/report.html").headers["Content-Disposition"]

    assert parse_options_header(sent)[1]["filename"] == "faces-v2-pattern-1-größer.html"
