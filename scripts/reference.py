"""Write the generated parts of the pages in docs anew: `python scripts/reference.py`.

They stand between `<!-- made by scripts/reference.py: NAME -->` and `<!-- end -->`; a test fails when they
are old.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from tacet.cli import root
from tacet.cli.exits import MEANINGS
from tacet.cli.options import shown_default, shown_limit
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.observing.metrics import METRICS, PREFIX
from tacet.setting_rules import Named
from tacet.settings import all_settings

DOCS = Path(__file__).resolve().parent.parent / "docs"

MADE = re.compile(r"(<!-- made by scripts/reference\.py: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

ARGUMENTS = {
    "file": "The file to import.",
    "from_": "The address of the database to copy.",
    "path": "Where the copy goes.",
    "person": "Whose: an id, or @ and a username.",
    "text": "The token to revoke.",
    "to": "The address of the empty database to copy into.",
}
"""What arguments mean: `--help` has no place for it."""

COMMANDS = {"sandbox": "sandbox", "serve": "serve", "admin": "the others"}


def renewed(text: str) -> str:
    """A page with its generated parts up to date."""
    return MADE.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n{found[3]}", text)


def settings_table() -> str:
    """Every setting: its names, default, values and meaning."""
    rows = []
    for named in all_settings():
        names = f"`{_flag(named)}`<br>`{named.variable}`<br>`{named.key}`"
        default = "X's own, below" if isinstance(named.default, Mapping) else _code(shown_default(named))
        commands = ", ".join(COMMANDS[command] for command in named.setting.commands)
        rows.append([names, f"{named.setting.help}{_bounds(named)}", default, commands])
    return _table(["flag, variable, TOML key", "meaning", "default", "commands"], rows)


def limits_table() -> str:
    """Every route and its limit."""
    rows = [[f"`{route}`", f"`{shown_limit(limit)}`"] for route, limit in DEFAULT_LIMITS.items()]
    return _table(["route", "default"], rows)


def exits_table() -> str:
    """Every exit code."""
    return _table(["code", "meaning"], [[str(int(code)), meaning] for code, meaning in MEANINGS.items()])


def metrics_table() -> str:
    """Every metric."""
    rows = [
        [f"`{PREFIX}{name}`", metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.help]
        for name, metric in METRICS.items()
    ]
    return _table(["metric", "kind", "labels", "what it says"], rows)


def commands_list() -> str:
    """Every command with its own options and its examples."""
    return "\n".join(_command(path, command) for path, command in commands())


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with all the words that call it."""
    pending: list[tuple[str, click.Command]] = [("tacet", root)]
    while pending:
        path, command = pending.pop(0)
        if isinstance(command, click.Group):
            pending[:0] = [(f"{path} {name}", inner) for name, inner in command.commands.items()]
        else:
            yield path, command


def own_options(command: click.Command) -> list[click.Parameter]:
    """The options and arguments that are no settings."""
    settings = {named.field_name for named in all_settings()}
    return [each for each in command.params if each.name not in settings]


def _command(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    rows = [[f"`{_names(each)}`", _help(each)] for each in own_options(command)]
    takes = [f"`{named.flag}`" for named in all_settings() if any(named.field_name == p.name for p in command.params)]
    parts = [
        f"## `{path}`",
        f"```text\n{usage}\n```",
        "\n\n".join(" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n")),
        _table(["option", "meaning"], rows).strip() if rows else "",
        f"[Settings](settings.md): {', '.join(takes)}." if takes else "",
        f"```text\n{(command.epilog or '').replace(chr(8), '').strip()}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _names(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return parameter.human_readable_name
    option = parameter.opts[-1]
    is_flag = isinstance(parameter, click.Option) and parameter.is_flag
    values = "|".join(parameter.type.choices) if isinstance(parameter.type, click.Choice) else parameter.metavar
    return option if is_flag else f"{option} {values}"


def _help(parameter: click.Parameter) -> str:
    return parameter.help or "" if isinstance(parameter, click.Option) else ARGUMENTS[str(parameter.name)]


def _flag(named: Named) -> str:
    if named.type is bool:
        return f"{named.flag} / {named.flag.replace('--', '--no-', 1)}"
    return f"{named.flag} {named.setting.metavar}"


def _bounds(named: Named) -> str:
    if named.type is int:
        return f" {named.setting.minimum:,} to {named.setting.maximum:,}."
    if named.setting.choices:
        return f" One of {', '.join(f'`{choice}`' for choice in named.setting.choices)}."
    if named.setting.secret:
        return f" The flag, `{named.variable}_FILE` and `{named.key}_file` name a file that holds it."
    return ""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


PARTS: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "limits": limits_table,
    "exits": exits_table,
    "commands": commands_list,
    "metrics": metrics_table,
}


if __name__ == "__main__":
    for page in sorted(DOCS.glob("*.md")):
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
