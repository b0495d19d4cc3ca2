from pathlib import Path

import pytest

from tests.contract.documents import KINDS, Document


@pytest.fixture(scope="session", params=KINDS)
def document(request: pytest.FixtureRequest, shared_wire: Path) -> Document:
    """Each of X's two documents in turn."""
    return Document(shared_wire, KINDS[request.param])
