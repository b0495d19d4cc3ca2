import pytest

from tacet.cli.exits import Exit
from tacet.store.postgres.distribution import COPIED, LOCAL, SPREAD
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
CREATE FUNCTION create_reference_table(target REGCLASS) RETURNS VOID LANGUAGE sql AS $$
    INSERT INTO state VALUES (target, 'reference', '<none>');
    INSERT INTO called (name, target) VALUES ('create_reference_table', target);
$$;
CREATE FUNCTION truncate_local_data_after_distributing_table(target REGCLASS) RETURNS VOID LANGUAGE sql AS $$
    INSERT INTO called (name, target) VALUES ('truncate_local_data_after_distributing_table', target);
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
    def test_tables_are_spread_and_copied_and_it_says_which(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str
    ) -> None:
        ended = tacet(f"database distribute --database {migrated_address}")
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert ended.out.splitlines() == [
            "relation: spread by source_id",
            "person: spread by id",
            *(f"{table}: copied to every machine" for table in COPIED),
            f"left on the coordinator: {', '.join(LOCAL)}",
        ]
        assert [line for line in called(postgres, name) if "truncate" not in line] == [
            "create_distributed_table|relation|source_id",
            "create_distributed_table|person|id",
            *(f"create_reference_table|{table}|" for table in COPIED),
        ]

    def test_what_was_there_before_is_not_kept_twice(
        self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str
    ) -> None:
        tacet(f"database distribute --database {migrated_address}")
        truncated = [line for line in called(postgres, name) if "truncate" in line]
        assert truncated == [f"truncate_local_data_after_distributing_table|{table}|" for table in (*SPREAD, *COPIED)]

    def test_again_it_changes_nothing(self, tacet: Tacet, postgres: Postgres, migrated_address: str, name: str) -> None:
        tacet(f"database distribute --database {migrated_address}")
        before = called(postgres, name)
        ended = tacet(f"database distribute --database {migrated_address}")
        assert ended.code == Exit.OK
        assert ended.out.splitlines()[:3] == [
            "relation: spread by source_id already",
            "person: spread by id already",
            "app: copied to every machine already",
        ]
        assert called(postgres, name) == before

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
    assert sorted([*SPREAD, *COPIED, *LOCAL]) == sorted([*KEYS, "revision", "migration"])


@pytest.mark.parametrize(("table", "column"), SPREAD.items())
def test_unique_keys_contain_what_a_table_is_spread_by(postgres: Postgres, name: str, table: str, column: str) -> None:
    found = postgres.run(UNIQUE_KEYS.format(table=table, column=column), database=name).splitlines()
    assert found
    assert all(line.endswith("|t") for line in found)


@pytest.mark.parametrize(("table", "column"), [("post", "id"), ("post", "author_id"), ("message", "low_id")])
def test_those_that_stay_could_not_be_spread(postgres: Postgres, name: str, table: str, column: str) -> None:
    found = postgres.run(UNIQUE_KEYS.format(table=table, column=column), database=name).splitlines()
    assert any(line.endswith("|f") for line in found)
