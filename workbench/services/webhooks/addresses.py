"""Where webhooks may send to: hosts of the settings, and there public addresses alone."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from flask_babel import gettext

from workbench.services.errors import InvalidError

Address = IPv4Address | IPv6Address
LONGEST: Final = 500
"""Characters of an address."""
_LOCAL: Final = "localhost"
_TRIED: Final = 4
"""Addresses of a host that are tried, one after the other."""


class RefusedError(Exception):
    """Nothing is sent there; the message says why."""


@dataclass(frozen=True)
class Allowed:
    """What the settings allow: names of hosts, and networks that may be private."""

    names: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def listed(cls, hosts: Sequence[str]) -> Allowed:
        """Read the setting, whose entries are checked."""
        names, networks = set(), []
        for each in hosts:
            try:
                networks.append(ipaddress.ip_network(each))
            except ValueError:
                names.add(each)
        return cls(frozenset(names), tuple(networks))

    def has_host(self, host: str) -> bool:
        """Whether a name, or an address in its place, is listed."""
        literal = _literal(host)
        if literal is not None:
            return self.has_network(literal)
        return host in self.names or any(
            each.startswith(".") and host.endswith(each) for each in self.names
        )

    def has_network(self, address: Address) -> bool:
        """Whether an address is listed, by itself or in a network."""
        return any(address in each for each in self.networks)

    def may_reach(self, host: str, address: Address) -> bool:
        """Whether a host that is listed may be sent to at this address of its."""
        if self.has_network(address) or (host == _LOCAL and address.is_loopback):
            return True
        return _is_public(address)


@dataclass(frozen=True)
class Destination:
    """Where a request goes to. addresses: checked, and the only ones that are connected to."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query."""
    addresses: tuple[str, ...]


def check(url: str, hosts: Sequence[str]) -> None:
    """Raise InvalidError for an address that nothing may be sent to, whatever is found there."""
    try:
        _parsed(url, Allowed.listed(hosts))
    except RefusedError as error:
        raise InvalidError(str(error)) from error


def find(url: str, hosts: Sequence[str]) -> Destination:
    """Look up where to send to, once. Raises RefusedError."""
    allowed = Allowed.listed(hosts)
    scheme, host, port, target = _parsed(url, allowed)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RefusedError(gettext("The host “%(host)s” was not found.", host=host)) from error
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))[:_TRIED]
    for each in addresses:
        address = ipaddress.ip_address(each)
        if not allowed.may_reach(host, address) or (scheme == "http" and not address.is_loopback):
            raise RefusedError(
                gettext(
                    "“%(host)s” is at %(address)s, where nothing may be sent to.",
                    host=host,
                    address=each,
                )
            )
    return Destination(scheme, host, port, target, addresses)


def _parsed(url: str, allowed: Allowed) -> tuple[str, str, int, str]:
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST:
        raise RefusedError(
            gettext(
                "An address has at most %(most)s characters, all of them ASCII and none a blank.",
                most=LONGEST,
            )
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedError(gettext("This is no address.")) from error
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise RefusedError(gettext("The address of a webhook begins with https://."))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise RefusedError(gettext("An address has no user name, no password and no “#”."))
    if not allowed.has_host(host):
        raise RefusedError(
            gettext(
                "“%(host)s” is not among the hosts that WORKBENCH_WEBHOOK_HOSTS allows.", host=host
            )
        )
    literal = _literal(host)
    here = host == _LOCAL or (literal is not None and literal.is_loopback)
    if parts.scheme == "http" and not here:
        raise RefusedError(gettext("Only this machine itself can be sent to without https."))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or {"https": 443, "http": 80}[parts.scheme], target


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    """Whether an address is one of the internet's own, and stands for no other one."""
    if address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local:
        return False
    if isinstance(address, IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or address.teredo or address.scope_id
    ):
        return False
    return address.is_global
