#!/bin/sh
# The browser tests drive the system's Chromium through Playwright's driver. Installs what is
# missing where that is allowed; fails otherwise, because a skipped browser test proves nothing.
set -eu

missing=
command -v chromium >/dev/null || [ -x /usr/bin/chromium ] || missing=chromium
# The driver is a Node.js that comes with Playwright; bare systems lack one library it loads.
.venv/bin/playwright --version >/dev/null 2>&1 || missing="$missing libatomic1"
[ -z "$missing" ] && exit 0

# shellcheck disable=SC2086 # one word a package
scripts/apt_install.sh $missing
command -v chromium >/dev/null || [ -x /usr/bin/chromium ] || {
    # On Ubuntu, 'chromium' is an empty package that refers to a snap.
    echo "There is still no 'chromium' on the PATH; install it some other way." >&2
    exit 1
}
.venv/bin/playwright --version >/dev/null
