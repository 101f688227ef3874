"""Failures: each has a page that says what happened and offers a way on."""

from __future__ import annotations

import pytest
from flask import Flask
from structlog.testing import capture_logs

from tests.web.conftest import Reader, make_app
from tests.web.fakes.workbench import FakeWorkbench
from workbench.config import shown_encoder
from workbench.services.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from workbench.web.site.errors import EXPLANATIONS


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("It is gone."), 404),
        (ConflictError("Ben was faster."), 409),
        (InvalidError("That is no number."), 422),
        (UnavailableError("The encoder is missing."), 503),
    ],
)
def test_a_refusal_shows_its_own_words(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def refuse() -> tuple[()]:
        raise error

    monkeypatch.setattr("workbench.services.workspaces.collections", refuse)

    answer = Reader(app.test_client()).get("/")

    assert answer.status_code == status
    assert str(error) in answer.text
    assert str(EXPLANATIONS[status].title) in answer.text


def test_what_is_unavailable_tells_readers_no_path_and_the_log_all(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> tuple[()]:
        raise UnavailableError("A file cannot be read.", detail="/srv/data/weights is torn.")

    monkeypatch.setattr("workbench.services.workspaces.collections", refuse)

    with capture_logs() as logged:
        answer = Reader(app.test_client()).get("/")

    assert answer.status_code == 503
    assert "A file cannot be read." in answer.text
    assert "/srv/data" not in answer.text
    assert [each["detail"] for each in logged] == ["/srv/data/weights is torn."]


def test_a_checkpoint_is_named_without_its_folder() -> None:
    assert shown_encoder("open_clip:ViT-B-32@/srv/weights/b32.pt") == "open_clip:ViT-B-32@b32.pt"
    assert shown_encoder("open_clip:ViT-B-32/openai") == "open_clip:ViT-B-32/openai"
    assert shown_encoder("packaged") == "packaged"


def test_a_crash_shows_a_page_without_its_details(book: FakeWorkbench) -> None:
    book.broken = True

    answer = Reader(make_app(book).test_client()).get("/")

    assert answer.status_code == 500
    assert "Internal error" in answer.text
    assert "Try again" in answer.text
    assert "the database is away" not in answer.text


def test_the_page_of_a_crash_does_not_need_what_crashed(book: FakeWorkbench) -> None:
    """The reader's account cannot be loaded either; the page must not ask for it."""
    client = make_app(book).test_client()
    Reader(client).sign_in("ada")
    book.broken = True

    assert client.get("/c/faces/").status_code == 500


def test_too_much_text_is_refused_before_it_is_read(ada: Reader, book: FakeWorkbench) -> None:
    answer = ada.post("/c/faces/images/2/notes", text="x" * 200_000)

    assert answer.status_code == 413
    assert "Request too large" in answer.text
    assert not book.notes


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 507])
def test_every_expected_failure_is_explained(status: int) -> None:
    assert EXPLANATIONS[status].title
    assert EXPLANATIONS[status].text.endswith(".")
