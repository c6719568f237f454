"""Whatever is killed when, on each engine: the migrator, the server, both."""
