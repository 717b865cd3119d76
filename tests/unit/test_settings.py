"""What `samovar.settings.load` reads, what wins, and how every fault is told."""

from __future__ import annotations

import contextlib
import os
import string
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from samovar.broker.kafka.settings import KafkaSettings
from samovar.engine.settings import WorkerSettings
from samovar.errors import ConfigurationError
from samovar.job.settings import JobSettings
from samovar.settings import CommandLine, Settings, load, obey

EXAMPLE = """
[default]
app = "shop.app:app"
imports = ["shop.jobs"]
queue_adapter = "embedded"
queue_name_prefix = "shop"
queue_name_delimiter = "_"
global_id_app = "shop"
[default.queue_names]
critical = "critical_queue"
[default.embedded]
path = "samovar.db"
synchronous = "full"
[default.worker]
concurrency = 5
processes = 1
shutdown_timeout = 25
commit_interval = 1
[production]
queue_adapter = "kafka"
[production.kafka]
bootstrap_servers = "kafka-1:9092,kafka-2:9092"
client_id = "shop"
group_id = "shop"
settings = { "compression.type" = "zstd" }
"""


def read(
    folder: Path,
    toml: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    name: str = "samovar.toml",
    **options: Any,
) -> Settings:
    if toml is not None:
        (folder / name).write_text(toml, encoding="utf-8")
    return load(start=folder, environ=environ or {}, **options)


