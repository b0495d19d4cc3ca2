from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tacet.cli.exits import CommandError, Exit
from tacet.cli.sources import MAX_CONFIG_BYTES, MAX_SECRET_BYTES, load
from tacet.identity.vault import new_secret_key
from tacet.ids import SeededRandomness
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.rates import RateLimit
from tacet.settings import ADMIN, SANDBOX, SERVE, Settings

KEY, OTHER_KEY, THIRD_KEY = (new_secret_key(SeededRandomness(seed)) for seed in range(3))

Write = Callable[[str], str]


@pytest.fixture
def config(tmp_path: Path) -> Write:
    """Writes a TOML file and returns its path."""

    def write(text: str) -> str:
        path = tmp_path / "tacet.toml"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def secret(tmp_path: Path) -> Write:
    """Writes a file with a secret and returns its path."""

    def write(text: str) -> str:
        path = tmp_path / f"secret-{len(list(tmp_path.iterdir()))}"
        path.write_text(text)
        return str(path)

    return write


def test_without_any_source_everything_is_at_its_default() -> None:
    assert load(SANDBOX, SANDBOX, {}, {"HOME": "/", "PATH": "/bin"}) == Settings(mode=SANDBOX)


def test_flags_win_over_variables_over_the_file_over_defaults(config: Write) -> None:
    path = config("port = 1\npeople = 11\nseed = 21\n")
    settings = load(
        SANDBOX,
        SANDBOX,
        {"config": path, "port": "3"},
        {"TACET_PORT": "2", "TACET_PEOPLE": "12"},
    )
    assert (settings.port, settings.people, settings.seed, settings.host) == (3, 12, 21, "127.0.0.1")


