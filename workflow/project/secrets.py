"""Keeps passwords out of everything that is shown, stored or sent on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

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
    for spelling in _spelled(tuple(secrets)):
        text = text.replace(spelling, HIDDEN)
    return URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)


@lru_cache
def _spelled(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Return all spellings of some secrets, the longest first."""
    spelled = {spelling for secret in secrets for spelling in spellings(secret)}
    return tuple(sorted(spelled, key=len, reverse=True))


def spellings(secret: str) -> set[str]:
    """Return a secret as it is, and as Python, JSON and URLs write it; the agent has the same."""
    return {
        secret,
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        repr(secret + "'\"")[1:-4],  # within a text that has both marks, where one is escaped
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, errors="surrogatepass"),
        quote(secret, safe="", errors="surrogatepass"),
        quote_plus(secret, errors="surrogatepass"),
    }
