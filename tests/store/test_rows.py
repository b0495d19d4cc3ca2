from tacet.store.base import Part
from tacet.store.rows import revisions_of


def test_parts_that_only_a_later_version_knows_are_left_out() -> None:
    assert revisions_of([("posts", 3), ("what comes later", 7)]) == {Part.POSTS: 3}
