"""XML from outside, read as a stream: no document type, no entities, bounded in every direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final
from xml.parsers import expat

from flask_babel import gettext

from workbench.services.errors import InvalidError

LONGEST_PART: Final = 16_000_000
"""Bytes of a tag with its attributes, which the parser holds as a whole."""
LONGEST_TEXT: Final = 100_000
"""Signs of text within an element; the rest is dropped."""
DEEPEST: Final = 30
_READ: Final = 1 << 18


@dataclass(frozen=True)
class Begun:
    """An element begins. path: its name after those that it is in."""

    path: tuple[str, ...]
    line: int
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Ended:
    """An element ends. text: what stood between its tags, without that of elements in it."""

    path: tuple[str, ...]
    text: str


Event = Begun | Ended


def events(path: Path) -> Iterator[Event]:
    """What stands in a file, in its order. Raises InvalidError for what is no safe XML."""
    reader = _Reader()
    try:
        with path.open("rb") as file:
            fed = 0
            for some in chain(iter(partial(file.read, _READ), b""), (b"",)):
                reader.parser.Parse(some, not some)
                fed += len(some)
                if fed - max(0, reader.parser.CurrentByteIndex) > LONGEST_PART:
                    raise InvalidError(
                        gettext(
                            "An element of this XML is too long: line %(line)s.", line=reader.line
                        )
                    )
                yield from reader.taken()
    except expat.ExpatError as error:
        raise InvalidError(
            gettext(
                "This file is no XML, perhaps half of one: %(why)s, line %(line)s.",
                why=expat.ErrorString(error.code),
                line=error.lineno,
            )
        ) from error


class _Reader:
    """Collects what the parser finds."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._read
        self._found: list[Event] = []
        self._path: list[str] = []
        self._text: list[str] = []

    @property
    def line(self) -> int:
        """Where the parser is, from 1."""
        return self.parser.CurrentLineNumber

    def taken(self) -> list[Event]:
        """What was found since."""
        found, self._found = self._found, []
        return found

    def _refuse(self, *_declared: object) -> None:
        raise InvalidError(
            gettext("This XML declares a document type or entities. They are not read.")
        )

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._text.append("")
        if len(self._path) > DEEPEST:
            raise InvalidError(gettext("The elements of this XML lie too deep in one another."))
        self._found.append(Begun(tuple(self._path), self.line, attributes))

    def _read(self, text: str) -> None:
        if len(self._text[-1]) < LONGEST_TEXT:
            self._text[-1] += text[:LONGEST_TEXT]

    def _end(self, _name: str) -> None:
        self._found.append(Ended(tuple(self._path), self._text.pop()))
        self._path.pop()
