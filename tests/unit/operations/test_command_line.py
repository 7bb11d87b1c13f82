"""The report as text."""

import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from operations import command_line, results, stacks
from operations.__main__ import COMMANDS, app
from operations.repair import observed_state
from operations.repair.observed_state import ObservedState
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.cluster import snapshot
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_pis, make_snapshot

LONG = "trading/settlement-engine-reconciliation-worker-6f7d9c5b8d-x2x4z"
WELL = ok("services", Subject("service", "a/b"), "is ClusterIP")
BAD = error("mesh pods", Subject("pod", LONG), "is not ready and has not been for a long time now", "`kubectl logs`")
ODD = warning("workloads", Subject("pod", "a/b"), "has no sidecar", "restart it")
HEAVY = {
    *("pydantic", "lightkube", "httpx2", "cryptography", "grpc", "pulumi", "psutil", "yaml", "rich.table"),
    *("pi_mesh.settings", "pi_mesh.inventory", "operations.failures", "operations.results"),
}
"""Modules that take long to load, and that no help needs; typer itself loads pydantic for a command's options."""
OPEN = unknown("configuration analysis", Subject("command", "istioctl"), "is not on PATH", "install istioctl")


@pytest.fixture
def shown(capsys, monkeypatch):
    """Return `shown(findings)`: the lines of a report on a terminal of 80 columns."""

    def lines(*findings: Finding, everything: bool = False) -> list[str]:
        monkeypatch.setenv("COLUMNS", "80")
        command_line.show_report(results.completed("verify", "lab", findings), everything)
        return capsys.readouterr().out.splitlines()

    return lines


def test_problems_come_first_and_the_verdict_last(shown):
    lines = shown(WELL, OPEN, ODD, WELL, BAD)
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        "error",
        "warning",
        "unknown",
        "ok",
        "stack",
    ]
    assert lines[-1] == "stack lab: the mesh is not as the settings say (1 error, 1 warning, 1 unknown, 2 ok)"


def test_a_finding_is_its_object_what_was_seen_and_what_to_do(shown):
    assert shown(ODD)[:3] == ["warning  workloads: pod a/b", "         has no sidecar", "         -> restart it"]


def test_what_is_well_is_one_line(shown):
    assert shown(WELL, WELL) == [
        "ok       2 checks (`--all` shows them)",
        "stack lab: the mesh is as the settings say (2 ok)",
    ]


def test_everything_is_shown_where_it_is_asked_for(shown):
    assert shown(WELL, ODD, everything=True)[-2] == "ok       services: service a/b: is ClusterIP"


def test_a_name_is_whole_on_one_line(shown):
    assert any(LONG in line for line in shown(BAD))


def test_a_name_longer_than_the_terminal_is_whole_too(shown):
    name = f"{'n' * 60}/{'p' * 63}"
    assert any(name in line for line in shown(error("x", Subject("pod", "a/b"), f"calls {name}", "")))


def test_a_long_name_is_not_cut_in_the_first_line_either(shown):
    lines = shown(error("configuration analysis", Subject("VirtualService", LONG), "is bad", ""))
    assert lines[:2] == ["error    configuration analysis: VirtualService", f"         {LONG}"]


def test_counts_agree_with_their_nouns(shown):
    assert shown(BAD, BAD, ODD)[-1].endswith("(2 errors, 1 warning)")


def test_what_is_folded_is_folded_between_words(shown):
    message = "reconciliation-worker " * 8
    lines = shown(error("x", Subject("pod", "a/b"), message.strip(), ""))
    assert {line.strip() for line in lines[1:-1]} == {
        "reconciliation-worker reconciliation-worker reconciliation-worker",
        "reconciliation-worker reconciliation-worker",
    }
    assert all(len(line) <= 80 for line in lines)


def test_brackets_are_shown_as_they_are(shown):
    assert "         [red]is[/] bad" in shown(error("x", Subject("pod", "a/b"), "[red]is[/] bad", ""))


def test_colors_are_for_terminals_alone(shown):
    assert "\x1b" not in "".join(shown(BAD))


