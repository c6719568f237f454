"""Servers for scratch databases: the configured one, and those that are started for a run."""
