"""Which log jobs go to when settings are looked for: never one by accident."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from samovar import ConfigurationError
from samovar.settings import load
from samovar.support import home


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "_home", None)
    monkeypatch.delenv("SAMOVAR_ENV", raising=False)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose module defines jobs; the process is elsewhere."""
    project, elsewhere = tmp_path / "shop", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / "samovar.toml").write_text("[default]\n")
    module = ModuleType("shop_jobs")
    module.__file__ = str(project / "shop_jobs.py")
    monkeypatch.setitem(sys.modules, "shop_jobs", module)
    monkeypatch.chdir(elsewhere)
    return project


def test_settings_are_found_from_the_module_of_the_first_job_class(shop: Path) -> None:
    home.settle("shop_jobs")

    settings = load(environ={})

    assert settings.source == shop / "samovar.toml"
    assert settings.embedded.path == shop / "samovar.db"
    assert not settings.assumes_log


def test_the_working_directory_goes_before_the_module(shop: Path) -> None:
    here = Path.cwd() / "samovar.toml"
    here.write_text("[default]\n")
    home.settle("shop_jobs")

    assert load(environ={}).source == here


def test_a_change_of_directory_changes_no_log(
    shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(shop)
    home.settle("a.module.without.a.file")
    monkeypatch.chdir(tmp_path)

    assert load(environ={}).embedded.path == shop / "samovar.db"
    named = load(environ={"SAMOVAR_EMBEDDED__PATH": "jobs.db"})
    assert named.embedded.path == shop / "jobs.db"


@pytest.mark.parametrize("place", ["XDG_STATE_HOME", "HOME"])
def test_without_a_file_the_log_is_one_well_known_place_of_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv(place, str(tmp_path / "me"))
    environ = {place: str(tmp_path / "me")}
    below = {"XDG_STATE_HOME": ".", "HOME": ".local/state"}[place]
    one, other = tmp_path / "one", tmp_path / "other"

    logs = {load(start=start, environ=environ).embedded.path for start in (one, other)}

    assert logs == {tmp_path / "me" / below / "samovar" / "samovar.db"}
    assert load(start=one, environ=environ).assumes_log


@pytest.mark.parametrize("environment", ["production", "test", "development"])
def test_an_environment_without_a_settings_file_is_an_error(
    tmp_path: Path, environment: str
) -> None:
    for options in ({"environ": {"SAMOVAR_ENV": environment}}, {"environment": environment}):
        with pytest.raises(ConfigurationError) as raised:
            load(start=tmp_path, **{"environ": {}, **options})  # type: ignore[arg-type]

        assert f"is {environment!r}, and there is no settings file" in str(raised.value)
        assert str(tmp_path) in str(raised.value)
        assert "SAMOVAR_CONFIG" in str(raised.value)


@pytest.mark.parametrize(
    "said",
    [
        {"SAMOVAR_EMBEDDED__PATH": "jobs.db"},
        {"SAMOVAR_QUEUE_ADAPTER": "inline"},
        {"SAMOVAR_QUEUE_ADAPTER": "kafka", "SAMOVAR_KAFKA__BOOTSTRAP_SERVERS": "localhost:9092"},
    ],
)
def test_who_says_where_jobs_go_needs_no_settings_file(
    tmp_path: Path, said: dict[str, str]
) -> None:
    settings = load(start=tmp_path, environ={"SAMOVAR_ENV": "production", **said})

    assert settings.environment == "production"


def test_a_user_without_a_home_has_to_name_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)

    with pytest.raises(ConfigurationError, match="has no home directory for a log"):
        load(start=tmp_path, environ={})


def test_a_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[production]\nqueue_name_prefix = 'o'\n")

    settings = load(
        start=tmp_path, environ={"SAMOVAR_CONFIG": "other.toml\r", "SAMOVAR_ENV": "production\r\n"}
    )

    assert settings.job.queue_name_prefix == "o"
    assert settings.searched == ()
