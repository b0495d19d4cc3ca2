"""What becomes of windows that processes share while Redis is away."""

from collections.abc import Mapping

from tacet.clock import Clock
from tacet.limits.rates import RateLimit
from tacet.limits.windows import InProcessWindows, Spent, Windows
from tacet.redis.connection import RedisAway


class OpenWhileAway(Windows):
    """Rate limits: while Redis is away every request is allowed, as the first of a fresh window. What is limited to
    nothing stays so.

    Attributes:
        let_through: requests that were allowed because of that.
    """

    def __init__(self, shared: Windows, limits: Mapping[str, RateLimit], clock: Clock) -> None:
        self._shared = shared
        self._limits = dict(limits)
        self._clock = clock
        self.let_through = 0

    async def spend(self, route: str, subject: int) -> Spent | None:
        try:
            return await self._shared.spend(route, subject)
        except RedisAway:
            fresh = self._fresh(route, used=1)
            self.let_through += fresh is not None and fresh.allowed
            return fresh

    async def peek(self, route: str, subject: int) -> Spent | None:
        try:
            return await self._shared.peek(route, subject)
        except RedisAway:
            return self._fresh(route, used=0)

    async def give_back(self, route: str, subject: int) -> None:
        try:
            await self._shared.give_back(route, subject)
        except RedisAway:
            return

    async def forget_before(self, route: str, subject: int, moment_ms: int) -> bool:
        try:
            return await self._shared.forget_before(route, subject, moment_ms)
        except RedisAway:
            return False

    def _fresh(self, route: str, used: int) -> Spent | None:
        limit = self._limits.get(route)
        if limit is None:
            return None
        resets_at_s = (self._clock.now_ms() + limit.window_s * 1000) // 1000
        return Spent(limit.count > 0, limit.count, max(0, limit.count - used), resets_at_s)


class OwnBeside(Windows):
    """Limits that nobody may get past: what this process counts holds too, whatever Redis says or has forgotten.

    Args:
        shared: with the limits that `own` has.
    """

    def __init__(self, shared: Windows, own: InProcessWindows) -> None:
        self._shared = shared
        self._own = own

    async def spend(self, route: str, subject: int) -> Spent | None:
        try:
            shared = await self._shared.spend(route, subject)
        except RedisAway:
            return await self._own.spend(route, subject)
        # What one refuses, neither counts: or a window of the other's would refuse longer than it has to.
        if shared is None or not shared.allowed:
            return shared
        own = await self._own.spend(route, subject)
        if own is not None and not own.allowed:
            await self._give_back_shared(route, subject)
        return _stricter(shared, own)

    async def peek(self, route: str, subject: int) -> Spent | None:
        own = await self._own.peek(route, subject)
        try:
            return _stricter(await self._shared.peek(route, subject), own)
        except RedisAway:
            return own

    async def give_back(self, route: str, subject: int) -> None:
        await self._own.give_back(route, subject)
        await self._give_back_shared(route, subject)

    async def forget_before(self, route: str, subject: int, moment_ms: int) -> bool:
        own = await self._own.forget_before(route, subject, moment_ms)
        try:
            return await self._shared.forget_before(route, subject, moment_ms) or own
        except RedisAway:
            return own

    async def _give_back_shared(self, route: str, subject: int) -> None:
        try:
            await self._shared.give_back(route, subject)
        except RedisAway:
            return


def _stricter(one: Spent | None, other: Spent | None) -> Spent | None:
    """The one that refuses; of two that do, the one that lasts longer; else the one with less left."""
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda spent: (spent.allowed, spent.remaining, -spent.resets_at_s))
