"""The command `upgrade`: its steps, its stops, and its continuation after a power cut at any moment."""

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from operations.__main__ import app
from operations.charts import lock as charts_lock
from operations.upgrade import command as upgrade_command
from pi_mesh.checks.finding import CLUSTER, error
from pi_mesh.inventory.chart_lock import ChartLock, LockedChart
from pi_mesh.settings.namespaces import DAYS
from tests.support.factories import STACK
from tests.support.upgrading import PowerCut, World, failed, install

ALWAYS = {"timeZone": "Europe/Berlin", "opens": "00:00", "closes": "00:00", "days": list(DAYS)}
STEP = ["preview", "up", "verify", "refresh"]
NOW = ["preview", "verify", "refresh"]
"""The parts at the running version, before the first step."""
WHOLE = [*NOW, "write 1.29.6", *STEP, "write 1.30.3", *STEP]


@pytest.fixture
def upgraded(monkeypatch) -> Callable[..., dict]:
    """Return `upgraded(world, to, *options)`: the report of the command."""

    def run(world: World, to: str = "1.30.3", *options: str) -> dict:
        install(world, monkeypatch)
        done = CliRunner().invoke(app, ["upgrade", "-s", STACK, "--to", to, "--json", *options])
        if isinstance(done.exception, PowerCut):
            raise done.exception
        return json.loads(done.stdout)

    return run


def messages(report: dict, level: str = "error") -> list[str]:
    return [f"{one['name']}: {one['message']}" for one in report["findings"] if one["level"] == level]


def at(world: World) -> set[str]:
    return {world.written, world.recorded, world.running, world.sidecars}


def test_each_minor_version_is_a_step_of_preview_up_verify_and_refresh(upgraded):
    world = World()
    assert upgraded(world)["status"] == 0
    assert world.calls == WHOLE
    assert at(world) == {"1.30.3"}


@pytest.mark.parametrize("call", range(len(WHOLE)))
def test_after_a_power_cut_at_any_call_the_same_command_goes_on_to_the_end(upgraded, call):
    world = World(power_cut_at=call)
    with pytest.raises(PowerCut):
        upgraded(world)
    world.power_cut_at = -1
    assert upgraded(world)["status"] == 0
    assert at(world) == {"1.30.3"}
    assert world.calls.count("up") <= 1 + WHOLE.count("up")


def test_a_run_that_has_nothing_left_to_do_changes_nothing(upgraded):
    world = World()
    report = upgraded(world, "1.28.10")
    assert (report["status"], world.calls) == (0, NOW)


@pytest.mark.parametrize("to", ["1.30.3", "1.28.10"])
def test_a_finished_run_says_which_version_runs_and_which_file_to_commit(upgraded, to):
    said = [message for message in messages(upgraded(World(), to), "ok") if "commit" in message]
    assert said == [f"{STACK}: runs Istio {to}, as istio.version in Pulumi.{STACK}.yaml says: commit that file"]


def test_a_plan_and_a_run_that_stops_ask_for_no_commit(upgraded):
    stopped = World(problems={"refresh": error("refresh", CLUSTER, "is wrong", "mend it")})
    for report in (upgraded(World(), "1.30.3", "--plan"), upgraded(stopped)):
        assert "commit that file" not in json.dumps(report)


def test_a_plan_shows_each_step_and_changes_nothing(upgraded):
    world = World()
    report = upgraded(world, "1.30.3", "--plan")
    assert (report["status"], world.calls) == (0, [])
    assert [one["name"] for one in report["findings"]] == ["1.29.6", "1.30.3"]
    expected = "from 1.28.10, restarts istiod, ingress gateway, egress gateway, sidecars; CRDs: by the base chart"
    assert report["findings"][0]["message"] == expected


def test_a_plan_names_every_step_that_is_stopped_and_what_stops_it(upgraded):
    report = upgraded(World(kubernetes=31), "1.31.0", "--plan")
    stopped = [name for name in messages(report) if "stopped by kubernetes version" in name]
    assert [name.partition(":")[0] for name in stopped] == ["1.30.3", "1.31.0"]
    assert report["status"] == 1


def test_a_step_that_the_preflight_refuses_is_not_begun(upgraded):
    world = World("1.29.5", "1.29.5", "1.29.5", "1.29.5", kubernetes=31)
    report = upgraded(world, "1.30.3")
    assert messages(report) == ["v1.31.0: is too old for Istio 1.30.3, which needs 1.32 to 1.36"]
    assert world.calls == NOW


def test_a_preview_or_policy_that_refuses_the_step_puts_the_stack_file_back(upgraded):
    world = World(problems={"preview 1.29.6": failed("a policy says no")})
    report = upgraded(world)
    assert (report["status"], world.written, world.running) == (1, "1.28.10", "1.28.10")
    (message,) = messages(report)
    assert "a policy says no; nothing of this step was applied, the stack file says 1.28.10" in message


def test_an_up_that_would_replace_anything_is_not_run(upgraded):
    world = World()
    world.pending = {"urn::applied": "replace"}
    report = upgraded(world)
    assert "`up` would not only update: replace applied" in messages(report)[0]
    assert "up" not in world.calls


def test_other_changes_of_the_stack_file_are_refused_before_the_first_step(upgraded):
    world = World(pending={"urn::trading-quota": "update"})
    report = upgraded(world)
    assert "has changes that are not applied yet: update trading-quota" in messages(report)[0]
    assert world.calls == ["preview"]


