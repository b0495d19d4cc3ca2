-- What a timeline asks of a post stands beside its details. Posts that are there already are read once for it; whom
-- they mention was never recorded.
ALTER TABLE post ADD COLUMN shape INTEGER NOT NULL DEFAULT 0;
ALTER TABLE post ADD COLUMN reposted_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE post ADD COLUMN reposted_author_id INTEGER NOT NULL DEFAULT 0;

UPDATE post SET
    shape = (
        SELECT SUM(DISTINCT CASE json_extract(value, '$.type')
            WHEN 'replied_to' THEN 1 WHEN 'retweeted' THEN 2 WHEN 'quoted' THEN 4 ELSE 0 END)
        FROM json_each(post.details, '$.references')
    ),
    reposted_id = COALESCE((
        SELECT json_extract(value, '$.id') FROM json_each(post.details, '$.references')
        WHERE json_extract(value, '$.type') = 'retweeted' LIMIT 1
    ), 0)
WHERE json_array_length(post.details, '$.references') > 0;

-- Nobody repeats a post twice. Where old rows say so, the first one is the repost, and the others are left out, as when
-- posts are imported.
DELETE FROM post WHERE id IN (
    SELECT id FROM (
        SELECT id, ROW_NUMBER() OVER (PARTITION BY author_id, reposted_id ORDER BY id) AS nth
        FROM post WHERE reposted_id <> 0
    ) WHERE nth > 1
);

UPDATE post SET reposted_author_id = original.author_id FROM post AS original
WHERE post.reposted_id <> 0 AND original.id = post.reposted_id;

CREATE UNIQUE INDEX post_by_reposted ON post (reposted_id, author_id) WHERE reposted_id <> 0;

-- A timeline is read from this alone.
DROP INDEX post_by_author;
CREATE INDEX post_by_author ON post (author_id, id, shape, reposted_author_id);

CREATE TABLE mention (
    person_id INTEGER NOT NULL,
    post_id INTEGER NOT NULL,
    PRIMARY KEY (person_id, post_id)
) WITHOUT ROWID;

CREATE INDEX mention_by_post ON mention (post_id);

-- Says whether a list has ended rows; like `relation_by_end` it costs nothing where nobody uses ends.
CREATE INDEX relation_by_end_of_source ON relation (source_id, kind, end_at_ms) WHERE end_at_ms IS NOT NULL;

CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    sender_id INTEGER NOT NULL,
    recipient_id INTEGER NOT NULL,
    low_id INTEGER NOT NULL,
    high_id INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    text TEXT NOT NULL
);

-- A conversation has one name, whoever of the two writes.
CREATE INDEX message_by_pair ON message (low_id, high_id, id);
CREATE INDEX message_by_sender ON message (sender_id, id);
CREATE INDEX message_by_recipient ON message (recipient_id, id);
CREATE INDEX message_by_direction ON message (recipient_id, sender_id);

-- Follows (kind 2) get their other side (kind 4), in the same order. Two lists may use one position, but one list may
-- not: whoever comes second moves up by 2, and so does whoever is then in the way.
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms)
SELECT target_id, 4, 2 * nth + MAX(position - 2 * nth) OVER (PARTITION BY target_id ORDER BY nth), source_id, end_at_ms
FROM (
    SELECT source_id, target_id, position, end_at_ms,
        ROW_NUMBER() OVER (PARTITION BY target_id ORDER BY position, source_id) AS nth
    FROM relation WHERE kind = 2
);
