"""The names that the workbench answers to."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Response as AnyResponse

from workbench.config import PREFIX


def require_known_host() -> AnyResponse | None:
    """Refuse to answer to a name that is not ours.

    A page elsewhere can let a name of its own point at this machine (DNS rebinding), and would
    read all that is open here as if it were its own. Flask's TRUSTED_HOSTS cannot name an IPv6
    address.
    """
    malformed = isinstance(request.routing_exception, SecurityError)
    name = None if malformed else urlsplit(f"//{request.host}").hostname
    known: list[str] = current_app.config["KNOWN_HOSTS"]
    if name and any(name == each or (each[0] == "." and name.endswith(each)) for each in known):
        return None
    return AnyResponse(
        f"Unknown host name. If people should reach the workbench by it, start it with "
        f"{PREFIX}TRUSTED_HOSTS={name or 'NAME'}\n",
        400,
        mimetype="text/plain",
    )
