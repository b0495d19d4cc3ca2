"""How SQLite goes about each query: by a key or an index, never by scanning or sorting a table."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tacet.store.queries import nonces, relations, upkeep
from tacet.store.queries.accounts import AccountQueries
from tacet.store.queries.consents import ConsentQueries
from tacet.store.queries.credentials import CredentialQueries
from tacet.store.queries.directory import DirectoryQueries
from tacet.store.queries.messages import MessageQueries
from tacet.store.queries.posts import PostQueries
from tacet.store.queries.sweeping import SweepingQueries
from tacet.store.sqlite import own
from tacet.store.sqlite.dialect import adapt
from tacet.store.sqlite.migrating import migrations

RELATION_BY_POSITION = "SEARCH relation USING PRIMARY KEY (source_id=? AND kind=? AND position>?"
BY_TARGET = "sqlite_autoindex_relation_2 (source_id=? AND kind=? AND target_id=?)"
RELATION_BY_TARGET = f"SEARCH relation USING INDEX {BY_TARGET}"
PAIR = "(app_id=? AND user_id=?"
REPOST_BY_AUTHOR = "post_by_reposted (reposted_id=? AND author_id=?"
BETWEEN_IDS = "AND id>? AND id<?)"
CONVERSATION = f"SEARCH message USING INDEX message_by_pair (low_id=? AND high_id=? {BETWEEN_IDS}"
OF_PAIR = f"access_grant_by_app {PAIR} AND revoked_at_ms=?)"

APP_BY_ID = "SEARCH app USING INTEGER PRIMARY KEY (rowid=?)"
PROJECT_BY_ID = "SEARCH project USING INTEGER PRIMARY KEY (rowid=?)"

PLANS = {
    "PUT_CODE": APP_BY_ID,
    "PUT_REQUEST_TOKEN": APP_BY_ID,
    "INSERT_GRANT": APP_BY_ID,
    "ADD_TOKEN": APP_BY_ID,
    "ADD_APP": PROJECT_BY_ID,
    "CHANGE_PROJECT": PROJECT_BY_ID,
    "OLDER": f"{RELATION_BY_POSITION} AND position<?)",
    "NEWER": f"{RELATION_BY_POSITION})",
    "WHO": RELATION_BY_TARGET,
    "POSITION": RELATION_BY_TARGET,
    "REMOVE_RELATION": f"SEARCH relation USING COVERING INDEX {BY_TARGET}",
    "REMOVE_ENDED": RELATION_BY_TARGET,
    "ENDED": "SEARCH relation USING INDEX relation_by_end (end_at_ms<?)",
    "PEOPLE": "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
    "NAMES": "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
    "IN_STATE": "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
    "IDS_OF": "SEARCH handle USING PRIMARY KEY (username_key=?)",
    "HANDLE_OWNER": "SEARCH handle USING PRIMARY KEY (username_key=?)",
    "HANDLES": "SEARCH handle USING COVERING INDEX handle_by_person (person_id=?)",
    "DROP_HANDLE": "SEARCH handle USING PRIMARY KEY (username_key=?)",
    "DROP_HANDLES": "SEARCH handle USING COVERING INDEX handle_by_person (person_id=?)",
    "POSTS": "SEARCH post USING INTEGER PRIMARY KEY (rowid=?)",
    "LATEST_POSTS": "SEARCH post USING COVERING INDEX post_by_author (author_id=?)",
    "NEWEST_POST_ID": "SEARCH post USING INTEGER PRIMARY KEY (rowid<?)",
    "DELETE_POST": "SEARCH post USING INTEGER PRIMARY KEY (rowid=?)",
    "PUT_POST": f"SEARCH other USING COVERING INDEX {REPOST_BY_AUTHOR})",
    "REPOSTS": "SEARCH post USING COVERING INDEX post_by_reposted (reposted_id=?)",
    "DELETE_POSTS": "SEARCH post USING INTEGER PRIMARY KEY (rowid=?)",
    "REPOST_OF": f"SEARCH post USING COVERING INDEX {REPOST_BY_AUTHOR})",
    "DROP_MENTIONS": "SEARCH mention USING COVERING INDEX mention_by_post (post_id=?)",
    "NEWEST_MESSAGE_ID": "SEARCH message USING INTEGER PRIMARY KEY (rowid<?)",
    "OLDER_BETWEEN": CONVERSATION,
    "NEWER_BETWEEN": CONVERSATION,
    "WRITERS": "SEARCH message USING COVERING INDEX message_by_direction (recipient_id=? AND sender_id=?)",
    "APP": "SEARCH app USING INTEGER PRIMARY KEY (rowid=?)",
    "APPS_AFTER": "SEARCH app USING INTEGER PRIMARY KEY (rowid>?)",
    "APP_BY_CONSUMER_KEY": "SEARCH app USING INDEX sqlite_autoindex_app_1 (consumer_key=?)",
    "TOKEN": "SEARCH token USING PRIMARY KEY (digest=?)",
    "REVOKE_TOKEN": "SEARCH token USING PRIMARY KEY (digest=?)",
    "PASSWORD": "SEARCH password USING INTEGER PRIMARY KEY (rowid=?)",
    "RECODE_PASSWORD": "SEARCH password USING INTEGER PRIMARY KEY (rowid=?)",
    "DROP_PASSWORD": "SEARCH password USING INTEGER PRIMARY KEY (rowid=?)",
    "SESSION": "SEARCH page_session USING PRIMARY KEY (digest=?)",
    "TOUCH_SESSION": "SEARCH page_session USING PRIMARY KEY (digest=?)",
    "END_SESSION": "SEARCH page_session USING PRIMARY KEY (digest=?)",
    "END_SESSIONS": "SEARCH page_session USING COVERING INDEX page_session_by_user (user_id=?)",
    "DEVELOPER": "SEARCH developer USING INTEGER PRIMARY KEY (rowid=?)",
    "PROJECT": "SEARCH project USING INTEGER PRIMARY KEY (rowid=?)",
    "PROJECTS": "SEARCH project USING INDEX project_by_owner (owner_id=?)",
    "APPS": "SEARCH app USING INDEX app_by_owner (owner_id=?)",
    "DELETE_APP": "SEARCH app USING INTEGER PRIMARY KEY (rowid=?)",
    "DELETE_USAGE_OF_APP": "SEARCH app_usage USING PRIMARY KEY (app_id=?)",
    "USAGE": "SEARCH app_usage USING PRIMARY KEY (app_id=? AND hour>?)",
    "SWEEP_USAGE": "SEARCH app_usage USING COVERING INDEX app_usage_by_hour (hour<?)",
    "CODE": "SEARCH authorization_code USING PRIMARY KEY (digest=?)",
    "SPEND_CODE": "SEARCH authorization_code USING PRIMARY KEY (digest=?)",
    "GRANT": "SEARCH access_grant USING INTEGER PRIMARY KEY (rowid=?)",
    "REVOKE_GRANT": "SEARCH access_grant USING INTEGER PRIMARY KEY (rowid=?)",
    "REVOKE_TOKENS_OF_GRANT": "SEARCH token USING COVERING INDEX token_by_grant (grant_id=? AND revoked_at_ms=?)",
    "REVOKE_GRANTS_OF_PAIR": f"SEARCH access_grant USING COVERING INDEX {OF_PAIR}",
    "REVOKE_TOKENS_OF_PAIR": f"SEARCH token USING COVERING INDEX token_by_app {PAIR} AND revoked_at_ms=?)",
    "DROP_CODES_OF_PAIR": f"SEARCH authorization_code USING COVERING INDEX authorization_code_by_app {PAIR})",
    "DROP_REQUEST_TOKENS_OF_PAIR": f"SEARCH request_token USING COVERING INDEX request_token_by_app {PAIR})",
    "REQUEST_TOKEN": "SEARCH request_token USING PRIMARY KEY (digest=?)",
    "APPROVE_REQUEST_TOKEN": "SEARCH request_token USING PRIMARY KEY (digest=?)",
    "DROP_REQUEST_TOKEN": "SEARCH request_token USING PRIMARY KEY (digest=?)",
    "COUNT_WRONG_VERIFIER": "SEARCH request_token USING PRIMARY KEY (digest=?)",
    "SHARED_GRANT": f"SEARCH access_grant USING INDEX {OF_PAIR}",
    "ENDED_CODES": "SEARCH authorization_code USING INDEX authorization_code_by_end (expires_at_ms<?)",
    "ENDED_REQUEST_TOKENS": "SEARCH request_token USING INDEX request_token_by_end (expires_at_ms<?)",
    "ENDED_SESSIONS": "SEARCH page_session USING INDEX page_session_by_end (expires_at_ms<?)",
    "EXPIRED_TOKENS": "SEARCH token USING INDEX token_by_end (expires_at_ms<?)",
    "REVOKED_TOKENS": "SEARCH token USING INDEX token_by_revocation (revoked_at_ms<?)",
    "DELETE_CODE": "SEARCH authorization_code USING PRIMARY KEY (digest=?)",
    "DELETE_TOKEN": "SEARCH token USING PRIMARY KEY (digest=?)",
    "REPLACE_APP": "SEARCH app USING INTEGER PRIMARY KEY (rowid=?)",
    "APP_BY_CLIENT_ID": "SEARCH app USING INDEX sqlite_autoindex_app_2 (client_id=?)",
    "APP_ONLY_TOKEN": f"SEARCH token USING INDEX token_by_app {PAIR} AND revoked_at_ms=?)",
    "SEALED_OF_APPS": "SEARCH app USING INTEGER PRIMARY KEY (rowid>?)",
    "RESEAL_APP": "SEARCH app USING INTEGER PRIMARY KEY (rowid=?)",
    "SEALED_OF_TOKENS": "SEARCH token USING PRIMARY KEY (digest>?)",
    "RESEAL_TOKEN": "SEARCH token USING PRIMARY KEY (digest=?)",
    "SEALED_OF_REQUEST_TOKENS": "SEARCH request_token USING PRIMARY KEY (digest>?)",
    "RESEAL_REQUEST_TOKEN": "SEARCH request_token USING PRIMARY KEY (digest=?)",
}

OF_AUTHORS = [
    f"SEARCH post USING COVERING INDEX post_by_author (author_id=? {BETWEEN_IDS}",
    "USE TEMP B-TREE FOR ORDER BY",
]
"""Sorts as many as are wanted, and goes on to the next author at the first post that is not among them: see
`test_reads.py`."""

MENTIONS = [
    "SEARCH mention USING PRIMARY KEY (person_id=? AND post_id>? AND post_id<?)",
    "SEARCH post USING INTEGER PRIMARY KEY (rowid=?)",
]

BOTH_SIDES = [
    f"SEARCH message USING INDEX message_by_sender (sender_id=? {BETWEEN_IDS}",
    "SCAN sent",
    "USE TEMP B-TREE FOR ORDER BY",
    f"SEARCH message USING INDEX message_by_recipient (recipient_id=? {BETWEEN_IDS}",
    "SCAN received",
    "USE TEMP B-TREE FOR ORDER BY",
]
"""Sorts two pages that were already cut."""

SEVERAL = {
    "PACKED": [
        "SEARCH relation USING PRIMARY KEY (source_id=? AND kind=? AND position<?)",
        RELATION_BY_TARGET,
    ],
    "WHICH": [
        f"SEARCH relation USING COVERING INDEX {BY_TARGET}",
        "SEARCH any_ended USING COVERING INDEX relation_by_end_of_source (source_id=? AND kind=? AND end_at_ms<?)",
        f"SEARCH lasting USING INDEX {BY_TARGET}",
    ],
    "OLDER_OF_AUTHORS": OF_AUTHORS,
    "NEWER_OF_AUTHORS": OF_AUTHORS,
    "OLDER_MENTIONS": MENTIONS,
    "NEWER_MENTIONS": MENTIONS,
    "OLDER_OF_PERSON": BOTH_SIDES,
    "NEWER_OF_PERSON": BOTH_SIDES,
    "ADD_POST": [
        "SEARCH original USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH original USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "NAME_REPOSTED_AUTHORS": [
        "SEARCH post USING INDEX post_by_reposted (reposted_id=?)",
        "SEARCH original USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "REDEEM_CODE": ["SEARCH authorization_code USING PRIMARY KEY (digest=?)", APP_BY_ID],
    "REDEEM_REQUEST_TOKEN": ["SEARCH request_token USING PRIMARY KEY (digest=?)", APP_BY_ID],
    "REPLACE_TOKEN": ["SEARCH token USING PRIMARY KEY (digest=?)", APP_BY_ID],
    "CHANGE_APP": [APP_BY_ID, PROJECT_BY_ID],
    "DELETE_PROJECT": [
        "SEARCH project USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH app USING COVERING INDEX app_by_project (project_id=?)",
    ],
    "USE_UP_REFRESH_TOKEN": [
        "SEARCH token USING PRIMARY KEY (digest=?)",
        "SEARCH access_grant USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "OWN_TOKEN": [
        "SEARCH token USING INDEX token_by_grant (grant_id=? AND revoked_at_ms=?)",
        "SEARCH access_grant USING INDEX access_grant_by_app (app_id=? AND user_id=? AND revoked_at_ms=?)",
        "USE TEMP B-TREE FOR ORDER BY",
    ],
    "OAUTH1_ACCESSES": [
        "SEARCH token USING INDEX token_by_grant (grant_id=? AND revoked_at_ms=?)",
        "SEARCH access_grant USING INDEX access_grant_by_app (app_id=? AND user_id=? AND revoked_at_ms=?)",
        "USE TEMP B-TREE FOR DISTINCT",
    ],
    "CONNECTIONS_OF_USER": [
        "SEARCH access_grant USING INDEX access_grant_by_user (user_id=? AND revoked_at_ms=?)",
        "SEARCH token USING INDEX token_by_grant (grant_id=? AND revoked_at_ms=?)",
        "SEARCH token USING INDEX token_by_grant (grant_id=? AND revoked_at_ms=?)",
        "USE TEMP B-TREE FOR ORDER BY",
    ],
    "CONNECTIONS_OF_APP": [
        "SEARCH access_grant USING INDEX access_grant_by_app (app_id=? AND user_id>?)",
        "SEARCH token USING INDEX token_by_grant (grant_id=? AND revoked_at_ms=?)",
        "SEARCH token USING INDEX token_by_grant (grant_id=? AND revoked_at_ms=?)",
    ],
    "REVOKE_OLDER_TOKENS_OF_GRANT": [
        "SEARCH token USING PRIMARY KEY (digest=?)",
        "SEARCH token USING INDEX token_by_grant (grant_id=? AND revoked_at_ms=?)",
        "USE TEMP B-TREE FOR ORDER BY",
    ],
    "TOKENS_OF_REVOKED_GRANTS": [
        "SEARCH access_grant USING COVERING INDEX access_grant_by_revocation (revoked_at_ms<?)",
        "SEARCH token USING INDEX token_by_grant (grant_id=?)",
    ],
    "REVOKED_GRANTS": [
        "SEARCH access_grant USING INDEX access_grant_by_revocation (revoked_at_ms<?)",
        "SEARCH token USING COVERING INDEX token_by_grant (grant_id=?)",
    ],
    "DELETE_TOKENS_OF_APP": [
        "SEARCH token USING PRIMARY KEY (digest=?)",
        "SEARCH token USING COVERING INDEX token_by_app (app_id=?)",
    ],
    "DELETE_GRANTS_OF_APP": [
        "SEARCH access_grant USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH access_grant USING COVERING INDEX access_grant_by_app (app_id=?)",
    ],
    "DELETE_CODES_OF_APP": [
        "SEARCH authorization_code USING PRIMARY KEY (digest=?)",
        "SEARCH authorization_code USING COVERING INDEX authorization_code_by_app (app_id=?)",
    ],
    "DELETE_REQUEST_TOKENS_OF_APP": [
        "SEARCH request_token USING PRIMARY KEY (digest=?)",
        "SEARCH request_token USING COVERING INDEX request_token_by_app (app_id=?)",
    ],
    "SWEEP_NONCES": [
        "SEARCH nonce USING PRIMARY KEY (digest=?)",
        "SEARCH nonce USING COVERING INDEX nonce_by_end (expires_at_ms<?)",
    ],
    "DROP_EMPTY_GRANTS": [
        "SEARCH access_grant USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH token USING COVERING INDEX token_by_grant (grant_id=?)",
    ],
}
"""Those that search again for each row found, or once for what it is of; some sort the few rows of one person or one
grant."""

NO_SEARCH = {
    "ADD_RELATION",
    "ADD_RELATION_QUIETLY",
    "PUT_PERSON",
    "PUT_HANDLE",
    "PUT_MENTION",
    "ADD_MESSAGE",
    "PUT_PASSWORD",
    "PUT_SESSION",
    "PUT_DEVELOPER",
    "ADD_PROJECT",
    "PUT_PROJECT",
    "ADD_USAGE",
    "REMEMBER",
    "PUT_APP",
    "INSERT_TOKEN",
    "BUMP",
    "RECORD_MIGRATION",
}
"""Insertions, which look for nothing but their own keys."""

WHOLE_TABLES = {"ANY_APP", "FIRST_PERSON_IDS", "REVISIONS", "MIGRATIONS_DONE"}
"""What reads a table from its beginning, in the order of its key, and is limited or tiny."""

HARMLESS = re.compile(
    r"CO-ROUTINE (page|newest|sent|received)|SCAN (page|newest)|(CORRELATED )?(LIST|SCALAR) SUBQUERY \d"
    r"|SCAN CONSTANT ROW|SCAN json_each VIRTUAL TABLE INDEX 1:|MERGE \(UNION ALL\)|LEFT|RIGHT"
)
"""Steps over the ids that were asked for, a search for each of them, and steps over a page that was already cut."""

SUBJECTS = (
    AccountQueries,
    ConsentQueries,
    CredentialQueries,
    DirectoryQueries,
    MessageQueries,
    PostQueries,
    SweepingQueries,
    nonces,
    relations,
    upkeep,
)

ALL = {
    name: sql
    for subject in (*SUBJECTS, own)
    for name, sql in vars(subject).items()
    if name.isupper() and not name.startswith("_") and not name.endswith("_COLUMNS")
}
"""What is asked: SQLite's own words stand for those that it shares with other databases."""

