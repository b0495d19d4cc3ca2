"""The graph. Every statement names one source, save `WHO`, which is made of point look-ups."""

ADD_RELATION = """
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (source_id, kind, target_id) DO UPDATE SET
    position = CASE WHEN relation.end_at_ms <= $6 THEN excluded.position ELSE relation.position END,
    end_at_ms = excluded.end_at_ms
WHERE excluded.end_at_ms IS NOT NULL OR relation.end_at_ms <= $6
RETURNING position
"""

ADD_RELATION_QUIETLY = """
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (source_id, kind, target_id) DO NOTHING
"""

REMOVE_RELATION = """
DELETE FROM relation WHERE source_id = $1 AND kind = $2 AND target_id = $3 RETURNING end_at_ms
"""

POSITION = """
SELECT position FROM relation
WHERE source_id = $1 AND kind = $2 AND target_id = $3 AND (end_at_ms IS NULL OR end_at_ms > $4)
"""

OLDER = """
SELECT target_id, position FROM relation
WHERE source_id = $1 AND kind = $2 AND position < $3 AND (end_at_ms IS NULL OR end_at_ms > $4)
ORDER BY position DESC LIMIT $5
"""

NEWER = """
SELECT target_id, position FROM relation
WHERE source_id = $1 AND kind = $2 AND position > $3 AND (end_at_ms IS NULL OR end_at_ms > $4)
ORDER BY position LIMIT $5
"""

PACKED = """
SELECT packed(target_id), MIN(position) FROM (
    SELECT target_id, position FROM relation
    WHERE source_id = $1 AND kind = $2 AND position < $3 AND (end_at_ms IS NULL OR end_at_ms > $4)
    ORDER BY position DESC LIMIT $5
) AS page
"""

# CROSS JOIN fixes the order of the look-ups: one probe an id, never a scan of the source's whole list. A probe of the
# index says whether there is a row, but not its end, and the row itself costs as much again: it is only looked up where
# the list has ended rows at all, which one more probe tells.
WHICH = """
SELECT packed(target_id) FROM ids($3) AS wanted CROSS JOIN relation
WHERE relation.source_id = $1 AND relation.kind = $2 AND relation.target_id = wanted.id AND (
    NOT EXISTS (
        SELECT 1 FROM relation AS any_ended
        WHERE any_ended.source_id = $1 AND any_ended.kind = $2 AND any_ended.end_at_ms <= $4
    ) OR NOT EXISTS (
        SELECT 1 FROM relation AS ended
        WHERE ended.source_id = $1 AND ended.kind = $2 AND ended.target_id = relation.target_id
          AND ended.end_at_ms <= $4
    )
)
"""

WHO = """
SELECT relation.source_id FROM ids($1) AS wanted CROSS JOIN relation
WHERE relation.source_id = wanted.id AND relation.kind = $2 AND relation.target_id = $3
  AND (relation.end_at_ms IS NULL OR relation.end_at_ms > $4)
"""

ENDED = "SELECT source_id, kind, target_id FROM relation WHERE end_at_ms <= $1 LIMIT $2"

REMOVE_ENDED = """
DELETE FROM relation WHERE source_id = $1 AND kind = $2 AND target_id = $3 AND end_at_ms <= $4
"""
