#!/bin/sh
# Starts MariaDB as the public image does: MARIADB_ROOT_PASSWORD is that of the user root, from
# wherever it connects. What it is to create is created once, in /var/lib/mysql.
set -eu

data=/var/lib/mysql

if [ "$(id -u)" -eq 0 ]; then
    mkdir -p "$data"
    chown -R mysql "$data"
    exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi
if [ ! -d "$data/mysql" ]; then
    mariadb-install-db --no-defaults --skip-test-db --datadir="$data"
    printf "CREATE USER root@'%%' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO root@'%%';\n" \
        "$MARIADB_ROOT_PASSWORD" >/tmp/first.sql
    set -- --init-file=/tmp/first.sql "$@"
fi
exec mariadbd --no-defaults --datadir="$data" --socket=/tmp/socket "$@"
