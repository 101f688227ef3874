"""Who may read, who may write, and what a browser is told to refuse."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.web.conftest import Reader, make_app
from tests.web.fakes.data import PASSWORD
from tests.web.fakes.runs import run
from tests.web.fakes.tags import SEEN
from tests.web.fakes.workbench import FakeWorkbench
from workbench.web.site.headers import CONTENT_SECURITY_POLICY
from workbench.web.site.limits import limiter
from workbench.web.site.ways_back import local_path

SHAPE = '{"width": 1024, "height": 768, "steps": [{"tool": "box", "points": [10, 10, 90, 90]}]}'
WRITES = {
    "/c/faces/images/2/verdicts": {"decision": "real"},
    "/verdicts/1/withdraw": {},
    "/c/faces/disagreements/2": {"decision": "real", "reason": "so"},
    "/adjudications/1/withdraw": {},
    "/c/faces/label-sets": {"name": "first"},
    "/c/faces/label-sets/2/exports": {"format": "csv"},
    "/c/faces/exports/9/cancel": {},
    "/c/faces/label-imports/5/undo": {},
    "/c/faces/queues": {"name": "errors", "needed": "2"},
    "/c/faces/queues/7/instructions": {"instructions": "look"},
    "/c/faces/queues/7/people": {"who": "everybody"},
    "/c/faces/queues/7/hand-over": {"from": "1", "to": "2"},
    "/c/faces/queues/7/controls": {"image": "2", "answer": "fake"},
    "/c/faces/queues/7/pause": {"paused": "yes"},
    "/c/faces/queues/7/end": {},
    "/c/faces/queues/7/claims": {},
    "/c/faces/queues/7/images/1": {"decision": "real"},
    "/c/faces/queues/7/images/1/lease": {},
    "/c/faces/queues/7/undo": {},
    "/history/1/undo": {},
    "/history/undo": {"count": "1", "newest": "1"},
    "/c/faces/images/2/expectations": {"edit": "group-200", "expectation": "fall"},
    "/c/faces/images/2/notes": {"expected": "1", "text": "so"},
    "/notes/1/replies": {"text": "so"},
    "/replies/1/withdraw": {},
    "/c/faces/notes/1/replay": {},
    "/c/faces/notes/replays": {},
    "/c/faces/notes/replays/cancel": {},
    "/notes/1/withdraw": {},
    "/patterns/31/tags": {"tag": "fake smile"},
    "/groups/200/tags": {"tag": "fake smile"},
    "/c/faces/selection/tags?pattern=31": {"tag": "fake smile", "groups": "2"},
    "/taggings/1/withdraw": {},
    "/taggings/1/finding": {"reason": "six", "severity": "minor", "revision": "1"},
    "/c/faces/images/2/regions": {"tag": "hand", "shape": SHAPE},
    "/regions/1/tags": {"tag": "hand"},
    "/regions/1/withdraw": {},
    "/taxonomy/1": {"name": "fake smile", "description": "", "revision": "1"},
    "/taxonomy/1/merge": {"other": "hair", "seen": SEEN},
    "/taxonomy/1/split": {"other": "hair", "by": "1", "seen": SEEN},
    "/taxonomy/1/move": {"other": "hair", "seen": SEEN},
    "/taxonomy/1/deprecate": {"seen": SEEN},
    "/taxonomy/1/restore": {"seen": SEEN},
    "/taxonomy/1/accept": {"seen": SEEN},
    "/taxonomy/changes/7/reverse": {},
    "/taxonomy/starter": {},
    "/taxonomy/1/examples": {"positive": "200"},
    "/tag-examples/5/withdraw": {},
    "/vocabulary/words": {"words": "eye", "revision": "0"},
    "/c/faces/runs": {},
    "/c/faces/runs/7/cancel": {},
    "/c/faces/versions/1/activate": {},
    "/taggings/90/checks": {"group": "200", "fits": "no"},
    "/taggings/90/off": {"group": "200"},
    "/patterns/31/suggestions/dismiss": {"tag_id": "70"},
    "/groups/200/suggestions/dismiss": {"tag_id": "70"},
    "/dismissals/600/withdraw": {},
    "/tag-checks/500/withdraw": {},
    "/account/password": {"current": PASSWORD, "new": "x" * 10, "again": "x" * 10},
    "/account/first-password": {"new": "x" * 10, "again": "x" * 10},
    "/account/provider": {"current": PASSWORD},
    "/account/provider/unlink": {},
    "/account/sign-out": {},
    "/people/invitations": {"role": "annotator"},
    "/people/invitations/1/revoke": {},
    "/people/2/role": {"role": "reviewer"},
    "/people/2/deactivate": {},
    "/people/2/activate": {},
    "/people/2/reset": {},
    "/people/2/unlink": {},
    "/people/tokens/1/revoke": {},
    "/webhooks/make": {"name": "bot", "address": "https://hooks.example.org/", "scope": "open"},
    "/webhooks/1/change": {"name": "bot", "address": "https://hooks.example.org/", "scope": "open"},
    "/webhooks/1/pause": {},
    "/webhooks/1/resume": {},
    "/webhooks/1/renew": {},
    "/webhooks/1/test": {},
    "/webhooks/1/remove": {},
    "/webhooks/1/deliveries/1/again": {},
    "/account/sessions/1/end": {},
    "/account/tokens": {"name": "a script", "scope": "read", "days": "9"},
    "/account/tokens/1/revoke": {},
    "/c/faces/members": {"seen_by": "members"},
}
FOR_ADMINS = ("/c/faces/members",)
"""What a GET at the same address answers to admins alone."""
NOT_SET_UP = ("/account/provider",)
"""What a GET finds where an identity provider is set alone."""
SHOWN_TOO = (
    *(url for url in WRITES if url.startswith("/taxonomy/1") and not url.endswith("/examples")),
    *("/c/faces/disagreements/2", "/c/faces/queues", "/c/faces/queues/7/images/1"),
    "/c/faces/label-sets",
)
"""What a GET answers at the same address: a tag's page, and previews of what a POST would do."""
READS = (
    "/",
    "/c/faces/",
    "/c/faces/cells/11",
    "/c/faces/images/2",
    "/c/faces/adjudicate",
    "/c/faces/disagreements",
    "/c/faces/queues",
    "/c/faces/queues/7",
    "/c/faces/patterns",
    "/c/faces/patterns/31",
    "/c/faces/patterns/31/tags/90",
    "/c/faces/similar?image=2",
    "/c/faces/patterns/31/report.html",
    "/c/faces/patterns/report.html",
    "/c/faces/export/overview.svg",
    "/c/faces/export/images.png",
    "/c/faces/models",
    "/c/faces/runs/7",
    "/taxonomy",
    "/c/faces/notes",
    "/people/1/history",
    "/taxonomy/1",
    "/taxonomy/export.json",
    "/taxonomy/names?tag=smile",
    "/vocabulary",
)
PICTURES = (
    "/images/2.jpg",
    "/images/2/thumb/48",
    "/originals/2.jpg",
    "/originals/2/0/0/0.jpg",
    "/heatmaps/2/2.png",
    "/maps/2/2.png",
    "/images/2/superpixels.png",
    "/groups/200/crop/48",
    "/dimensions/2/0/2/48",
    "/counterfactuals/2/2.jpg?edit=group-200",
)


