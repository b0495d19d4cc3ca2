"""What locks are on, and who holds them.

A transaction that relies on what it has found, or that writes several rows which others may write in another order,
holds a lock on what both are about. So none waits for one that waits for it, and none finds half of another's work.
Rows of `revision` are written last: whoever waits for one keeps nobody else from anything that its holder needs.
"""

from collections.abc import Iterable

from tacet.store.postgres.database import LockName, Transaction

IMPORTS: LockName = ("posts",)
"""Alone: an import of posts. Together: whatever writes reposts, or deletes."""

USAGE: LockName = ("usage",)
"""Alone: whatever deletes usage. Together: whatever adds to it."""

NONCES: LockName = ("nonces",)
"""Whatever deletes nonces."""


def of_post(post_id: int) -> LockName:
    """Alone: its deletion. Together: whoever repeats it."""
    return ("post", post_id)


def of_person(person_id: int) -> LockName:
    """Their password, and their sessions as a whole."""
    return ("person", person_id)


def of_project(project_id: int) -> LockName:
    """Alone: its deletion. Together: whoever puts an App into it."""
    return ("project", project_id)


def of_app(app_id: int) -> LockName:
    """Alone: whoever changes it or deletes it. Together: every login to it, from its first step on."""
    return ("app", app_id)


def of_login(app_id: int, user_id: int) -> LockName:
    """Codes, approved request tokens, grants and tokens of a person's logins to an App."""
    return ("logins", app_id, user_id)


async def lock_logins(transaction: Transaction, pairs: Iterable[tuple[int, int | None]]) -> None:
    """Have nobody else change logins of these (App, person); where there is no person, only see to it that the App
    stays."""
    known = set(pairs)
    alone = [of_login(app_id, user_id) for app_id, user_id in known if user_id is not None]
    await transaction.lock(*alone, shared=[of_app(app_id) for app_id, _ in known])