def test_a_terminal_gets_colors(shown, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1;31merror" in "".join(shown(BAD))


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


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after this code."""
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules, file=sys.stderr)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_the_list_of_commands_loads_none_of_them():
    asked = "from operations.__main__ import app; app(['--help'], standalone_mode=False)"
    loaded = loaded_by(asked)
    assert {f"operations.{module}" for module, _ in COMMANDS.values()} & loaded == set()
    assert HEAVY & loaded <= {"rich.table"}  # in which typer shows it


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_loads_for_its_help_nothing_that_only_its_work_needs(command):
    module, _ = COMMANDS[command]
    assert HEAVY & loaded_by(f"import operations.{module}") == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_has_the_first_line_of_a_commands_help(command):
    module, line = COMMANDS[command]
    function = getattr(import_module(f"operations.{module}"), command.replace("-", "_"))
    assert (function.__doc__ or "").partition("\n")[0] == line


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
    monkeypatch.setattr(
        observed_state, "read", _answering(ObservedState(STACK, make_settings(), make_snapshot(), state))
    )


@pytest.mark.usefixtures("broken")
def test_repair_without_yes_shows_the_plan_does_nothing_and_is_status_1():
    result = run("repair", "-s", STACK)
    assert result.exit_code == 1
    assert "has pending operations: creating trading" in result.output
    assert "Nothing was changed. To carry out this plan: python -m operations repair -s test --yes" in result.output


@pytest.fixture
def nothing_broken(stack, monkeypatch):
    """Return a stack with nothing to repair, whose repair would fail the test."""
    state = ObservedState(STACK, make_settings(), make_snapshot(), {"version": 3, "deployment": {"resources": []}})
    stack(make_snapshot())
    monkeypatch.setattr(observed_state, "read", _answering(state))
    monkeypatch.setattr("operations.repair.plan.carry_out", None)


@pytest.mark.usefixtures("nothing_broken")
@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--yes",)])
def test_where_nothing_is_left_to_repair_no_lock_is_taken(options):
    result = run("repair", "-s", STACK, *options)
    assert (result.exit_code, result.output) == (0, f"Nothing to repair in stack {STACK}.\n")


@pytest.mark.usefixtures("broken")
def test_a_run_under_way_is_an_obstacle_and_not_nothing(monkeypatch):
    obstacle = error("obstacle", Subject("stack", STACK), "is locked by a run", "wait")
    monkeypatch.setattr("operations.repair.plan.find_obstacle", lambda _: obstacle)
    result = run("repair", "-s", STACK, "--yes")
    assert (result.exit_code, result.output) == (1, f"error: {obstacle}\n")


@pytest.mark.parametrize(("options", "terminal", "answer", "given", "shown"), [
    pytest.param({}, False, None, False, "out", id="without a terminal nobody agrees"),
    pytest.param({"yes": True}, False, None, True, "", id="yes beforehand"),
    pytest.param({"dry_run": True}, True, None, False, "", id="a dry run asks nobody"),
    pytest.param({"yes": True, "dry_run": True}, True, None, False, "", id="a dry run with a yes stays one"),
    pytest.param({}, True, True, True, "", id="a yes on a terminal"),
    pytest.param({}, True, False, False, "out", id="a no on a terminal"),
    pytest.param({"as_json": True}, True, None, False, "err", id="a program is not asked"),
])  # fmt: skip
def test_a_plan_is_carried_out_after_a_yes_alone(monkeypatch, capsys, options, terminal, answer, given, shown):
    answers = [] if answer is None else [answer]
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setattr(typer, "confirm", lambda _: answers.pop())
    consent = command_line.Consent("refresh -s test", **options)
    assert consent.is_given("Restart?") is given
    if given:
        assert consent.is_given("And this?")  # asked once
    line = "Nothing was changed. To carry out this plan: python -m operations refresh -s test --yes\n"
    assert capsys.readouterr() == (line * (shown == "out"), line * (shown == "err"))


@pytest.mark.usefixtures("broken")
def test_repairs_plan_as_json():
    plan = json.loads(run("repair", "-s", STACK, "--json").stdout)
    assert [finding["message"] for finding in plan["findings"]] == ["has pending operations: creating trading"]
