"""What each kind of operation does to a database, observed on every engine."""
