"""An app with the user model of the histories in ``tests/fuzz/histories.py``."""
