#!/bin/sh
# What is applied, pending, conflicting, missing and recently changed?
exec "$(dirname -- "$0")/call.sh" pre-check "$@"
