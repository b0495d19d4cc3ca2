"""The ready file."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tacet.sandbox.ready import ready_document, write_ready_file
from tacet.sandbox.world import World, build_world


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(30, 7)


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    return ready_document("http://127.0.0.1:8080", 4711, world)


class TestDocument:
    def test_has_its_documented_members_in_order(self, document: dict[str, Any]) -> None:
        assert list(document) == ["url", "pid", "people", "app_only_token", "apps", "person_ids"]
        assert (document["url"], document["pid"]) == ("http://127.0.0.1:8080", 4711)

    def test_gives_the_first_ten_with_their_keys(self, document: dict[str, Any]) -> None:
        assert [person["username"] for person in document["people"][:3]] == ["alice", "bob", "carol"]
        assert len(document["people"]) == 10
        assert document["people"][1] == {
            "id": "1002",
            "username": "bob",
            "name": "Bob Harrow",
            "oauth2_token": "sandbox-oauth2-bob",
            "oauth1": {
                "consumer_key": "TacetSandboxConsumerKey01",
                "consumer_secret": "TacetSandboxConsumerSecret01",
                "token": "1002-bobSandboxToken",
                "token_secret": "bobSandboxTokenSecret",
            },
        }

    def test_gives_the_id_of_everybody(self, document: dict[str, Any], world: World) -> None:
        assert document["person_ids"] == [str(person.id) for person in world.people]

    def test_gives_the_app_only_token_of_the_main_app(self, document: dict[str, Any]) -> None:
        assert document["app_only_token"] == document["apps"][0]["app_only_token"]

    def test_gives_each_app_the_tokens_that_get_refused(self, document: dict[str, Any]) -> None:
        assert [[token["token"] for token in app["tokens"]] for app in document["apps"]] == [
            ["sandbox-oauth2-alice-without-mute-write", "sandbox-oauth2-alice-expired"],
            ["1001-aliceSandboxTokenReadOnly"],
            ["sandbox-oauth2-alice-standalone", "1001-aliceSandboxTokenStandalone"],
            [],
        ]
        assert list(document["apps"][1]["tokens"][0]) == ["purpose", "token", "token_secret", "user_id"]
        assert list(document["apps"][0]["tokens"][0]) == ["purpose", "token", "user_id", "scopes"]

    def test_says_which_app_is_outside_a_project(self, document: dict[str, Any]) -> None:
        assert [app["project_id"] is None for app in document["apps"]] == [False, False, True, False]

    def test_gives_each_app_what_a_login_needs(self, document: dict[str, Any]) -> None:
        assert [(app["client_type"], app["client_secret"]) for app in document["apps"]] == [
            ("confidential", "TacetSandboxClientSecret01"),
            ("confidential", "TacetSandboxClientSecret02"),
            ("confidential", "TacetSandboxClientSecret03"),
            ("public", None),
        ]
        for app in document["apps"]:
            assert {"http://127.0.0.1:3000/callback", "https://example.com/callback"} < set(app["callbacks"])

    def test_gives_an_app_its_documented_members_in_order(self, document: dict[str, Any]) -> None:
        assert list(document["apps"][0]) == [
            "id",
            "name",
            "project_id",
            "access",
            "consumer_key",
            "consumer_secret",
            "client_id",
            "client_secret",
            "client_type",
            "callbacks",
            "app_only_token",
            "tokens",
        ]

    def test_fits_small_worlds(self) -> None:
        document = ready_document("http://127.0.0.1:1", 1, build_world(3, 7))
        assert len(document["people"]) == len(document["person_ids"]) == 3


class TestFile:
    def test_is_the_document_as_json(self, tmp_path: Path, document: dict[str, Any]) -> None:
        write_ready_file(tmp_path / "ready.json", document)
        assert json.loads((tmp_path / "ready.json").read_text(encoding="utf-8")) == document

    def test_is_for_its_owner_only(self, tmp_path: Path, document: dict[str, Any]) -> None:
        write_ready_file(tmp_path / "ready.json", document)
        assert stat.S_IMODE((tmp_path / "ready.json").stat().st_mode) == 0o600

    def test_replaces_an_older_one_and_leaves_nothing_else(self, tmp_path: Path, document: dict[str, Any]) -> None:
        (tmp_path / "ready.json").write_text("older")
        write_ready_file(tmp_path / "ready.json", document)
        assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]

    def test_is_never_seen_half_written(
        self, tmp_path: Path, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full_disk(_: int) -> None:
            raise OSError("no space left")

        (tmp_path / "ready.json").write_text("older")
        monkeypatch.setattr(os, "fsync", full_disk)
        with pytest.raises(OSError, match="no space left"):
            write_ready_file(tmp_path / "ready.json", document)
        assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("ready.json", "older")]

    def test_needs_its_folder(self, tmp_path: Path, document: dict[str, Any]) -> None:
        with pytest.raises(OSError, match="No such file or directory"):
            write_ready_file(tmp_path / "missing" / "ready.json", document)