@pytest.mark.parametrize("part", ["up", "verify", "refresh"])
def test_it_stops_at_the_first_problem_and_goes_on_when_that_is_mended(upgraded, part):
    world = World(written="1.29.6", recorded="1.28.10")
    problem = error(part, CLUSTER, "is wrong", "mend it")
    world.problems = {part: failed("see above") if part == "up" else problem}
    assert upgraded(world)["status"] == 1
    assert world.calls[-1] == part
    assert world.written == "1.29.6"
    world.problems = {}
    assert upgraded(world)["status"] == 0
    assert at(world) == {"1.30.3"}


def test_crds_are_upgraded_before_the_charts_that_do_not_carry_them_as_templates(upgraded):
    world = World("1.20.3", "1.20.3", "1.20.3", "1.20.3", kubernetes=29)
    assert upgraded(world, "1.21.6")["status"] == 0
    assert world.calls == [*NOW, "write 1.21.6", "preview", "CRDs 1.21.6", "up", "verify", "refresh"]


def test_a_locked_stack_stops_before_its_first_step_with_one_command_for_the_charts_of_all_steps(
    upgraded, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    entries = []
    for name in ("base", "istiod", "gateway"):
        entry = LockedChart(chart=name, version="1.28.10", source="https://charts.example", sha256=sha256().hexdigest())
        charts_lock.keep_chart(entry, b"")
        entries.append(entry)
    charts_lock.write_lock(ChartLock(stacks={}), STACK, tuple(entries))
    world = World()
    report = upgraded(world)
    assert (report["status"], world.calls) == (1, NOW)
    fixes = {one["fix"] for one in report["findings"] if one["level"] == "error"}
    assert {fix.partition(", ")[0] for fix in fixes} == {
        f"`python -m operations charts lock -s {STACK} --also 1.29.6 --also 1.30.3`"
    }


def test_in_trading_hours_nothing_that_runs_is_touched(upgraded):
    world = World(settings={"trading": {"hours": ALWAYS}})
    report = upgraded(world)
    assert report["status"] == 1
    assert "trading goes on until" in messages(report)[0]
    assert "up" not in world.calls


def test_a_version_older_than_the_one_that_runs_is_refused(upgraded):
    report = upgraded(World(), "1.27.9")
    assert (report["status"], messages(report)) == (
        1,
        ["istio.version: goes back from 1.28.10 to 1.27.9: Istio supports no downgrade"],
    )


def test_a_mesh_that_is_not_installed_is_refused(upgraded):
    report = upgraded(World(running="latest"))
    assert report["status"] == 2
    assert "no istiod of an exact version runs in namespace istio-system" in messages(report)[0]


def test_a_step_that_somebody_began_by_hand_is_taken_to_its_end_first(upgraded):
    world = World(written="1.29.4")
    assert upgraded(world)["status"] == 0
    assert world.calls == [*STEP, "write 1.30.3", *STEP]


@pytest.mark.parametrize("version", ["1.31", "latest", "1.19.0"])
def test_what_is_no_version_is_refused(upgraded, version):
    world = World()
    assert (upgraded(world, version)["status"], world.calls) == (2, [])


def test_a_person_sees_a_table_of_the_steps_and_what_stops_the_first_one_in_full(monkeypatch):
    install(World(kubernetes=31), monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, ["upgrade", "-s", STACK, "--to", "1.31.0", "--plan"])
    rows = [line.split("  ") for line in done.stdout.splitlines()]
    cells = {row[0]: [cell.strip() for cell in row if cell.strip()] for row in rows}
    restarted = "istiod, ingress gateway, egress gateway, sidecars"
    assert cells["1.29.6"][1:] == ["1.31 to 1.35", restarted, "by the base chart", "nothing"]
    assert [cells[version][-1] for version in ("1.30.3", "1.31.0")] == ["kubernetes version"] * 2
    assert done.stdout.count("is too old for Istio") == 1
    assert "-> upgrade Kubernetes to one from 1.32 to 1.35 first" in done.stdout


def test_a_plan_that_nothing_stops_ends_with_one_line(monkeypatch):
    install(World(), monkeypatch)
    done = CliRunner().invoke(app, ["upgrade", "-s", STACK, "--to", "1.29.6", "--plan"])
    assert done.stdout.splitlines()[-1] == f"stack {STACK}: no step of the upgrade is stopped"


@pytest.mark.parametrize(("answer", "calls"), [("n\n", []), ("y\n", WHOLE)])
def test_at_a_terminal_it_asks_before_it_goes_to_the_last_version(monkeypatch, answer, calls):
    world = World()
    install(world, monkeypatch)
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("operations.upgrade.command.sys", terminal)
    done = CliRunner().invoke(app, ["upgrade", "-s", STACK, "--to", "1.30.3"], input=answer)
    assert "Take Istio from 1.28.10 to 1.30.3?" in done.output
    assert world.calls == calls


@pytest.mark.parametrize(
    ("asked", "versions", "terminal", "question"),
    [
        (True, ("1.29.6", "1.30.3"), True, "Take Istio from 1.28.10 to 1.30.3?"),
        (False, ("1.30.3",), True, ""),
        (True, (), True, ""),
        (True, ("1.30.3",), False, ""),
    ],
)
def test_a_person_at_a_terminal_is_asked_before_the_first_step(monkeypatch, asked, versions, terminal, question):
    questions = []
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: terminal))
    monkeypatch.setattr(upgrade_command.typer, "confirm", lambda text, abort: questions.append((text, abort)))
    upgrade_command._ask(SimpleNamespace(running="1.28.10", versions=versions), asked=asked)
    assert questions == ([(question, True)] if question else [])
