"""Who is meant by the usernames in a text."""

from tacet.directory.entities import mentioned_usernames
from tacet.directory.lookup import People, is_shown


async def mentioned_ids(text: str, people: People) -> tuple[int, ...]:
    """The accounts whose usernames stand in a text, each once, in order; names that are nobody's are left out.

    One query whatever their number, which the length of a post bounds.
    """
    wanted = mentioned_usernames(text)
    found = await people.by_usernames(wanted) if wanted else {}
    return tuple(person.id for name in wanted if (person := found.get(name)) is not None and is_shown(person))
