#!/bin/sh
# Is this the development environment that it should be?
exec "$(dirname -- "$0")/call.sh" enforce-dev-environment "$@"
