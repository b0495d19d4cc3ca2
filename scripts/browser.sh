#!/bin/sh
# Prints the Chromium that drives the browser tests; installs Debian's where there is none. CHROMIUM names another.
set -eu

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

find_browser() {
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name"; then return; fi
    done
    return 1
}

if [ -n "${CHROMIUM:-}" ]; then
    command -v "$CHROMIUM" || fail "CHROMIUM=$CHROMIUM is not a command here; give the path of a Chromium or Chrome"
    exit 0
fi
if find_browser; then exit 0; fi

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"

if command -v apt-get >/dev/null; then
    echo "Installing chromium with apt-get" >&2
    export DEBIAN_FRONTEND=noninteractive
    # A list of packages that is missing or old is the usual reason for a first failure.
    $as_root apt-get install --yes --quiet chromium >&2 ||
        { $as_root apt-get update --quiet >&2 && $as_root apt-get install --yes --quiet chromium >&2; } || true
fi

find_browser || fail "the browser tests need Chromium and could not install it; install it (apt-get install chromium),\
 or name one with CHROMIUM=/path/to/chromium, and run this again"
