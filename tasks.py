"""The chores of this repository, and the workflow itself on the example project."""

from workflow.tasks import namespace

ns = namespace
