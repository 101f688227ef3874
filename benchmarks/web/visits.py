"""Visits over HTTP: one connection that is kept, gzip accepted, signed in."""

from __future__ import annotations

import gzip
import html
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import numpy as np
from flask.sessions import session_json_serializer
from itsdangerous import URLSafeTimedSerializer

from benchmarks.web.filling.collection import NAME, PASSWORD
from benchmarks.web.pages import Draw, Page, parameters_of

PATIENCE_S = 120
WARM_UPS = 3
BUDGET_S = 120
"""A page that is slower than anybody would wait for is visited no longer than this."""
FORM = "application/x-www-form-urlencoded"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LINK = re.compile(r'href="([^"]+)"')
NONSENSE = "zzqx7"
SESSION = "workbench_session="
_SESSIONS = URLSafeTimedSerializer("read, not checked", serializer=session_json_serializer)


@dataclass(frozen=True)
class Answer:
    """What came back: how long it took until the last byte, its bytes as they were sent."""

    status: int
    milliseconds: float
    sent: int
    text: str
    session: str = ""
    """The session's cookie, where the answer sets it."""

    def notices(self) -> list[dict[str, Any]]:
        """What the next page would say was saved, with the address of its undo."""
        if not self.session:
            return []
        payload = self.session.rsplit(".", 2)[0].encode()
        kept = _SESSIONS.load_payload(payload)
        return [notice for category, notice in kept.get("_flashes", ()) if category == "saved"]

    @property
    def glyphs(self) -> int:
        """Cells that it draws."""
        return self.text.count("data-cell-id=")


@dataclass
class Measured:
    """All visits of one page. `failures` are statuses that it should not have answered with."""

    milliseconds: list[float] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    glyphs: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    statements: int = 0
    """Sent to the database by one visit."""

    @property
    def median(self) -> float:
        """In milliseconds."""
        return float(np.median(self.milliseconds))

    @property
    def p95(self) -> float:
        """In milliseconds."""
        return float(np.percentile(self.milliseconds, 95))

    @property
    def kilobytes(self) -> float:
        """Of the largest, as sent."""
        return max(self.sent) / 1024

    @property
    def most_glyphs(self) -> int:
        """Of the one with the most."""
        return max(self.glyphs)


class Visitor:
    """Somebody with a browser that keeps nothing but the session."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._connection = HTTPConnection(self._host, timeout=PATIENCE_S)
        self._cookie = ""
        self._token = ""

    def sign_in(self, page: str, name: str = NAME, password: str = PASSWORD) -> None:
        """Sign in, and take from `page`, which has a form, the token that writing needs."""
        token = self._token_of("/login")
        fields = {"csrf_token": token, "name": name, "password": password}
        answer = self._ask("POST", "/login", urlencode(fields), keep=True)
        if answer.status != 303:
            raise RuntimeError(f"signing in was answered with {answer.status}")
        self._token = self._token_of(page)

    def _token_of(self, address: str) -> str:
        found = TOKEN.search(self._ask("GET", address, keep=True).text)
        if found is None:
            raise RuntimeError(f"{address} has no form with a token")
        return found[1]

    def get(self, address: str) -> Answer:
        """Read a page."""
        return self._ask("GET", address)

    def tag(self, address: str, name: str) -> Answer:
        """Put a tag on what the address names."""
        return self.post(address, tag=name, back="/taxonomy")

    def post(self, address: str, **fields: str) -> Answer:
        """Send a form."""
        return self._ask("POST", address, urlencode({"csrf_token": self._token, **fields}))

    def _ask(self, method: str, address: str, body: str = "", *, keep: bool = False) -> Answer:
        """One request. Cookies are only kept where told: notices would pile up in the session."""
        headers = {"Accept-Encoding": "gzip", "Cookie": self._cookie}
        if body:
            headers |= {"Content-Type": FORM}
        began = time.perf_counter()
        self._connection.request(method, address, body or None, headers)
        response = self._connection.getresponse()
        content = response.read()
        milliseconds = (time.perf_counter() - began) * 1000
        if keep:
            self._keep_cookies(response)
        plain = response.headers.get("Content-Encoding") != "gzip"
        text = (content if plain else gzip.decompress(content)).decode()
        given = response.headers.get_all("Set-Cookie") or []
        session = [each[len(SESSION) :].partition(";")[0] for each in given if SESSION in each]
        return Answer(response.status, milliseconds, len(content), text, "".join(session[-1:]))

    def _keep_cookies(self, response: HTTPResponse) -> None:
        given = response.headers.get_all("Set-Cookie") or []
        kept = dict(each.split("=", 1) for each in self._cookie.split("; ") if each)
        kept |= dict(each.partition(";")[0].split("=", 1) for each in given)
        self._cookie = "; ".join(f"{name}={value}" for name, value in kept.items())

    @property
    def url(self) -> str:
        """Of the server."""
        return f"http://{self._host}"

    def beside(self, url: str | None = None) -> Visitor:
        """Another connection of the same person, perhaps to where the server listens now."""
        made = Visitor(url or self.url)
        made._cookie, made._token = self._cookie, self._token
        return made

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def unknown_parameters(visitor: Visitor, pages: dict[str, Page]) -> set[str]:
    """The query parameters that the server takes no notice of.

    It neither refuses nor repeats a value of them that makes no sense.
    """
    asked = {
        (urlsplit(page.address).path, name)
        for page in pages.values()
        for name in parameters_of(page)
        if "{" not in urlsplit(page.address).path
    }
    unknown = set()
    for path, name in sorted(asked):
        answer = visitor.get(f"{path}?{name}={NONSENSE}")
        if answer.status == 200 and NONSENSE not in answer.text:
            unknown.add(name)
    return unknown


@dataclass(frozen=True)
class Reader:
    """A visitor of one collection, and the addresses that they go to."""

    visitor: Visitor
    draw: Draw


def measure(readers: Sequence[Reader], page: Page, requests: int) -> list[Measured]:
    """Each reader's visits of a page, always at another address; the readers take turns.

    The first few do not count.
    """
    found = [Measured() for _ in readers]
    deadline = time.monotonic() + BUDGET_S * len(readers)
    for number in range(WARM_UPS + requests):
        if number > WARM_UPS and time.monotonic() > deadline:
            break
        for reader, measured in zip(readers, found, strict=True):
            address = reader.draw.address(page)
            answer, wanted = _visit(reader, page, address)
            if answer is None:
                continue
            if answer.status != wanted:
                measured.failures.append(f"{answer.status} {address}")
            if number >= WARM_UPS:
                measured.milliseconds.append(answer.milliseconds)
                measured.sent.append(answer.sent)
                measured.glyphs.append(answer.glyphs)
    if not all(measured.milliseconds for measured in found):
        raise RuntimeError(f"no page like {page.address} has what is to be followed")
    return found


def _visit(reader: Reader, page: Page, address: str) -> tuple[Answer | None, int]:
    """The answer that counts, and the status that it should have; None where a link is missing."""
    visitor, draw = reader.visitor, reader.draw
    if page.tag:
        return visitor.tag(address, draw.one_of(draw.collection.tags)), 303
    if not page.follow:
        return visitor.get(address), 200
    links = (html.unescape(each) for each in LINK.findall(visitor.get(address).text))
    following = next(
        (each for each in links if page.follow in parse_qs(urlsplit(each).query)), None
    )
    return (visitor.get(quote(following, safe="/?&=%~,:;+-._")) if following else None), 200
