"""What SQLite is asked in words of its own: the two reads of the graph that requests wait for most.

Asked in the words that databases share, it does about a tenth more for each; `tacet.store.queries.relations` has them.
"""

# One row more than the page says whether the list goes on. A smallest position would be kept up to date with every row;
# it is only looked up, by its account, where there is another page.
PACKED = """
SELECT target_ids, CASE WHEN number > ?5 THEN (
    SELECT position FROM relation
    WHERE source_id = ?1 AND kind = ?2 AND target_id = json_extract(target_ids, '$[' || (?5 - 1) || ']')
) END
FROM (
    SELECT json_group_array(target_id) AS target_ids, COUNT(*) AS number FROM (
        SELECT target_id FROM relation
        WHERE source_id = ?1 AND kind = ?2 AND position < ?3 AND (end_at_ms IS NULL OR end_at_ms > ?4)
        ORDER BY position DESC LIMIT ?5 + MIN(?5, 1)
    ) AS page
) AS newest
"""

# CROSS JOIN is SQLite's word for an order of its reader's choice, and INDEXED BY for an index that has to be taken or
# the statement fails: a probe an id, whatever statistics say. One cursor makes them all, where a look-up in a column
# would open it anew for each.
WHICH = """
SELECT json_group_array(relation.target_id) FROM (SELECT value AS id FROM json_each(?3)) AS wanted
CROSS JOIN relation INDEXED BY sqlite_autoindex_relation_2
WHERE relation.source_id = ?1 AND relation.kind = ?2 AND relation.target_id = wanted.id AND (
    NOT EXISTS (
        SELECT 1 FROM relation AS any_ended
        WHERE any_ended.source_id = ?1 AND any_ended.kind = ?2 AND any_ended.end_at_ms <= ?4
    ) OR (
        SELECT 1 FROM relation AS lasting
        WHERE lasting.source_id = ?1 AND lasting.kind = ?2 AND lasting.target_id = relation.target_id
          AND (lasting.end_at_ms IS NULL OR lasting.end_at_ms > ?4)
    ) = 1
)
"""
