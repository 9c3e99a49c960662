from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_s3ops.s3.uploads.checkpoint import FileCheckpoint, GuardedCheckpoint, UploadState
from tests.s3.uploads.support import Kept

STATE = UploadState(
    endpoint="https://s3.example",
    bucket="b",
    key="k/시간대.csv",
    upload_id="u" * 200,
    part_size=16 << 20,
    algorithm="CRC64NVME",
    form="FULL_OBJECT",
    source=(1, 2, 3),
    extra_args="f" * 64,
)


class TestState:
    def test_it_comes_back_from_json_as_it_was(self) -> None:
        for state in (STATE, replace(STATE, checksum="AAAA", size=3, compress="gzip")):
            assert UploadState.from_json(json.loads(json.dumps(state.to_json()))) == state

    def test_it_is_small(self) -> None:
        assert len(json.dumps(replace(STATE, key="k" * 1024).to_json())) < 4096

    @pytest.mark.parametrize("damage", [{"version": 2}, {"source": None}, {"surprise": 1}])
    def test_what_another_version_wrote_is_not_understood(self, damage: dict[str, Any]) -> None:
        assert UploadState.from_json({**STATE.to_json(), **damage}) is None

    @pytest.mark.parametrize("nothing", [None, {}, {"version": 1}])
    def test_nothing_is_nothing(self, nothing: dict[str, Any] | None) -> None:
        assert UploadState.from_json(nothing) is None


class TestFile:
    def test_it_keeps_replaces_and_forgets(self, tmp_path: Path) -> None:
        path = tmp_path / "state.json"
        checkpoint = FileCheckpoint(path)
        assert checkpoint.get() is None
        checkpoint.set({"n": 1})
        checkpoint.set({"n": 2})
        assert FileCheckpoint(path).get() == {"n": 2}
        assert [path.name for path in tmp_path.iterdir()] == ["state.json"], "nothing is left beside it"
        checkpoint.clear()
        checkpoint.clear()
        assert checkpoint.get() is None
        assert [path.name for path in tmp_path.iterdir()] == []

    @pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
    def test_a_damaged_file_holds_nothing(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "state").write_text(content)
        assert FileCheckpoint(tmp_path / "state").get() is None

    def test_a_write_that_fails_leaves_the_old_state_and_no_rest(self, tmp_path: Path) -> None:
        checkpoint = FileCheckpoint(tmp_path / "state")
        checkpoint.set({"n": 1})
        with pytest.raises(TypeError):
            checkpoint.set({"n": object()})
        assert checkpoint.get() == {"n": 1}
        assert [path.name for path in tmp_path.iterdir()] == ["state"]

    def test_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        FileCheckpoint(tmp_path / "state").set({"n": 1})
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0


class TestGuarded:
    @pytest.mark.parametrize("kind", [str, Path])
    def test_a_path_is_a_file(self, tmp_path: Path, kind: type) -> None:
        guarded = GuardedCheckpoint(kind(tmp_path / "state"))
        guarded.set(STATE)
        assert FileCheckpoint(tmp_path / "state").get() == STATE.to_json()
        assert guarded.get() == STATE
        guarded.clear()
        assert not (tmp_path / "state").exists()

    def test_without_a_checkpoint_nothing_is_kept(self) -> None:
        guarded = GuardedCheckpoint(None)
        guarded.set(STATE)
        assert (guarded.keeps, guarded.get()) == (False, None)

    @pytest.mark.parametrize("deed", ["get", "set", "clear"])
    def test_one_that_fails_is_not_asked_again(self, deed: str, caplog: pytest.LogCaptureFixture) -> None:
        asked: list[str] = []

        class Broken(Kept):
            def __getattribute__(self, name: str) -> Any:
                if name in ("get", "set", "clear"):
                    asked.append(name)
                    raise ConnectionError("down")
                return super().__getattribute__(name)

        guarded = GuardedCheckpoint(Broken())
        assert guarded.keeps
        first: Any = getattr(guarded, deed)
        assert first(*([STATE] if deed == "set" else [])) is None
        assert not guarded.keeps
        guarded.set(STATE)
        assert asked == [deed]
        assert "checkpoint" in caplog.text
