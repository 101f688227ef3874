"""Manifests as people have them: from Excel, Windows and macOS, in any encoding."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from tests.support.layouts import draw
from workbench.services.errors import InvalidError
from workbench.services.sources.entries import Candidate, Refusal
from workbench.services.sources.open import open_source

ROWS = ("path{0}label", "pics/Ä.png{0}real", "pics/b.png{0}fake")


def pictures(root: Path) -> Path:
    return draw(root, "pics/Ä.png", "pics/b.png")


def labels(manifest: Path) -> list[tuple[Path, str]]:
    source = open_source(manifest, None)
    found = [each for each in source if isinstance(each, Candidate)]
    assert source.count() == len(found)
    return [(each.path, each.label) for each in found]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-16-be with BOM"]
)
def test_every_encoding_and_delimiter_is_told_by_the_file(
    tmp_path: Path, encoding: str, mark: str
) -> None:
    pictures(tmp_path)
    text = "\r\n".join(row.format(mark) for row in ROWS)
    if encoding.endswith("BOM"):
        text = "\ufeff" + text
    manifest = tmp_path / "list.csv"
    manifest.write_bytes(text.encode(encoding.split(maxsplit=1)[0]))

    assert labels(manifest) == [
        (tmp_path / "pics" / "Ä.png", "real"),
        (tmp_path / "pics" / "b.png", "fake"),
    ]


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_first_line_may_name_the_delimiter(tmp_path: Path, line: str, encoding: str) -> None:
    pictures(tmp_path)
    text = f"{line}\r\npath;label;title\r\npics/b.png;fake;one, two, three, four"
    (tmp_path / "list.csv").write_bytes(text.encode(encoding))

    assert labels(tmp_path / "list.csv") == [(tmp_path / "pics" / "b.png", "fake")]


def test_an_empty_manifest_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"")
    with pytest.raises(InvalidError, match="no column named path or label; it has: nothing"):
        open_source(tmp_path / "list.csv", None).count()


@pytest.mark.parametrize("written", ["pics\\b.png", ".\\pics\\b.png", "pics\\sub\\..\\b.png"])
def test_paths_of_windows_are_found(tmp_path: Path, written: str) -> None:
    pictures(tmp_path)
    (tmp_path / "pics" / "sub").mkdir()
    (tmp_path / "list.csv").write_text(f"path,label\n{written},fake\n")

    ((path, label),) = labels(tmp_path / "list.csv")
    assert (path.resolve(), label) == (tmp_path / "pics" / "b.png", "fake")


def test_a_file_with_a_backslash_in_its_name_comes_first(tmp_path: Path) -> None:
    draw(tmp_path, "pics/b.png", "pics\\b.png")
    (tmp_path / "list.csv").write_text("path,label\npics\\b.png,fake\n")

    assert labels(tmp_path / "list.csv") == [(tmp_path / "pics\\b.png", "fake")]


@pytest.mark.parametrize(("listed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize("mark", ["/", "\\"])
def test_names_are_found_in_either_normal_form(
    tmp_path: Path, listed: str, stored: str, mark: str
) -> None:
    name = "Ü ber/Ångström é.png"
    kept = unicodedata.normalize(stored, name)  # type: ignore[arg-type]
    draw(tmp_path, kept)
    written = unicodedata.normalize(listed, name).replace("/", mark)  # type: ignore[arg-type]
    (tmp_path / "list.csv").write_text(f"path,label\n{written},fake\nÜ ber/nö.png,real\n")

    source = list(open_source(tmp_path / "list.csv", None))

    assert [os.fspath(each.path) for each in source if isinstance(each, Candidate)] == [
        os.fspath(tmp_path / kept)
    ]
    assert [each.reason for each in source if isinstance(each, Refusal)] == ["file not found"]


def test_the_form_that_is_written_comes_first(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD")]  # type: ignore[arg-type]
    draw(tmp_path, *forms)
    (tmp_path / "list.csv").write_text("path,label\n" + "".join(f"{form},fake\n" for form in forms))

    assert [path.name for path, _ in labels(tmp_path / "list.csv")] == forms


def test_no_spelling_leads_out_of_the_source(tmp_path: Path) -> None:
    draw(tmp_path / "outside", "é.png")
    source = draw(tmp_path / "source", "a.png")
    (source / unicodedata.normalize("NFD", "É")).symlink_to(tmp_path / "outside")
    rows = ["É\\é.png,real", "É/é.png,real", "..\\outside\\é.png,real"]
    (source / "list.csv").write_text("\n".join(["path,label", *rows]))

    found = list(open_source(source / "list.csv", source))

    assert [each.reason for each in found if isinstance(each, Refusal)] == [
        "outside the image root"
    ] * 3
