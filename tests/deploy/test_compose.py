"""deploy/compose.yaml: services that wait for each other, secrets in files, and commands that Tacet has."""

import os
import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tacet.cli import root
from tacet.cli.sources import load
from tacet.identity.vault import new_secret_key
from tacet.ids import SeededRandomness
from tacet.processes.stopping import CLOSING_S, LAST_RESORT_S
from tacet.settings import SERVE, settings_of
from tests.documents import ROOT

FILE = ROOT / "deploy" / "compose.yaml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return read


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_only_what_compose_knows_is_in_it(compose: dict[str, Any], services: dict[str, Any]) -> None:
    assert set(compose) == {"name", "services", "volumes", "secrets"}
    known = {
        *("image", "build", "command", "entrypoint", "environment", "secrets", "volumes", "ports", "depends_on"),
        *("healthcheck", "restart", "stop_grace_period", "shm_size", "read_only", "tmpfs", "cap_drop", "security_opt"),
    }
    assert {name for service in services.values() for name in service} <= known


def test_images_are_official_ones_by_name(services: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in services.items()}
    assert images == {"postgres": "postgres:17", "redis": "redis:7", "migrate": "tacet", "tacet": "tacet"}


def test_versions_are_ones_that_tacet_works_with(services: dict[str, Any]) -> None:
    assert int(services["postgres"]["image"].partition(":")[2]) >= 15
    assert int(services["redis"]["image"].partition(":")[2]) >= 5


@pytest.mark.parametrize("name", ["migrate", "tacet"])
def test_tacet_is_built_from_the_container_file(services: dict[str, Any], name: str) -> None:
    build = services[name]["build"]
    context = (FILE.parent / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).is_file()


@pytest.mark.parametrize("name", ["migrate", "tacet"])
def test_commands_are_ones_that_tacet_has(services: dict[str, Any], name: str) -> None:
    words = list(services[name]["command"])
    command: click.Command = root
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    with click.Context(command) as context:
        command.parse_args(context, words)


def test_the_password_reaches_tacet_from_its_file(services: dict[str, Any], tmp_path: Path) -> None:
    """The image's `tacet`, run for real, with a program in its place that shows how it was called."""
    assert [name for name in ("migrate", "tacet") if "entrypoint" in services[name]] == []
    assert [name for name in ("migrate", "tacet") if "postgres_password" not in services[name]["secrets"]] == []
    secret = tmp_path / "postgres_password"
    secret.write_text("sec ret\n")
    assert called(tmp_path, *services["tacet"]["command"]) == f"sec ret|{' '.join(services['tacet']['command'])}"
    assert called(tmp_path, "app", "create", "My App") == "sec ret|app create My App"


def test_without_its_file_or_with_one_that_was_given_the_password_stays_as_it_is(tmp_path: Path) -> None:
    assert called(tmp_path, "serve") == "|serve"
    (tmp_path / "postgres_password").write_text("sec ret\n")
    assert called(tmp_path, "serve", PGPASSWORD="given") == "given|serve"


