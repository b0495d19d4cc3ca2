"""What Redis's errors mean, and what helps."""

import hiredis

from tacet.redis.connection import RedisAway, Word

UNUSABLE = {"LOADING", "READONLY", "OOM", "MISCONF", "NOAUTH", "NOREPLICAS", "MASTERDOWN", "BUSY"}
"""What errors begin with that any command would get. After another one the next command may well succeed."""

_IN_SCRIPT = "The user executing the script can't "
"""In what version 7 says, as a mere `ERR`, where a user may not do what a script does; later ones say `NOPERM`."""

_LOGIN = "give the user and the password that it wants in its address"

_REMEDIES = {
    "NOPERM": "its user lacks a right: see docs/operations.md",
    "CROSSSLOT": "a Redis Cluster is not supported",
    "MOVED": "a Redis Cluster is not supported",
    "CLUSTERDOWN": "a Redis Cluster is not supported",
}


def code_of(reply: hiredis.ReplyError) -> str:
    """What the error is called. Before version 7 that of a command in a script stands, after a `-`, within the text."""
    first, *rest = str(reply).split() or [""]
    if first == "ERR" and _IN_SCRIPT in str(reply):
        return "NOPERM"
    within = [word[1:] for word in rest if first == "ERR" and word.startswith("-")]
    return next((code for code in within if code in UNUSABLE or code in _REMEDIES), first)


def refusal_of(reply: hiredis.ReplyError, command: Word = "") -> RedisAway:
    """Only what the error is called: the rest may repeat what was sent, a password for example."""
    code = code_of(reply)
    to = f" to {command.decode()}" if isinstance(command, bytes) else ""
    # Before version 6 a wrong password has no code of its own.
    lasting = code in {"NOAUTH", "WRONGPASS"} or (command, code) == (b"AUTH", "ERR")
    remedy = _LOGIN if lasting else _REMEDIES.get(code, "")
    return RedisAway(f"it answers {code}{to}{remedy and f' ({remedy})'}", refused=True, lasting=lasting)
