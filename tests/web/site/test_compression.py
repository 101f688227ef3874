"""What is sent compressed, and to whom."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.web.conftest import Reader
from workbench.web.site.assets import mark_of

GZIP = {"Accept-Encoding": "gzip"}


def test_a_page_is_compressed_for_who_accepts_it(visitor: Reader) -> None:
    plain = visitor.get("/c/faces/")
    packed = visitor.get("/c/faces/", headers=GZIP)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 2
    assert b"data-cell-id" in gzip.decompress(packed.data)
    assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize("headers", [{}, GZIP])
def test_no_cache_takes_one_form_of_a_page_for_the_other(
    visitor: Reader, headers: dict[str, str]
) -> None:
    answer = visitor.get("/c/faces/", headers=headers)

    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.headers["Content-Security-Policy"]


def test_a_compressed_style_sheet_that_the_browser_has_is_not_sent_again(visitor: Reader) -> None:
    style = visitor.asset("style.css")
    first = visitor.get(style, headers=GZIP)
    again = visitor.get(style, headers={**GZIP, "If-None-Match": first.headers["ETag"]})

    assert first.headers["Content-Encoding"] == "gzip"
    assert again.status_code == 304
    assert first.headers["ETag"] != visitor.get(style).headers["ETag"]


def test_styles_and_scripts_are_kept_for_good_by_an_address_that_changes_with_them(
    visitor: Reader, tmp_path: Path
) -> None:
    folder = tmp_path / "static"
    folder.mkdir()
    marks = []
    for content in ("a {}", "b {}", "b {}"):
        (folder / "base.css").write_text(content)
        marks.append(mark_of(folder))

    for name in ("style.css", "main.js"):
        assert "max-age=31536000" in visitor.get(visitor.asset(name)).headers["Cache-Control"]
    assert marks[0] != marks[1] == marks[2]


def test_a_part_of_a_file_is_sent_as_it_is(visitor: Reader) -> None:
    script = visitor.asset("main.js")
    part = visitor.get(script, headers={**GZIP, "Range": "bytes=0-599"})

    assert part.status_code == 206
    assert part.data == visitor.get(script).data[:600]


def test_a_picture_is_not_compressed_again(visitor: Reader) -> None:
    answer = visitor.get("/images/2.jpg", headers=GZIP)

    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
