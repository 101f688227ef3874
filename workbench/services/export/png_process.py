"""The process that draws one SVG as PNG: options as a line of JSON, then the document, on stdin.

A process of its own: resvg holds Python's lock for as long as it draws, which can be seconds, and
nobody else's page would be answered in them.
"""

from __future__ import annotations

import json
import sys

import resvg_py


def main() -> None:
    """Read from stdin, write the PNG to stdout."""
    options = json.loads(sys.stdin.buffer.readline())
    svg = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(resvg_py.svg_to_bytes(svg_string=svg, **options))


if __name__ == "__main__":
    main()
