from pathlib import Path

import pytest

from tacet.store.address import check, is_postgresql, shown, sqlite_path

PATHS = {
    "relative": ("sqlite:///tacet.db", Path("tacet.db")),
    "absolute": ("sqlite:////var/lib/tacet.db", Path("/var/lib/tacet.db")),
    "in a folder": ("sqlite:///data/tacet.db", Path("data/tacet.db")),
}


@pytest.mark.parametrize(("database", "path"), PATHS.values(), ids=PATHS)
def test_sqlite_addresses_name_a_file(database: str, path: Path) -> None:
    assert sqlite_path(database) == path
    check(database)
    assert not is_postgresql(database)


NO_PATHS = {
    "PostgreSQL": ("postgresql://host/db", "only SQLite"),
    "PostgreSQL's short name": ("postgres://host/db", "only SQLite"),
    "no file": ("sqlite:///", "no database address"),
    "two slashes": ("sqlite://tacet.db", "no database address"),
    "a path": ("tacet.db", "no database address"),
    "something else": ("mysql://host/db", "no database address"),
}


@pytest.mark.parametrize(("database", "reason"), NO_PATHS.values(), ids=NO_PATHS)
def test_other_addresses_name_no_file(database: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        sqlite_path(database)


POSTGRESQL = {
    "plain": "postgresql://tacet@db.example/tacet",
    "short name": "postgres://db/tacet",
    "port": "postgresql://tacet@db:5433/tacet",
    "password": "postgresql://tacet:hunter2@db/tacet",
    "password with signs": "postgresql://tacet:h%40u%2Fnter@db/tacet",
    "several hosts": "postgresql://tacet@one:5432,two:5433,three/tacet?target_session_attrs=primary",
    "IPv6": "postgresql://tacet@[::1]:5432/tacet",
    "socket": "postgresql:///tacet?host=/var/run/postgresql",
    "TLS": "postgresql://db/tacet?sslmode=verify-full&sslrootcert=/etc/ca.pem",
}


@pytest.mark.parametrize("database", POSTGRESQL.values(), ids=POSTGRESQL)
def test_addresses_of_postgresql_pass(database: str) -> None:
    assert is_postgresql(database)
    check(database)


HINTS = {
    "a slip": ("postgresql://t:hunter2@db/x?sslmod=require", r"unknown option sslmod .*: did you mean sslmode\?"),
    "of libpq alone": ("postgresql://t:hunter2@db/x?connect_timeout=3", "unknown option connect_timeout .*: remove it"),
    "a mode that is none": ("postgresql://t:hunter2@db/x?sslmode=on", "sslmode in the database address is none of dis"),
    "a # in the password": ("postgresql://t:hunt#er2@db/x", "percent-encoded"),
    "a / in the password": ("postgresql://t:hunt/er2@db/x", "percent-encoded"),
    "a ? in the password": ("postgresql://t:hunt?er2@db/x", "percent-encoded"),
}


@pytest.mark.parametrize(("database", "reason"), HINTS.values(), ids=HINTS)
def test_what_was_meant_otherwise_is_told(database: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        check(database)
    assert "hunt" not in str(caught.value)


def test_settings_of_the_server_pass() -> None:
    check("postgresql://db/tacet?search_path=mutes&application_name=tacet&options=-c%20geqo%3Doff")


WRONG = {
    "no database": "postgresql://tacet:hunter2@db",
    "an empty name": "postgresql://tacet:hunter2@db/",
    "two names": "postgresql://tacet:hunter2@db/one/two",
    "a port that is none": "postgresql://tacet:hunter2@db:port/tacet",
    "a port too large": "postgresql://tacet:hunter2@db:65536/tacet",
    "the second port": "postgresql://tacet:hunter2@one:5432,two:x/tacet",
    "port 0": "postgresql://tacet:hunter2@db:0/tacet",
    "half an IPv6": "postgresql://tacet:hunter2@[::1/tacet",
    "a parameter without a value": "postgresql://tacet:hunter2@db/tacet?sslmode",
    "another kind": "mysql://tacet:hunter2@db/tacet",
    "nothing": "",
}


@pytest.mark.parametrize("database", WRONG.values(), ids=WRONG)
def test_what_is_no_address_is_refused_and_not_repeated(database: str) -> None:
    with pytest.raises(ValueError, match="database") as caught:
        check(database)
    assert "hunter2" not in str(caught.value)


SHOWN = {
    "no password": ("postgresql://tacet@db/tacet", "postgresql://tacet@db/tacet"),
    "password": ("postgresql://tacet:hunter2@db:5432/tacet", "postgresql://tacet:***@db:5432/tacet"),
    "several hosts": ("postgresql://t:hunter2@one:1,two:2/x", "postgresql://t:***@one:1,two:2/x"),
    "a sign that should have been encoded": ("postgresql://t:hun@ter2@db/x", "postgresql://t:***@db/x"),
    "a slash that should have been encoded": ("postgresql://t:hun/ter2@db/x", "postgresql://t:***@db/x"),
    "parameter": (
        "postgresql:///x?user=t&password=hunter2&sslmode=off",
        "postgresql:///x?user=t&password=***&sslmode=off",
    ),
    "parameter in capitals": ("postgresql://db/x?PASSWORD=hunter2", "postgresql://db/x?PASSWORD=***"),
    "parameter encoded": ("postgresql://db/x?passw%6frd=hunter2", "postgresql://db/x?passw%6frd=***"),
    "parameter unknown": ("postgresql://db/x?passfile=hunter2&a=b", "postgresql://db/x?passfile=***&a=***"),
    "parameter behind another sign": ("postgresql://db/x?sslmode=a;password=hunter2", "postgresql://db/x?sslmode=***"),
    "parameter behind the end": ("postgresql://db/x?sslmode=a#password=hunter2", "postgresql://db/x?sslmode=***"),
    "parameter without a name": ("postgresql://db/x?hunter2", "postgresql://db/x?***"),
    "harmless ones": (
        "postgresql:///x?SSLMODE=require&target_session_attrs=primary&search%5Fpath=a,b&host=/var/run",
        "postgresql:///x?SSLMODE=require&target_session_attrs=primary&search%5Fpath=a,b&host=/var/run",
    ),
    "a scheme in capitals": ("POSTGRESQL://t:hunter2@db/x", "POSTGRESQL://t:***@db/x"),
    "SQLite with a question mark": ("sqlite:///a?b=c", "sqlite:///a?b=c"),
    "password of a key": ("postgresql://db/x?sslpassword=hunter2", "postgresql://db/x?sslpassword=***"),
    "Redis": ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
    "Redis with a user": ("rediss://me:hunter2@cache/0", "rediss://me:***@cache/0"),
    "SQLite": ("sqlite:////var/lib/a@b:c/tacet.db", "sqlite:////var/lib/a@b:c/tacet.db"),
    "an IPv6": ("postgresql://[::1]:5432/tacet", "postgresql://[::1]:5432/tacet"),
}


@pytest.mark.parametrize(("address", "expected"), SHOWN.values(), ids=SHOWN)
def test_addresses_are_shown_without_their_passwords(address: str, expected: str) -> None:
    assert shown(address) == expected
    assert "hun" not in expected
