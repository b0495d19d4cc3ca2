"""Direct messages."""

from tacet.store.queries.tongue import Queries


class MessageQueries(Queries):
    """Of messages."""

    ADD_MESSAGE = """
    INSERT INTO message (id, sender_id, recipient_id, low_id, high_id, created_at_ms, text)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    """

    NEWEST_MESSAGE_ID = "SELECT COALESCE(MAX(id), 0) FROM message WHERE id < $1"

    OLDER_BETWEEN = """
    SELECT id, sender_id, recipient_id, text, created_at_ms FROM message
    WHERE low_id = $1 AND high_id = $2 AND id > $3 AND id < $4
    ORDER BY id DESC LIMIT $5
    """

    NEWER_BETWEEN = OLDER_BETWEEN.replace("id DESC", "id")

    # Each side is cut before the two are put in order. A message to oneself is only looked for among the sent.
    OLDER_OF_PERSON = """
    SELECT id, sender_id, recipient_id, text, created_at_ms FROM (
        SELECT * FROM (
            SELECT id, sender_id, recipient_id, text, created_at_ms FROM message
            WHERE sender_id = $1 AND id > $2 AND id < $3 ORDER BY id DESC LIMIT $4
        ) AS sent
        UNION ALL
        SELECT * FROM (
            SELECT id, sender_id, recipient_id, text, created_at_ms FROM message
            WHERE recipient_id = $1 AND sender_id <> $1 AND id > $2 AND id < $3 ORDER BY id DESC LIMIT $4
        ) AS received
    ) AS both_sides
    ORDER BY id DESC LIMIT $4
    """

    NEWER_OF_PERSON = OLDER_OF_PERSON.replace("id DESC", "id")

    # EXISTS could be turned into a join, which reads all messages of a recipient who has many; this is a probe an id.
    WRITERS = """
    SELECT wanted.id FROM ids($1) AS wanted WHERE (
        SELECT message.sender_id FROM message
        WHERE message.recipient_id = $2 AND message.sender_id = wanted.id LIMIT 1
    ) IS NOT NULL
    """
