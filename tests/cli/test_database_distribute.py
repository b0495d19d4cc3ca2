import pytest

from tacet.cli.exits import Exit
from tacet.store.postgres.distribution import LOCAL, SETTINGS, SPREAD
from tacet.store.queries.copying import KEYS
from tests.cli.conftest import Tacet
from tests.databases import Postgres

CITUS = """
CREATE TABLE called (number SERIAL, name TEXT, target REGCLASS, by TEXT);
CREATE TABLE state (table_name REGCLASS PRIMARY KEY, citus_table_type TEXT, distribution_column TEXT);
CREATE VIEW citus_tables AS SELECT * FROM state;
CREATE FUNCTION create_distributed_table(target REGCLASS, by TEXT, distribution_type TEXT DEFAULT 'hash') RETURNS VOID
LANGUAGE sql AS $$
    INSERT INTO state VALUES (target, 'distributed', by);
    INSERT INTO called (name, target, by) VALUES ('create_distributed_table', target, by);
$$;
CREATE FUNCTION truncate_local_data_after_distributing_table(target REGCLASS) RETURNS VOID LANGUAGE sql AS $$
    INSERT INTO called (name, target) VALUES ('truncate_local_data_after_distributing_table', target);
$$;
CREATE FUNCTION run_command_on_all_nodes(
    command TEXT, parallel BOOLEAN DEFAULT true, give_warning_for_connection_errors BOOLEAN DEFAULT false,
    OUT nodeid INT, OUT success BOOLEAN, OUT result TEXT
) RETURNS SETOF RECORD LANGUAGE sql AS $$
    INSERT INTO called (name, by) VALUES ('run_command_on_all_nodes', command);
    SELECT node, true, 'ALTER DATABASE' FROM generate_series(1, 3) AS node;
$$;
GRANT ALL ON called, state, citus_tables, called_number_seq TO tacet;
"""
"""What stands for the extension: it records what it is asked for, and moves nothing."""

UNIQUE_KEYS = """
SELECT indrelid::regclass, indexrelid::regclass, EXISTS (
    SELECT 1 FROM pg_attribute WHERE attrelid = indrelid AND attname = '{column}' AND attnum = ANY(indkey)
) FROM pg_index WHERE indrelid = '{table}'::regclass AND indisunique
"""


@pytest.fixture
def name(migrated_address: str) -> str:
    """Of a database with Tacet's tables."""
    return migrated_address.rpartition("/")[2]


@pytest.fixture
def _citus(postgres: Postgres, name: str) -> None:
    # Extensions are not in anybody's way when tables are looked for; these stand in a schema of their own.
    postgres.run(
        f"CREATE SCHEMA citus; GRANT USAGE ON SCHEMA citus TO tacet; SET search_path = citus; {CITUS}", database=name
    )
    postgres.run(f"ALTER DATABASE {name} SET search_path = public, citus")


def called(postgres: Postgres, name: str) -> list[str]:
    return postgres.run("SELECT name, target, by FROM citus.called ORDER BY number", database=name).splitlines()


