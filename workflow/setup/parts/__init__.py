"""One part of the adoption, one file: which files it is for, and their text as it should be."""
