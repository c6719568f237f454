#!/bin/sh
# Runs a verb for a commit hook, with the tool that is installed where the project is developed.
# A git client without a terminal has next to no PATH, so the usual places are looked into.
set -eu

tool=migration-workflow-hook
checkout=$(dirname -- "$(git rev-parse --path-format=absolute --git-common-dir 2>/dev/null || echo ./.git)")

for folder in "${VIRTUAL_ENV:-.venv}" .venv venv */.venv */venv "$checkout/.venv" "$checkout/venv"; do
    if [ -x "$folder/bin/$tool" ]; then
        exec "$folder/bin/$tool" "$@"
    fi
done
if command -v "$tool" >/dev/null 2>&1; then
    exec "$tool" "$@"
fi
PATH=$PATH:$HOME/.local/bin:/usr/local/bin:/opt/homebrew/bin
if command -v "$tool" >/dev/null 2>&1; then
    exec "$tool" "$@"
fi
if command -v poetry >/dev/null 2>&1 && folder=$(poetry env info --path 2>/dev/null) &&
    [ -x "$folder/bin/$tool" ]; then
    exec "$folder/bin/$tool" "$@"
fi

echo "$1 was not run: django-migration-workflow is not installed in the project's environment" \
    "(.venv, venv, Poetry's, PATH, ~/.local/bin): python -m pip install django-migration-workflow" >&2
exit 3
