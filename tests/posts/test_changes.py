from tacet.posts.changes import MAX_CHANGES, Deleted, PostChanges
from tacet.records.people import PostHead


def test_changes_are_told_in_order_from_a_sequence_on() -> None:
    changes = PostChanges()
    changes.added(PostHead(10, 1))
    start = changes.sequence
    changes.added(PostHead(11, 2, 3))
    changes.deleted(10, 1)
    assert changes.since(start) == [PostHead(11, 2, 3), Deleted(10, 1)]
    assert changes.since(changes.sequence) == []


def test_what_is_too_long_ago_may_have_been_anything() -> None:
    changes = PostChanges()
    for id_ in range(1, MAX_CHANGES + 2):
        changes.added(PostHead(id_, 1))
    assert changes.since(0) is None
    told = changes.since(1)
    assert told is not None
    assert [change.id for change in told if isinstance(change, PostHead)] == list(range(2, MAX_CHANGES + 2))


def test_what_was_forgotten_may_have_been_anything() -> None:
    changes = PostChanges()
    changes.added(PostHead(10, 1))
    before = changes.sequence
    changes.forget()
    after = changes.sequence
    assert changes.since(before) is None
    changes.added(PostHead(11, 1))
    assert changes.since(before) is None
    assert changes.since(after) == [PostHead(11, 1)]
