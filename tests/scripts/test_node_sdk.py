"""scripts/node_sdk.py takes the first Node that is new enough and complete."""

from pathlib import Path

import pytest

from scripts import node_sdk


def put_node(folder: Path, version: str, *, npm: bool = True) -> Path:
    folder.mkdir()
    for name in ("node", "npm") if npm else ("node",):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)
    return folder / "node"


@pytest.mark.parametrize(
    ("answer", "major"),
    [("v22.3.0", 22), ("v18.0.0-nightly", 18), ("", 0), ("not a version", 0)],
    ids=["release", "nightly", "silence", "something-else"],
)
def test_major_version_is_read_from_what_node_says(answer: str, major: int, tmp_path: Path) -> None:
    assert node_sdk.major_version(str(put_node(tmp_path / "bin", answer))) == major


def test_first_node_that_is_new_enough_and_has_npm_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_node(tmp_path / "old", "v16.20.0")
    put_node(tmp_path / "bare", "v22.0.0", npm=False)
    good = put_node(tmp_path / "good", "v20.1.0")
    put_node(tmp_path / "later", "v24.0.0")
    monkeypatch.setenv("PATH", ":".join(str(tmp_path / name) for name in ("old", "bare", "good", "later")))
    assert node_sdk.find_node() == good


def test_environments_own_node_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = put_node(tmp_path / "own", "v22.0.0")
    put_node(tmp_path / "old", "v16.20.0")
    monkeypatch.setenv("PATH", str(tmp_path / "old"))
    monkeypatch.setattr(node_sdk, "ENVIRONMENT_BIN", tmp_path / "own")
    assert node_sdk.find_node() == own


def test_no_node_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(node_sdk, "ENVIRONMENT_BIN", tmp_path / "own")
    assert node_sdk.find_node() is None
