"""The account of docs/drift, and the examples of docs/observability.md by which drift reports itself."""

import re
import subprocess
import sys
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, PackagePath, files

import pytest
import yaml
from typer.testing import CliRunner

from operations.__main__ import app
from pi_mesh.cluster import kubeconfig
from tests.support.factories import make_settings
from tests.support.shape import ROOT

PAGE = (ROOT / "docs" / "observability.md").read_text()
CONFIG, JOB = yaml.safe_load_all(re.findall(r"```yaml\n(apiVersion.*?)```", PAGE, re.DOTALL)[0])
POD = JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]
IMPORTING = """import ast, sys, operations.__main__
for file in ("operations/command_line.py", "operations/verify/__init__.py"):
    for node in ast.walk(ast.parse(open(file).read())):  # what its functions import too
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(ast.unparse(node))
print(*{name.partition('.')[0] for name, module in sys.modules.items() if getattr(module, '__spec__', None)})"""


def locked(file: str) -> dict[str, str]:
    """Return the lines of each package in a requirements file, with its hashes; of one by system, those of all."""
    lines = defaultdict[str, str](str)
    for block in re.findall(r"^[\w.-]+==.*\n(?:    .*\n)*", (ROOT / file).read_text(), re.MULTILINE):
        lines[block.partition("==")[0]] += block
    return lines


def installed(name: str) -> list[PackagePath]:
    """Return the files of a package, none of one that is for another system."""
    try:
        return files(name) or []
    except PackageNotFoundError:
        return []


def test_the_account_may_get_and_list_and_read_no_secret():
    objects = yaml.safe_load_all((ROOT / "docs" / "drift" / "rights.yaml").read_text())
    (role,) = (item for item in objects if item["kind"] == "ClusterRole")
    assert all(rule["verbs"] == ["get", "list"] for rule in role["rules"])
    kinds = [(group, kind) for rule in role["rules"] for group in rule["apiGroups"] for kind in rule["resources"]]
    assert [kind for group, kind in kinds if "/" in kind or (group, kind) in (("", "secrets"), ("", "*"))] == []


def test_the_image_has_packages_as_they_are_locked_for_the_program():
    """That none is missing, pip says: it takes no package without its hash."""
    assert locked("requirements-verify.txt").items() <= locked("requirements.txt").items()


def test_verify_imports_packages_of_the_image_alone():
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, check=True, cwd=ROOT)
    imported = {name for name in done.stdout.split() if name[0] != "_" and not (ROOT / name).is_dir()}
    image = {file.parts[0].split(".")[0] for name in locked("requirements-verify.txt") for file in installed(name)}
    assert "lightkube" in imported
    assert sorted(imported - sys.stdlib_module_names - image) == []


def test_the_jobs_command_line_is_one_that_verify_knows(tmp_path):
    (entry,) = re.findall(r"^ENTRYPOINT (.*)", PAGE, re.MULTILINE)
    python, _, module, *command = yaml.safe_load(entry)
    assert (python, module) == ("python", "operations")
    arguments = [argument.replace("/settings/", f"{tmp_path}/") for argument in POD["containers"][0]["args"]]
    done = CliRunner().invoke(app, [*command, *arguments])
    assert done.exit_code == 2
    assert done.stderr == "error: Pulumi.pi-cluster.yaml: can't be read: No such file or directory\n"


def test_the_jobs_pod_may_do_nothing_on_its_node():
    (container,) = POD["containers"]
    assert POD["securityContext"]["runAsNonRoot"] is True
    rights = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert container["securityContext"] == rights
    assert container["resources"]["limits"]["memory"] == "256Mi"
    assert JOB["spec"]["concurrencyPolicy"] == "Forbid"


def test_the_jobs_kubeconfig_is_one_of_the_settings_context(tmp_path, monkeypatch):
    text = CONFIG["data"]["kubeconfig"].replace("my-pis", make_settings().cluster.context)
    (tmp_path / "kubeconfig").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    connection = kubeconfig.connection("test")
    assert connection.cluster.server == "https://kubernetes.default.svc"
    assert connection.user
    assert connection.user.token_file == "/var/run/secrets/kubernetes.io/serviceaccount/token"


@pytest.mark.parametrize(
    ("file", "option"), [("docs/observability.md", "--file"), (".github/workflows/drift.yml", "--issue")]
)
def test_the_unit_and_the_workflow_pipe_one_command_into_the_other(file, option):
    verify = r"operations verify --stack=\S+ --stack-file=\S+ --read-only --json"
    pipe = rf"\.venv/bin/python -m {verify} \| \.venv/bin/python -m operations\.drift_notice {option}"
    assert re.search(pipe, " ".join((ROOT / file).read_text().split()))
