#!/bin/sh
# Do the migration files fit together?
exec "$(dirname -- "$0")/call.sh" validate-migration-dependencies "$@"
