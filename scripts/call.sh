#!/bin/sh
# Calls one verb of the workflow on the project of this repository. Arguments, output and
# exit code pass through. The other scripts only name their verb.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
verb=$1
shift

if [ -x "$root/.venv/bin/migration-workflow" ]; then
    command=$root/.venv/bin/migration-workflow
elif command -v migration-workflow >/dev/null 2>&1; then
    command=migration-workflow
else
    make --silent --directory="$root" ready >&2
    command=$root/.venv/bin/migration-workflow
fi

exec "$command" "$verb" --project "$root" "$@"
