"""A browser in words: family and system, as it says itself."""

from __future__ import annotations

_FAMILIES = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
"""The first that is found; most browsers name others, too."""
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str) -> str:
    """Such as "Firefox, Linux"; empty where nothing of it is known."""
    found = (
        next((name for mark, name in known if mark in user_agent), "")
        for known in (_FAMILIES, _SYSTEMS)
    )
    return ", ".join(each for each in found if each)
