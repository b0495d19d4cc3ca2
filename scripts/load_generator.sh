#!/bin/sh
# Sees that the load generator wrk is there; installs it where the system's package manager lets us.
set -eu

if command -v wrk >/dev/null; then exit 0; fi

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"

if command -v brew >/dev/null; then
    echo "Installing wrk with brew" >&2
    brew install --quiet wrk >&2 || true
elif command -v apt-get >/dev/null; then
    echo "Installing wrk with apt-get" >&2
    # A list of packages that is missing or old is the usual reason for a first failure.
    $as_root apt-get install --yes --quiet wrk >&2 ||
        { $as_root apt-get update --quiet >&2 && $as_root apt-get install --yes --quiet wrk >&2; } || true
fi

if ! command -v wrk >/dev/null; then
    echo "error: the bench needs the load generator wrk and could not install it;" \
        "install it (apt-get install wrk, brew install wrk) and run this again" >&2
    exit 1
fi
