"""What belongs to the user of a path, whoever that is: their posts, their mentions, their lists."""

from collections.abc import Mapping
from typing import Any

from tacet.directory.lookup import People, is_shown
from tacet.posts.visibility import Visibility
from tacet.records.people import State
from tacet.wire import problems
from tacet.wire.kinds import ID, Parameter
from tacet.wire.operations import Call, Handler, Operation
from tacet.wire.parameters import Parameters, Selects


def of_anybody(
    id_: str,
    name: str,
    summary: str,
    handle: Handler,
    scopes: frozenset[str],
    answer: str,
    query: Mapping[str, Parameter],
    selects: Selects,
) -> Operation:
    """`GET /2/users/{id}/{name}`: for every caller who may see that user's posts, also for an App on its own."""
    return Operation(
        id=id_,
        method="GET",
        path=f"/2/users/{{id}}/{name}",
        summary=summary,
        scopes=scopes,
        handle=handle,
        answer=answer,
        parameters=Parameters(path={"id": ID}, query=query, selects=selects),
        app_only=True,
    )


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
