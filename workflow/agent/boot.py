"""The first code of ours that runs in the project's Python.

It arrives on standard input, is executed as ``__main__``, takes the rest of the agent from
the same pipe, and runs the project's own ``manage.py`` up to the moment where that would
hand control to Django. Standard library only, every Python since 3.8.
"""

import gc
import json
import os
import sys
from importlib.machinery import ModuleSpec

PACKAGE = "_migration_workflow_agent"


class PipedSource:
    """Imports the agent's modules from the sources that came through the pipe.

    Finder and loader without the base classes for them: importing those takes longer than
    everything else that the agent does before it gets to the project.
    """

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, fullname, path=None, target=None):  # noqa: ARG002 - what finders take
        """Find the agent's own package and its modules, and nothing else."""
        package, _, name = fullname.rpartition(".")
        if fullname == PACKAGE or (package == PACKAGE and name in self.sources):
            return ModuleSpec(fullname, self, is_package=self.is_package(fullname))
        return None

    def create_module(self, spec):
        """Let Python make the module."""

    def exec_module(self, module):
        """Run the text of a module."""
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102 - that is importing

    def get_source(self, fullname):
        """Return the text of a module; the package itself has none."""
        return self.sources.get(fullname.rpartition(".")[2], "")

    def get_code(self, fullname):
        """Compile under a name that says in a traceback whose code it is."""
        name = fullname.rpartition(".")[2]
        return compile(self.get_source(fullname), f"migration-workflow/agent/{name}.py", "exec")

    def is_package(self, fullname):
        """Say whether this is the package."""
        return fullname == PACKAGE


def take_over_standard_streams():
    """Return the file to answer on. Project code that reads or prints can't reach the pipe."""
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    return answers


def main(requests):
    """Read what to run from ``requests``, boot the project, and answer until it closes."""
    # What is imported stays: to look for garbage in it is a fifth of the boot of a big project.
    gc.disable()
    answers = take_over_standard_streams()
    start = json.loads(requests.readline())
    sys.meta_path.insert(0, PipedSource(start["modules"]))
    from _migration_workflow_agent import channel, takeover

    host = channel.Channel(requests, answers)
    if start["before_boot"] is not None:
        from _migration_workflow_agent import sight

        host.tell_seen(sight.look(**start["before_boot"]))
    takeover.run(start, host)


main(globals()["requests"])
