"""Does the container have the settings of production?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.project.cause import DEV
from workflow.project.production import signs_in_labels, signs_of_production

if TYPE_CHECKING:
    from workflow.config import Settings


def check_production(
    variables: Mapping[str, str], labels: Mapping[str, str], settings: Settings, service: str
) -> Iterator[Finding]:
    """Yield where the environment of a service, wanted or there, is that of production."""
    found = [*signs_of_production(variables, settings), *signs_in_labels(labels, settings)]
    if found:
        yield Finding(
            "ENV219",
            Severity.ERROR,
            f"The service {service} looks like production: {'; '.join(found)}. A development "
            "command there would change what users depend on.",
            f"Give it the settings of development in the Compose file, then run: {DEV}. Where "
            "a word means something else here, set 'production-words'. To migrate production on "
            "purpose: migration-workflow migrate-safe --production NAME",
            data={"facts": found},
        )


def variables_of(entries: list[str] | None) -> dict[str, str]:
    """Return the environment of a container from the engine's list of NAME=VALUE."""
    pairs = (entry.partition("=") for entry in entries or ())
    return {name: value for name, _, value in pairs}
