from typing import Any

import pytest

from tacet.wire.v2.fragments import Fragments
from tests.service import in_memory


@pytest.mark.parametrize("budget", [1 << 20, 64 << 20])
async def test_what_is_kept_rendered_shares_the_memory_that_is_set_for_it(
    budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    real = Fragments.__init__

    def spied(fragments: Fragments[Any], max_fragments: int, max_bytes: int, *more: Any) -> None:
        given.append(max_bytes)
        real(fragments, max_fragments, max_bytes, *more)

    monkeypatch.setattr(Fragments, "__init__", spied)
    async with in_memory(person_cache_bytes=budget):
        pass
    assert len(given) == 2
    assert sum(given) == budget
