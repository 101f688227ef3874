"""Pages, styles and scripts are sent compressed; pictures are compressed already.

A compressed page that holds a secret beside words of an attacker's choice can give the secret away
by its size (BREACH). The only secret of ours on a page is the CSRF token. It is signed with the
second that it was made in, so that another one stands on the page from second to second, and a
guess made by thousands of sizes finds none that is whole; and the session's cookie is
`SameSite=Lax`, so that another site cannot have pages with it fetched in any number.
"""

from __future__ import annotations

from flask import Flask, Response
from flask_compress import Compress

COMPRESSED = (
    "text/html",
    "text/css",
    "text/javascript",
    "text/plain",
    "application/json",
    "image/svg+xml",
)
ALGORITHMS = ("zstd", "br", "gzip")
"""As browsers accept them by https; by http they only take the last."""


def register(app: Flask) -> None:
    """Compress what the browser accepts compressed; its ETag then names the algorithm."""
    app.config.update(
        COMPRESS_MIMETYPES=COMPRESSED, COMPRESS_ALGORITHM=ALGORITHMS, COMPRESS_REGISTER=False
    )
    compress = Compress()
    compress.init_app(app)

    @app.after_request
    def _compress(response: Response) -> Response:
        if response.status_code == 206:
            return response  # its range is one of the plain file's bytes
        if response.mimetype in COMPRESSED:
            # Whole, as these files are small: the library would leave a streamed one open.
            response.direct_passthrough = False
            response.make_sequence()
        return compress.after_request(response)
