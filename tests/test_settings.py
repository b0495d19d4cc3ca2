import dataclasses
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from scripts.reference import DOCS, MADE, renewed
from tacet.cli.sources import load
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.rates import RateLimit
from tacet.sandbox.world import MAX_PEOPLE, MIN_PEOPLE
from tacet.setting_rules import Named
from tacet.settings import (
    ADMIN,
    SANDBOX,
    SERVE,
    Settings,
    all_settings,
    settings_of,
)

ALL = [*all_settings()]
IDS = [named.field_name for named in ALL]
SOURCE = Path(__file__).resolve().parent.parent / "src" / "tacet"
PAGE = (DOCS / "settings.md").read_text(encoding="utf-8")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings(mode=SANDBOX).port = 1  # type: ignore[misc]  # that it cannot is what is tested


def test_every_field_but_the_mode_is_a_setting() -> None:
    assert {"mode", *IDS} == {field.name for field in dataclasses.fields(Settings)}


def test_names_are_unique() -> None:
    for names in ([each.key for each in ALL], [each.flag for each in ALL], [each.variable for each in ALL]):
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("named", ALL, ids=IDS)
def test_every_setting_says_what_it_is(named: Named) -> None:
    assert named.setting.help.endswith(".")
    assert set(named.setting.commands) <= {SANDBOX, SERVE, ADMIN}
    assert named.setting.commands
    assert named.setting.metavar or named.type is bool


@pytest.mark.parametrize("named", ALL, ids=IDS)
def test_defaults_keep_to_their_own_bounds(named: Named) -> None:
    if named.type is int:
        assert named.setting.minimum <= named.default <= named.setting.maximum
    if named.setting.choices:
        assert named.default in named.setting.choices
    if named.setting.check and named.default:
        for text in named.default if isinstance(named.default, tuple) else [named.default]:
            named.setting.check(text)


@pytest.mark.parametrize("named", [each for each in ALL if each.setting.secret], ids=lambda each: each.key)
def test_secrets_are_never_shown(named: Named) -> None:
    hidden: dict[str, Any] = {named.field_name: "hidden treasure"}
    assert "hidden treasure" not in repr(Settings(mode=SERVE, **hidden))
    assert named.flag.endswith("-file")


@pytest.mark.parametrize("name", ["database", "world", "redis"])
def test_addresses_are_not_shown_for_they_may_hold_passwords(name: str) -> None:
    hidden: dict[str, Any] = {name: "postgresql://u:treasure@h/d"}
    assert "treasure" not in repr(Settings(mode=SERVE, **hidden))


@pytest.mark.parametrize("named", ALL, ids=IDS)
def test_every_setting_is_used(named: Named) -> None:
    uses = re.compile(rf"settings\.{named.field_name}\b")
    readers = [path for path in SOURCE.rglob("*.py") if uses.search(path.read_text(encoding="utf-8"))]
    assert readers != []


def test_limits_are_for_the_operations_of_xs_document_with_xs_numbers() -> None:
    assert DEFAULT_LIMITS["getUsersMuting"] == RateLimit(15, 900)
    assert DEFAULT_LIMITS["muteUser"] == DEFAULT_LIMITS["unmuteUser"] == RateLimit(50, 900)
    assert DEFAULT_LIMITS["getUsersMe"] == RateLimit(75, 900)


def test_worlds_are_as_large_as_the_sandbox_builds_them() -> None:
    people = next(each.setting for each in ALL if each.field_name == "people")
    assert (people.minimum, people.maximum) == (MIN_PEOPLE, MAX_PEOPLE)


def test_admin_commands_share_their_settings_with_serve() -> None:
    assert {each.key for each in settings_of(ADMIN)} == {"database", "secret_key", "old_secret_key"}
    assert {each.key for each in settings_of(ADMIN)} <= {each.key for each in settings_of(SERVE)}


def test_the_sandbox_has_neither_database_nor_secret_key() -> None:
    assert {"database", "secret_key"}.isdisjoint(each.key for each in settings_of(SANDBOX))


class TestDocumentation:
    """docs/settings.md says what is true."""

    @pytest.mark.parametrize("named", ALL, ids=IDS)
    def test_every_setting_is_documented_by_all_its_names(self, named: Named) -> None:
        row = next((line for line in PAGE.splitlines() if f"`{named.variable}`" in line), "")
        assert named.flag in row
        assert f"`{named.key}`" in row
        assert named.setting.help in row

    @pytest.mark.parametrize("route", DEFAULT_LIMITS)
    def test_every_route_is_documented(self, route: str) -> None:
        assert f"| `{route}` |" in PAGE

    def test_generated_tables_are_up_to_date(self) -> None:
        assert {name for _, name, _ in MADE.findall(PAGE)} == {"settings", "limits"}
        assert renewed(PAGE) == PAGE, "run `python scripts/reference.py`"

    def test_the_example_file_is_accepted(self, tmp_path: Path) -> None:
        examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
        assert examples
        secret = tmp_path / "secret.key"
        secret.write_text("MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY")
        for number, example in enumerate(examples):
            path = tmp_path / f"{number}.toml"
            path.write_text(example.replace("/etc/tacet/secret.key", str(secret)))
            settings = load(SERVE, SERVE, {"config": str(path)}, {})
            assert settings.limits["muteUser"] == RateLimit(500, 900)
            assert settings.secret_key

    def test_the_example_variable_is_accepted(self) -> None:
        example = re.search(r"`(TACET_LIMITS=\S+)`", PAGE)
        assert example
        variable, _, text = shlex.split(example[1])[0].partition("=")
        settings = load(SANDBOX, SANDBOX, {}, {variable: text})
        assert settings.limits["getUsersMuting"] == RateLimit(100, 60)


def test_types_of_fields_are_those_that_values_can_be_read_for() -> None:
    readable = {str, int, bool, Path | None, tuple[str, ...], Mapping[str, RateLimit]}
    assert set(get_type_hints(Settings).values()) == readable
