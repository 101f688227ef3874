"""Nothing is sent but to listed hosts, and there to public addresses alone."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as some

from workbench.app import create_app_without_pages
from workbench.config import Settings
from workbench.services.errors import InvalidError
from workbench.services.webhooks import addresses
from workbench.services.webhooks.addresses import Allowed, RefusedError

HOSTS = ("hooks.example.org", ".team.example", "10.1.0.0/16", "localhost")


@pytest.fixture(autouse=True)
def _in_an_application(tmp_path: Any) -> Any:
    app: Flask = create_app_without_pages(Settings(data_dir=tmp_path))
    with app.app_context():
        yield


def resolve_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    def look_up(_host: str, port: int, **_more: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/in?key=1",
        "https://HOOKS.example.org:8443",
        "https://a.b.team.example/",
        "https://10.1.2.3/in",
        "http://localhost:8080/in",
    ],
)
def test_what_is_listed_may_be_sent_to(url: str) -> None:
    addresses.check(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/in",
        "https://team.example/",
        "https://hooks.example.org.evil.example/",
        "https://evil.example/#hooks.example.org",
        "https://hooks.example.org@evil.example/",
        "https://user:word@hooks.example.org/",
        "https://evil.example\\@hooks.example.org/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:99999/",
        "https://10.2.0.1/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.1.2.3]/",
        "https://[fe80::1%25eth0]/",
        "http://10.1.2.3/in",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "//hooks.example.org/",
        "https:///in",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nHost: evil.example",
        "https://h\u043eoks.example.org/",
        "https://hooks.example.org/" + "x" * 500,
        "",
    ],
)
def test_what_is_not_listed_or_no_such_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidError):
        addresses.check(url, HOSTS)


def test_nothing_may_be_sent_where_nothing_is_listed() -> None:
    with pytest.raises(InvalidError, match="WORKBENCH_WEBHOOK_HOSTS"):
        addresses.check("https://hooks.example.org/", ())


@given(some.ip_addresses())
def test_only_public_addresses_are_reached_by_a_name(address: Any) -> None:
    allowed = Allowed.listed(("hooks.example.org",))
    if allowed.may_reach("hooks.example.org", address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(
    some.sampled_from(
        [
            *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
            *("100.64.0.0/10", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "192.0.2.0/24"),
            *("::1/128", "fc00::/7", "fe80::/10", "ff00::/8", "::ffff:0:0/96", "64:ff9b::/96"),
            *("2002::/16", "2001::/32", "2001:db8::/32", "::/128"),
        ]
    ).flatmap(lambda network: some.ip_addresses(network=network))
)
def test_no_inner_address_is_reached_unless_it_is_listed(address: Any) -> None:
    assert not Allowed.listed(("hooks.example.org",)).may_reach("hooks.example.org", address)
    assert Allowed.listed((str(address),)).may_reach("hooks.example.org", address)


def test_a_name_at_an_inner_address_is_refused_when_it_is_sent_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for found in (["169.254.169.254"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]):
        resolve_to(monkeypatch, *found)
        with pytest.raises(RefusedError, match="nothing may be sent"):
            addresses.find("https://hooks.example.org/in", HOSTS)


def test_a_public_or_listed_address_is_what_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for found in ("93.184.216.34", "10.1.9.9"):
        resolve_to(monkeypatch, found)
        assert addresses.find("https://hooks.example.org/in?a=b", HOSTS) == addresses.Destination(
            "https", "hooks.example.org", 443, "/in?a=b", (found,)
        )


def test_without_https_only_this_machine_is_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34")
    with pytest.raises(RefusedError):
        addresses.find("http://localhost:8080/in", HOSTS)


@given(some.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://hooks.example.org{text}"):
        try:
            addresses.check(url, HOSTS)
        except InvalidError:
            continue
        assert url.isascii()


def test_addresses_are_those_of_the_module_that_compares_them() -> None:
    assert Allowed.listed(("10.1.0.0/16",)).has_network(ipaddress.ip_address("10.1.255.1"))
    assert not Allowed.listed(("10.1.0.0/16",)).has_network(ipaddress.ip_address("10.2.0.1"))
