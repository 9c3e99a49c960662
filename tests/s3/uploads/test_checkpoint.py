from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_s3ops.s3.uploads.checkpoint import FileCheckpoint, GuardedCheckpoint, UploadState
from tests.s3.uploads.support import MemoryCheckpoint

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
    def test_it_is_unchanged_after_json(self) -> None:
        for state in (STATE, replace(STATE, checksum="AAAA", size=3, compress="gzip")):
            assert UploadState.from_json(json.loads(json.dumps(state.to_json()))) == state

    def test_it_is_small(self) -> None:
        assert len(json.dumps(replace(STATE, key="k" * 1024).to_json())) < 4096

    @pytest.mark.parametrize("damage", [{"version": 2}, {"source": None}, {"surprise": 1}])
    def test_the_state_of_another_version_is_ignored(self, damage: dict[str, Any]) -> None:
        assert UploadState.from_json({**STATE.to_json(), **damage}) is None

    @pytest.mark.parametrize("empty", [None, {}, {"version": 1}])
    def test_an_empty_state_is_none(self, empty: dict[str, Any] | None) -> None:
        assert UploadState.from_json(empty) is None


class TestFile:
    def test_it_stores_replaces_and_deletes_the_state(self, tmp_path: Path) -> None:
        path = tmp_path / "state.json"
        checkpoint = FileCheckpoint(path)
        assert checkpoint.get() is None
        checkpoint.set({"n": 1})
        checkpoint.set({"n": 2})
        assert FileCheckpoint(path).get() == {"n": 2}
        assert [path.name for path in tmp_path.iterdir()] == ["state.json"], "no temporary file is left"
        checkpoint.clear()
        checkpoint.clear()
        assert checkpoint.get() is None
        assert [path.name for path in tmp_path.iterdir()] == []

    @pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
    def test_a_damaged_file_has_no_state(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "state").write_text(content)
        assert FileCheckpoint(tmp_path / "state").get() is None

    def test_a_failed_write_leaves_the_old_state_and_no_temporary_file(self, tmp_path: Path) -> None:
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

    def test_without_a_checkpoint_no_state_is_stored(self) -> None:
        guarded = GuardedCheckpoint(None)
        guarded.set(STATE)
        assert (guarded.is_available, guarded.get()) == (False, None)

    @pytest.mark.parametrize("method", ["get", "set", "clear"])
    def test_a_checkpoint_that_failed_is_not_called_again(
        self, method: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        calls: list[str] = []

        class Broken(MemoryCheckpoint):
            def __getattribute__(self, name: str) -> Any:
                if name in ("get", "set", "clear"):
                    calls.append(name)
                    raise ConnectionError("down")
                return super().__getattribute__(name)

        guarded = GuardedCheckpoint(Broken())
        assert guarded.is_available
        first: Any = getattr(guarded, method)
        assert first(*([STATE] if method == "set" else [])) is None
        assert not guarded.is_available
        guarded.set(STATE)
        assert calls == [method]
        assert "checkpoint" in caplog.text
