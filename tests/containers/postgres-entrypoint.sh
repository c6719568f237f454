#!/bin/sh
# Starts PostgreSQL as the public image does: POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB
# say whom and what to create, once, in /var/lib/postgresql/data.
set -eu

bin=$(dirname /usr/lib/postgresql/*/bin/postgres)
data=/var/lib/postgresql/data
user=${POSTGRES_USER:-postgres}

if [ "$(id -u)" -eq 0 ]; then
    mkdir -p "$data"
    chown -R postgres "$data"
    chmod 700 "$data"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$data/PG_VERSION" ]; then
    printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
    "$bin/initdb" -N -U "$user" -A scram-sha-256 --pwfile=/tmp/password -D "$data"
    rm /tmp/password
    echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
    "$bin/pg_ctl" -w -D "$data" -o "-c listen_addresses=''" start
    if [ "${POSTGRES_DB:-$user}" != postgres ]; then
        PGPASSWORD=$POSTGRES_PASSWORD "$bin/createdb" -U "$user" "${POSTGRES_DB:-$user}"
    fi
    "$bin/pg_ctl" -w -D "$data" -m fast stop
fi
exec "$bin/postgres" -D "$data" -c "listen_addresses=*" -c fsync=off "$@"
