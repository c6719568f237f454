"""Ways to break a history, each with what a rule must then say.

One module a family. A kind is a generator of mutants in random order, registered with the
code that must name the place.
"""
