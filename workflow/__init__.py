"""A gated migration workflow for Django.

Read :mod:`workflow.flows` first: it shows every flow as a tuple of steps.
"""

__version__ = "0.1.0"
