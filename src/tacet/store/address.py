"""What the address of a database means. Apart from opening it, because every command reads its settings."""

from pathlib import Path


def sqlite_path(database: str) -> Path:
    """The file of `sqlite:///relative.db` or `sqlite:////absolute.db`.

    Raises:
        ValueError: another kind of database, or no file; the message holds nothing of the address.
    """
    scheme, _, rest = database.partition("://")
    if scheme in {"postgresql", "postgres"}:
        raise ValueError("PostgreSQL is not supported by this version: give sqlite:///PATH")
    if scheme != "sqlite" or not rest.startswith("/") or len(rest) == 1:
        raise ValueError("no database address: give sqlite:///PATH (four slashes before an absolute path)")
    return Path(rest[1:])