STATISTICS = {
    "long lists": "2000000 2000000 1000000 1",
    "short lists": "2000000 2 1 1",
    "a list of everything": "1 1 1 1",
}
"""What `ANALYZE` may have said about the relations of a source, of a kind and of a target."""


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for _, _, schema in migrations():
            connection.executescript(schema)
        connection.execute("CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        yield connection


def plan(database: sqlite3.Connection, sql: str) -> list[str]:
    parameters = [0] * max((int(number) for number in re.findall(r"[$?](\d+)", sql)), default=0)
    steps = database.execute(f"EXPLAIN QUERY PLAN {adapt(sql)}", parameters)
    return [detail for *_, detail in steps if not HARMLESS.fullmatch(detail)]


@pytest.mark.parametrize(("name", "expected"), PLANS.items(), ids=list(PLANS))
def test_a_query_is_one_search(database: sqlite3.Connection, name: str, expected: str) -> None:
    assert plan(database, ALL[name]) == [expected]


@pytest.mark.parametrize(("name", "expected"), SEVERAL.items(), ids=list(SEVERAL))
def test_a_query_is_a_search_and_one_for_each_row_found(
    database: sqlite3.Connection, name: str, expected: list[str]
) -> None:
    assert plan(database, ALL[name]) == expected


@pytest.mark.parametrize("name", sorted(NO_SEARCH))
def test_an_insertion_searches_nothing(database: sqlite3.Connection, name: str) -> None:
    assert plan(database, ALL[name]) == []


@pytest.mark.parametrize("name", sorted(WHOLE_TABLES))
def test_a_table_read_from_its_beginning_is_not_sorted(database: sqlite3.Connection, name: str) -> None:
    [step] = plan(database, ALL[name])
    assert step.startswith("SCAN")


def test_every_query_is_looked_at() -> None:
    assert ALL.keys() == PLANS.keys() | SEVERAL.keys() | NO_SEARCH | WHOLE_TABLES


@pytest.mark.parametrize("rows", STATISTICS.values(), ids=list(STATISTICS))
@pytest.mark.parametrize("name", ["PACKED", "WHICH"])
def test_a_list_is_not_walked_for_a_question_whatever_statistics_say(tmp_path: Path, name: str, rows: str) -> None:
    with closing(sqlite3.connect(tmp_path / "analyzed.db")) as connection:
        for _, _, schema in migrations():
            connection.executescript(schema)
        connection.execute("ANALYZE")
        for index in ("relation", "sqlite_autoindex_relation_2", "relation_by_end_of_source"):
            connection.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('relation', ?, ?)", (index, rows))
        connection.commit()
    with closing(sqlite3.connect(tmp_path / "analyzed.db")) as connection:
        assert plan(connection, ALL[name]) == SEVERAL[name]
