"""Attempts to show an App's secret: counted where they fail, so that nobody tries out secrets without end."""

from dataclasses import dataclass

from starlette.types import Scope

from tacet.limits.failures import Failures, Kind
from tacet.wire.addresses import Addresses
from tacet.wire.problems import Problem, Refusal


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that is under way."""

    _failures: Failures
    _who: tuple[str, str]

    async def failed(self) -> None:
        """Count it."""
        await self._failures.note(Kind.TOKEN, *self._who)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Lets clients try, until too many attempts of one at its address have failed."""

    failures: Failures
    addresses: Addresses

    async def begin(self, scope: Scope, client: str, too_many: Problem) -> Attempt:
        """Let a client try.

        Args:
            client: its id or key as it was sent.

        Raises:
            Refusal: with `too_many`.
        """
        who = (self.addresses.of(scope), client)
        if not await self.failures.allowed(Kind.TOKEN, *who):
            raise Refusal(too_many, "too many attempts of this client from this address have failed")
        return Attempt(self.failures, who)
