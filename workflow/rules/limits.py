"""How long names may be."""

from __future__ import annotations

IDENTIFIERS = {"postgresql": 63, "mysql": 64, "mariadb": 64, "oracle": 30}
"""What each database engine takes, as Django counts it."""

INDEX_NAME = 30
"""What Django takes for an index, whatever the engine (models.E034)."""

ENGINES = {
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "oracle": "Oracle",
    "sqlite": "SQLite",
}