def faults(folder: Path, toml: str | None = None, **options: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as raised:
        read(folder, toml, **options)
    return raised.value.faults


def the_fault(folder: Path, toml: str | None = None, **options: Any) -> str:
    (fault,) = faults(folder, toml, **options)
    return fault


class TestWhatIsRead:
    def test_without_anything_the_defaults_hold(self, tmp_path: Path):
        settings = read(tmp_path)

        assert settings.queue_adapter == "embedded"
        assert settings.job == JobSettings()
        assert settings.worker == WorkerSettings()
        assert settings.kafka == KafkaSettings()
        assert settings.environment == "development"
        assert settings.source is None

    def test_the_documented_file_is_read_whole(self, tmp_path: Path):
        settings = read(tmp_path, EXAMPLE, environment="production")

        assert settings.app == "shop.app:app"
        assert settings.imports == ("shop.jobs",)
        assert settings.queue_adapter == "kafka"
        assert settings.job.global_id_app == "shop"
        assert settings.job.real_queue("critical") == "shop_critical_queue"
        assert settings.worker.shutdown_timeout == 25.0
        assert settings.kafka.bootstrap_servers == "kafka-1:9092,kafka-2:9092"
        assert settings.kafka.group == "shop"
        assert settings.kafka.settings == {"compression.type": "zstd"}
        assert settings.source == tmp_path / "samovar.toml"

    def test_another_environment_s_section_does_not_count(self, tmp_path: Path):
        assert read(tmp_path, EXAMPLE).queue_adapter == "embedded"

    def test_sections_are_laid_over_each_other_table_by_table(self, tmp_path: Path):
        settings = read(
            tmp_path,
            "[production.worker]\nprocesses = 4\n[production.queue_names]\nb = 'B'\n"
            "[default.worker]\nconcurrency = 9\nprocesses = 2\n[default.queue_names]\na = 'A'\n",
            environ={"SAMOVAR_ENV": "production"},
        )

        assert (settings.worker.concurrency, settings.worker.processes) == (9, 4)
        assert settings.job.queue_names == {"a": "A", "b": "B"}

    def test_each_source_beats_the_one_before(self, tmp_path: Path):
        toml = "[default]\nqueue_name_prefix = 'a'\n[test]\nqueue_name_prefix = 'b'\n"
        variable = {"SAMOVAR_QUEUE_NAME_PREFIX": "c"}
        keyword = {"queue_name_prefix": "d"}

        def prefix(**options: Any) -> str | None:
            return read(tmp_path, toml, **options).job.queue_name_prefix

        assert prefix() == "a"
        assert prefix(environment="test") == "b"
        assert prefix(environment="test", environ=variable) == "c"
        assert prefix(environment="test", environ=variable, overrides=keyword) == "d"

    def test_times_may_be_timedeltas_and_servers_a_list(self, tmp_path: Path):
        settings = read(
            tmp_path,
            "[default.kafka]\nbootstrap_servers = ['a:1', 'b:2']",
            overrides={"worker": {"shutdown_timeout": timedelta(minutes=1)}},
        )

        assert settings.worker.shutdown_timeout == 60.0
        assert settings.kafka.bootstrap_servers == "a:1,b:2"

    def test_app_takes_a_table_also_as_its_settings_value(self, tmp_path: Path):
        settings = read(tmp_path, overrides={"worker": WorkerSettings(concurrency=7)})

        assert settings.worker.concurrency == 7

    def test_librdkafka_s_dotted_names_need_no_quotes(self, tmp_path: Path):
        settings = read(
            tmp_path,
            "[default.kafka.settings]\ncompression.type = 'zstd'\n'linger.ms' = 5\n"
            "[test.kafka.settings]\nlinger.ms = 7",
            environment="test",
        )

        assert settings.kafka.settings == {"compression.type": "zstd", "linger.ms": 7}

    def test_a_password_is_not_in_the_repr(self, tmp_path: Path):
        settings = read(tmp_path, overrides={"kafka": {"settings": {"sasl.password": "s3cret"}}})

        assert settings.kafka.settings["sasl.password"] == "s3cret"
        assert "s3cret" not in repr(settings)


class TestVariables:
    def test_each_is_read_by_the_type_of_its_setting(self, tmp_path: Path):
        settings = read(
            tmp_path,
            environ={
                "SAMOVAR_APP": "shop.app:app",
                "SAMOVAR_IMPORTS": "shop.jobs, shop.mails",
                "SAMOVAR_LOG_ARGUMENTS": "false",
                "SAMOVAR_RETRY_JITTER": "0.5",
                "SAMOVAR_DEFAULT_PRIORITY": "",
                "SAMOVAR_QUEUE_NAMES__CRITICAL": "critical_queue",
                "SAMOVAR_WORKER__CONCURRENCY": "20",
                "SAMOVAR_EMBEDDED__PATH": "jobs.db",
                "SAMOVAR_KAFKA__BOOTSTRAP_SERVERS": "a:1,b:2",
                "SAMOVAR_KAFKA__SETTINGS": '{"compression.type": "zstd"}',
                "PATH": "/bin",
            },
        )

        assert settings.app == "shop.app:app"
        assert settings.imports == ("shop.jobs", "shop.mails")
        assert settings.job.log_arguments is False
        assert settings.job.retry_jitter == 0.5
        assert settings.job.default_priority is None
        assert settings.job.queue_names == {"critical": "critical_queue"}
        assert settings.worker.concurrency == 20
        assert settings.embedded.path == tmp_path / "jobs.db"
        assert settings.kafka.bootstrap_servers == "a:1,b:2"
        assert settings.kafka.settings == {"compression.type": "zstd"}

    @pytest.mark.parametrize(
        "environ",
        [
            {"SAMOVAR_KAFKA__SETTINGS": '{ "linger.ms" = "5" }'},
            {"SAMOVAR_KAFKA__SETTINGS": '{ linger.ms = "5" }'},
            {"SAMOVAR_KAFKA__SETTINGS__LINGER.MS": "5"},
            {"SAMOVAR_KAFKA__SETTINGS__LINGER__MS": "5"},
            {"SAMOVAR_KAFKA": '{"settings": {"linger.ms": "5"}}'},
        ],
    )
    def test_a_table_may_be_written_inline(self, tmp_path: Path, environ: dict[str, str]):
        assert read(tmp_path, environ=environ).kafka.settings == {"linger.ms": "5"}

    @pytest.mark.parametrize(
        "environ",
        [
            {  # Kubernetes, for a service named `samovar`
                "SAMOVAR_SERVICE_HOST": "10.0.0.1",
                "SAMOVAR_SERVICE_PORT": "6379",
                "SAMOVAR_SERVICE_PORT_HTTP_WEB": "80",
                "SAMOVAR_PORT": "tcp://10.0.0.1:6379",
                "SAMOVAR_PORT_6379_TCP": "tcp://10.0.0.1:6379",
                "SAMOVAR_PORT_6379_TCP_PROTO": "tcp",
                "SAMOVAR_PORT_6379_TCP_PORT": "6379",
                "SAMOVAR_PORT_6379_TCP_ADDR": "10.0.0.1",
                "SAMOVAR_PORT_53_UDP": "udp://10.0.0.1:53",
            },
            {  # and for services whose names look like tables of ours
                "SAMOVAR_APP_SERVICE_HOST": "10.0.0.1",
                "SAMOVAR_APP_PORT": "tcp://10.0.0.1:80",
                "SAMOVAR_APP_PORT_80_TCP_ADDR": "10.0.0.1",
                "SAMOVAR_KAFKA_SERVICE_PORT": "9092",
                "SAMOVAR_WORKER_PORT": "tcp://10.0.0.1:80",
            },
            {  # links of Docker
                "SAMOVAR_NAME": "/web/samovar",
                "SAMOVAR_PORT": "tcp://172.17.0.5:80",
                "SAMOVAR_ENV_PATH": "/bin",
                "SAMOVAR_DB_NAME": "/web/db",
            },
            {"SAMOVAR_QUEUE_ADAPTER": "", "SAMOVAR_APP": " ", "SAMOVAR_WORKER__CONCURRENCY": "\r"},
        ],
    )
    def test_what_others_set_or_leave_empty_is_passed_over(
        self, tmp_path: Path, environ: dict[str, str]
    ):
        assert read(tmp_path, "[default]", environ=environ) == read(tmp_path)

    @pytest.mark.parametrize(
        "environ",
        [
            {"SAMOVAR_QUEUE_NAME": "mail"},
            {"SAMOVAR_PORT": "8080"},
            {"SAMOVAR_SERVICE_PORT": "tcp"},
        ],
    )
    def test_a_slip_that_only_looks_like_theirs_is_a_fault(
        self, tmp_path: Path, environ: dict[str, str]
    ):
        assert "is not a setting" in the_fault(tmp_path, environ=environ)

    def test_a_queue_may_be_named_as_their_variables_are(self, tmp_path: Path):
        settings = read(tmp_path, environ={"SAMOVAR_QUEUE_NAMES__MAIL_SERVICE_HOST": "m"})

        assert settings.job.queue_names == {"mail_service_host": "m"}

    def test_the_line_ends_of_windows_do_not_count(self, tmp_path: Path):
        settings = read(
            tmp_path,
            "[production]\nqueue_name_prefix = 'p'\n",
            environ={"SAMOVAR_ENV": "production\r", "SAMOVAR_WORKER__CONCURRENCY": "7\r"},
        )

        assert (settings.job.queue_name_prefix, settings.worker.concurrency) == ("p", 7)

    def test_the_environment_and_internal_names_are_no_settings(self, tmp_path: Path):
        environ = {"SAMOVAR_ENV": "test", "SAMOVAR_INTERNAL_CHILD": "1"}

        assert read(tmp_path, "[default]", environ=environ).environment == "test"

    def test_the_processes_own_variables_are_read_when_none_are_given(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        for name in [name for name in os.environ if name.startswith("SAMOVAR_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("SAMOVAR_QUEUE_ADAPTER", "inline")
        monkeypatch.chdir(tmp_path)

        assert load().queue_adapter == "inline"

    @pytest.mark.parametrize(
        ("variable", "meant"),
        [
            ("SAMOVAR_QUEUE_ADAPTOR", "SAMOVAR_QUEUE_ADAPTER"),
            ("SAMOVAR_KAFKA_BOOTSTRAP_SERVERS", "SAMOVAR_KAFKA__BOOTSTRAP_SERVERS"),
            ("SAMOVAR_CONCURRENCY", "SAMOVAR_WORKER__CONCURRENCY"),
            ("SAMOVAR_WORKER__CONCURENCY", "SAMOVAR_WORKER__CONCURRENCY"),
            ("SAMOVAR_KAFKA__SERVERS", "SAMOVAR_KAFKA__BOOTSTRAP_SERVERS"),
        ],
    )
    def test_an_unknown_one_is_a_fault_with_the_right_name(
        self, tmp_path: Path, variable: str, meant: str
    ):
        fault = the_fault(tmp_path, environ={variable: "1"})

        assert fault == f"{variable} is not a setting; did you mean {meant}?"

    def test_a_wrong_value_names_the_variable(self, tmp_path: Path):
        found = faults(
            tmp_path,
            environ={
                "SAMOVAR_WORKER__CONCURRENCY": "many",
                "SAMOVAR_QUEUE_ADAPTER": "kafak",
                "SAMOVAR_KAFKA__SETTINGS": '{"sasl.password": "s3cret"',
            },
        )

        assert found == (
            "SAMOVAR_KAFKA__SETTINGS is a string; expected a table.",
            "SAMOVAR_QUEUE_ADAPTER is 'kafak'; expected a string that is one of embedded, kafka, "
            "inline, async, test.",
            "SAMOVAR_WORKER__CONCURRENCY is 'many'; expected a whole number of at least 1.",
        )


class TestWhereItIsFound:
    def test_the_nearest_directory_wins(self, tmp_path: Path):
        inner = tmp_path / "a" / "b"
        inner.mkdir(parents=True)
        (tmp_path / "samovar.toml").write_text("[default]\nqueue_name_prefix = 'far'")
        (tmp_path / "a" / "pyproject.toml").write_text(
            "[tool.samovar.default]\nqueue_name_prefix = 'near'"
        )

        settings = read(inner)

        assert settings.job.queue_name_prefix == "near"
        assert settings.source == tmp_path / "a" / "pyproject.toml"

    def test_samovar_toml_comes_before_pyproject_in_one_directory(self, tmp_path: Path):
        (tmp_path / "pyproject.toml").write_text("[tool.samovar.default]\napp = 'p:p'")

        assert read(tmp_path, "[default]\napp = 's:s'").app == "s:s"

    @pytest.mark.parametrize("pyproject", ["[project]\nname = 'shop'", "[project", "tool = 1"])
    def test_a_pyproject_that_says_nothing_of_samovar_is_passed_over(
        self, tmp_path: Path, pyproject: str
    ):
        inner = tmp_path / "inner"
        inner.mkdir()
        (inner / "pyproject.toml").write_text(pyproject)
        (tmp_path / "samovar.toml").write_text("[default]\napp = 's:s'")

        assert read(inner).app == "s:s"

    def test_a_path_is_relative_to_the_file_that_says_so(self, tmp_path: Path):
        inner = tmp_path / "inner"
        inner.mkdir()
        (tmp_path / "samovar.toml").write_text("[default.embedded]\npath = 'data/jobs.db'")

        assert read(inner).embedded.path == tmp_path / "data" / "jobs.db"

    @pytest.mark.parametrize(
        "options",
        [
            {"environ": {"SAMOVAR_EMBEDDED__PATH": "jobs.db"}},
            {"overrides": {"embedded": {"path": "jobs.db"}}},
            {"overrides": {"embedded": {"path": Path("jobs.db")}}},
        ],
    )
    def test_elsewhere_a_path_is_relative_to_the_working_directory(
        self, tmp_path: Path, options: dict[str, Any]
    ):
        inner = tmp_path / "inner"
        inner.mkdir()
        (tmp_path / "samovar.toml").write_text("[default.embedded]\npath = 'other.db'")

        assert read(inner, **options).embedded.path == inner / "jobs.db"

    def test_the_file_that_is_asked_for_is_the_one_read(self, tmp_path: Path):
        other = tmp_path / "other.toml"
        other.write_text("[default]\napp = 'o:o'")

        assert read(tmp_path, "[default]\napp = 's:s'", file=other).app == "o:o"

    def test_a_file_with_a_byte_order_mark_is_read(self, tmp_path: Path):
        assert read(tmp_path, "\ufeff[default]\napp = 's:s'").app == "s:s"


class TestFilesThatCannotBeRead:
    def test_one_that_is_asked_for_and_not_there(self, tmp_path: Path):
        missing = tmp_path / "nowhere.toml"

        assert (
            the_fault(tmp_path, file=missing)
            == f"{missing} cannot be read: No such file or directory."
        )

    def test_a_directory_in_its_place(self, tmp_path: Path):
        (tmp_path / "samovar.toml").mkdir()

        assert the_fault(tmp_path).endswith("samovar.toml cannot be read: Is a directory.")

    def test_malformed_toml_tells_the_line(self, tmp_path: Path):
        fault = the_fault(tmp_path, "[default]\napp = \n")

        assert fault.startswith(f"{tmp_path / 'samovar.toml'} is not valid TOML: ")
        assert "line 2" in fault

    def test_a_malformed_pyproject_that_speaks_of_samovar(self, tmp_path: Path):
        fault = the_fault(tmp_path, "[tool.samovar.default]\napp =\n", name="pyproject.toml")

        assert "pyproject.toml is not valid TOML" in fault

    def test_another_encoding_tells_the_line(self, tmp_path: Path):
        (tmp_path / "samovar.toml").write_bytes("[default]\n\napp = 'café:app'".encode("latin-1"))

        assert "is not UTF-8, as TOML has to be: the first wrong byte is in line 3." in the_fault(
            tmp_path
        )

    def test_a_pyproject_without_the_table_that_is_asked_for(self, tmp_path: Path):
        file = tmp_path / "pyproject.toml"
        file.write_text("[project]")

        assert the_fault(tmp_path, file=file) == f"{file} has no table [tool.samovar]."

    def test_a_pyproject_where_samovar_is_no_table(self, tmp_path: Path):
        assert "something else than a table" in the_fault(
            tmp_path, "[tool]\nsamovar = 3", name="pyproject.toml"
        )

    def test_the_other_sources_are_checked_all_the_same(self, tmp_path: Path):
        found = faults(tmp_path, "[", environ={"SAMOVAR_X": "1"}, environment="staging")

        assert len(found) == 2


class TestSectionsAndEnvironments:
    def test_any_section_is_an_environment(self, tmp_path: Path):
        settings = read(tmp_path, "[staging]\napp = 's:s'", environ={"SAMOVAR_ENV": "staging"})

        assert (settings.app, settings.environment) == ("s:s", "staging")

    @pytest.mark.parametrize("name", ["development", "test", "production"])
    def test_the_usual_environments_need_no_section(self, tmp_path: Path, name: str):
        assert read(tmp_path, "[default]", environment=name).environment == name

    def test_a_misspelt_variable_is_a_fault_with_the_right_name(self, tmp_path: Path):
        fault = the_fault(tmp_path, "[staging]", environ={"SAMOVAR_ENV": "stagign"})

        assert fault.startswith("SAMOVAR_ENV is 'stagign'")
        assert fault.endswith("did you mean staging?")

    def test_default_is_no_environment(self, tmp_path: Path):
        assert "known are development" in the_fault(tmp_path, "[default]", environment="default")

    def test_the_caller_s_environment_beats_the_variable(self, tmp_path: Path):
        environ = {"SAMOVAR_ENV": "production"}
        settings = read(tmp_path, "[default]", environment="test", environ=environ)

        assert settings.environment == "test"

    def test_a_blank_variable_is_none(self, tmp_path: Path):
        assert read(tmp_path, environ={"SAMOVAR_ENV": ""}).environment == "development"

    @pytest.mark.parametrize(
        ("toml", "said"),
        [
            ("queue_adapter = 'kafka'", "queue_adapter stands in no section"),
            ("[kafka]\nclient_id = 'a'", "did you mean [default.kafka]?"),
            ("[defualt]\napp = 'a:b'", "defualt is no environment; did you mean [default]?"),
            ("[defaults]\napp = 'a:b'", "defaults is no environment; did you mean [default]?"),
            ("[developement]\napp = 'a:b'", "did you mean development?"),
        ],
    )
    def test_a_section_that_would_never_be_read_is_a_fault(
        self, tmp_path: Path, toml: str, said: str
    ):
        fault = the_fault(tmp_path, toml)

        assert fault.startswith(str(tmp_path / "samovar.toml"))
        assert said in fault

    def test_a_longer_name_is_another_environment(self, tmp_path: Path):
        assert read(tmp_path, "[production-eu]", environment="production").app is None

    def test_sections_that_are_not_in_use_are_checked_too(self, tmp_path: Path):
        found = faults(tmp_path, "[a.wroker]\nconcurrency = 1\n[b.worker]\nconcurrency = 0")

        file = tmp_path / "samovar.toml"
        assert found == (
            f"{file}: a.wroker is not a setting; did you mean a.worker?",
            f"{file}: b.worker.concurrency is 0; expected a whole number of at least 1.",
        )


class TestFaults:
    @pytest.mark.parametrize(
        ("overrides", "fault"),
        [
            ({"worker": {"concurrency": 0}}, "worker.concurrency is 0; expected a whole number"),
            ({"worker": {"concurrency": True}}, "worker.concurrency is True; expected a whole"),
            ({"worker": {"concurrency": 1.5}}, "worker.concurrency is 1.5; expected a whole"),
            ({"worker": {"processes": None}}, "worker.processes is None; expected a whole number"),
            ({"worker": {"shutdown_timeout": 0}}, "is 0; expected a number of seconds above 0."),
            ({"worker": {"shutdown_timeout": float("inf")}}, "is inf; expected a number"),
            ({"worker": {"shutdown_timeout": 10**400}}, "; expected a number of seconds"),
            ({"worker": {"commit_interval": timedelta(0)}}, "of seconds from 0.001 to 86400."),
            ({"retry_jitter": timedelta(1)}, "expected a number of at least 0."),
            ({"worker": {"concurrency": 100_000}}, "of at least 1. The largest is 1000."),
            ({"worker": {"processes": 10**23}}, "of at least 1. The largest is 1000."),
            ({"worker": {"processes": 10**5000}}, "is far too long a number; expected a whole"),
            ({"worker": {"shutdown_timeout": 1e18}}, "above 0. The largest is 2147483647."),
            ({"retry_jitter": 1e300}, "at least 0. The largest is 2147483647."),
            ({"default_priority": 2**40}, "a whole number from -2147483647 to 2147483647."),
            ({"imports": ["..jobs"]}, "strings that name modules as an import does, such as"),
            ({"imports": ["shop/jobs.py"]}, "strings that name modules as an import does"),
            ({"imports": [""]}, "expected a list of strings that name modules"),
            ({"app": "..app:app"}, "expected a string of a module and a name in it, such as"),
            ({"app": "shop.app:make app"}, "expected a string of a module and a name in it"),
            ({"queue_adapter": "sidekiq"}, "inline, async, test. sidekiq is planned for version"),
            ({"queue_adapter": "delayed_job"}, "test. delayed_job is planned for version"),
            ({"worker": 5}, "App(...): worker is 5; expected a table."),
            ({"imports": "shop.jobs"}, "imports is 'shop.jobs'; expected a list of strings"),
            ({"imports": ["a", 1]}, "imports is ['a', 1]; expected a list of strings"),
            ({"app": "shop.app"}, "expected a string of a module and a name in it, such as"),
            ({"log_arguments": 1}, "log_arguments is 1; expected true or false."),
            ({"global_id_app": "my_shop"}, "expected a string of letters, digits and hyphens."),
            ({"queue_names": {"a": 1}}, "queue_names.a is 1; expected a string that is not blank."),
            ({"queue_names": {1: "a"}}, "queue_names.1 is not a setting"),
            ({"default_queue_name": " "}, "expected a string that is not blank."),
            ({"embedded": {"path": ""}}, "embedded.path is ''; expected a path."),
            ({"embedded": {"synchronous": "off"}}, "is 'off'; expected one of full, normal."),
            ({"kafka": {"bootstrap_servers": []}}, "is ''; expected a string that is not blank."),
            ({"kafka": {"bootstrap_servers": [1]}}, "is [1]; expected a string that is not blank."),
            ({"kafka": {"settings": {"a.b": ["s3cret"]}}}, '"a.b" is a list; expected a string, a'),
            (
                {"queue_adaptr": "kafka"},
                "queue_adaptr is not a setting; did you mean queue_adapter?",
            ),
            ({"zzz": 1}, "zzz is not a setting; known here are app, imports, queue_adapter,"),
            ({"job": {}}, "job is not a setting"),
        ],
    )
    def test_each_says_where_what_was_found_and_what_is_expected(
        self, tmp_path: Path, overrides: dict[str, Any], fault: str
    ):
        told = the_fault(tmp_path, overrides=overrides)

        assert told.startswith("App(...): ")
        assert fault in told
        assert "s3cret" not in told

    def test_a_pyproject_s_place_is_told_in_full(self, tmp_path: Path):
        fault = the_fault(
            tmp_path, "[tool.samovar.default]\nqueu_adapter = 'kafka'", name="pyproject.toml"
        )

        assert "pyproject.toml: tool.samovar.default.queu_adapter is not" in fault
        assert fault.endswith("did you mean tool.samovar.default.queue_adapter?")

    def test_kafka_without_servers_is_a_fault_that_says_how_to_set_them(self, tmp_path: Path):
        fault = the_fault(tmp_path, environ={"SAMOVAR_QUEUE_ADAPTER": "kafka"})

        assert "kafka.bootstrap_servers is missing" in fault
        assert "SAMOVAR_KAFKA__BOOTSTRAP_SERVERS" in fault

    def test_servers_that_are_wrong_are_not_missing_as_well(self, tmp_path: Path):
        overrides = {"queue_adapter": "kafka", "kafka": {"bootstrap_servers": 9092}}

        assert "is 9092; expected" in the_fault(tmp_path, overrides=overrides)

    def test_a_property_of_librdkafka_that_is_refused_is_told_where_it_stands(self, tmp_path: Path):
        fault = the_fault(tmp_path, "[default.kafka.settings]\n'group.id' = 'a'")

        file = tmp_path / "samovar.toml"
        assert fault == (
            f'{file}: default.kafka.settings."group.id" has a setting of its own: kafka.group_id.'
        )

    def test_faults_of_all_sources_are_told_at_once(self, tmp_path: Path):
        found = faults(
            tmp_path,
            "[default]\nqueue_adapter = 'kafka'\nx = 1\n[default.worker]\nconcurrency = 0",
            environ={"SAMOVAR_Y": "1", "SAMOVAR_ENV": "prodction"},
            overrides={"retry_jitter": -1},
        )

        assert len(found) == 6


#: One fault of each kind of source, by a word that its sentence must hold.
FILE_FAULTS = {
    "app": "app = 1",
    "imports": "imports = 'a'",
    "queue_adapter": "queue_adapter = 'rabbit'",
    "worker.processes": "worker.processes = 0",
    "kafka.client_id": "kafka.client_id = ''",
    "quoue": "quoue = 1",
}
VARIABLE_FAULTS = {
    "SAMOVAR_WORKER__CONCURRENCY": "none",
    "SAMOVAR_LOG_ARGUMENTS": "perhaps",
    "SAMOVAR_NONSENSE": "1",
}
KEYWORD_FAULTS: dict[str, Any] = {"queue_names": 3, "retry_jitter": "much", "embeded": {}}


@given(
    in_file=st.sets(st.sampled_from(sorted(FILE_FAULTS))),
    variables=st.sets(st.sampled_from(sorted(VARIABLE_FAULTS))),
    keywords=st.sets(st.sampled_from(sorted(KEYWORD_FAULTS))),
)
def test_any_combination_of_faults_is_told_at_once(
    in_file: set[str], variables: set[str], keywords: set[str]
):
    names = [*in_file, *variables, *keywords]
    assume(names)

    with tempfile.TemporaryDirectory() as folder:
        found = faults(
            Path(folder),
            "[default]\n" + "\n".join(FILE_FAULTS[name] for name in in_file),
            environ={name: VARIABLE_FAULTS[name] for name in variables},
            overrides={name: KEYWORD_FAULTS[name] for name in keywords},
        )

    assert len(found) == len(names)
    for name in names:
        assert sum(f"{name} is " in fault for fault in found) == 1


RIGHT_NAMES = {
    (): [
        "app",
        "imports",
        "queue_adapter",
        "default_queue_name",
        "queue_name_prefix",
        "queue_name_delimiter",
        "queue_names",
        "default_priority",
        "global_id_app",
        "retry_jitter",
        "log_arguments",
        "worker",
        "embedded",
        "kafka",
    ],
    ("worker",): ["concurrency", "processes", "shutdown_timeout", "commit_interval"],
    ("embedded",): ["path", "synchronous"],
    ("kafka",): ["bootstrap_servers", "client_id", "group_id", "settings"],
}


@st.composite
def misspelt(draw: st.DrawFn) -> tuple[tuple[str, ...], str]:
    """A right name with one letter left out, put in, changed or swapped; and its table."""
    table = draw(st.sampled_from(sorted(RIGHT_NAMES)))
    name = draw(st.sampled_from(RIGHT_NAMES[table]))
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from(string.ascii_letters + "_- "))
    wrong = draw(
        st.sampled_from(
            [
                name[:at] + name[at + 1 :],
                name[:at] + letter + name[at:],
                name[:at] + letter + name[at + 1 :],
                name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
            ]
        )
    )
    assume(wrong not in RIGHT_NAMES[table])
    return table, wrong


@given(misspelt())
@example(((), "Queue_Adapter"))
@example(((), "kfaka"))
def test_a_misspelt_name_is_never_accepted(place: tuple[tuple[str, ...], str]):
    table, wrong = place
    overrides: dict[str, Any] = {wrong: 1}
    for name in reversed(table):
        overrides = {name: overrides}

    with tempfile.TemporaryDirectory() as folder:
        fault = the_fault(Path(folder), overrides=overrides)

    assert fault.startswith(f"App(...): {'.'.join((*table, wrong))} is not a setting; did you mean")


ALL_NAMES = [name for names in RIGHT_NAMES.values() for name in names]
JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(RIGHT_NAMES[()]),
        JSON_LIKE | st.dictionaries(st.sampled_from(ALL_NAMES), JSON_LIKE),
    )
)
def test_whatever_is_written_is_settings_or_a_configuration_error(overrides: dict[str, Any]):
    settings = attempt(overrides=overrides, environ={})

    assert settings is None or settings.worker.concurrency >= 1


@given(
    st.dictionaries(
        st.text("ABCDEKRSW_.", min_size=1).map("SAMOVAR_".__add__)
        | st.sampled_from(
            ["SAMOVAR_QUEUE_NAMES", "SAMOVAR_KAFKA__SETTINGS", "SAMOVAR_WORKER__CONCURRENCY"]
        ),
        st.text() | st.just("[" * 100_000) | st.just("{}") | st.just("1" * 5000),
    )
)
def test_whatever_the_variables_hold_is_settings_or_a_configuration_error(environ: dict[str, str]):
    settings = attempt(environ=environ)

    assert settings is None or settings.worker.concurrency >= 1


def attempt(**options: Any) -> Settings | None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ConfigurationError):
        return load(start=Path(folder), **options)
    return None


class TestRealQueue:
    def test_prefix_and_mapping_make_the_real_name(self):
        settings = JobSettings(
            queue_name_prefix="shop", queue_name_delimiter=".", queue_names={"a": "b"}
        )

        assert settings.real_queue("a") == "shop.b"
        assert settings.real_queue("other") == "shop.other"

    @pytest.mark.parametrize("prefix", [None, "", "  "])
    def test_a_blank_prefix_adds_nothing(self, prefix: str | None):
        assert JobSettings(queue_name_prefix=prefix).real_queue("a") == "a"


def test_the_command_line_beats_the_applications_own_words(tmp_path: Path):
    obey(CommandLine(overrides={"worker": {"concurrency": 9}}))
    try:
        told = load(start=tmp_path, environ={}, overrides={"worker": {"concurrency": 3}})
    finally:
        obey(CommandLine())

    assert told.worker.concurrency == 9


def test_the_log_lies_beside_the_settings_file_also_when_that_is_silent(tmp_path: Path):
    (tmp_path / "samovar.toml").write_text("[default]\n")
    below = tmp_path / "below"
    below.mkdir()

    assert load(start=below, environ={}).embedded.path == tmp_path / "samovar.db"
