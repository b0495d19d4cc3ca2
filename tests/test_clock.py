from datetime import UTC, datetime, timedelta

from tacet.clock import ManualClock, SystemClock

NOW = 1_795_311_129_000


class TestSystemClock:
    def test_it_tells_unix_milliseconds(self) -> None:
        told = datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC)
        assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)

    def test_its_ticks_never_run_backwards(self) -> None:
        clock = SystemClock()
        ticks = [clock.ticks_ns() for _ in range(1_000)]
        assert ticks == sorted(ticks)
        assert clock.ticks_ns() - ticks[0] < 60 * 1_000_000_000


class TestManualClock:
    def test_it_stands_still(self) -> None:
        clock = ManualClock(NOW)
        assert [clock.now_ms() for _ in range(3)] == [NOW] * 3

    def test_it_moves_when_told_to(self) -> None:
        clock = ManualClock(NOW)
        before_ns = clock.ticks_ns()
        clock.advance(1_500)
        assert clock.now_ms() == NOW + 1_500
        assert clock.ticks_ns() - before_ns == 1_500_000_000

    def test_it_can_step_back_and_jump(self) -> None:
        clock = ManualClock(NOW)
        clock.advance(-10)
        assert clock.now_ms() == NOW - 10
        clock.set(5)
        assert clock.now_ms() == 5
