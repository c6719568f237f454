"""What each file says, parsed now or taken from the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.digests import digest_of
from workflow.history.homes import Home, home_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workflow.history.cache import Cache
    from workflow.history.files import Content, Files
    from workflow.history.homes import Need
    from workflow.history.modules import Modules
    from workflow.history.raw import Raw


class Store:
    """The files of one project and what they say.

    ``roots`` are the folders that the project's imports start from.
    """

    def __init__(self, files: Files, cache: Cache, roots: Sequence[str]) -> None:
        self.files = files
        self.cache = cache
        self.roots = tuple(roots)
        self._modules: Modules | None = None
        self._homes: dict[str, Home] = {}

    def add_roots(self, roots: Sequence[str]) -> None:
        """Let imports start from further folders."""
        self.roots = tuple(dict.fromkeys((*self.roots, *roots)))
        self._modules = None

    def home(self, folder: str) -> Home:
        """Return where a package folder lives."""
        if folder not in self._homes:
            self._homes[folder] = home_of(self.files, folder)
        return self._homes[folder]

    def row(self, kind: str, path: str, home: Home) -> tuple[Raw, str]:
        """Return what a file says, and a digest of all that it depends on.

        ``kind`` is what it is read as, ``home`` the file's own. ``None`` for no such file.
        """
        content = self.files.read(path)
        if content is None:
            return None, ""
        if content.error is not None:
            return self._parse(kind, content, home)[2], ""
        key = (kind, path, content.digest)
        entry = self.cache.get(key)
        if entry is None or not self._holds(entry, home):
            entry = self._parse(kind, content, home)
        self.cache.use(key, entry)
        _, needs, row = entry
        return row, _combined(content.digest, needs) if needs else content.digest

    def _holds(self, entry: Raw, home: Home) -> bool:
        """Return whether all that the entry depends on is as it was."""
        (root, dotted, roots), needs, _ = entry
        if (root, dotted) != home or (needs and roots != self.roots):
            return False
        return all(self._digest(path) == digest for path, digest in needs)

    def _digest(self, path: str) -> str | None:
        content = self.files.read(path)
        return content.digest if content else None

    def _parse(self, kind: str, content: Content, home: Home) -> Raw:
        # Only a file that changed pays for loading the parser.
        from workflow.history.modules import Finder, Modules
        from workflow.history.parsing import ROWS

        if self._modules is None:
            self._modules = Modules(self.files, self.roots)
        needs: list[Need] = []
        row = ROWS[kind](content, home.dotted, Finder(self._modules, home.root, needs))
        roots = self.roots if needs else ()
        return (home.root, home.dotted, roots), tuple(dict.fromkeys(needs)), row


def _combined(digest: str, needs: Sequence[Need]) -> str:
    return digest_of(repr((digest, needs)).encode("utf-8", "surrogatepass"))
