"""Revisions and migrations."""

BUMP = """
INSERT INTO revision (part, number) VALUES ($1, 1)
ON CONFLICT (part) DO UPDATE SET number = revision.number + 1
"""

REVISIONS = "SELECT part, number FROM revision"

MIGRATIONS_DONE = "SELECT number FROM migration ORDER BY number"

RECORD_MIGRATION = "INSERT INTO migration (number, name) VALUES ($1, $2)"
