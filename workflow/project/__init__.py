"""The user's project, wherever it lives: its interpreter, its git, and the agent inside it."""
