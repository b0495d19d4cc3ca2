"""The command line: parses, runs one command, and ends with one line and a code when that fails."""

import os
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from tacet import __version__
from tacet.cli.apps import app
from tacet.cli.database import database
from tacet.cli.exits import CommandError, Exit
from tacet.cli.passwords import password
from tacet.cli.people import people
from tacet.cli.secrets import secrets
from tacet.cli.servers import sandbox, serve
from tacet.cli.tokens import token


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="""\b
Examples:
  tacet sandbox
  tacet COMMAND --help
""",
)
@click.version_option(__version__, prog_name="tacet")
def root() -> None:
    """X's Mutes API, v2 and v1.1, on your machine: a sandbox to test against, or a server on your own database."""


for _command in (sandbox, serve, people, app, token, secrets, database):
    root.add_command(_command)
people.add_command(password)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; the process's own if None.

    Returns:
        An exit code, see `tacet.cli.exits`. Whatever went wrong is one line on standard error by then.
    """
    try:
        return int(root.main(arguments, prog_name="tacet", standalone_mode=False) or Exit.OK)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help(), err=True)
        return Exit.USAGE
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "tacet"
        return _end(Exit.USAGE, f"{_one_line(error.format_message())} (see `{path} --help`)")
    except click.ClickException as error:
        return _end(Exit.FAILED, error.format_message())
    except click.Abort:
        return _end(Exit.INTERRUPTED, "interrupted")
    except CommandError as error:
        return _end(error.code, str(error))
    except Exception as error:  # noqa: BLE001  # the last resort: a bug, too, ends in one line
        if os.environ.get("TACET_LOG_LEVEL", "").lower() == "debug":
            traceback.print_exc()
        return _end(Exit.BUG, _place(error))


def _end(code: Exit, message: str) -> Exit:
    click.echo(f"tacet: {_one_line(message)}", err=True)
    return code


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _place(error: Exception) -> str:
    """Where a bug shows itself. Not what the error says: that could be somebody's secret."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"internal error: {type(error).__name__} in {where}; please report it"
