"""An app with the user model of the random histories."""
