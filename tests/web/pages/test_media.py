"""Pictures: by id, of a sniffed type, kept by the browser."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader
from tests.web.fakes.workbench import FakeWorkbench
from workbench.config import Settings
from workbench.web.template_globals import installation_key

PICTURES = {
    "/images/2.jpg": "image/jpeg",
    "/originals/2.jpg": "image/jpeg",
    "/originals/2/0/1/1.jpg": "image/jpeg",
    "/images/2/thumb/48": "image/jpeg",
    "/images/2/thumb/96": "image/jpeg",
    "/images/2/thumb/192": "image/jpeg",
    "/groups/200/crop/96": "image/jpeg",
    "/heatmaps/2/2.png": "image/png",
    "/heatmaps/2/2.png?dimension=1": "image/png",
    "/maps/2/2.png": "image/png",
    "/maps/2/2.png?dimension=1": "image/png",
    "/counterfactuals/2/2.jpg?edit=group-200&fill=blur": "image/jpeg",
}


@pytest.mark.parametrize(("url", "kind"), PICTURES.items())
def test_a_picture_comes_with_its_type_and_is_kept_for_good(
    visitor: Reader, url: str, kind: str
) -> None:
    answer = visitor.get(url)

    assert answer.status_code == 200
    assert answer.mimetype == kind
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["ETag"]


@pytest.mark.parametrize("url", PICTURES)
def test_a_picture_that_the_browser_has_is_not_sent_again(visitor: Reader, url: str) -> None:
    tag = visitor.get(url).headers["ETag"]

    answer = visitor.get(url, headers={"If-None-Match": tag})

    assert answer.status_code == 304
    assert answer.data == b""


def test_pages_are_not_kept(visitor: Reader) -> None:
    assert visitor.get("/c/faces/").headers["Cache-Control"] == "private, no-cache"


def test_a_file_that_is_no_picture_is_not_served(visitor: Reader, book: FakeWorkbench) -> None:
    (book.folder / "2.jpg").write_bytes(b"<html><script>alert(1)</script>")

    answer = visitor.get("/images/2.jpg")

    assert answer.status_code == 503
    assert "damaged" in answer.text


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/images/2.png", 404),
        ("/images/../../etc/passwd", 404),
        ("/originals/2.png", 404),
        ("/originals/999.jpg", 404),
        ("/originals/../../etc/passwd", 404),
        ("/originals/2%2F..%2F1.jpg", 404),
        ("/originals/2/2/0/0.jpg", 404),
        ("/originals/2/0/-1/0.jpg", 404),
        ("/images/2/thumb/1000", 404),
        ("/heatmaps/2/2.png?dimension=64", 422),
        ("/heatmaps/2/2.png?dimension=x", 422),
        ("/maps/2/2.png?dimension=64", 422),
        ("/maps/2/2.png?dimension=x", 422),
        ("/counterfactuals/2/2.jpg", 422),
    ],
)
def test_other_pictures_are_refused(visitor: Reader, url: str, status: int) -> None:
    assert visitor.get(url).status_code == status


def test_pages_name_pictures_of_their_own_installation(visitor: Reader) -> None:
    page = visitor.get("/c/faces/").text

    keys = set(
        re.findall(r'(?:src|href)="/(?:images/\d+/thumb|heatmaps|groups)[^"]*[?&;]k=(\w+)', page)
    )
    assert len(keys) == 1


def test_another_data_directory_has_other_addresses(book: FakeWorkbench) -> None:
    here = Settings(data_dir=book.folder / "a")
    there = Settings(data_dir=book.folder / "b")

    keys = {
        installation_key(settings, secret) for settings in (here, there) for secret in ("x", "y")
    }

    assert len(keys) == 4
