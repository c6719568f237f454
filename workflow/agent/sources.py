"""What the code of a migration refers to: the modules of the project, and settings.

An installed package is known by its version, and Python's own library by Python's. Any other
module that a migration imports, directly or through others, is part of what the migration does.
"""

import ast
import hashlib
import importlib.util
import re
import sys
import sysconfig

INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")

SETTING = re.compile(rb"\bsettings\s*\.\s*([A-Z][A-Z0-9_]*)")
"""How code reads a setting."""

READS_MORE = {
    "__import__",
    "call_command",
    "eval",
    "exec",
    "import_module",
    "listdir",
    "open",
    "read_bytes",
    "read_text",
    "scandir",
}
"""Names of what gets at more than can be seen in the code: files, and modules by their names."""

READERS = {"fileinput", "glob", "importlib", "pkgutil", "runpy", "subprocess"}
"""Modules that serve no other purpose."""

REGISTRY = "django.apps"
"""Whoever imports the registry itself, and not what a migration is given, gets today's models."""


class CannotTellError(Exception):
    """What a migration does depends on more than can be looked at. The message says on what."""


class Sources:
    """The sources of modules, each read once."""

    def __init__(self):
        self._read = {}
        self._library = tuple(
            sysconfig.get_paths()[name].rstrip("/\\") for name in ("stdlib", "platstdlib")
        )

    def of(self, module):
        """Return what a module depends on: sources by module name, and names of settings.

        Raises CannotTellError.
        """
        if self._is_versioned(module):
            source = self._source(module)
            return {module: _digest(source)}, _settings(source)
        found, settings, left = {}, set(), [module]
        while left:
            name = left.pop()
            if name in found or self._is_versioned(name):
                continue
            found[name], more, read = self._look(name)
            settings |= read
            left += more
            for package in _packages(name):
                if package not in found and not self._is_versioned(package):
                    # It is run as well, but what it imports serves others.
                    found.setdefault("package " + package, _digest(self._source(package)))
        return found, settings

    def _look(self, name):
        if name not in self._read:
            source = self._source(name)
            if source is None:
                self._read[name] = "", (), set()
                return self._read[name]
            try:
                tree = ast.parse(source)
            except (SyntaxError, ValueError) as error:
                raise CannotTellError(f"{name} can't be parsed") from error
            imports = list(_imports(tree, name, _is_package(name)))
            for one in imports:
                if one.partition(".")[0] in READERS:
                    raise CannotTellError(f"{name} imports {one}")
            for one in _names(tree):
                if one in READS_MORE:
                    raise CannotTellError(f"{name} uses {one}")
                if one == "get_user_model":
                    imports += _modules_of_users()
            if REGISTRY in imports:
                imports += _modules_of_models()
            self._read[name] = _digest(source), imports, _settings(source)
        return self._read[name]

    def _is_versioned(self, name):
        if name.partition(".")[0] in {"django", "builtins"}:
            return True
        spec = _spec(name)
        if spec is None:
            return False
        origin = spec.origin or ""
        if origin in {"built-in", "frozen"} or INSTALLED.search(origin):
            return True
        return bool(origin) and origin.startswith(self._library)

    def _source(self, name):
        """Return the text of a module as bytes, ``None`` where there is no such module."""
        spec = _spec(name)
        if spec is None or spec.origin is None:  # the second: a namespace has no code
            return None
        if not spec.has_location or not spec.origin.endswith(".py"):
            raise CannotTellError(f"{name} has no source")
        try:
            with open(spec.origin, "rb") as file:
                return file.read()
        except OSError as error:
            raise CannotTellError(f"{name} has no source") from error


def _digest(source):
    return hashlib.sha256(source or b"").hexdigest()


def _settings(source):
    return {name.decode() for name in SETTING.findall(source or b"")}


def _spec(name):
    if name in sys.modules:
        spec = getattr(sys.modules[name], "__spec__", None)
        if spec is not None:
            return spec
    try:
        return importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):
        return None


def _is_package(name):
    spec = _spec(name)
    return spec is not None and spec.submodule_search_locations is not None


def _packages(name):
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _imports(tree, name, is_package):
    """Yield the names of what may be modules among what a module imports."""
    home = name if is_package else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = home.split(".")
                above = ".".join(parents[: len(parents) - node.level + 1])
                base = f"{above}.{base}" if base else above
            yield base
            for alias in node.names:
                if alias.name != "*" and _is_package(base) and _spec(f"{base}.{alias.name}"):
                    yield f"{base}.{alias.name}"


def _names(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.name


def _modules_of_users():
    from django.contrib.auth import get_user_model

    return [get_user_model().__module__]


def _modules_of_models():
    from django.apps import apps

    configs = apps.get_app_configs()
    return [config.models_module.__name__ for config in configs if config.models_module]
