"""How a command ends: what each exit code means, and the error that carries one."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    DATABASE = 4
    ADDRESS = 5
    REJECTED = 6
    PENDING = 7
    BUG = 70
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "Done.",
    Exit.FAILED: "The operation failed; nothing was changed unless the message says so.",
    Exit.USAGE: "The command line is wrong: no such command or option, or a bad value for one.",
    Exit.CONFIGURATION: "The configuration is refused: a variable, a TOML key or file, or the secret key.",
    Exit.DATABASE: "The database cannot be used: another server has it, it does not open, a disk fails.",
    Exit.ADDRESS: "The address cannot be listened on: the port is taken, not allowed, or not this machine's.",
    Exit.REJECTED: "The import is complete, except for the rows in the `.rejected` file.",
    Exit.PENDING: "`tacet database migrate --check` found that the database is to be migrated.",
    Exit.BUG: "A bug in Tacet; `TACET_LOG_LEVEL=debug` shows where.",
    Exit.INTERRUPTED: "Interrupted by Ctrl-C; what was committed stays. A server that is stopped ends with 0.",
}


class CommandError(Exception):
    """A command cannot go on. The message is one line: cause, then remedy."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
