"""Whether a caller may see what belongs to the user of a path: their posts, their mentions, their lists."""

from typing import Any

from tacet.directory.lookup import People, is_shown
from tacet.posts.visibility import Visibility
from tacet.records.people import State
from tacet.wire import problems
from tacet.wire.operations import Call


async def why_unseen(people: People, visibility: Visibility, call: Call) -> dict[str, Any] | None:
    """The entry of `errors[]` that says why not; None where the caller may."""
    text = call.path["id"]
    person = await people.one(int(text))
    if person is None or person.state is State.DEACTIVATED:
        return problems.missing_user("id", text)
    if not is_shown(person):
        return problems.suspended_user("id", text)
    visible = await visibility.visible_authors((person.id,), call.caller.user_id)
    return None if visible else problems.hidden_user("id", text)
