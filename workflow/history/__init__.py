"""Migrations as data: files are read as text and never imported or executed.

Start at :mod:`workflow.history.model`, which holds what everything here is made of, and
at :func:`workflow.history.reading.read_history`, which makes it.
"""
