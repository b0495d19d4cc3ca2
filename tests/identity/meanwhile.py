"""What another server, or another command, does while an action is under way."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, part: object, method: str, happens: Callable[[], Awaitable[object]]
) -> None:
    """Have something happen, once, as soon as a part of a store has answered."""
    ask = getattr(part, method)

    async def answer(*arguments: Any) -> Any:
        found = await ask(*arguments)
        monkeypatch.setattr(part, method, ask)
        await happens()
        return found

    monkeypatch.setattr(part, method, answer)
