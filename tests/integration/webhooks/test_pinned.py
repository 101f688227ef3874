"""A request goes to the address that was checked, whatever its name says by then."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.webhooks.conftest import deliveries, send_all
from tests.integration.webhooks.test_delivering import decide
from tests.support.receiver import Receiver
from workbench.config import Settings
from workbench.services.webhooks import addresses, administration, outgoing
from workbench.services.webhooks.addresses import Destination
from workbench.services.webhooks.administration import Made, Wanted
from workbench.services.webhooks.event_types import ALL


@pytest.fixture
def named(tables: object, sending_settings: Settings, receiver: Receiver) -> Made:
    wanted = Wanted("bot", f"http://localhost:{receiver.port}/in", ALL)
    return administration.make(None, wanted, sending_settings)


def answer_with(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Have the next look-ups answered so, one by one; returns what was asked."""
    left, asked = list(answers), []

    def look_up(host: Any, port: Any, *_rest: object, **_more: object) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name.replace(".", "").isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port))]
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_that_changes_after_it_was_checked_changes_nothing(
    named: Made, receiver: Receiver, sending_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide()
    asked = answer_with(monkeypatch, "127.0.0.1", "10.0.0.1")

    assert send_all(sending_settings) == 1

    assert asked == ["localhost"]
    (request,) = receiver.received
    assert request.headers["host"] == f"localhost:{receiver.port}"


def test_a_name_that_has_come_to_mean_an_inner_address_is_refused(
    named: Made, receiver: Receiver, sending_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide()
    answer_with(monkeypatch, "169.254.169.254")
    monkeypatch.setattr(outgoing, "post", None)

    send_all(sending_settings)

    (delivery,) = deliveries()
    assert delivery.state == "failed"
    assert "169.254.169.254" in delivery.error
    assert receiver.received == []


def test_proxies_of_the_environment_are_not_asked(
    named: Made, receiver: Receiver, sending_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    decide()

    assert send_all(sending_settings) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    tables: object, tmp_path: Path
) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve_once() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    return

        serving = threading.Thread(target=serve_once)
        serving.start()
        to = Destination("https", "localhost", port, "/", ("127.0.0.1",))
        with pytest.raises(outgoing.UnansweredError, match="certificate"):
            outgoing.post(to, b"{}", {})
        serving.join()


def test_a_certificate_is_that_of_the_name_and_not_of_the_address(
    tables: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve(times: int) -> None:
            for _ in range(times):
                connection, _address = listening.accept()
                with connection:
                    try:
                        secured = context.wrap_socket(connection, server_side=True)
                        secured.recv(65536)
                        secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                        secured.close()
                    except OSError:
                        continue

        serving = threading.Thread(target=serve, args=(2,))
        serving.start()
        right = Destination("https", "hooks.example.org", port, "/", ("127.0.0.1",))
        assert outgoing.post(right, b"{}", {}).status == 204
        wrong = Destination("https", "other.example.org", port, "/", ("127.0.0.1",))
        with pytest.raises(outgoing.UnansweredError, match="certificate"):
            outgoing.post(wrong, b"{}", {})
        serving.join()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate of hooks.example.org by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.org")])
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.org")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


def test_what_is_looked_up_has_to_be_found(tables: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_more: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(addresses.RefusedError, match="was not found"):
        addresses.find("http://localhost/", ("localhost",))
