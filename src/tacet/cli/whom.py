"""Finding the person that a command names."""

from tacet.cli.exits import CommandError, Exit
from tacet.records.people import Person
from tacet.store.base import Store

MAX_ID_DIGITS = 19
"""Ids are at most 2^63 - 1."""


async def person_named(store: Store, name: str, where: str) -> Person:
    """The person with this id, or with this username after an @.

    Args:
        where: the option or argument that names them, for the error.

    Raises:
        CommandError: it is neither, or there is nobody.
        StoreError: the database failed.
    """
    if name.startswith("@"):
        ids = list((await store.directory.ids_of([name[1:]])).values())
    elif name.isascii() and name.isdigit() and len(name) <= MAX_ID_DIGITS:
        ids = [int(name)]
    else:
        raise CommandError(Exit.USAGE, f"{where}: {name!r} is neither an id nor @ and a username")
    people = await store.directory.people(ids)
    if not people:
        raise CommandError(Exit.FAILED, f"nobody here is {name}: `tacet people import` brings people in")
    return people[0]