def test_the_file_is_named_by_a_variable_and_a_flag_wins(config: Write, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("port = 2\n")
    path = config("port = 1\n")
    assert load(SANDBOX, SANDBOX, {}, {"TACET_CONFIG": path}).port == 1
    assert load(SANDBOX, SANDBOX, {"config": str(other)}, {"TACET_CONFIG": path}).port == 2


def test_limits_of_all_sources_are_joined_route_by_route(config: Write) -> None:
    path = config('[limits]\nmuteUser = "1/60"\nunmuteUser = "2/60"\ngetUsersMe = "3/60"\n')
    settings = load(
        SANDBOX,
        SANDBOX,
        {"config": path, "limits": ("muteUser=7/60",)},
        {"TACET_LIMITS": "muteUser=5/60,unmuteUser=6/60"},
    )
    assert settings.limits == {
        **DEFAULT_LIMITS,
        "muteUser": RateLimit(7, 60),
        "unmuteUser": RateLimit(6, 60),
        "getUsersMe": RateLimit(3, 60),
    }


def test_a_repeated_flag_makes_a_list() -> None:
    settings = load(SANDBOX, SANDBOX, {"api_origins": ("https://a", "https://b")}, {})
    assert settings.api_origins == ("https://a", "https://b")


@pytest.mark.parametrize("given", [True, False])
def test_a_switch_is_taken_as_it_is(given: bool) -> None:
    variable = {"TACET_RATE_LIMITS": str(not given)}
    assert load(SANDBOX, SANDBOX, {"rate_limits": given}, variable).rate_limits is given


def test_settings_of_other_commands_are_left_alone() -> None:
    environment = {"TACET_PEOPLE": "50", "TACET_PORT": "9000", "TACET_SECRET_KEY": KEY}
    assert load(SERVE, SERVE, {}, environment).people == 200
    assert load(SERVE, ADMIN, {}, environment).port == 8080
    assert load(SANDBOX, SANDBOX, {}, environment).secret_key == ""


def test_settings_of_other_commands_are_checked_all_the_same() -> None:
    with pytest.raises(CommandError, match="TACET_PEOPLE: 'many' is not a whole number"):
        load(SERVE, SERVE, {}, {"TACET_PEOPLE": "many"})


class TestSecrets:
    def test_come_from_a_variable(self) -> None:
        assert load(SERVE, SERVE, {}, {"TACET_SECRET_KEY": KEY}).secret_key == KEY

    def test_come_from_the_file(self, config: Write) -> None:
        assert load(SERVE, SERVE, {"config": config(f'secret_key = "{KEY}"')}, {}).secret_key == KEY

    def test_come_from_a_file_that_a_flag_names(self, secret: Write) -> None:
        assert load(SERVE, SERVE, {"secret_key": secret(f"{KEY}\n")}, {}).secret_key == KEY

    def test_come_from_a_file_that_a_variable_names(self, secret: Write) -> None:
        assert load(SERVE, SERVE, {}, {"TACET_SECRET_KEY_FILE": secret(f"{KEY}\n")}).secret_key == KEY

    def test_come_from_a_file_that_the_file_names(self, config: Write, secret: Write) -> None:
        path = config(f'secret_key_file = "{secret(KEY)}"')
        assert load(SERVE, SERVE, {"config": path}, {}).secret_key == KEY

    def test_flags_win_over_variables_over_the_file(self, config: Write, secret: Write) -> None:
        path, environment = config(f'secret_key = "{KEY}"'), {"TACET_SECRET_KEY": OTHER_KEY}
        assert load(SERVE, ADMIN, {"config": path}, environment).secret_key == OTHER_KEY
        flags = {"config": path, "secret_key": secret(THIRD_KEY)}
        assert load(SERVE, ADMIN, flags, environment).secret_key == THIRD_KEY


def refused(
    flags: dict[str, Any] | None = None, environment: dict[str, str] | None = None, mode: str = SERVE
) -> CommandError:
    with pytest.raises(CommandError) as raised:
        load(mode, mode, flags or {}, environment or {})
    assert "\n" not in str(raised.value)
    return raised.value


BAD_VARIABLES = {
    "unknown, something near": ({"TACET_PROT": "1"}, "unknown variable TACET_PROT: did you mean TACET_PORT?"),
    "unknown, nothing near": ({"TACET_ZZZZZZZZZZ": "1"}, "unknown variable TACET_ZZZZZZZZZZ: unset it"),
    "a field's name, not its key": ({"TACET_DATA_DIR": "x"}, "did you mean TACET_DATA?"),
    "the mode": ({"TACET_MODE": "serve"}, "unknown variable TACET_MODE"),
    "near the file": ({"TACET_CONFG": "x"}, "did you mean TACET_CONFIG?"),
    "bad value": ({"TACET_PORT": "x"}, "TACET_PORT: 'x' is not a whole number"),
    "empty": ({"TACET_HOST": ""}, "TACET_HOST: is empty"),
    "no such file of a secret": (
        {"TACET_SECRET_KEY_FILE": "nowhere"},
        "TACET_SECRET_KEY_FILE: the file of a secret, nowhere cannot be read: No such",
    ),
}


@pytest.mark.parametrize(("environment", "reason"), BAD_VARIABLES.values(), ids=BAD_VARIABLES)
def test_bad_variables_are_refused_by_name(environment: dict[str, str], reason: str) -> None:
    error = refused(environment=environment)
    assert error.code is Exit.CONFIGURATION
    assert reason in str(error)


BAD_FILES = {
    "unknown, something near": ("prot = 1", "unknown key prot: did you mean port?"),
    "unknown, nothing near": ("zzzzzzzzzz = 1", "unknown key zzzzzzzzzz: remove it"),
    "unknown table": ("[server]\nport = 1", "unknown key server"),
    "a field's name, not its key": ('data_dir = "x"', "unknown key data_dir: did you mean data?"),
    "wrong type": ('port = "1"', "port: must be a whole number"),
    "unknown route": ('[limits]\nmuteUsers = "1/1"', "did you mean muteUser?"),
    "no TOML": ("port 1", "tacet.toml: no TOML: "),
    "twice": ("port = 1\nport = 2", "tacet.toml: "),
    "no quotes": ("host = 127.0.0.1", 'a line is key = value, with texts in quotes: host = "127.0.0.1"'),
    "too large": ("#" * (MAX_CONFIG_BYTES + 1), "longer than"),
    "secret file no path": ("secret_key_file = 1", "secret_key_file: must be the path of a file"),
}


@pytest.mark.parametrize(("text", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files_are_refused_with_their_name(config: Write, text: str, reason: str) -> None:
    error = refused({"config": config(text)})
    assert error.code is Exit.CONFIGURATION
    assert "tacet.toml" in str(error)
    assert reason in str(error)


def test_a_file_that_is_not_there_is_refused() -> None:
    error = refused({"config": "nowhere.toml"})
    assert error.code is Exit.CONFIGURATION
    assert str(error) == "nowhere.toml cannot be read: No such file or directory"


def test_a_bad_flag_is_a_usage_error() -> None:
    error = refused({"port": "70000"})
    assert error.code is Exit.USAGE
    assert str(error) == "--port: 70000 is not between 0 and 65535"


BAD_SECRETS = {
    "short": "hunter2",
    "empty": "",
    "blank": "\n",
    "a whole file": "x" * (MAX_SECRET_BYTES + 1),
}


@pytest.mark.parametrize("text", BAD_SECRETS.values(), ids=BAD_SECRETS)
def test_a_bad_secret_is_refused_without_being_shown(secret: Write, text: str) -> None:
    error = refused({"secret_key": secret(text)})
    assert error.code is Exit.CONFIGURATION
    assert str(error).startswith("--secret-key-file: ")
    assert not text.strip() or text not in str(error)


def test_a_secret_given_twice_in_one_place_is_refused(config: Write, secret: Write) -> None:
    path = secret(KEY)
    twice = {"TACET_SECRET_KEY": KEY, "TACET_SECRET_KEY_FILE": path}
    assert "given here twice" in str(refused(environment=twice))
    file = config(f'secret_key = "{KEY}"\nsecret_key_file = "{path}"')
    assert "given here twice" in str(refused({"config": file}))
