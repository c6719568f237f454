"""The project in a container: found through Compose, looked at through the engine, and proved."""
