"""How often something may be asked for."""

from __future__ import annotations

import math
import time

from flask import Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)


def tries_allowed() -> str:
    """How often what is costly may be asked for: strangers get a taste of it.

    A counterfactual takes eleven encodings, a picture to take away is drawn in half a second.
    """
    return "120 per minute" if current_user.is_authenticated else "20 per minute"


def limit_ends_in() -> int:
    """Seconds until the limit that this request has met lets one through again."""
    met = limiter.current_limit
    return max(math.ceil(met.reset_at - time.time()), 1) if met else 60


def was_computed(response: Response) -> bool:
    """Whether an answer counts as a try: what found no free slot cost nothing."""
    return response.status_code != 503
