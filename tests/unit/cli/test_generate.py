"""`samovar generate job` writes what fits the project, or nothing."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import settings
from samovar.cli.main import main
from samovar.cli.scaffold.fields import fields
from samovar.cli.scaffold.names import job_name
from samovar.errors import ArgumentError

PAYMENT = ("ProcessPayment", "order_id:int", "method:string")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty project, which is the working directory."""
    (tmp_path / "samovar.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    settings.obey(settings.CommandLine())


@pytest.fixture
def generate(project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the command: what it said, or what it complained of."""

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ending:
            main(["generate", "job", *arguments])
        said = capsys.readouterr()
        assert bool(ending.value.code) == bool(said.err)
        return said.out + said.err

    return run


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


class TestNames:
    @pytest.mark.parametrize(
        "given_name",
        ["ProcessPayment", "ProcessPaymentJob", "process_payment", "process_payment_job"],
    )
    def test_a_job_may_be_named_in_any_of_four_ways(self, given_name: str) -> None:
        name = job_name(given_name)

        assert (name.class_name, name.module) == ("ProcessPaymentJob", "process_payment_job")
        assert name.on_the_wire == "ProcessPaymentJob"

    @pytest.mark.parametrize("given_name", ["Shop::Billing::Charge", "shop/billing/charge_job"])
    def test_namespaces_are_packages_here_and_modules_in_ruby(self, given_name: str) -> None:
        name = job_name(given_name)

        assert name.folders == ("shop", "billing")
        assert name.on_the_wire == "Shop::Billing::ChargeJob"
        assert name.slug == "shop_billing_charge_job"

    def test_abbreviations_stay_whole(self) -> None:
        assert job_name("HTTPFetchV2").module == "http_fetch_v2_job"

    @pytest.mark.parametrize(
        "given_name",
        ["", "Job", "2Fast", "a-b", "Bill ing", "Billing::", "::Charge", "class/Pay", "_"],
    )
    def test_what_names_no_class_is_refused(self, given_name: str) -> None:
        with pytest.raises(ArgumentError, match=repr(given_name)):
            job_name(given_name)

    @given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True))
    def test_what_is_not_refused_can_be_written(self, given_name: str) -> None:
        try:
            name = job_name(given_name)
        except ArgumentError:
            return
        assert name.class_name.isidentifier()
        assert name.class_name.endswith("Job")
        assert name.module.isidentifier()
        assert not keyword.iskeyword(name.module)


class TestFields:
    def test_types_have_rubys_names_too(self) -> None:
        given_fields = fields(["a:integer", "b:String", "c:hash", "d:boolean", "e"])

        assert [field.kind.annotation for field in given_fields] == [
            "int",
            "str",
            "dict[str, Any]",
            "bool",
            "str",
        ]

    def test_a_range_is_annotated_with_the_type_that_arrives(self) -> None:
        (field,) = fields(["pages:range"])

        assert (field.kind.annotation, field.kind.sample) == ("Range", "Range(1, 10)")
        assert field.kind.imports == (("samovar.types", "Range"),)

    def test_every_fault_is_told_at_once(self) -> None:
        with pytest.raises(ArgumentError) as refusal:
            fields(["id:int", "from:str", "9:int", "a:int", "a:str", "self:int", "b:integre"])

        told = str(refusal.value).splitlines()
        assert told[0] == "'id' is a builtin of Python; call it id_, or something more exact."
        assert told[1].startswith("'from' is a keyword")
        assert told[2].startswith("'9' is no name")
        assert told[3] == "'a' is given twice."
        assert told[4].startswith("'self' is the job itself")
        assert "'b:integre' has an unknown type. Did you mean integer? Known are int," in told[5]


class TestPlaces:
    def test_an_empty_project_gets_a_package_of_jobs(
        self, project: Path, generate: Callable[..., str]
    ) -> None:
        said = generate(*PAYMENT)

        found = files_of(project)
        assert found["jobs/process_payment_job.py"] == (
            "from samovar import Job\n\n\n"
            "class ProcessPaymentJob(Job):\n"
            '    queue_as = "default"\n\n'
            "    def perform(self, order_id: int, method: str) -> None:\n"
            '        """Write here what the job does."""\n'
        )
        assert sorted(found) == [
            "conftest.py",
            "jobs/__init__.py",
            "jobs/process_payment_job.py",
            "samovar.toml",
            "tests/test_process_payment_job.py",
        ]
        assert "Created jobs/process_payment_job.py" in said
        assert 'set imports = ["jobs"] in samovar.toml' in said

    def test_the_package_imports_its_jobs(
        self, project: Path, generate: Callable[..., str]
    ) -> None:
        write(project / "samovar.toml", '[default]\nimports = ["jobs"]\n')

        assert "imports" not in generate("zip_files") + generate("Billing::Charge", "--queue", "x")
        generate("add_files")

        assert (project / "jobs/__init__.py").read_text().splitlines() == [
            "from jobs import billing as billing",
            "from jobs.add_files_job import AddFilesJob as AddFilesJob",
            "from jobs.zip_files_job import ZipFilesJob as ZipFilesJob",
        ]
        assert (project / "jobs/billing/__init__.py").read_text() == (
            "from jobs.billing.charge_job import ChargeJob as ChargeJob\n"
        )
        job = (project / "jobs/billing/charge_job.py").read_text()
        assert '    job_name = "Billing::ChargeJob"\n    queue_as = "x"\n' in job

    def test_a_package_in_src_gets_them(self, project: Path, generate: Callable[..., str]) -> None:
        write(project / "src/shop/__init__.py", "VERSION = 1\n")

        said = generate(*PAYMENT)

        found = files_of(project)
        assert "src/shop/jobs/process_payment_job.py" in found
        assert found["src/shop/jobs/__init__.py"].startswith("from shop.jobs.process_payment_job")
        assert "from shop.jobs.process_payment_job" in found["tests/test_process_payment_job.py"]
        assert "conftest.py" not in found
        assert "pip install -e ." in said

    def test_of_several_packages_the_one_with_jobs_is_taken(
        self, project: Path, generate: Callable[..., str]
    ) -> None:
        for package in ("blog", "shop", "tests"):
            write(project / package / "__init__.py")
        assert "several packages" in generate(*PAYMENT)
        write(project / "shop/jobs/__init__.py")

        generate(*PAYMENT)

        assert (project / "shop/jobs/process_payment_job.py").exists()

    @pytest.mark.parametrize(
        "said",
        ['imports = ["blog.jobs.old_job"]', 'imports = ["x", "blog.jobs"]', 'app = "blog.app:app"'],
    )
    def test_settings_say_where(
        self, project: Path, generate: Callable[..., str], said: str
    ) -> None:
        write(project / "samovar.toml", f"[default]\n{said}\n")
        for package in ("blog", "shop"):
            write(project / package / "__init__.py")

        generate(*PAYMENT)

        assert (project / "blog/jobs/process_payment_job.py").exists()

    def test_dir_says_where(self, project: Path, generate: Callable[..., str]) -> None:
        generate(*PAYMENT, "--dir", "shop/work")

        assert sorted(path.name for path in (project / "shop/work").iterdir()) == [
            "__init__.py",
            "process_payment_job.py",
        ]
        assert (project / "shop/__init__.py").read_text() == ""

    def test_a_base_class_of_the_project_is_used(
        self, project: Path, generate: Callable[..., str]
    ) -> None:
        write(project / "jobs/__init__.py")
        write(project / "jobs/application_job.py", "class ApplicationJob(Job): ...\n")

        generate("count", "at:timestamp")

        assert (
            (project / "jobs/count_job.py")
            .read_text()
            .startswith(
                "from datetime import datetime\n\n"
                "from jobs.application_job import ApplicationJob\n\n\n"
                "class CountJob(ApplicationJob):\n"
            )
        )

    def test_a_package_with_code_of_its_own_is_left_alone(
        self, project: Path, generate: Callable[..., str]
    ) -> None:
        write(project / "jobs/__init__.py", "print('mine')\n")

        said = generate(*PAYMENT)

        assert (project / "jobs/__init__.py").read_text() == "print('mine')\n"
        assert 'set imports = ["jobs.process_payment_job"]' in said


class TestOneModuleOfJobs:
    MODULE = '"""Jobs."""\n\nfrom samovar import Job, retry_on\n\n\nclass OldJob(Job): ...\n'

    def test_the_job_goes_to_its_end(self, project: Path, generate: Callable[..., str]) -> None:
        write(project / "jobs.py", self.MODULE)

        said = generate("Charge", "amount:decimal")

        assert (project / "jobs.py").read_text() == (
            '"""Jobs."""\n\nfrom decimal import Decimal\n\nfrom samovar import Job, retry_on\n\n\n'
            "class OldJob(Job): ...\n\n\n"
            "class ChargeJob(Job):\n"
            '    queue_as = "default"\n\n'
            "    def perform(self, amount: Decimal) -> None:\n"
            '        """Write here what the job does."""\n'
        )
        assert "from jobs import ChargeJob" in (project / "tests/test_charge_job.py").read_text()
        assert "Changed jobs.py" in said

    @pytest.mark.parametrize(
        ("there", "imports"),
        [
            ("", "from decimal import Decimal\n\nfrom samovar import Job\n"),
            (
                '"""Mine."""\n',
                '"""Mine."""\n\nfrom decimal import Decimal\n\nfrom samovar import Job\n',
            ),
            ("import os\n", "import os\nfrom decimal import Decimal\n\nfrom samovar import Job\n"),
            (
                "import samovar as s\n",
                "import samovar as s\nfrom decimal import Decimal\n\nfrom samovar import Job\n",
            ),
            (
                "from __future__ import annotations\n\nfrom samovar import Job\n\nimport shop\n",
                "from __future__ import annotations\n\nfrom decimal import Decimal\n\n"
                "from samovar import Job\n\nimport shop\n",
            ),
            (
                "from samovar import Job  # the class\nfrom decimal import Decimal\n",
                "from samovar import Job  # the class\nfrom decimal import Decimal\n",
            ),
        ],
    )
    def test_imports_keep_their_order_if_they_have_one(
        self, project: Path, generate: Callable[..., str], there: str, imports: str
    ) -> None:
        write(project / "shop.py")
        write(project / "jobs.py", there)

        generate("Charge", "amount:decimal")

        before, _, _ = (project / "jobs.py").read_text().partition("\n\nclass ")
        assert before == imports

    def test_force_replaces_the_class_and_nothing_else(
        self, project: Path, generate: Callable[..., str]
    ) -> None:
        write(project / "jobs.py", self.MODULE + "\n\nrest = 1\n")
        assert "OldJob in" in generate("Old")

        generate("Old", "--force", "--queue", "new")

        assert (project / "jobs.py").read_text() == self.MODULE.replace(
            "class OldJob(Job): ...\n",
            'class OldJob(Job):\n    queue_as = "new"\n\n    def perform(self) -> None:\n'
            '        """Write here what the job does."""\n',
        ) + "\n\nrest = 1\n"

    def test_a_module_that_is_broken_is_not_touched(
        self, project: Path, generate: Callable[..., str]
    ) -> None:
        write(project / "jobs.py", "class (:\n")

        assert "jobs.py is no valid Python" in generate(*PAYMENT)
        assert list(files_of(project)) == ["jobs.py", "samovar.toml"]


class TestNothingIsLost:
    def test_what_exists_is_kept(self, project: Path, generate: Callable[..., str]) -> None:
        write(project / "tests/test_process_payment_job.py", "mine")
        before = files_of(project)

        assert "test_process_payment_job.py already: nothing was written" in generate(*PAYMENT)
        assert files_of(project) == before

    def test_unless_force_is_given(self, project: Path, generate: Callable[..., str]) -> None:
        write(project / "tests/test_process_payment_job.py", "mine")

        assert "Replaced tests/test_process_payment_job.py" in generate(*PAYMENT, "--force")

    @pytest.mark.parametrize(
        "arguments",
        [("class/x",), ("Pay", "class:int"), ("Pay", "a:nothing"), ("Pay", "--dir", "no-name")],
    )
    def test_a_fault_leaves_nothing_behind(
        self, project: Path, generate: Callable[..., str], arguments: tuple[str, ...]
    ) -> None:
        assert generate(*arguments).startswith("samovar: ")
        assert list(files_of(project)) == ["samovar.toml"]

    def test_a_module_in_the_way_of_a_package_is_a_fault(
        self, project: Path, generate: Callable[..., str]
    ) -> None:
        write(project / "jobs/__init__.py")
        write(project / "jobs/billing.py")

        assert "billing.py stands in the way" in generate("Billing::Charge")
