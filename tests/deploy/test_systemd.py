"""deploy/tacet.service: systemd would start what Tacet's command line understands, with settings that exist."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from tacet.cli import root
from tacet.cli.exits import Exit
from tacet.cli.servers import serve
from tacet.cli.sources import load
from tacet.identity.vault import new_secret_key
from tacet.ids import SeededRandomness
from tacet.processes.stopping import CLOSING_S, LAST_RESORT_S
from tacet.settings import SERVE
from tests.documents import ROOT

UNIT = ROOT / "deploy" / "tacet.service"
SETTINGS = ROOT / "deploy" / "tacet.toml"

CREDENTIALS = "${CREDENTIALS_DIRECTORY}"


class Sections(configparser.RawConfigParser):
    """Units name some settings several times, in letters of either case."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture(scope="module")
def unit() -> Sections:
    parser = Sections(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.read(UNIT)
    return parser


@pytest.fixture(scope="module")
def started(unit: Sections) -> list[str]:
    """The arguments of what it starts, without the program."""
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == "tacet"
    return arguments


def values(name: str) -> list[str]:
    """All values of a setting that may stand there several times."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


def test_its_command_is_one_that_tacet_has(started: list[str]) -> None:
    command, *options = started
    found = root.commands[command]
    with click.Context(found) as context:
        found.parse_args(context, [*options])
        assert context.params["quiet"] is True
    assert found is serve


def test_its_command_starts_with_the_settings_beside_it(started: list[str], tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text(new_secret_key(SeededRandomness(1)))
    (tmp_path / "tacet.toml").write_bytes(SETTINGS.read_bytes())
    with click.Context(serve) as context:
        serve.parse_args(context, [option.replace(CREDENTIALS, str(tmp_path)) for option in started[1:]])
        flags = {name: value for name, value in context.params.items() if name != "quiet"}
    settings = load(SERVE, SERVE, flags, {})
    assert settings.secret_key
    assert settings.database == "sqlite:////var/lib/tacet/tacet.db"
    assert settings.metrics
    assert settings.public_url.startswith("https://")


def test_files_it_reads_are_handed_to_it(started: list[str]) -> None:
    read = {option.removeprefix(f"{CREDENTIALS}/") for option in started if option.startswith(CREDENTIALS)}
    handed = {value.partition(":")[0] for value in values("LoadCredential")}
    assert read == handed == {"tacet.toml", "secret.key"}


def test_it_keeps_its_data_where_it_may_write(unit: Sections) -> None:
    service = unit["Service"]
    folder = f"/var/lib/{service['StateDirectory']}"
    assert service["WorkingDirectory"] == folder
    assert f"{folder}/" in SETTINGS.read_text()
    assert service["ProtectSystem"] == "strict"


def test_an_end_has_the_time_it_may_take(unit: Sections) -> None:
    longest_s = load(SERVE, SERVE, {}, {}).shutdown_timeout_s + CLOSING_S + LAST_RESORT_S
    assert int(unit["Service"]["TimeoutStopSec"]) > longest_s


def test_it_is_started_again_unless_that_cannot_help(unit: Sections) -> None:
    service = unit["Service"]
    assert service["Restart"] == "always"
    hopeless = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert hopeless == {Exit.USAGE, Exit.CONFIGURATION}
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_it_runs_as_the_user_that_its_other_commands_are_run_as(unit: Sections) -> None:
    user, text = unit["Service"]["User"], UNIT.read_text()
    assert unit["Service"]["Group"] == user != "root"
    assert re.search(rf"^#   useradd --system .* {user}$", text, re.MULTILINE)
    assert set(re.findall(r"sudo -u (\w+) ", text)) == {user}


def headers_commands() -> list[str]:
    joined = re.sub(r"\\\n#\s*", "", UNIT.read_text())
    return re.findall(r"^#   cd / && sudo -u tacet /opt/tacet/bin/tacet (.+)$", joined, re.MULTILINE)


@pytest.mark.parametrize("line", headers_commands())
def test_commands_to_be_run_beside_it_are_ones(line: str) -> None:
    command: click.Command = root
    words = shlex.split(line)
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    with click.Context(command) as context:
        command.parse_args(context, words)


def test_the_first_process_alone_is_told_to_stop(unit: Sections) -> None:
    assert unit["Service"]["KillMode"] == "mixed"


@pytest.mark.parametrize(
    "name",
    [
        *("NoNewPrivileges", "PrivateDevices", "PrivateTmp", "PrivateUsers", "ProtectClock", "ProtectControlGroups"),
        *("ProtectHome", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables"),
        *("LockPersonality", "MemoryDenyWriteExecute", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"),
        "RemoveIPC",
    ],
)
def test_it_may_do_nothing_that_it_need_not(unit: Sections, name: str) -> None:
    assert unit["Service"][name] == "yes"


def test_it_has_no_privileges_and_few_system_calls(unit: Sections) -> None:
    assert unit["Service"]["CapabilityBoundingSet"] == ""
    assert values("SystemCallFilter") == ["@system-service", "~@privileged"]
    assert set(unit["Service"]["RestrictAddressFamilies"].split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}


def test_its_metrics_may_read_when_it_began(unit: Sections) -> None:
    """The start of a process is counted from the machine's, which is in a file that `ProcSubset=pid` hides."""
    assert "ProcSubset" not in unit["Service"]


def test_what_its_settings_propose_is_right_as_well(tmp_path: Path) -> None:
    proposed = re.sub(r"^#   (\w+ = )", r"\1", SETTINGS.read_text(), flags=re.MULTILINE)
    lines = {line.partition(" = ")[0]: line for line in proposed.splitlines() if " = " in line and line[0] != "#"}
    lines["database"] = next(line for line in proposed.splitlines() if line.startswith('database = "postgresql'))
    (tmp_path / "tacet.toml").write_text("\n".join(lines.values()))
    settings = load(SERVE, SERVE, {"config": str(tmp_path / "tacet.toml")}, {})
    assert (settings.processes, bool(settings.redis)) == (4, True)


def test_systemd_finds_nothing_wrong_where_there_is_one(tmp_path: Path, started: list[str]) -> None:
    """Its own judge is asked where the machine has it; everything above holds without."""
    judge = shutil.which("systemd-analyze")
    assert started
    if judge is None:
        return
    copy = tmp_path / UNIT.name
    # The program itself is somewhere else here.
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    done = subprocess.run([judge, "verify", str(copy)], capture_output=True, text=True, timeout=60)
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []
    assert done.returncode == 0
