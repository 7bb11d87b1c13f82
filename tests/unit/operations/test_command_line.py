"""The commands: their help, their exit statuses, and the report as text."""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from unittest.mock import Mock

import pytest
import typer
from typer.testing import Result

from operations import command_line, results, stacks
from operations.__main__ import COMMANDS, _loaded, _sentence
from operations.repair import observed_state
from operations.repair.observed_state import ObservedState
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.cluster import snapshot
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.command_line import run_command as run
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_pis, make_snapshot

WORKER = "reconciliation-worker"
LONG = "trading/settlement-engine-reconciliation-worker-6f7d9c5b8d-x2x4z"
TOO_LONG = f"{'n' * 60}/{'p' * 63}"
POD = Subject("pod", "a/b")
WELL = ok("services", Subject("service", "a/b"), "is ClusterIP")
BAD = error("mesh pods", Subject("pod", LONG), "is not ready and has not been for a long time now", "`kubectl logs`")
ODD = warning("workloads", POD, "has no sidecar", "restart it")
HEAVY = {
    *("pydantic", "lightkube", "httpx2", "cryptography", "grpc", "pulumi", "psutil", "yaml", "rich.table"),
    *("pi_mesh.settings", "pi_mesh.inventory", "operations.failures", "operations.results"),
}
"""Modules that take long to load, and that no help needs; typer itself loads pydantic for a command's options."""
MODULES = [f"operations.{command.replace('-', '_')}" for command in COMMANDS]
KILLED = [{"type": "creating", "resource": {"urn": "urn:pulumi:test::pi-mesh::x:y:Z::trading", "type": "x:y:Z"}}]


@pytest.fixture
def shown(capsys, monkeypatch):
    """Return `shown(findings)`: the lines of a report on a terminal of 80 columns."""

    def lines(*findings: Finding, everything: bool = False) -> list[str]:
        monkeypatch.setenv("COLUMNS", "80")
        command_line.show_report(results.completed("verify", "lab", findings), everything)
        return capsys.readouterr().out.splitlines()

    return lines


def test_problems_come_first_and_the_verdict_last(shown):
    lines = shown(WELL, unknown("analysis", POD, "is not on PATH", ""), ODD, WELL, BAD)
    assert [line.split()[0] for line in lines if line[0] != " "] == ["error", "warning", "unknown", "ok", "stack"]
    assert lines[-1] == "stack lab: the mesh is not as the settings say (1 error, 1 warning, 1 unknown, 2 ok)"


@pytest.mark.parametrize(("findings", "lines"), [
    ([ODD], ["warning  workloads: pod a/b", "         has no sidecar", "         -> restart it"]),
    pytest.param([WELL, WELL], ["ok       2 checks (`--all` shows them)"], id="what is well is one line"),
    pytest.param([WELL], ["stack lab: the mesh is as the settings say (1 ok)"], id="the verdict"),
    ([BAD, BAD, ODD], ["stack lab: the mesh is not as the settings say (2 errors, 1 warning)"]),
    pytest.param([BAD], ["error    mesh pods: pod", f"         {LONG}"], id="a name is whole on one line"),
    pytest.param([error("x", POD, f"calls {TOO_LONG}", "")], [f"         {TOO_LONG}"], id="a name over 80 columns"),
    pytest.param([error("x", POD, "[red]is[/] bad", "")], ["         [red]is[/] bad"], id="brackets"),
    ([error("x", POD, " ".join([WORKER] * 5), "")], [f"{' ' * 9}{' '.join([WORKER] * number)}" for number in (3, 2)]),
])  # fmt: skip
def test_a_report_has_these_lines_without_colors(shown, findings, lines):
    printed = shown(*findings)
    assert [line for line in printed if line in lines] == lines
    assert "\x1b" not in "".join(printed)


def test_everything_is_shown_where_it_is_asked_for(shown):
    assert shown(WELL, ODD, everything=True)[-2] == "ok       services: service a/b: is ClusterIP"


