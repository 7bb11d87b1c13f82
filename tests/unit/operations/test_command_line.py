"""The command line: exit statuses, one clear line, JSON for scripts."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from operations import stacks
from operations.__main__ import COMMANDS, app
from operations.repair import observed_state
from operations.repair.observed_state import Situation
from pi_mesh.cluster import snapshot
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_pis, make_snapshot


@pytest.fixture
def stack(monkeypatch):
    """Return `stack(snapshot)` or `stack(error)`: set the result of reading the stack's cluster."""

    def made(outcome):
        for load in ("load", "load_any"):
            monkeypatch.setattr(stacks, load, lambda _: make_settings())
        monkeypatch.setattr(stacks, "load_with_state", lambda _: (make_settings(), lambda: NEVER_RUN))
        monkeypatch.setattr(snapshot, "read", _answering(outcome))

    return made


def _answering(outcome):
    def read(*_, **__):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return read


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_exit_statuses(command):
    shown = run(command, "--help")
    assert shown.exit_code == 0
    assert "--stack" in shown.output
    assert "--json" in shown.output
    assert "Exit status: 0 success" in shown.output


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_the_help_shows_no_type_beside_a_flag(command):
    shown = run(*command, "--help").output
    assert "--help" in shown
    assert "bool" not in shown


def test_the_help_shows_the_type_of_an_option_that_takes_a_value():
    assert "<str>" in run("verify", "--help").output


def test_the_version_is_that_of_the_project():
    version = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["version"]
    shown = run("--version")
    assert (shown.exit_code, shown.output) == (0, f"{version}\n")


def test_a_command_that_does_not_exist_is_a_usage_error():
    assert run("nope").exit_code == 2


def test_a_command_loads_nothing_that_only_another_one_needs():
    asked = "import sys; from operations.__main__ import app; app(['preflight', '--help'], standalone_mode=False)"
    code = f"{asked}; sys.exit(', '.join(sorted({{'grpc', 'psutil'}} & sys.modules.keys())) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["preflight", "verify", "repair", "budget", "rotate-ca"])
def test_a_missing_stack_is_a_usage_error(command):
    assert run(command).exit_code == 2


def test_a_fit_cluster_is_status_0(stack):
    stack(make_snapshot())
    assert run("preflight", "-s", STACK).exit_code == 0


def test_a_problem_is_status_1_and_in_the_table(stack):
    stack(make_snapshot(nodes=make_pis(2)))
    result = run("preflight", "-s", STACK)
    assert result.exit_code == 1
    assert "2 nodes are Ready" in result.output


def test_warnings_alone_are_status_0(stack):
    stack(make_snapshot(version="v1.40.0"))
    assert run("preflight", "-s", STACK).exit_code == 0


def test_settings_that_can_not_be_used_are_status_2(monkeypatch):
    monkeypatch.setattr(stacks, "load", _answering(SettingsError(["istio.version: is required"])))
    result = run("preflight", "-s", STACK)
    assert result.exit_code == 2
    assert "istio.version: is required" in result.stderr


@pytest.mark.parametrize("problem", [ClusterUnreachable("no answer"), WrongContext("another one")])
@pytest.mark.parametrize("command", ["preflight", "verify", "budget"])
def test_a_cluster_that_can_not_be_read_is_status_3_and_one_line(stack, command, problem):
    stack(problem)
    result = run(command, "-s", STACK)
    assert result.exit_code == 3
    assert result.stderr == f"error: {problem}\n"


def test_json_has_totals_and_every_finding(stack):
    stack(make_snapshot(nodes=make_pis(2)))
    report = json.loads(run("preflight", "-s", STACK, "--json").stdout)
    assert report["totals"]["error"] == 1
    assert {"id", "kind", "name", "level", "number", "message", "fix"} == set(report["findings"][0])


def test_the_budget_counts_on_the_live_nodes(stack):
    stack(make_snapshot(nodes=make_pis(2, memory=1280)))
    report = json.loads(run("budget", "-s", STACK, "--json").stdout)
    assert {node["node"]: node["sidecars"] for node in report["budget"]["nodes"]} == {"pi-1": 10, "pi-2": 10}
    assert report["budget"]["sidecars"] == 20


def test_the_budget_says_what_the_mesh_still_takes_and_what_trading_is_promised(stack):
    stack(make_snapshot(nodes=make_pis(2, memory=1280)))
    shown = " ".join(run("budget", "-s", STACK).output.split())
    assert (
        "On the live nodes, beside the running pods, 20 sidecars fit, and 17 once the 3 pods of the mesh that the "
        "scheduler still places have come:" in shown
    )
    assert "trading.workloads: promises 30 pods, each of 100m CPU and 256Mi with its sidecar, and 8 of them" in shown


def test_the_budget_says_what_access_logs_take_of_the_nodes_disks(stack, monkeypatch):
    stack(make_snapshot())
    logs = make_settings(observability={"accessLogs": {"gateways": True}})
    monkeypatch.setattr(stacks, "load_with_state", lambda _: (logs, lambda: NEVER_RUN))
    shown = " ".join(run("budget", "-s", STACK).output.split())
    assert "observability.accessLogs: a million logged requests are 500 MB; of 2 proxies kubelets keep" in shown
    assert "at most 50 MiB of each, 100 MiB in all" in shown


@pytest.fixture
def broken(stack, monkeypatch):
    """Return a stack with something to repair."""
    resource = {"urn": "urn:pulumi:test::pi-mesh::x:y:Z::trading", "type": "x:y:Z"}
    state = {"deployment": {"pending_operations": [{"type": "creating", "resource": resource}]}}
    stack(make_snapshot())
    monkeypatch.setattr(observed_state, "read", _answering(Situation(STACK, make_settings(), make_snapshot(), state)))


@pytest.mark.usefixtures("broken")
def test_repair_without_yes_shows_the_plan_does_nothing_and_is_status_1():
    result = run("repair", "-s", STACK)
    assert result.exit_code == 1
    assert "has pending operations: creating trading" in result.output
    assert "Nothing was changed. To carry out this plan: python -m operations repair -s test --yes" in result.output


@pytest.mark.usefixtures("broken")
def test_repairs_plan_as_json():
    plan = json.loads(run("repair", "-s", STACK, "--json").stdout)
    assert [finding["message"] for finding in plan["findings"]] == ["has pending operations: creating trading"]
