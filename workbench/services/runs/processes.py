"""Which process does what: names for them, and whether the one behind a name is still alive."""

from __future__ import annotations

import os
import secrets
import socket


def new_name() -> str:
    """A name for this process as claimer of work: `host:pid:token`."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_known_dead(name: str) -> bool:
    """Whether the named process certainly no longer runs.

    Only this host's processes can be known about. A process identifier that was given out again
    reads as alive; then the heartbeat's age decides.
    """
    host, _, rest = name.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