def test_a_terminal_gets_colors(shown, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1;31merror" in "".join(shown(BAD))


@pytest.fixture
def stack(monkeypatch):
    """Return `stack(outcome, **settings)`: set the result of reading the stack's cluster, a snapshot or an error."""

    def prepare(outcome, **overrides):
        settings = make_settings(**overrides)
        for load in ("load", "load_any"):
            monkeypatch.setattr(stacks, load, lambda _: settings)
        monkeypatch.setattr(stacks, "load_with_state", lambda _: (settings, lambda: NEVER_RUN))
        monkeypatch.setattr(snapshot, "read", Mock(side_effect=[outcome]))

    return prepare


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_as_the_list_does_with_its_exit_statuses(command):
    module = command.replace("-", "_")
    function = getattr(import_module(f"operations.{module}"), module)
    assert _sentence(command) == (function.__doc__ or "").partition("\n")[0] != ""
    shown = run(command, "--help")
    assert (shown.exit_code, "bool" in shown.output) == (0, False)
    for words in ("--stack", "--json", "<str>", "Exit status: 0 success"):
        assert words in shown.output
    assert [line for line in COMMANDS[command] if f"python -m operations {command} {line}" not in shown.output] == []


@pytest.mark.parametrize(
    ("command", "example"), [(name, example) for name, examples in COMMANDS.items() for example in examples]
)
def test_the_examples_of_the_help_are_command_lines(command, example):
    assert _loaded(command).make_context(command, example.split()).params["stack"] == "pi-cluster"


def test_a_cure_names_the_stack_of_the_report_in_text_and_in_json(stack):
    cured = error("x", POD, "is old (`a -s STACK`)", "`b -s STACK`")
    report = results.completed("verify", "org/pi-mesh/lab", [cured])
    (cured,) = report.findings
    assert (cured.message, cured.fix) == ("is old (`a -s org/pi-mesh/lab`)", "`b -s org/pi-mesh/lab`")
    stack(WrongContext("run `pulumi config set --path cluster.context b -s STACK`"))
    told = run("preflight", "-s", "lab", "--json")
    assert ("b -s lab`" in told.stderr, "b -s lab`" in told.stdout) == (True, True)


def test_the_version_is_that_of_the_project():
    version = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["version"]
    shown = run("--version")
    assert (shown.exit_code, shown.output) == (0, f"{version}\n")


def printed_by(code: str) -> list[str]:
    """Return the lines that a fresh Python writes to standard error."""
    command = [sys.executable, "-c", f"import sys; {code}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()


def test_the_list_of_commands_loads_none_of_them():
    code = "from operations.__main__ import app; app(['--help'], standalone_mode=False)"
    loaded = {*printed_by(f"{code}; print(*sys.modules, sep='\\n', file=sys.stderr)")}
    assert {*MODULES} & loaded == set()
    assert HEAVY & loaded <= {"rich.table"}  # in which typer shows it


def test_a_command_loads_for_its_help_nothing_that_only_its_work_needs():
    lines = printed_by(f"""from importlib import import_module
for module in {MODULES}:
    import_module(module)
    print(module, *({HEAVY} & sys.modules.keys()), file=sys.stderr)""")
    assert lines == MODULES


@pytest.mark.parametrize(("outcome", "status", "says"), [
    (make_snapshot(), 0, "ok"),
    pytest.param(make_snapshot(nodes=make_pis(2)), 1, "2 nodes are Ready", id="a problem"),
    pytest.param(make_snapshot(version="v1.40.0"), 0, "warning", id="a warning alone"),
])  # fmt: skip
def test_only_problems_are_status_1(stack, outcome, status, says):
    stack(outcome)
    result = run("preflight", "-s", STACK)
    assert (result.exit_code, says in result.output) == (status, True)


@pytest.mark.parametrize("problem", [ClusterUnreachable("no answer"), WrongContext("another one")])
@pytest.mark.parametrize("command", ["preflight", "verify", "budget"])
def test_a_cluster_that_can_not_be_read_is_status_3_and_one_line(stack, command, problem):
    stack(problem)
    result = run(command, "-s", STACK)
    assert (result.exit_code, result.stderr) == (3, f"error: {problem}\n")


def test_the_budget_says_what_the_mesh_still_takes_what_trading_is_promised_and_what_logs_take(stack):
    stack(make_snapshot(nodes=make_pis(2, memory=1280)), observability={"accessLogs": {"gateways": True}})
    shown = " ".join(run("budget", "-s", STACK).output.split())
    assert "On the live nodes, beside the running pods, 20 sidecars fit, and 17 once the 3 pods of the mesh" in shown
    assert "trading.workloads: promises 30 pods, each of 100m CPU and 256Mi with its sidecar, and 8 of them" in shown
    assert "observability.accessLogs: a million logged requests are 500 MB; of 2 proxies kubelets keep" in shown


@pytest.fixture
def repair(stack, monkeypatch):
    """Return `repair(*options, **deployment)`: the command's result for a stack with that in its state."""

    def prepare(*options: str, **deployment: list) -> Result:
        state = {"version": 3, "deployment": {"resources": [], **deployment}}
        observed = ObservedState(STACK, make_settings(), make_snapshot(), state)
        stack(make_snapshot())
        monkeypatch.setattr(observed_state, "read", lambda *_: observed)
        monkeypatch.setattr("operations.repair.plan.carry_out", None)
        return run("repair", "-s", STACK, *options)

    return prepare


OBSTACLE = error("obstacle", Subject("stack", STACK), "is locked by a run", "wait")
NOTHING_LEFT = f"Nothing to repair in stack {STACK}.\n"
TO_CARRY_OUT = "Nothing was changed. To carry out this plan: python -m operations repair -s test --yes"


@pytest.mark.parametrize(("options", "pending", "obstacle", "status", "lines"), [
    pytest.param((), KILLED, None, 1, ("has pending operations: creating trading", TO_CARRY_OUT),
                 id="without a yes the plan is shown and nothing is done"),
    *((options, [], None, 0, (NOTHING_LEFT,)) for options in ((), ("--dry-run",), ("--yes",))),
    pytest.param(("--yes",), KILLED, OBSTACLE, 1, (f"error: {OBSTACLE}\n",), id="a run under way is an obstacle"),
])  # fmt: skip
def test_repair_takes_no_lock_without_a_plan_and_a_yes(monkeypatch, repair, options, pending, obstacle, status, lines):
    if obstacle:
        monkeypatch.setattr("operations.repair.plan.find_obstacle", lambda _: obstacle)
    result = repair(*options, pending_operations=pending)
    assert (result.exit_code, [line for line in lines if line not in result.output]) == (status, [])


@pytest.mark.parametrize(("options", "terminal", "answer", "given", "shown"), [
    pytest.param({}, False, None, False, "out", id="without a terminal nobody agrees"),
    pytest.param({"yes": True}, False, None, True, "", id="yes beforehand"),
    pytest.param({"dry_run": True}, True, None, False, "", id="a dry run asks nobody"),
    pytest.param({"yes": True, "dry_run": True}, True, None, False, "", id="a dry run with a yes stays one"),
    pytest.param({}, True, True, True, "", id="a yes on a terminal"),
    pytest.param({}, True, False, False, "out", id="a no on a terminal"),
    pytest.param({"as_json": True}, True, None, False, "", id="a program is not asked, and reads the report"),
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
    assert capsys.readouterr() == (line * (shown == "out"), "")


@pytest.mark.parametrize(("words", "status", "says"), [
    ("-h", 0, "Usage:"),
    ("--help", 0, "--help"),
    ("verify -h", 0, "Prove that the mesh is installed"),
    ("veryfy", 2, "No such command 'veryfy'. Did you mean 'verify'?"),
    ("nonsense", 2, "No such command 'nonsense'."),
    *((command, 2, "Missing option '--stack'") for command in ("preflight", "verify", "repair", "budget", "rotate-ca")),
])  # fmt: skip
def test_help_is_without_types_and_a_wrong_command_line_is_a_usage_error(words, status, says):
    result = run(*words.split())
    shown = " ".join(result.output.replace("│", " ").split())
    assert (result.exit_code, says in shown, "bool" in shown) == (status, True, False)
