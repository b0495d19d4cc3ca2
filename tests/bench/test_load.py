from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.load import SCRIPTS, Load, generator, judged, median_rate, ratios, rounds

GOOD = {
    "requests": 1_000,
    "duration_us": 2_000_000,
    "bytes": 50_000,
    "p50_us": 1_500,
    "p99_us": 9_000,
    "refused": 0,
    "broken": 0,
}


def printed(**changed: int) -> str:
    counted = ", ".join(f'"{name}": {value}' for name, value in {**GOOD, **changed}.items())
    return f"Running 2s test\nRequests/sec: 1.00\nbench: {{{counted}}}\n"


def load(rate: float) -> Load:
    return Load(requests=1, rate=rate, cpu_us=1.0, busy=1.0, p50_us=1, p99_us=1, answer_bytes=1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "wrk.log"
    path.write_text("first\nunable to connect\n")
    return path


def test_a_load_is_what_the_script_counted_and_the_server_used(log: Path) -> None:
    assert judged(printed(), 0.5, "page", log) == Load(
        requests=1_000, rate=500.0, cpu_us=500.0, busy=0.25, p50_us=1_500, p99_us=9_000, answer_bytes=50
    )


@pytest.mark.parametrize(
    "changed", [{"refused": 1}, {"broken": 1}, {"requests": 0}], ids=lambda value: next(iter(value))
)
def test_one_error_spoils_a_load(changed: dict[str, int], log: Path) -> None:
    with pytest.raises(BenchError, match=r"page\.lua: of \d+ requests .* measures nothing"):
        judged(printed(**changed), 0.5, "page", log)


def test_a_generator_that_counted_nothing_is_quoted(log: Path) -> None:
    with pytest.raises(BenchError, match=r"wrk failed with page\.lua: unable to connect"):
        judged("Running 2s test\n", 0.5, "page", log)


def test_loads_take_turns() -> None:
    calls: list[tuple[str, int]] = []

    def called(name: str, number: int) -> Load:
        calls.append((name, number))
        return load(len(calls))

    done = rounds(2, {"bare": lambda number: called("bare", number), "ours": lambda number: called("ours", number)})
    assert calls == [("bare", 1), ("ours", 1), ("bare", 2), ("ours", 2)]
    assert {name: [each.rate for each in loads] for name, loads in done.items()} == {"bare": [1, 3], "ours": [2, 4]}


def test_ratios_are_taken_within_each_round() -> None:
    assert ratios([load(50), load(10)], [load(100), load(20)]) == [0.5, 0.5]


def test_the_median_rate_ignores_an_outlier() -> None:
    assert median_rate([load(10), load(900), load(11)]) == 11


def test_a_missing_generator_is_an_error_that_helps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="wrk is missing: `make bench` installs it"):
        generator()


@pytest.mark.parametrize("name", ["bare", "page", "mute", "lines"])
def test_every_script_ends_with_the_line_that_is_read(name: str) -> None:
    script = (SCRIPTS / f"{name}.lua").read_text(encoding="utf-8")
    assert 'dofile(folder .. "/common.lua")' in script
    assert "'bench: {" in (SCRIPTS / "common.lua").read_text(encoding="utf-8")
