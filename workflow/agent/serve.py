"""Answers the host's questions about a booted project, one after the other."""

import gc
import importlib

from _migration_workflow_agent import facts
from _migration_workflow_agent.channel import SECRETS
from _migration_workflow_agent.session import Session

ANSWERS = {
    "state": "state",
    "drift": "drift",
    "draft": "drafting",
    "plan": "plan",
    "turn": "turns",
    "rehearse": "rehearsing",
    "apply": "applying",
    "verify": "applying",
    "restore": "applying",
    "clean": "clean",
    "faked": "faking",
    "record": "faking",
    "leftovers": "leftovers",
}
"""Each question, and the module of the agent whose function of that name answers it."""


def serve(channel, in_project):
    """Boot Django, say what was booted, then answer until the host closes the pipe."""
    import django
    from django.db import connections
    from django.utils import translation

    django.setup()
    # As in Django's own makemigrations and migrate: a label in the language of the day
    # would be a change of the model that nobody made.
    translation.deactivate_all()
    SECRETS.extend(facts.secrets())
    session = Session(channel, in_project)
    channel.answer(facts.facts())
    gc.freeze()
    gc.enable()
    try:
        for request in channel.requests():
            channel.busy = True
            _answer(session, request)
    finally:
        connections.close_all()
        session.close()


def _answer(session, request):
    question = request.pop("ask")
    try:
        if "scratch" in request:
            session.hold(request["scratch"])
        module = importlib.import_module("_migration_workflow_agent." + ANSWERS[question])
        session.channel.answer(getattr(module, question)(session, **request))
    except BaseException as error:
        if session.channel.is_interrupt(error):
            raise
        session.channel.fail(error)
