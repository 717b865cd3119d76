"""A settings file that is only found counts if nobody else could have put it there."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path
from unittest.mock import patch

import pytest

from samovar.errors import ConfigurationError
from samovar.settings import Settings, load
from samovar.support import trust
from samovar.support.settings_file import find_file

TEXT = "[default]\nqueue_name_prefix = 'theirs'\n"
PYPROJECT = "[tool.samovar.default]\nqueue_name_prefix = 'theirs'\n"
LOADS_CODE = "[default.kafka.settings]\n'plugin.library.paths' = '/tmp/theirs.so'\n"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A directory that everybody may write, as the one for temporary files."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    (folder / "own").mkdir()
    return folder


def read(folder: Path, environ: dict[str, str] | None = None) -> Settings:
    return load(start=folder / "own", environ=environ or {"XDG_STATE_HOME": str(folder)})


def fault(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        read(folder)
    (said,) = raised.value.faults
    return said


class owned_by_another:
    """For the block every file at this path seems to be another user's."""

    def __init__(self, path: Path, *, link_only: bool = False) -> None:
        self._path = path
        self._link_only = link_only

    def __enter__(self) -> None:
        real_fstat, real_lstat = os.fstat, Path.lstat

        def changed(status: os.stat_result) -> os.stat_result:
            fields = list(status)
            fields[stat.ST_UID] = 65534
            return os.stat_result(fields)

        def fstat(descriptor: int) -> os.stat_result:
            found = real_fstat(descriptor)
            is_it = os.path.samestat(found, self._path.stat())
            return changed(found) if is_it and not self._link_only else found

        def lstat(path: Path) -> os.stat_result:
            found = real_lstat(path)
            return changed(found) if path == self._path else found

        self._patches = [patch.object(os, "fstat", fstat), patch.object(Path, "lstat", lstat)]
        for each in self._patches:
            each.start()

    def __exit__(self, *_: object) -> None:
        for each in self._patches:
            each.stop()


@pytest.mark.parametrize(
    ("name", "text"),
    [("samovar.toml", TEXT), ("pyproject.toml", PYPROJECT), ("samovar.toml", LOADS_CODE)],
)
def test_another_user_s_file_is_not_read_and_named(shared: Path, name: str, text: str) -> None:
    file = shared / name
    file.write_text(text)

    with owned_by_another(file):
        said = fault(shared)

    assert said.startswith(f"{file} belongs to the user ")
    assert f"SAMOVAR_CONFIG={file}" in said


def test_a_link_of_another_user_s_to_a_file_of_ours_is_not_followed(shared: Path) -> None:
    ours = shared / "ours.toml"
    ours.write_text(TEXT)
    link = shared / "samovar.toml"
    link.symlink_to(ours)

    with owned_by_another(link, link_only=True):
        assert fault(shared).startswith(f"{link} belongs to the user ")


@pytest.mark.parametrize("mode", [0o646, 0o666, 0o602])
def test_a_file_that_everybody_may_write_does_not_count(shared: Path, mode: int) -> None:
    file = shared / "samovar.toml"
    file.write_text(TEXT)
    file.chmod(mode)

    assert fault(shared).startswith(f"{file} can be written by every user, ")


def test_a_named_pipe_holds_nobody_up(shared: Path) -> None:
    os.mkfifo(shared / "samovar.toml")

    assert "is no ordinary file" in fault(shared)


def test_another_user_s_project_without_settings_is_passed_over(shared: Path) -> None:
    file = shared / "pyproject.toml"
    file.write_text("[project]\nname = 'theirs'\ndependencies = ['samovar']\n")

    with owned_by_another(file):
        assert read(shared).source is None


def test_our_own_file_counts_also_in_a_shared_directory(shared: Path) -> None:
    (shared / "samovar.toml").write_text(TEXT)

    assert read(shared).job.queue_name_prefix == "theirs"


def test_a_file_that_is_named_counts_whosever_it_is(shared: Path) -> None:
    file = shared / "samovar.toml"
    file.write_text(LOADS_CODE)

    with owned_by_another(file):
        settings = read(shared, {"SAMOVAR_CONFIG": str(file)})

    assert settings.kafka.settings == {"plugin.library.paths": "/tmp/theirs.so"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_really_another_user_s(shared: Path) -> None:
    file = shared / "samovar.toml"
    file.write_text(LOADS_CODE)
    os.chown(file, 65534, 65534)
    faults: list[str] = []

    found = find_file([shared / "own"], faults)

    assert found is not None
    assert found.sections is None
    assert faults[0].startswith(f"{file} belongs to the user ")


def status(path: Path, **changes: int) -> os.stat_result:
    fields = list(path.stat())
    for name, value in changes.items():
        fields[getattr(stat, f"ST_{name.upper()}")] = value
    return os.stat_result(fields)


def test_a_group_of_one_s_own_may_write_and_another_may_not(tmp_path: Path) -> None:
    file = tmp_path / "samovar.toml"
    file.touch()
    us = os.geteuid()
    own = pwd.getpwuid(us).pw_gid
    mode = file.stat().st_mode | stat.S_IWGRP

    assert trust.distrust(file, status(file, mode=mode, uid=us, gid=own)) is None
    said = trust.distrust(file, status(file, mode=mode, uid=us, gid=own + 12345))
    assert said is not None
    assert said.startswith("can be written by the group ")


def test_who_became_root_by_sudo_keeps_his_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "samovar.toml"
    file.touch()
    theirs = status(file, uid=4711, mode=stat.S_IFREG | 0o644)
    monkeypatch.setattr(Path, "lstat", lambda path: theirs)
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert trust.distrust(file, theirs) is not None
    monkeypatch.setenv("SUDO_UID", "4711")
    assert trust.distrust(file, theirs) is None
