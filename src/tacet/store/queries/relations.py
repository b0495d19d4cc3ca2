"""The graph. Every statement names one source, save `WHO`, which lists those it names, and `ENDED`, which tidies.

What a write returns begins with its key: where many are written at once, it tells which of them it was.

PostgreSQL's planner guesses the length of lists, and must not find a way to walk one: so its index of positions only
has those above -1, which are all there are, and only what says so can use it. CASE keeps it from the index of ends.
"""

ADD_RELATION = """
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (source_id, kind, target_id) DO UPDATE SET
    position = CASE WHEN relation.end_at_ms <= $6 THEN excluded.position ELSE relation.position END,
    end_at_ms = excluded.end_at_ms
WHERE excluded.end_at_ms IS NOT NULL OR relation.end_at_ms <= $6
RETURNING source_id, kind, target_id, position
"""

ADD_RELATION_QUIETLY = """
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (source_id, kind, target_id) DO NOTHING
"""

REMOVE_RELATION = """
DELETE FROM relation WHERE source_id = $1 AND kind = $2 AND target_id = $3
RETURNING source_id, kind, target_id, end_at_ms
"""

POSITION = """
SELECT position FROM relation
WHERE source_id = $1 AND kind = $2 AND target_id = $3 AND (end_at_ms IS NULL OR end_at_ms > $4)
"""

OLDER = """
SELECT target_id, position FROM relation
WHERE source_id = $1 AND kind = $2 AND position < $3 AND position > -1
  AND (end_at_ms IS NULL OR end_at_ms > $4)
ORDER BY position DESC LIMIT $5
"""

NEWER = """
SELECT target_id, position FROM relation
WHERE source_id = $1 AND kind = $2 AND position > $3 AND position > -1
  AND (end_at_ms IS NULL OR end_at_ms > $4)
ORDER BY position LIMIT $5
"""

# Whether anybody is older comes with the page: asked for by itself it would be a second way to the database and back.
# SQLite, to which there is no way, has words of its own for this and for WHICH: `tacet.store.sqlite.own`.
PACKED = """
SELECT newest.target_ids, newest.oldest, (
    SELECT 1 FROM relation
    WHERE source_id = $1 AND kind = $2 AND position < newest.oldest AND position > -1
      AND (end_at_ms IS NULL OR end_at_ms > $4)
    LIMIT 1
)
FROM (
    SELECT packed(target_id) AS target_ids, MIN(position) AS oldest FROM (
        SELECT target_id, position FROM relation
        WHERE source_id = $1 AND kind = $2 AND position < $3 AND position > -1
          AND (end_at_ms IS NULL OR end_at_ms > $4)
        ORDER BY position DESC LIMIT $5
    ) AS page
) AS newest
"""

# Comparing what a look-up gives is one probe an id in every database, whatever its planner believes; a join was once
# planned as a scan of a list of a million. A probe of the index says whether there is a row, but not its end, and the
# row itself costs as much again: it is only looked up where the list has ended rows at all, which one more probe tells.
WHICH = """
SELECT packed(id) FROM ids($3) AS wanted
WHERE (
    SELECT 1 FROM relation
    WHERE relation.source_id = $1 AND relation.kind = $2 AND relation.target_id = wanted.id
) = 1 AND (
    NOT EXISTS (
        SELECT 1 FROM relation AS any_ended
        WHERE any_ended.source_id = $1 AND any_ended.kind = $2 AND any_ended.end_at_ms <= $4
    ) OR (
        SELECT 1 FROM relation AS lasting
        WHERE lasting.source_id = $1 AND lasting.kind = $2 AND lasting.target_id = wanted.id
          AND (lasting.end_at_ms IS NULL OR lasting.end_at_ms > $4)
    ) = 1
)
"""

# Its sources may lie on many machines, each of which has to be told whom to look for.
WHO = """
SELECT packed(source_id) FROM relation
WHERE source_id IN (SELECT id FROM ids($1) AS wanted) AND kind = $2 AND target_id = $3
  AND (end_at_ms IS NULL OR end_at_ms > $4)
"""

ENDED = "SELECT source_id, kind, target_id FROM relation WHERE end_at_ms <= $1 ORDER BY end_at_ms LIMIT $2"

REMOVE_ENDED = """
DELETE FROM relation
WHERE source_id = $1 AND kind = $2 AND target_id = $3 AND CASE WHEN end_at_ms <= $4 THEN 1 ELSE 0 END = 1
"""
