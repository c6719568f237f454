"""Reading the ``AppConfig`` classes of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.execute import Executor
from workflow.history.kinds import ancestry
from workflow.history.labels import Config
from workflow.history.raw import Raw, is_ref
from workflow.history.scope import ClassBinding, FunctionBinding, Module

if TYPE_CHECKING:
    from collections.abc import Iterator


def configs_of(module: Module) -> list[Config]:
    """Return the app configurations that a module defines itself."""
    return [config for name in module.names for config in _config(module, name)]


def _config(module: Module, name: str) -> Iterator[Config]:
    binding = module.names[name]
    if not isinstance(binding, ClassBinding):
        return
    lineage = [item for item in ancestry(module, f".{name}") if isinstance(item, ClassBinding)]
    if not _looks_like_config(lineage):
        return
    read = [_attribute(module, lineage, attribute) for attribute in ("name", "label", "default")]
    if read[0] is not None or read[1] is not None:
        yield Config(module.name, name, *read)


def _looks_like_config(lineage: list[ClassBinding]) -> bool:
    bases = [base[1] for binding in lineage for base in binding.bases if is_ref(base)]
    return any("Config" in base or base.startswith("django.apps") for base in bases) or any(
        "name" in binding.attributes and "verbose_name" in binding.attributes for binding in lineage
    )


def _attribute(module: Module, lineage: list[ClassBinding], name: str) -> Raw:
    for binding in lineage:
        if name in binding.attributes:
            value = binding.attributes[name]
            if isinstance(value, ClassBinding | FunctionBinding):
                return ...
            value = Executor(module, [module.names]).forced(value)
            return value if value is None or type(value) in {str, bool} else ...
    return None
