"""A restricted collection and one that is not there are answered alike to who is no member."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
from flask import Flask, g
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.integration.people.conftest import PASSWORD, Browser
from tests.integration.people.test_membership import id_of
from tests.integration.web.test_rules import KNOWN, NOTHING
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.people import membership, objects, tokens
from workbench.services.people.tokens import SCOPES
from workbench.services.review import tags
from workbench.services.roles import may
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session
from workbench.store.results import Cell, PixelGroup
from workbench.web.site.limits import limiter

VISITORS = (None, "annotator", "reviewer", "developer")
OF_ONE_ANSWER = {"Date", "Set-Cookie", "Content-Length"}
PLACEHOLDER = "X"
NUMBERS = "[0-9]+"
"""Stands for all numbers: ids are on a page in too many places."""
TOKEN = re.compile(r'name="csrf_token" value="[^"]*"|action="/imports/(?:upload|labels)/[^"]+"')
"""Tokens and tickets are others each second."""


def pairs(app: Flask) -> list[tuple[str, str, str]]:
    """By method, an address of what is hidden and the same of what is not there."""
    found = []
    for rule in app.url_map.iter_rules():
        named = rule.arguments & objects.COLLECTION_OF.keys()
        if not named:
            continue
        values = {each: KNOWN.get(each, 1) for each in rule.arguments}
        if rule.endpoint == "exports.picture":
            values["kind"] = "svg"
        hidden = values | {each: id_of(each) for each in named}
        absent = values | {each: "nowhere" if each == "name" else NOTHING for each in named}
        with app.test_request_context():
            first = str(app.url_for(rule.endpoint, **hidden))
            second = str(app.url_for(rule.endpoint, **absent))
        methods = (rule.methods or set()) | {"POST"}
        found.extend((method, first, second) for method in sorted(methods))
    return found


def told(answer: TestResponse, *mine: str) -> tuple[int, list[tuple[str, str]], str]:
    """What an answer says, but for what differs between any two, and what was asked for."""
    kept = [
        (name, _redacted(value, mine))
        for name, value in answer.headers
        if name not in OF_ONE_ANSWER
    ]
    return answer.status_code, kept, _redacted(answer.text, mine)


def _redacted(text: str, mine: tuple[str, ...]) -> str:
    text = TOKEN.sub("", text)
    for each in mine:
        text = re.sub(each, PLACEHOLDER, text)
    return text


def address_of(url: str) -> str:
    """What finds an address in an answer, also where it is quoted."""
    return rf"(?<!\w)(?:{re.escape(url)}|{re.escape(quote_plus(url))})(?!\w)"


def asked(
    browser: Browser, method: str, url: str, headers: dict[str, str], *mine: str
) -> tuple[int, list[tuple[str, str]], str]:
    limiter.reset()
    answer = browser.client.open(url, method=method, headers=headers)
    g.pop("_login_user", None)
    return told(answer, *mine)


@pytest.mark.parametrize("open_reading", [True, False])
@pytest.mark.parametrize("role", VISITORS)
def test_every_address_answers_alike(filled: Flask, role: str | None, open_reading: bool) -> None:
    settings = filled.config["WORKBENCH"]
    filled.config["WORKBENCH"] = settings.model_copy(update={"open_reading": open_reading})
    ways: list[tuple[Browser, dict[str, str]]] = [(Browser(filled), {})]
    if role:
        eve = accounts.add_user("eve", PASSWORD, role)
        ways[0][0].sign_in(eve)
        token = tokens.make(eve, "a script", [each for each in SCOPES if may(role, each)], 9)
        ways.append((Browser(filled), {"Authorization": f"Bearer {token}"}))
    walked = pairs(filled)
    differing = []
    for browser, headers in ways:
        for method, hidden, absent in walked:
            first = asked(browser, method, hidden, headers, address_of(hidden))
            second = asked(browser, method, absent, headers, address_of(absent))
            if first != second:
                differing.append((method, hidden, first, second))

    assert len(walked) > 150
    assert differing == []


def of_version(version_id: int) -> dict[str, object]:
    """Of a version, what fields and query parameters name."""
    image, group, pattern = (
        session()
        .execute(
            select(PixelGroup.image_id, PixelGroup.id, PixelGroup.pattern_id).where(
                PixelGroup.version_id == version_id, PixelGroup.pattern_id.is_not(None)
            )
        )
        .first()
    ) or (0, 0, 0)
    cell = session().scalars(select(Cell.id).where(Cell.version_id == version_id)).first()
    return {
        "image": image,
        "group": group,
        "pattern": pattern,
        "cell": cell,
        "a": cell,
        "b": cell,
        "collection": "others",
    }


@pytest.mark.analysed
def test_what_a_page_is_asked_for_in_its_query_answers_alike(
    tables: Flask, analysed: Workspace, browser: Callable[[], Browser], ben: Account
) -> None:
    other = workspace("others")
    assert other.version is not None
    hidden = of_version(other.version.id)
    assert all(hidden.values())
    membership.save(None, "others", [], restricted=True)
    reader = browser().sign_in(ben)
    pages = []
    for rule in tables.url_map.iter_rules():
        named = dict.fromkeys(rule.arguments, "pictures")
        if named.keys() <= {"name"} and "GET" in (rule.methods or set()):
            with tables.test_request_context():
                pages.append(str(tables.url_for(rule.endpoint, **named)))
    differing = []
    for page in pages:
        if page.startswith("/static"):
            continue
        for field, value in hidden.items():
            absent = "nowhere" if field == "collection" else NOTHING
            mine = "others|nowhere" if field == "collection" else NUMBERS
            first, second = (
                asked(reader, "GET", f"{page}?{field}={each}", {}, mine) for each in (value, absent)
            )
            if first != second:
                differing.append((page, field, first[0], second[0]))

    assert len(pages) > 30
    assert differing == []


@pytest.mark.analysed
def test_what_a_form_names_answers_alike(
    tables: Flask, analysed: Workspace, browser: Callable[[], Browser], ben: Account
) -> None:
    other = workspace("others")
    assert other.version is not None
    hidden = of_version(other.version.id)
    assert analysed.version is not None
    seen = of_version(analysed.version.id)
    tag = tags.tag_pattern(ben.id, int(str(seen["pattern"])), "glare").tag_id
    membership.save(None, "others", [], restricted=True)
    reader = browser().sign_in(ben)

    url = f"/taxonomy/{tag}/examples"
    for field in ("positive", "negative"):
        hidden_one, absent_one = (
            told(reader.post(url, **{field: each})) for each in (hidden["group"], NOTHING)
        )
        assert hidden_one == absent_one
        assert hidden_one[0] == 404
