"""What the documentation tells receivers to do, done."""

from __future__ import annotations

import re
from typing import Any

from tests.integration.webhooks.conftest import send_all
from tests.support.receiver import Receiver
from tests.support.server import ROOT
from workbench.config import Settings
from workbench.services.webhooks import administration
from workbench.services.webhooks.administration import Made


def documented() -> Any:
    """The function in docs/webhooks.md."""
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.DOTALL
    )
    assert len(code.strip().splitlines()) <= 15
    known: dict[str, Any] = {}
    exec(code, known)
    return known["verified"]


def test_the_documented_receiver_takes_what_is_signed_and_nothing_else(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    verified = documented()
    administration.test(webhook.id)
    renewed = administration.renew(None, webhook.id, sending_settings)
    send_all(sending_settings)

    (request,) = receiver.received
    assert verified(webhook.secret, request.headers, request.body)
    assert verified(renewed.secret, request.headers, request.body)
    assert not verified("whsec_" + "A" * 43 + "=", request.headers, request.body)
    assert not verified(webhook.secret, request.headers, request.body + b" ")
    other = request.headers | {"webhook-id": "msg_2"}
    assert not verified(webhook.secret, other, request.body)
    old = request.headers | {"webhook-timestamp": "1614265330"}
    assert not verified(webhook.secret, old, request.body)
