#!/bin/sh
# Installs packages of the system where that is allowed (root, apt-get); says what to do otherwise.
# Usage: apt_install.sh PACKAGE…
set -eu

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing on this machine: $*" >&2
    echo "On Debian or Ubuntu: sudo apt-get install $*" >&2
    exit 1
fi
echo "  system packages: $* (usually under 2 minutes)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# What apt says is of interest only where it fails.
{ apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"; } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    exit 1
}
