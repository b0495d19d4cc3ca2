"""What PostgreSQL says of how it goes about a query, prepared as the store prepares it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tacet.store.postgres.dialect import adapt
from tacet.store.postgres.session import Connection
from tacet.store.queries.tongue import Queries


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as a tree of steps, in PostgreSQL's own words."""

    root: dict[str, Any]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """All of them, those that were never taken too."""
        return [*_below(self.root)]

    @property
    def scans(self) -> list[dict[str, Any]]:
        """Those that read a table."""
        return [step for step in self.steps if "Scan" in step["Node Type"] and "Relation Name" in step]

    @property
    def taken(self) -> list[dict[str, Any]]:
        """Those that read a table, and did so."""
        return [scan for scan in self.scans if scan["Actual Loops"]]

    @property
    def kinds(self) -> set[str]:
        """What the steps are."""
        return {step["Node Type"] for step in self.steps}

    @property
    def sorts(self) -> bool:
        return bool(self.kinds & {"Sort", "Incremental Sort"})


def _below(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for each in step.get("Plans", ()):
        yield from _below(each)


def texts(*subjects: ModuleType | type[Queries]) -> dict[str, str]:
    """The queries of these, by name."""
    return {
        name: sql
        for subject in subjects
        for name, sql in vars(subject).items()
        if name.isupper() and isinstance(sql, str) and not name.startswith("_") and not name.endswith("_COLUMNS")
    }


async def planned(connection: Connection, sql: str) -> Plan:
    """The plan that serves all parameters."""
    count = max((int(number) for number in re.findall(r"\$(\d+)", sql)), default=0)
    return await _explained(connection, sql, "FORMAT JSON", ["NULL"] * count)


async def executed(connection: Connection, sql: str, *parameters: int | Sequence[int] | None) -> Plan:
    """The plan, with what it did with these parameters. What it wrote is taken back."""
    await connection.execute("BEGIN")
    try:
        return await _explained(connection, sql, "ANALYZE, FORMAT JSON", [_literal(each) for each in parameters])
    finally:
        await connection.execute("ROLLBACK")


async def _explained(connection: Connection, sql: str, options: str, literals: Sequence[str]) -> Plan:
    given = f"({', '.join(literals)})" if literals else ""
    await connection.execute(f"PREPARE looked_at AS {adapt(sql)}")
    try:
        [(found,)] = await connection.fetch(f"EXPLAIN ({options}) EXECUTE looked_at{given}", ())
    finally:
        await connection.execute("DEALLOCATE looked_at")
    return Plan(json.loads(found)[0]["Plan"])


def _literal(parameter: int | Sequence[int] | None) -> str:
    if parameter is None:
        return "NULL"
    if isinstance(parameter, int):
        return str(parameter)
    return f"'{{{', '.join(map(str, parameter))}}}'"
