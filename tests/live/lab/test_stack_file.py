"""A stack file means to `--stack-file` and to the pull request's comment what it means to Pulumi's engine."""

import json
import subprocess
from pathlib import Path

import pytest

from lab.cluster.binaries import program
from lab.cluster.environment import variables
from pi_mesh.settings import SettingsError, stack_file

# fmt: off
SCALARS = (
    "yes", "no", "on", "off", "Yes", "OFF", "y", "n", "true", "True", "TRUE", "false", "~", "null", "Null",
    "NULL", "nil", "None", "17:30", "09:00", "1:30:45", "0777", "0o777", "0x1F", "0b101", "1_000", "12", "+12",
    "-3", "1.20", "1.0", "1e3", "1E3", ".5", "5.", "2026-12-25", "2026-12-25T10:00:00Z", "0.5e-3", '"1.20"',
    "'on'", "08", "09", "0o8", "1,000", "1.2.3", "=", "123456789012345678901234567890", "1e400", "-0", "0.0",
    "0x", "0xZZ", "1__0", "_1", "0b12", "1e", "e3", "+.5", "-.5", "100Mi", "50m", "1h30m", "0_7", "0o_7",
    "1.5_0", "3.", "trUe", "oN", "[1, on, 17:30]", "{a: yes}", "{a: &x 1, b: *x}", "!!str 12", '!!int "12"',
)
# fmt: on
FILES = {
    "a key without a project": "config:\n  traffic: {a: 1}\n",
    "a key twice": "config:\n  pi-mesh:istio: {a: 1}\n  pi-mesh:istio: {a: 2}\n",
    "a key twice below another": "config:\n  pi-mesh:istio: {a: 1, a: 2}\n",
    "a merge": "config:\n  pi-mesh:istio:\n    first: &x {a: 1}\n    second: {<<: *x, b: 2}\n",
    "a text over lines": "config:\n  pi-mesh:istio:\n    text: |\n      one\n      two\n",
    "a tab": "config:\n\tpi-mesh:istio: 1\n",
    "a list at the top": "- config\n",
    "no YAML": "config: [1\n",
    "a number without end": "config:\n  pi-mesh:istio: {a: .inf}\n",
    "no number": "config:\n  pi-mesh:istio: {a: .nan}\n",
    "a forced boolean": "config:\n  pi-mesh:istio: {a: !!bool yes}\n",
    "two documents": "config:\n  pi-mesh:istio: {a: 1}\n---\nconfig:\n  pi-mesh:istio: {a: 2}\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    (folder / "Pulumi.yaml").write_text("name: pi-mesh\nruntime: python\n")
    pulumi(folder, "stack", "init", "x")
    return folder


def pulumi(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**variables(), "PATH": "/usr/bin:/bin", "PULUMI_BACKEND_URL": f"file://{folder}"}
    command = [program("pulumi"), *arguments, "--non-interactive"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def of_engine(folder: Path) -> dict | None:
    """Return the config as the engine gives it to a program; None for a file that it refuses."""
    done = pulumi(folder, "config", "--stack", "x", "--json")
    if done.returncode:
        return None
    return {key: value.get("objectValue", value["value"]) for key, value in json.loads(done.stdout).items()}


def of_reader(file: Path) -> dict | None:
    try:
        return dict(stack_file.stack_config(file))
    except SettingsError:
        return None


@pytest.fixture
def stack(folder: Path):
    file = folder / "Pulumi.x.yaml"
    head = file.read_text()
    yield file
    file.write_text(head)


def test_every_scalar_means_the_same(folder, stack, figure):
    rows = [f"    key{number}: {scalar}" for number, scalar in enumerate(SCALARS)]
    stack.write_text("\n".join([stack.read_text(), "config:", "  pi-mesh:deep:", *rows, ""]))
    assert of_reader(stack) == of_engine(folder)
    figure(f"{len(SCALARS)} scalars and {len(FILES)} files: the same value, or refused by both")


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in FILES.items()])
def test_every_file_means_the_same(folder, stack, text):
    stack.write_text(text if "config:" not in text or text.startswith("-") else stack.read_text() + text)
    assert of_engine(folder) == of_reader(stack)