@pytest.fixture
def closed(book: FakeWorkbench) -> Reader:
    """Somebody who is not signed in, where reading needs an account."""
    app = make_app(book, open_reading=False)
    limiter.reset()
    return Reader(app.test_client())


@pytest.mark.parametrize("url", READS)
def test_reading_asks_to_sign_in_where_the_installation_is_closed(closed: Reader, url: str) -> None:
    answer = closed.get(url)

    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=")


@pytest.mark.parametrize("url", PICTURES)
def test_pictures_are_refused_where_the_installation_is_closed(closed: Reader, url: str) -> None:
    assert closed.get(url).status_code == 401


def test_health_login_and_style_are_open_in_a_closed_installation(closed: Reader) -> None:
    assert closed.get("/healthz").json == {"ok": True}
    assert closed.get("/login").status_code == 200
    assert closed.get(closed.asset("style.css")).status_code == 200


def test_signing_in_leads_to_the_page_that_was_asked_for(closed: Reader) -> None:
    asked = closed.get("/c/faces/?cell=11&order=wrong")

    answer = closed.post(asked.location, name="ada", password=PASSWORD)

    assert answer.status_code == 303
    assert answer.location == "/c/faces/?cell=11&order=wrong"
    assert closed.get(answer.location).status_code == 200


def test_signing_out_needs_a_post_and_ends_the_session(ada: Reader) -> None:
    assert ada.get("/logout").status_code == 405
    assert ada.post("/logout").status_code == 303
    assert "Sign in" in ada.get("/").text


@pytest.mark.parametrize("url", WRITES)
def test_nothing_is_written_without_signing_in(
    visitor: Reader, book: FakeWorkbench, url: str
) -> None:
    book.runs = [run("running")]

    answer = visitor.post(url, **WRITES[url])

    assert answer.status_code == 303
    assert "/login" in answer.location
    assert book.untouched


@pytest.mark.parametrize("url", WRITES)
def test_nothing_is_written_without_the_form_s_token(
    ada: Reader, book: FakeWorkbench, url: str
) -> None:
    answer = ada.client.post(url, data=WRITES[url])

    assert answer.status_code == 400
    assert "Reload the page" in answer.text
    assert book.untouched


