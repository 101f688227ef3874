"""Names of uploaded files: relative, plain, and no two for the same file anywhere."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.sources.entries import display

LONGEST_PART: Final = 255
"""Bytes; what file systems take."""
LONGEST_NAME: Final = 1000
"""Characters."""
ARCHIVES: Final = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")


class Names:
    """The names of one upload, each checked as it comes."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def add(self, name: str) -> Path:
        """A file's path below the upload. Raises InvalidError with what is wrong with its name."""
        parts = self._parts(name)
        if name.casefold().endswith(ARCHIVES):
            raise _refused(name, gettext("an archive within an upload is not unpacked"))
        keys = [_key("/".join(parts[: end + 1])) for end in range(len(parts))]
        if keys[-1] in self._files or keys[-1] in self._folders:
            raise _refused(name, gettext("another one has this name, in these or in other letters"))
        if not self._files.isdisjoint(keys[:-1]):
            raise _refused(name, gettext("a file has the name of its folder"))
        self._files.add(keys[-1])
        self._folders.update(keys[:-1])
        return Path(*parts)

    def add_folder(self, name: str) -> None:
        """Check the name of a folder, which need not be made."""
        self._parts(name.removesuffix("/"))

    def _parts(self, name: str) -> list[str]:
        parts = name.split("/")
        if len(name) > LONGEST_NAME or any(
            len(part.encode("utf-8", "surrogatepass")) > LONGEST_PART for part in parts
        ):
            raise _refused(name, gettext("the name is too long"))
        if display(name) != name or not name.strip():
            raise _refused(name, gettext("the name has characters that cannot be shown"))
        if "\\" in name:
            raise _refused(name, gettext("the name has a backslash"))
        if name.startswith("/") or parts[0].endswith(":"):
            raise _refused(name, gettext("the name is an absolute path"))
        if any(part in ("", ".", "..") for part in parts):
            raise _refused(name, gettext("the name leads out of its folder"))
        return parts


def _key(name: str) -> str:
    """The same for names that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _refused(name: str, reason: str) -> InvalidError:
    shown = display(name[:200])
    return InvalidError(
        gettext("Nothing was uploaded. “%(name)s”: %(reason)s.", name=shown, reason=reason)
    )
