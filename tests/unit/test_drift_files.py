"""The account of docs/drift, and the examples of docs/drift.md by which drift reports itself."""

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, files, requires

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

from operations.__main__ import app
from pi_mesh.cluster import kubeconfig
from tests.support.factories import make_settings
from tests.support.shape import ROOT

PAGE = (ROOT / "docs" / "drift.md").read_text()
CONFIG, JOB = yaml.safe_load_all(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
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


def needed(*names: str) -> set[str]:
    """Return these packages and all that they need, for whatever system, with the extras that they ask for."""
    closure, rest = set[tuple[str, frozenset[str]]](), [Requirement(name) for name in names]
    while rest:
        package = rest.pop()
        key = canonicalize_name(package.name), frozenset(package.extras)
        if key not in closure:
            closure.add(key)
            entries = map(Requirement, of_this_system(requires, package.name))
            rest += [entry for entry in entries if is_needed(entry, package.extras)]
    return {name for name, _ in closure}


def of_this_system(look: Callable[[str], list | None], name: str) -> list:
    """Return what a package has, and nothing for one of another system."""
    try:
        return look(name) or []
    except PackageNotFoundError:
        return []


def is_needed(entry: Requirement, extras: set[str]) -> bool:
    """Return True for a requirement of any system, and for one of these extras."""
    condition = str(entry.marker or "")
    return "extra ==" not in condition or any(f'extra == "{extra}"' in condition for extra in extras)


def test_the_account_may_get_and_list_and_read_no_secret():
    objects = yaml.safe_load_all((ROOT / "docs" / "drift" / "rights.yaml").read_text())
    (role,) = (item for item in objects if item["kind"] == "ClusterRole")
    assert all(rule["verbs"] == ["get", "list"] for rule in role["rules"])
    assert not {"secrets", "*"} & {
        kind for rule in role["rules"] if "" in rule["apiGroups"] for kind in rule["resources"]
    }
    assert not any("/" in kind for rule in role["rules"] for kind in rule["resources"])


def test_the_image_has_the_locked_packages_and_no_others():
    whole, image = locked("requirements.txt"), locked("requirements-verify.txt")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["verify"]
    assert set(image) == needed(*declared) & set(whole)
    assert image.items() <= whole.items()


def test_verify_imports_packages_of_the_image_alone():
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, check=True, cwd=ROOT)
    imported = {name for name in done.stdout.split() if name[0] != "_" and not (ROOT / name).is_dir()}
    installed = [file for name in locked("requirements-verify.txt") for file in of_this_system(files, name)]
    image = {file.parts[0].split(".")[0] for file in installed}
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


@pytest.mark.parametrize(("file", "option"), [("docs/drift.md", "--file"), (".github/workflows/drift.yml", "--issue")])
def test_the_unit_and_the_workflow_pipe_one_command_into_the_other(file, option):
    verify = r"operations verify --stack=\S+ --stack-file=\S+ --read-only --json"
    pipe = rf"\.venv/bin/python -m {verify} \| \.venv/bin/python -m operations\.drift_notice {option}"
    assert re.search(pipe, " ".join((ROOT / file).read_text().split()))
