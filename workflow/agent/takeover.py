"""Runs the project's ``manage.py`` and steps in where it hands control to Django.

Whatever ``manage.py`` does first (loading ``.env``, changing ``sys.path``, choosing
settings) has then happened as it does every day.
"""

import atexit
import importlib.machinery
import os
import runpy
import sys

MANAGEMENT = "django.core.management"


class WatchImport:
    """Calls ``when_loaded`` once with ``django.core.management``, as soon as it is imported."""

    def __init__(self, when_loaded):
        self.when_loaded = when_loaded

    def find_spec(self, fullname, path=None, target=None):
        """Find the one module that is watched for, with a loader that tells when it is there."""
        if fullname != MANAGEMENT:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                self.when_loaded(module)

            spec.loader.exec_module = exec_module
        return spec


def run(start, channel):
    """Boot the project as ``start`` says, then serve requests on ``channel``."""
    reached = []

    def execute(_):
        reached.append(True)
        from _migration_workflow_agent import serve

        serve.serve(channel, in_project=start["project"])
        _end_at_once()

    def patch(management):
        management.ManagementUtility.execute = execute

    sys.meta_path.insert(0, WatchImport(patch))
    os.chdir(start["directory"])
    try:
        _hand_over(start)
        if not reached:
            channel.fail(RuntimeError("it ended without handing control to Django"))
    except SystemExit as exit_:
        if not reached:
            channel.fail(RuntimeError(f"it exited with {exit_.code!r} before Django took over"))
        elif channel.busy and not channel.is_interrupt(exit_):
            channel.fail(exit_)
    except BaseException as error:  # noqa: BLE001 - whatever the project raises is the answer
        if channel.is_interrupt(error):
            sys.exit(130)
        channel.fail(error)


def _hand_over(start):
    if start["manage"] is None:
        sys.path.insert(0, start["directory"])
        from django.core.management import ManagementUtility

        ManagementUtility(["manage.py", start["command"]]).execute()
        return
    sys.argv = [start["manage"], start["command"]]
    sys.path[0] = os.path.dirname(start["manage"])
    runpy.run_path(start["manage"], run_name="__main__")


def _end_at_once():
    """End the process without clearing up its memory first.

    To take a booted project apart, object by object, takes longer than most gates. What the
    project registered for the end of the process happens all the same.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)
