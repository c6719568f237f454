"""JSON lines to and from the host: one request, one answer, and progress in between."""

import functools
import json
import os
import re
import select
import signal
import sys
import threading
import time
import traceback
from urllib.parse import quote, quote_plus

OURS = ("migration-workflow/agent/", "<frozen ")
"""How the names begin of files that are not shown in a traceback."""

GRACE_SECONDS = 10
"""How long a cut-off request may take to roll back before the process is ended."""

AGAIN_SECONDS = 0.2
"""After how long an interrupt that had no effect is sent again."""

SECRETS = []  # type: list[str]
"""Values that no error may show."""

URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):([^\s/@]+)@")


class Channel:
    """The agent's end of the pipe.

    When the host goes away the request under way is interrupted, so that it rolls back and
    cleans up. What takes too long over that is ended, unless it is ``shielded``.
    """

    def __init__(self, requests, answers):
        self._requests = requests
        self._answers = answers
        self.busy = True  # with booting
        self.shielded = False
        self._sending = threading.Lock()
        self._interrupted = threading.Event()
        # A shell gives what it starts in the background a signal that is ignored.
        signal.signal(signal.SIGINT, self._interrupt)
        sys.unraisablehook = self._unraisable
        threading.Thread(target=self._watch, name="host-watch", daemon=True).start()

    def requests(self):
        """Yield each request until the host closes the pipe."""
        for line in self._requests:
            yield json.loads(line)

    def answer(self, answer):
        """Send the answer to the request under way, which is done then: nothing is cut off."""
        self.busy = False
        self._send({"answer": answer})

    def fail(self, error):
        """Send an exception in place of an answer, as the project's own words."""
        self.busy = False
        self._send({"error": describe_error(error)})

    def event(self, **event):
        """Report progress on the request under way."""
        self._send({"event": event})

    def tell_seen(self, seen):
        """Say what was seen before the boot."""
        self._send({"seen": seen})

    def _send(self, message):
        with self._sending:
            self._answers.write(json.dumps(message, default=str).encode() + b"\n")
            self._answers.flush()

    def _watch(self):
        poll = select.poll()
        poll.register(self._requests, 0)  # an empty mask still reports that the writer is gone
        poll.poll()
        if self.busy and not self.shielded:
            until = time.monotonic() + GRACE_SECONDS
            while time.monotonic() < until:
                if self.busy and not (self.shielded or self._interrupted.is_set()):
                    # A signal, because it wakes a call that waits, such as a sleep or a read.
                    # One that comes right before such a call doesn't, so there may be more.
                    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
                time.sleep(AGAIN_SECONDS)
            if not self.shielded:
                os._exit(1)

    def _interrupt(self, *_):
        """Cut off what is under way: once, because what follows is cleaning up."""
        if not self._interrupted.is_set():
            self._interrupted.set()
            raise KeyboardInterrupt

    def is_interrupt(self, error):
        """Say whether an exception is to end this process, not to be answered.

        A project's own code may exit or raise KeyboardInterrupt: those are failures like others.
        """
        return self._interrupted.is_set() and not isinstance(error, Exception)

    def _unraisable(self, what):
        """Take note that an interrupt was lost, as in a ``__del__``; print what else was."""
        if issubclass(what.exc_type, KeyboardInterrupt):
            self._interrupted.clear()
        else:
            sys.__unraisablehook__(what)


def hide(text):
    """Return what somebody else's code said, without passwords."""
    for spelling in _spelled(tuple(SECRETS)):
        text = text.replace(spelling, "***")
    return URL_PASSWORD.sub(r"\1:***@", text)


@functools.lru_cache(maxsize=1)
def _spelled(secrets):
    """Return all spellings of some secrets, the longest first."""
    spelled = {spelling for secret in secrets for spelling in spellings(secret)}
    return sorted(spelled, key=len, reverse=True)


def spellings(secret):
    """Return a secret as it is, and as Python, JSON and URLs write it; the host has the same."""
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


def describe_error(error):
    """Return an exception as plain data: its type, its message and its traceback.

    Passwords are hidden here, where libraries quote them, and not in answers: there a password
    that is also the name of an app would take that out of the text of a migration.
    """
    if hasattr(error, "described_apart"):
        return error.described_apart
    told = traceback.TracebackException.from_exception(error)
    _leave_our_frames_out(told)
    return {
        "type": type(error).__name__,
        "message": hide(str(error)),
        "traceback": hide("".join(told.format())),
        "path": getattr(error, "filename", None),
        "line": getattr(error, "lineno", None),
    }


def _leave_our_frames_out(told):
    """Keep the frames of the project and of Django: how we came there says nothing."""
    seen = set()
    while told is not None and id(told) not in seen:
        seen.add(id(told))
        frames = [frame for frame in told.stack if not frame.filename.startswith(OURS)]
        told.stack = traceback.StackSummary.from_list(frames)
        told = told.__cause__ or told.__context__
