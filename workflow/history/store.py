"""What each file says, parsed now or taken from the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workflow.history.cache import packed
from workflow.history.digests import digest_of
from workflow.history.homes import Home, home_of
from workflow.history.sharing import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workflow.history.cache import Cache
    from workflow.history.files import Content, Files
    from workflow.history.homes import Need
    from workflow.history.modules import Modules
    from workflow.history.raw import Raw


class Job(NamedTuple):
    """A file to read: what it is read as, its path, and where it lives."""

    kind: str
    path: str
    home: Home


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
        self._fresh: dict[tuple[str, str, str], Raw] = {}

    def add_roots(self, roots: Sequence[str]) -> None:
        """Let imports start from further folders."""
        self.roots = tuple(dict.fromkeys((*self.roots, *roots)))
        self._modules = None

    def home(self, folder: str) -> Home:
        """Return where a package folder lives."""
        if folder not in self._homes:
            self._homes[folder] = home_of(self.files, folder)
        return self._homes[folder]

    def prepare(self, jobs: Iterable[Job]) -> None:
        """Parse those of these files that the cache does not have, all at once."""
        missing = [job for job in jobs if self._is_missing(job)]
        for job, entry in zip(missing, share(missing, self._packed), strict=True):
            content = self.files.read(job.path)
            if content is not None:
                self._fresh[job.kind, job.path, content.digest] = entry

    def _is_missing(self, job: Job) -> bool:
        content = self.files.read(job.path)
        if content is None or content.error is not None:
            return False
        entry = self.cache.get((job.kind, job.path, content.digest))
        return entry is None or not self._holds(entry, job.home)

    def _packed(self, job: Job) -> Raw:
        content = self.files.read(job.path)
        return content and packed(self._parse(job.kind, content, job.home))

    def row(self, job: Job) -> tuple[Raw, str]:
        """Return what a file says, and a digest of all that it depends on.

        ``None`` for no such file.
        """
        content = self.files.read(job.path)
        if content is None:
            return None, ""
        if content.error is not None:
            return self._parse(job.kind, content, job.home)[2], ""
        key = (job.kind, job.path, content.digest)
        entry = self._fresh.pop(key, None)
        if entry is None:
            entry = self.cache.get(key)
            if entry is None or not self._holds(entry, job.home):
                entry = self._parse(job.kind, content, job.home)
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
