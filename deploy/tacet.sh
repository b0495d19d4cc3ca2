#!/bin/sh
# `tacet` in the container. Where a secret holds PostgreSQL's password, every command has it, one that is run by `exec` as
# well: in the environment of its own process, not in what `docker inspect` shows.
secret=/run/secrets/postgres_password
if [ -z "${PGPASSWORD:-}" ] && [ -r "$secret" ]; then
    PGPASSWORD="$(cat "$secret")"
    export PGPASSWORD
fi
exec /opt/tacet/bin/tacet "$@"
