"""What the project's Python sees of the tree, before anything of the project runs."""

import hashlib
import os


def look(folder, token, files, directory):
    """Read the host's token, leave one of ours, and digest the migration files.

    What can't be read or written is part of the answer: that is what the host wants to know.
    """
    mine = os.urandom(16).hex()
    return {
        "user": os.geteuid(),
        "group": os.getegid(),
        "pid": os.getpid(),
        "read": _tried(_read, os.path.join(folder, token)),
        "wrote": _tried(_write, os.path.join(folder, token + ".there"), mine),
        "mine": mine,
        "digests": {name: _tried(_digest, os.path.join(directory, name)) for name in files},
        "names": {name: _tried(_names, os.path.join(directory, name)) for name in _folders(files)},
    }


def _tried(action, *arguments):
    try:
        return {"value": action(*arguments)}
    except OSError as error:
        return {"error": error.strerror, "number": error.errno}


def _read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def _write(path, text):
    with open(path, "x", encoding="ascii") as file:
        file.write(text)


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _folders(files):
    return sorted({os.path.dirname(name) for name in files})


def _names(path):
    return sorted(name for name in os.listdir(path) if name.endswith(".py"))
