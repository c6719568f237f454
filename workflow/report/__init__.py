"""Reporters: a report in, text out."""
