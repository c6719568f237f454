#!/bin/sh
# Builds the base images that the tests on a real Docker Engine start from, out of Debian's
# packages alone, for a machine that reaches no image registry: one with Python and pip, and a
# shelf of wheels for it, one with PostgreSQL and one with MariaDB, each behind an entry point
# like the public image's.
#
#   build-images.sh CACHE     CACHE keeps the tarballs; an image that is there is not built again
set -eu

cache=$1
suite=bookworm
python_image=migration-workflow-test-python
postgres_image=migration-workflow-test-postgres
mariadb_image=migration-workflow-test-mariadb
mkdir -p "$cache/wheels"

there() {
    docker image inspect "$1" >/dev/null 2>&1
}

# Make NAME.tar out of a minimal Debian with the packages that are named.
tarball() {
    name=$1 packages=$2
    [ -s "$cache/$name.tar" ] && return
    root=$(mktemp -d)
    debootstrap --variant=minbase --include="$packages" "$suite" "$root" >"$cache/$name.log" 2>&1
    entrypoint=$(dirname "$0")/$name-entrypoint.sh
    if [ -e "$entrypoint" ]; then
        install -m 755 "$entrypoint" "$root/usr/local/bin/entrypoint"
    fi
    if [ "$name" = python ]; then
        ln -s /usr/bin/python3 "$root/usr/local/bin/python"
        cp -R "$cache/wheels" "$root/wheels"
    fi
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    tar -C "$root" -c . >"$cache/$name.tar.part"
    mv "$cache/$name.tar.part" "$cache/$name.tar"
    rm -rf "$root"
}

if ! there "$python_image"; then
    [ -s "$cache/python.tar" ] || "${PYTHON:-python3}" -m pip download --quiet --dest "$cache/wheels" \
        --only-binary :all: --python-version 3.11 --implementation cp \
        "django~=5.2.0" "psycopg[binary]>=3.2" "python-dotenv>=1"
    tarball python python3,python3-pip,ca-certificates
    docker import \
        --change 'ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_BREAK_SYSTEM_PACKAGES=1' \
        --change 'ENV PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1' \
        --change 'CMD ["python"]' "$cache/python.tar" "$python_image" >/dev/null
fi
if ! there "$postgres_image"; then
    tarball postgres postgresql,postgresql-client
    docker import \
        --change 'ENTRYPOINT ["entrypoint"]' \
        "$cache/postgres.tar" "$postgres_image" >/dev/null
fi
if ! there "$mariadb_image"; then
    tarball mariadb mariadb-server
    docker import \
        --change 'ENTRYPOINT ["entrypoint"]' --change 'VOLUME /var/lib/mysql' \
        "$cache/mariadb.tar" "$mariadb_image" >/dev/null
fi
