"""What `tacet sandbox` prints: who lives there, their keys, and three commands to paste."""

from tacet.records.relations import Kind
from tacet.sandbox.residents import MAIN_APP, ResidentKeys, residents
from tacet.sandbox.world import World

SHOWN = 3
"""alice, bob and carol; the other keys are in the ready file."""


def welcome(url: str, world: World, where: str) -> str:
    """The text. `where` says where the world is kept."""
    keys = residents(world)
    mutes = {each.person_id: 0 for each in keys}
    for relation in world.relations:
        if relation.kind is Kind.MUTE and relation.source_id in mutes:
            mutes[relation.source_id] += 1
    lines = [
        f"Tacet answers X's Mutes API, v2 and v1.1, on {url}",
        f"{len(world.people):,} people live there, {where}.",
        "",
    ]
    for each in keys[:SHOWN]:
        lines += [*_introduction(each, mutes[each.person_id]), ""]
    lines.append(f"App only    {MAIN_APP.app_only_token}")
    lines.append(f"Browser     {url}/sign-in to be one of them: /timeline shows what a mute hides, /muted all mutes")
    lines.append(f"            {url}/portal for Apps and keys")
    lines += ["", "Try it:", "", *_commands(url, keys), ""]
    lines.append("Every key is made up, fixed and known to everybody. Ctrl-C ends it.")
    return "\n".join(lines)


def _introduction(keys: ResidentKeys, muted: int) -> list[str]:
    oauth1 = keys.oauth1
    habit = "mutes nobody yet" if muted == 0 else f"starts out with {muted:,} muted"
    return [
        f"@{keys.username}  id {keys.person_id}, {habit}",
        f"  OAuth 2.0   {keys.oauth2_token}",
        f"  OAuth 1.0a  {oauth1.consumer_key} / {oauth1.consumer_secret}",
        f"              {oauth1.token} / {oauth1.token_secret}",
    ]


def _commands(url: str, keys: list[ResidentKeys]) -> list[str]:
    """List, mute, look: each works as it stands, in this order."""
    alice, bob = keys[0], keys[1]
    bearer = f"-H 'Authorization: Bearer {alice.oauth2_token}'"
    muting = f"{url}/2/users/{alice.person_id}/muting"
    body = f'{{"target_user_id":"{bob.person_id}"}}'
    return [
        f"  curl {url}/2/users/{bob.person_id}/muting -H 'Authorization: Bearer {bob.oauth2_token}'",
        f"  curl {muting} {bearer} -H 'Content-Type: application/json' -d '{body}'",
        f"  curl {muting} {bearer}",
    ]
