"""Keeps passwords out of everything that is shown, stored or sent on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

HIDDEN = "***"

SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|DSN|_URL$|_URI$", re.IGNORECASE)
URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):([^\s/@]+)@")
SHORTEST = 6
"""Shorter values would be found all over an ordinary text."""


def secret_values(variables: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the values of the environment variables whose names say that they are secret."""
    values = {
        value
        for name, value in variables.items()
        if value and len(value) >= SHORTEST and SECRET_NAME.search(name)
    }
    return tuple(sorted(values, key=len, reverse=True))


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with every secret, and every password within a URL, hidden."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