@pytest.mark.parametrize("url", WRITES)
def test_nothing_is_written_by_a_get(ada: Reader, book: FakeWorkbench, url: str) -> None:
    shown = dict.fromkeys(FOR_ADMINS, 403) | dict.fromkeys(SHOWN_TOO, 200)
    shown |= dict.fromkeys(NOT_SET_UP, 404)
    assert ada.get(url).status_code == shown.get(url, 405)
    assert book.untouched


def test_only_reviewers_and_developers_change_the_taxonomy(
    ben: Reader, book: FakeWorkbench
) -> None:
    changes = [url for url in WRITES if url.startswith("/taxonomy/") and "examples" not in url]

    assert [ben.post(url, **WRITES[url]).status_code for url in changes] == [403] * len(changes)
    assert ben.get("/taxonomy/1/merge").status_code == 403
    assert "rename or describe" not in ben.get("/taxonomy/1").text
    assert book.untouched


def test_only_developers_start_retrains(ben: Reader, book: FakeWorkbench) -> None:
    assert ben.post("/c/faces/runs").status_code == 403
    assert not book.runs
    assert "Only developers can start a retrain" in ben.get("/c/faces/models").text


def test_a_fragment_s_request_is_told_that_the_sign_in_has_ended(visitor: Reader) -> None:
    answer = visitor.client.post(
        "/c/faces/images/2/verdicts",
        data={"csrf_token": visitor.token(), "decision": "real"},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 401
    assert "your input is kept here" in answer.text
    assert "<html" not in answer.text


def test_a_wrong_password_says_so_and_keeps_the_name(visitor: Reader) -> None:
    answer = visitor.sign_in("ada", "wrong")

    assert answer.status_code == 401
    assert "Incorrect user name or password." in answer.text
    assert 'value="ada"' in answer.text
    assert "wrong" not in answer.text.split("<main")[1]


@pytest.mark.usefixtures("time_stands_still")
def test_a_sixth_wrong_password_within_a_minute_is_slowed(visitor: Reader) -> None:
    answers = [visitor.sign_in("ada", f"wrong {each}").status_code for each in range(6)]

    assert answers == [401] * 5 + [429]
    assert "Too many requests" in visitor.sign_in("ada", PASSWORD).text
    assert visitor.sign_in("ben").status_code == 303, "another name is not slowed"


def test_right_passwords_are_never_slowed(app: Flask) -> None:
    for _each in range(8):
        assert Reader(app.test_client()).sign_in("ada").status_code == 303


def test_a_session_starts_afresh_at_sign_in(app: Flask) -> None:
    reader = Reader(app.test_client())
    before = reader.token()

    reader.sign_in("ada")

    assert reader.client.post("/logout", data={"csrf_token": before}).status_code == 400


def test_the_session_s_cookie_is_kept_from_scripts_and_other_sites(visitor: Reader) -> None:
    cookie = visitor.sign_in("ada").headers["Set-Cookie"]

    assert cookie.startswith("workbench_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_cookies_are_secure_and_browsers_are_told(book: FakeWorkbench) -> None:
    reader = Reader(make_app(book, https=True).test_client())

    answer = reader.get("/login", base_url="https://localhost")

    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Set-Cookie"].startswith("__Host-workbench_session=")
    assert "Domain" not in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("url", ["/", "/nothing", "/images/2.jpg", "style", "/healthz"])
def test_every_answer_carries_the_security_headers(visitor: Reader, url: str) -> None:
    headers = visitor.get(visitor.asset("style.css") if url == "style" else url).headers

    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"]
    assert headers["Permissions-Policy"]


def test_the_policy_allows_nothing_but_the_site_s_own_files() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "http:elsewhere.example",
        "javascript:alert(1)",
        "/\t/elsewhere.example",
        "////elsewhere.example",
        "http://[broken",
        "elsewhere",
        "",
        None,
    ],
)
def test_no_address_leads_off_the_site(app: Flask, target: str | None) -> None:
    with app.test_request_context("/", base_url="http://localhost"):
        assert local_path(target) is None


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/c/faces/?cell=1&order=wrong", "/c/faces/?cell=1&order=wrong"),
        ("http://localhost/c/faces/", "/c/faces/"),
        ("/c/faces/#part", "/c/faces/"),
    ],
)
def test_addresses_of_the_site_are_kept(app: Flask, target: str, path: str) -> None:
    with app.test_request_context("/", base_url="http://localhost"):
        assert local_path(target) == path


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example"])
def test_a_form_never_sends_its_reader_off_the_site(ada: Reader, back: str) -> None:
    answer = ada.post("/patterns/31/tags", tag="fake smile", back=back)

    assert answer.location == "/taxonomy"
