"""What the clients are tried against: real sandboxes, one of them with X's limits."""

from collections.abc import Iterator

import pytest

from tests.sandboxes import Resident, Sandbox, sandbox

PEOPLE = 1_300
"""Enough that carol mutes 1,234: more than one page of any size."""

FIRST_NEWCOMER = 3
"""Place of the first resident who mutes nobody and is not spoken of in the documentation."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that counts nothing, so that one test's requests are not another's limit."""
    with sandbox(tmp_path_factory.mktemp("server"), "--no-rate-limits", "--people", str(PEOPLE)) as running:
        yield running


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with X's limits."""
    with sandbox(tmp_path_factory.mktemp("limited")) as running:
        yield running


@pytest.fixture(scope="module")
def _newcomers(server: Sandbox) -> Iterator[Resident]:
    return iter(server.residents[FIRST_NEWCOMER:])


@pytest.fixture
def newcomer(_newcomers: Iterator[Resident]) -> Resident:
    """Somebody who mutes nobody and whom no other test of the module uses."""
    return next(_newcomers)


@pytest.fixture(scope="module")
def _limited_newcomers(limited: Sandbox) -> Iterator[Resident]:
    return iter(limited.residents[FIRST_NEWCOMER:])


@pytest.fixture
def limited_newcomer(_limited_newcomers: Iterator[Resident]) -> Resident:
    """The same where requests are counted: somebody none of whose windows is open."""
    return next(_limited_newcomers)
