"""The account of docs/drift, and the examples of docs/drift.md by which drift reports itself."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from typer.testing import CliRunner

from operations import drift_notice
from operations.__main__ import app
from pi_mesh.cluster import kubeconfig
from tests.support.factories import make_settings

ROOT = Path(__file__).parents[2]
RIGHTS = ROOT / "docs" / "drift" / "rights.yaml"
PAGE = (ROOT / "docs" / "drift.md").read_text()
CONFIG, JOB = yaml.safe_load_all(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
POD = JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(file: str) -> dict[str, str]:
    """Return the lines of each package in a requirements file, with its hashes; of one by system, those of all."""
    found: dict[str, str] = {}
    for block in re.findall(r"^[\w.-]+==.*\n(?:    .*\n)*", (ROOT / file).read_text(), re.MULTILINE):
        name = block.partition("==")[0]
        found[name] = found.get(name, "") + block
    return found


def needed(*names: str) -> set[str]:
    """Return these packages and all that they need, for whatever system, with the extras that they ask for."""
    found: set[tuple[str, frozenset[str]]] = set()
    rest = [Requirement(name) for name in names]
    while rest:
        wanted = rest.pop()
        one = normalized(wanted.name), frozenset(wanted.extras)
        if one in found:
            continue
        found.add(one)
        try:
            entries = [Requirement(entry) for entry in requires(wanted.name) or []]
        except PackageNotFoundError:  # of another system
            continue
        rest += [entry for entry in entries if is_needed(entry, wanted.extras)]
    return {name for name, _ in found}


def is_needed(entry: Requirement, extras: set[str]) -> bool:
    """Return True for a requirement of any system, and for one of these extras."""
    condition = str(entry.marker or "")
    return "extra ==" not in condition or any(f'extra == "{extra}"' in condition for extra in extras)


def test_the_account_may_get_and_list_and_read_no_secret():
    (role,) = (one for one in yaml.safe_load_all(RIGHTS.read_text()) if one["kind"] == "ClusterRole")
    assert all(rule["verbs"] == ["get", "list"] for rule in role["rules"])
    of_core = [kind for rule in role["rules"] if "" in rule["apiGroups"] for kind in rule["resources"]]
    assert "secrets" not in of_core
    assert "*" not in of_core
    assert not any("/" in kind for rule in role["rules"] for kind in rule["resources"])


def test_the_image_has_the_locked_packages_and_no_others():
    whole, image = locked("requirements.txt"), locked("requirements-verify.txt")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["verify"]
    assert set(image) == needed(*declared) & set(whole)
    assert image.items() <= whole.items()


def test_verify_imports_packages_of_the_image_alone():
    code = """import ast, sys, operations.__main__
for file in ("operations/command_line.py", "operations/verify/command.py"):
    for node in ast.walk(ast.parse(open(file).read())):  # what its functions import too
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(ast.unparse(node))
print(*{name.partition('.')[0] for name in sys.modules})"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    held = locked("requirements-verify.txt").keys()
    of_packages = {name: packages_distributions().get(name) for name in done.stdout.split() if name[0] != "_"}
    assert "lightkube" in of_packages
    # A folder such as `google` has several packages.
    assert [name for name, names in of_packages.items() if names and not {*map(normalized, names)} & held] == []


def test_the_jobs_command_line_is_one_that_verify_knows(tmp_path):
    (entry,) = re.findall(r"^ENTRYPOINT (.*)", PAGE, re.MULTILINE)
    python, _, module, *command = yaml.safe_load(entry)
    assert (python, module) == ("python", "operations")
    arguments = [one.replace("/settings/", f"{tmp_path}/") for one in POD["containers"][0]["args"]]
    done = CliRunner().invoke(app, [*command, *arguments])
    assert (done.exit_code, done.stderr) == (
        2,
        "error: Pulumi.pi-cluster.yaml: can't be read: No such file or directory\n",
    )


def test_the_jobs_pod_may_do_nothing_on_its_node():
    (container,) = POD["containers"]
    assert POD["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"] == "256Mi"
    assert JOB["spec"]["concurrencyPolicy"] == "Forbid"


def test_the_jobs_kubeconfig_is_one_of_the_settings_context(tmp_path, monkeypatch):
    text = CONFIG["data"]["kubeconfig"].replace("my-pis", make_settings().cluster.context)
    assert text.count("test") == 2
    (tmp_path / "kubeconfig").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    connection = kubeconfig.connection("test")
    assert connection.cluster.server == "https://kubernetes.default.svc"
    assert connection.user
    assert connection.user.token_file == "/var/run/secrets/kubernetes.io/serviceaccount/token"


@pytest.mark.parametrize("way", ["--file", "--issue"])
def test_the_unit_and_the_workflow_pipe_one_command_into_the_other(way):
    texts = {"--file": PAGE, "--issue": (ROOT / ".github" / "workflows" / "drift.yml").read_text()}
    assert re.search(
        r"\.venv/bin/python -m operations verify --stack=\S+ --stack-file=\S+ --read-only --json \| "
        rf"\.venv/bin/python -m operations\.drift_notice {way}",
        " ".join(texts[way].split()),
    )
    assert drift_notice.__name__ == "operations.drift_notice"
