"""What the sandbox prints, tried as its reader tries it: by pasting."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacet.sandbox.residents import MAIN_APP, residents
from tacet.sandbox.welcome import welcome
from tacet.sandbox.world import World, build_world
from tests.sandboxes import Sandbox, sandbox

URL = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(1_300, 7)


def commands(text: str) -> list[str]:
    return re.findall(r"^  (curl .+)$", text, re.MULTILINE)


class TestText:
    def test_says_where_it_is_and_who_lives_there(self, world: World) -> None:
        lines = welcome(URL, world, "in memory only").splitlines()
        assert lines[0] == f"Tacet answers X's Mutes API, v2 and v1.1, on {URL}"
        assert lines[1] == "1,300 people live there, in memory only."

    def test_says_how_many_each_of_the_first_three_mutes(self, world: World) -> None:
        text = welcome(URL, world, "in memory only")
        assert "@alice  id 1001, mutes nobody yet" in text
        assert "@bob  id 1002, starts out with 3 muted" in text
        assert "@carol  id 1003, starts out with 1,234 muted" in text

    def test_gives_every_key_of_the_first_three(self, world: World) -> None:
        text = welcome(URL, world, "in memory only")
        for keys in residents(world)[:3]:
            oauth1 = keys.oauth1
            assert f"  OAuth 2.0   {keys.oauth2_token}\n" in text
            assert f"{oauth1.consumer_key} / {oauth1.consumer_secret}\n" in text
            assert f"{oauth1.token} / {oauth1.token_secret}\n" in text
        assert f"App only    {MAIN_APP.app_only_token}\n" in text

    def test_says_where_the_pages_are(self, world: World) -> None:
        told = welcome(URL, world, "in memory only").partition("Browser ")[2].partition("Try it:")[0]
        paths = re.findall(r"(?:http://[\w.:]+)?/[\w-]+", told)
        assert paths == [f"{URL}/sign-in", "/timeline", "/muted", f"{URL}/portal"]

    def test_speaks_of_three_in_the_smallest_world(self) -> None:
        text = welcome(URL, build_world(3, 7), "in memory only")
        assert re.findall(r"^@(\w+)", text, re.MULTILINE) == ["alice", "bob", "carol"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox(tmp_path_factory.mktemp("welcome"), "--people", "3") as running:
        yield running


class TestCommands:
    def test_all_three_work_when_pasted_in_order(self, server: Sandbox, tmp_path: Path) -> None:
        found = commands(server.welcome)
        assert len(found) == 3
        listed, muted, looked = [json.loads(self.paste(command, tmp_path)) for command in found]
        assert listed["meta"]["result_count"] == len(listed["data"]) == 2
        assert muted == {"data": {"muting": True}}
        assert [user["username"] for user in looked["data"]] == ["bob"]

    @staticmethod
    def paste(command: str, folder: Path) -> str:
        shell = ["bash", "-c", f"{command} --silent --show-error --fail"]
        return subprocess.run(shell, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout
