#!/bin/sh
# Makes .venv fit for a use; returns at once when it already is.
#
#   scripts/environment.sh run     what Tacet needs to run
#   scripts/environment.sh test    that, and what its tests need
#   scripts/environment.sh node    that, and a Node of our own, for machines without one
#
# PYTHON names the interpreter to build on; without it the first of those below that is new enough is taken.
set -eu
cd "$(dirname "$0")/.."

environment=.venv
candidates="python3.13 python3.12 python3.11 python3"

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# Debian and Ubuntu ship venv without the part that puts pip into an environment.
can_make_environments() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON is not a command here"
        is_new_enough "$PYTHON" || fail "Python 3.11 or later is needed, and $PYTHON is $(version_of "$PYTHON")"
        can_make_environments "$PYTHON" || fail_for_venv "$PYTHON"
        return
    fi
    incomplete=
    for PYTHON in $candidates; do
        is_new_enough "$PYTHON" || continue
        if can_make_environments "$PYTHON"; then return; fi
        incomplete=${incomplete:-$PYTHON}
    done
    [ -z "$incomplete" ] || fail_for_venv "$incomplete"
    fail "no Python 3.11 or later among $candidates: install one, or name it with PYTHON=/path/to/python"
}

fail_for_venv() {
    fail "$1 cannot make virtual environments; on Debian or Ubuntu: apt-get install python$(version_of "$1")-venv"
}

# A virtual environment knows its own path and its interpreter's, so it breaks when either moves.
is_usable() {
    [ -x "$environment/bin/python" ] && is_new_enough "$environment/bin/python" || return 1
    "$environment/bin/python" -c 'import pip' 2>/dev/null || return 1
    grep -qF "$(pwd -P)/$environment" "$environment/bin/activate" || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$(version_of "$environment/bin/python")" ]
}

make_environment() {
    find_python
    echo "Making $environment with $PYTHON ($(version_of "$PYTHON"))" >&2
    rm -rf "$environment"
    "$PYTHON" -m venv "$environment" || fail "$PYTHON -m venv failed, see above"
}

# The lines of constraints.txt from its first section up to and including the one named.
pins_up_to() {
    awk -v last="$1" '/^# section: / { if (done) exit; done = ($3 == last) } { print }' constraints.txt
}

fingerprint() {
    cat constraints.txt pyproject.toml src/tacet/__init__.py scripts/environment.sh | cksum
}

install() {
    echo "Installing what is needed to $1 (only once)" >&2
    pins_up_to "$1" >"$environment/pins.txt"
    pip="$environment/bin/python -m pip --disable-pip-version-check --quiet"
    # Wheels only: building from source would fetch build tools that no hash vouches for.
    $pip install --require-hashes --only-binary :all: --requirement "$environment/pins.txt" ||
        fail "pip could not install the pinned packages, see above; is the package registry reachable?"
    $pip install --no-deps --no-build-isolation --editable . || fail "pip could not install Tacet itself, see above"
}

case "${1:-}" in
run | test | node) ;;
*) fail "usage: scripts/environment.sh run|test|node" ;;
esac

is_usable || make_environment
stamp="$environment/stamp-$1"
now=$(fingerprint)
if [ "$(cat "$stamp" 2>/dev/null)" != "$now" ]; then
    install "$1"
    echo "$now" >"$stamp"
fi
