"""The same page asked for with a bearer and with OAuth 1.0a."""

import random
from collections.abc import Callable, Sequence

from bench.client import Client
from bench.errors import BenchError
from bench.figures import Figure, Goal, Sense, figure, load_figure
from bench.load import Load, ratios, rounds
from bench.signing import lines, signed_page
from bench.stage import Stage
from tacet.clock import SystemClock
from tacet.identity.oauth1.nonces import MAX_NONCES

SHARE_OF_BEARER = 0.6
"""Of the bearer's rate, for the signed page."""

RESERVE = 1.1
"""How many times more requests are signed than the bearer's rate would use up: none may run out."""

GROUP = "crowd"

X = ("https", "api.x.com")
"""What most SDKs sign for, wherever their requests go."""


def measure(stage: Stage) -> list[Figure]:
    """Bearer, signed for X's own host as most SDKs do, and signed for this server's address, in turn."""
    signer = _Signer(stage)
    stage.warm_up(GROUP, "")
    signer.warm_up()
    done = rounds(
        stage.plan.runs,
        {
            "bare": stage.bare_load,
            "bearer": signer.with_bearer,
            "x": signer.signed_for(X),
            "here": signer.signed_for(("http", stage.tacet.host)),
        },
    )
    goal = Goal(Sense.AT_LEAST, SHARE_OF_BEARER, " times")
    to_x, here = "signed for https://api.x.com", "signed for this address"
    return [
        load_figure("signed", "page of 100, bearer", done["bearer"], done["bare"]),
        load_figure("signed", f"page of 100, {to_x}", done["x"], done["bare"]),
        load_figure("signed", f"page of 100, {here}", done["here"], done["bare"]),
        figure("signed", f"{to_x}, to bearer", ratios(done["x"], done["bearer"]), " times", goal),
        figure("signed", f"{here}, to bearer", ratios(done["here"], done["bearer"]), " times", goal),
    ]


class _Signer:
    """Signs as many requests as the next run can send, just before it does."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._clock = SystemClock()
        self._dice = random.Random()
        self._signed = 0
        self._wanted = 0
        self._path = stage.scratch / "signed.requests"

    def warm_up(self) -> None:
        """One signed request of everybody."""
        indexes = self._stage.groups[GROUP].indexes
        self._stage.say("warming up: signed requests")
        now_s = self._now_s()
        with Client(self._stage.tacet) as client:
            client.walk(signed_page(index, X, now_s, self._dice) for index in indexes)
        self._signed += len(indexes)

    def with_bearer(self, number: int) -> Load:
        """One run with bearers; its rate tells how many signed requests the next ones need."""
        load = self._stage.page_load(GROUP, "", number)
        self._wanted = int(load.rate * self._stage.plan.seconds * RESERVE) + 1_000
        return load

    def signed_for(self, scheme_and_host: tuple[str, str]) -> Callable[[int], Load]:
        """A load of pages that are signed for this host."""

        def load(number: int) -> Load:
            indexes = self._stage.groups[GROUP].indexes
            self._sign(self._dice.choices(indexes, k=self._wanted), scheme_and_host)
            self._stage.say(f"round {number}: pages signed for {scheme_and_host[1]}")
            return self._stage.load(self._stage.tacet, "lines", str(self._path))

        return load

    def _sign(self, indexes: Sequence[int], scheme_and_host: tuple[str, str]) -> None:
        self._stage.say(f"signing {len(indexes):,} requests for {scheme_and_host[1]}")
        self._signed += len(indexes)
        if self._signed > MAX_NONCES:
            raise BenchError(
                f"the server remembers {MAX_NONCES:,} nonces, and the signed loads would send more: "
                "give fewer --runs or --seconds"
            )
        with self._path.open("w", encoding="ascii") as file:
            file.writelines(lines(indexes, scheme_and_host, self._now_s(), self._dice))

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000