def called(folder: Path, *words: str, **environment: str) -> str:
    """How `deploy/tacet.sh` calls Tacet: the password and the arguments."""
    program = folder / "program"
    program.write_text('#!/bin/sh\necho "$PGPASSWORD|$*|$$"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    script = (ROOT / "deploy" / "tacet.sh").read_text()
    script = script.replace("/run/secrets", str(folder)).replace("/opt/tacet/bin/tacet", str(program))
    clean = {name: value for name, value in os.environ.items() if name != "PGPASSWORD"}
    with subprocess.Popen(
        ["/bin/sh", "-c", script, "tacet", *words], env={**clean, **environment}, stdout=subprocess.PIPE, text=True
    ) as process:
        said, _ = process.communicate(timeout=60)
    # The process itself becomes tacet: a shell in between would keep signals from it.
    text, _, pid = said.strip().rpartition("|")
    assert int(pid) == process.pid
    return text


def headers_commands() -> list[str]:
    return re.findall(r"^#   docker compose exec tacet tacet (.+)$", FILE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("line", headers_commands())
def test_commands_to_be_run_in_it_are_ones(line: str) -> None:
    command: click.Command = root
    words = shlex.split(line)
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    with click.Context(command) as context:
        command.parse_args(context, words)


def test_one_tool_does_everything_and_the_image_is_built_first() -> None:
    steps = re.findall(r"^#   (\w+ \w+)", FILE.read_text(), re.MULTILINE)
    assert "podman" not in FILE.read_text()
    assert steps[0] == "docker build"
    assert steps.index("docker run") < steps.index("docker compose")


def test_secrets_are_in_files_and_nowhere_else(compose: dict[str, Any], services: dict[str, Any]) -> None:
    files = {name: secret["file"] for name, secret in compose["secrets"].items()}
    assert set(files) == {name for service in services.values() for name in service.get("secrets", ())}
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET", name):
                assert str(value).removeprefix("/run/secrets/") in service["secrets"]
            assert not re.search(r"://[^/]*:[^/]*@", str(value))


def test_files_of_secrets_are_not_committed(compose: dict[str, Any]) -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "/deploy/secrets/" in ignored
    for secret in compose["secrets"].values():
        assert secret["file"].startswith("./secrets/")
        assert f"deploy/{secret['file'].removeprefix('./')}" in FILE.read_text()


def test_settings_are_ones_that_tacet_has(services: dict[str, Any], tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(new_secret_key(SeededRandomness(1)))
    environment = {name: str(value) for name, value in services["tacet"]["environment"].items()}
    assert {*environment} <= {named.variable for named in settings_of(SERVE)} | {"TACET_SECRET_KEY_FILE"}
    settings = load(SERVE, SERVE, {}, {**environment, "TACET_SECRET_KEY_FILE": str(key)})
    assert settings.database.startswith("postgresql://tacet@postgres/")
    assert settings.redis == "redis://redis"
    assert settings.processes == 2
    assert settings.metrics
    assert settings.trusted_proxies
    # The name of a user and a database are the ones that PostgreSQL is told to make.
    made = services["postgres"]["environment"]
    assert settings.database == f"postgresql://{made['POSTGRES_USER']}@postgres/{made['POSTGRES_DB']}"


def test_each_waits_for_what_it_needs(services: dict[str, Any]) -> None:
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["tacet"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }
    assert services["migrate"]["restart"] == "no"


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_what_is_waited_for_says_when_it_is_ready(services: dict[str, Any], name: str) -> None:
    check = services[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert seconds(check["interval"]) * check["retries"] >= 30


def test_connections_of_all_processes_fit_into_the_database(services: dict[str, Any], tmp_path: Path) -> None:
    allowed = next(int(word.partition("=")[2]) for word in services["postgres"]["command"] if "max_connections" in word)
    settings = load(SERVE, SERVE, {}, {})
    assert services["tacet"]["environment"]["TACET_PROCESSES"] * settings.database_connections <= allowed // 2


def test_redis_keeps_what_it_has_over_a_restart_and_drops_nothing_early(services: dict[str, Any]) -> None:
    words = services["redis"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"


def test_an_end_has_the_time_it_may_take(services: dict[str, Any]) -> None:
    longest_s = load(SERVE, SERVE, {}, {}).shutdown_timeout_s + CLOSING_S + LAST_RESORT_S
    assert seconds(services["tacet"]["stop_grace_period"]) > longest_s


def test_tacet_may_do_nothing_that_it_need_not(services: dict[str, Any]) -> None:
    tacet = services["tacet"]
    assert tacet["read_only"] is True
    assert tacet["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in tacet["security_opt"]


def test_nothing_but_the_api_is_published_and_that_to_this_machine(services: dict[str, Any]) -> None:
    assert services["tacet"]["ports"] == ["127.0.0.1:8080:8080"]
    assert [name for name, service in services.items() if "ports" in service] == ["tacet"]


def test_volumes_are_declared(compose: dict[str, Any], services: dict[str, Any]) -> None:
    used = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert used == set(compose["volumes"])
