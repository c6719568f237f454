"""One action, one file. An action changes something, and can print its plan instead."""
