#!/bin/sh
# Sees to the PostgreSQL and Redis that tests and bench start for themselves; installs Debian's where there are none.
# TEST_POSTGRESQL, a folder with initdb and postgres, and TEST_REDIS, a redis-server, name others.
# Servers that Debian starts at an installation stay off: tests and bench use ports and folders of their own.
set -eu

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

is_program() {
    [ -f "$1" ] && [ -x "$1" ]
}

if [ -n "${TEST_POSTGRESQL:-}" ]; then
    is_program "$TEST_POSTGRESQL/initdb" && is_program "$TEST_POSTGRESQL/postgres" \
        || fail "TEST_POSTGRESQL=$TEST_POSTGRESQL has no initdb and postgres: give the folder of both, or unset it"
fi
if [ -n "${TEST_REDIS:-}" ]; then
    is_program "$TEST_REDIS" || fail "TEST_REDIS=$TEST_REDIS is no program: give the path of a redis-server, or unset it"
fi

# Debian keeps PostgreSQL's server off the path.
has_postgres() {
    [ -z "${TEST_POSTGRESQL:-}" ] || return 0
    command -v initdb >/dev/null && return
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        if [ -x "$initdb" ]; then return; fi
    done
    return 1
}

# Some builds have the server alone.
has_psql() {
    is_program "${TEST_POSTGRESQL:-}/psql" || command -v psql >/dev/null
}

has_redis() {
    [ -n "${TEST_REDIS:-}" ] || command -v redis-server >/dev/null
}

has_both() {
    has_postgres && has_psql && has_redis
}

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"

install() {
    # Which packages may start what they bring is asked of this program, where it is.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null && $as_root chmod 755 "$policy"
        trap '$as_root rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM
    fi
    # A list of packages that is missing or old is the usual reason for a first failure.
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet postgresql redis-server >&2 || {
        $as_root apt-get update --quiet >&2
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet postgresql redis-server >&2
    }
}

if has_both; then exit 0; fi

if command -v apt-get >/dev/null; then
    echo "Installing postgresql and redis-server with apt-get" >&2
    (install) || true
fi

has_both || fail "tests and bench need PostgreSQL 15 or later and Redis 5 or later and could not install them; install them\
 (apt-get install postgresql redis-server) and run this again"