@pytest.mark.usefixtures("_citus")
class TestWithCitus:
    def test_tables_are_spread_and_it_says_which(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str
    ) -> None:
        ended = tacet(f"database distribute --database {migrated_address}")
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert ended.out.splitlines() == [
            "relation: spread by source_id",
            "person: spread by id",
            f"left on the coordinator: {', '.join(LOCAL)}",
            f"set on every machine, for new sessions: {', '.join(SETTINGS)}",
        ]
        assert [line for line in called(postgres, name) if "distributed_table|" in line] == [
            "create_distributed_table|relation|source_id",
            "create_distributed_table|person|id",
        ]

    def test_every_machine_gets_the_settings_of_our_sessions(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str
    ) -> None:
        tacet(f"database distribute --database {migrated_address}")
        assert [line for line in called(postgres, name) if "run_command" in line] == [
            f"run_command_on_all_nodes||ALTER DATABASE {name} SET {setting} = {value}"
            for setting, value in SETTINGS.items()
        ]
        assert {"synchronous_commit", "enable_seqscan", "jit"} <= SETTINGS.keys()
        assert "plan_cache_mode" not in SETTINGS

    @pytest.mark.parametrize(
        "harm",
        [
            "DROP FUNCTION run_command_on_all_nodes",
            "REVOKE EXECUTE ON FUNCTION run_command_on_all_nodes FROM PUBLIC",
            """CREATE OR REPLACE FUNCTION run_command_on_all_nodes(
                command TEXT, parallel BOOLEAN DEFAULT true, give_warning_for_connection_errors BOOLEAN DEFAULT false,
                OUT nodeid INT, OUT success BOOLEAN, OUT result TEXT
            ) RETURNS SETOF RECORD LANGUAGE sql AS
            $$ SELECT node, node < 3, '' FROM generate_series(1, 3) AS node $$""",
        ],
        ids=["an old Citus", "not allowed", "one machine refuses"],
    )
    def test_what_could_not_be_set_everywhere_is_said_as_commands(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str, harm: str
    ) -> None:
        postgres.run(f"SET search_path = citus; {harm}", database=name)
        ended = tacet(f"database distribute --database {migrated_address}")
        assert ended.code == Exit.OK
        assert ended.out.splitlines()[3:] == [
            "not set on every machine: run this on each, as its database's owner",
            *(f"  ALTER DATABASE {name} SET {setting} = {value};" for setting, value in SETTINGS.items()),
        ]
        for command in ended.out.splitlines()[4:]:
            postgres.run(command)

    def test_what_was_there_before_is_not_kept_twice(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str
    ) -> None:
        tacet(f"database distribute --database {migrated_address}")
        truncated = [line for line in called(postgres, name) if "truncate" in line]
        assert truncated == [f"truncate_local_data_after_distributing_table|{table}|" for table in SPREAD]

    def test_again_it_changes_nothing(self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str) -> None:
        tacet(f"database distribute --database {migrated_address}")
        ended = tacet(f"database distribute --database {migrated_address}")
        assert ended.code == Exit.OK
        assert ended.out.splitlines()[:2] == ["relation: spread by source_id already", "person: spread by id already"]
        moved = [line for line in called(postgres, name) if "create_distributed_table|" in line]
        assert len(moved) == len(SPREAD)

    def test_whoever_was_killed_before_the_old_rows_went_has_them_go_the_next_time(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str
    ) -> None:
        postgres.run("INSERT INTO citus.state VALUES ('relation', 'distributed', 'source_id')", database=name)
        assert tacet(f"database distribute --database {migrated_address}").code == Exit.OK
        assert called(postgres, name)[0] == "truncate_local_data_after_distributing_table|relation|"

    def test_after_a_failure_it_goes_on(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str
    ) -> None:
        postgres.run("REVOKE INSERT ON citus.state FROM tacet", database=name)
        ended = tacet(f"database distribute --database {migrated_address}")
        assert (ended.code, ended.out) == (Exit.DATABASE, "")
        postgres.run("GRANT INSERT ON citus.state TO tacet", database=name)
        postgres.run("INSERT INTO citus.state VALUES ('relation', 'distributed', 'source_id')", database=name)
        ended = tacet(f"database distribute --database {migrated_address}")
        assert ended.out.splitlines()[:2] == ["relation: spread by source_id already", "person: spread by id"]

    @pytest.mark.parametrize(
        "state",
        ["('relation', 'distributed', 'target_id')", "('relation', 'reference', '<none>')"],
        ids=["by another column", "copied"],
    )
    def test_a_table_that_is_spread_in_another_way_is_left_alone(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str, state: str
    ) -> None:
        postgres.run(f"INSERT INTO citus.state VALUES {state}", database=name)
        ended = tacet(f"database distribute --database {migrated_address}")
        assert (ended.code, ended.out) == (Exit.DATABASE, "")
        assert "relation is spread in another way: undo that with undistribute_table('relation')" in ended.complaint
        assert called(postgres, name) == []

    def test_tables_that_citus_knows_and_keeps_on_one_machine_are_spread(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str
    ) -> None:
        postgres.run("INSERT INTO citus.state VALUES ('handle', 'local', '<none>')", database=name)
        assert tacet(f"database distribute --database {migrated_address}").code == Exit.OK


class TestWithoutCitus:
    def test_it_says_so_and_stops(self, tacet: Tacet, migrated_address: str) -> None:
        ended = tacet(f"database distribute --database {migrated_address}")
        assert (ended.code, ended.out) == (Exit.DATABASE, "")
        assert "this PostgreSQL has no Citus (no function create_distributed_table): nothing was" in ended.complaint

    def test_without_tables_it_says_what_comes_first(self, tacet: Tacet, postgres_address: str) -> None:
        ended = tacet(f"database distribute --database {postgres_address}")
        assert ended.code == Exit.DATABASE
        assert ended.complaint.endswith("run `tacet database migrate`")

    def test_sqlite_is_refused(self, tacet: Tacet) -> None:
        ended = tacet("database distribute")
        assert ended.code == Exit.FAILED
        assert "only PostgreSQL with Citus can be distributed" in ended.complaint


def test_every_table_has_its_place() -> None:
    assert sorted([*SPREAD, *LOCAL]) == sorted([*KEYS, "revision", "migration"])


@pytest.mark.parametrize(("table", "column"), SPREAD.items())
def test_unique_keys_contain_what_a_table_is_spread_by(postgres: Postgres, name: str, table: str, column: str) -> None:
    found = postgres.run(UNIQUE_KEYS.format(table=table, column=column), database=name).splitlines()
    assert found
    assert all(line.endswith("|t") for line in found)


@pytest.mark.parametrize(("table", "column"), [("post", "id"), ("post", "author_id"), ("message", "low_id")])
def test_those_that_stay_could_not_be_spread(postgres: Postgres, name: str, table: str, column: str) -> None:
    found = postgres.run(UNIQUE_KEYS.format(table=table, column=column), database=name).splitlines()
    assert any(line.endswith("|f") for line in found)
