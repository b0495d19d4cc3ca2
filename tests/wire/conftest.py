from pathlib import Path

import pytest

from tests.wire.recorded import Recorded


@pytest.fixture(scope="session")
def recorded(shared_wire: Path) -> Recorded:
    return Recorded((shared_wire / "errors.md").read_text(), (shared_wire / "WIRE.md").read_text())


@pytest.fixture(scope="session")
def recorded_choices(shared_wire: Path) -> str:
    """What this project decided where nothing was recorded; backslashes only escape the table's backticks."""
    return (shared_wire / "choices.md").read_text().replace("\\", "")
