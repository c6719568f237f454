"""Adoption: what is found in somebody's repository, what it lacks, and how that is written."""
