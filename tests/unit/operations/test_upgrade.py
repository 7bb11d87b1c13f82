"""The command `upgrade`: its steps, its stops, and its continuation after a power cut at any moment."""

import json
from hashlib import sha256
from typing import Any

import pytest

from operations.charts import lock as charts_lock
from pi_mesh.catalog.istio import MINORS
from pi_mesh.checks.finding import CLUSTER, error
from pi_mesh.inventory.chart_lock import ChartLock, LockedChart
from tests.support.command_line import run_command
from tests.support.factories import ALWAYS, STACK
from tests.support.upgrading import KUBERNETES, NEXT, START, PowerCut, World, failed, install, newest_patch
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, OLDEST_MINOR, SHIPPED

STEP = ["preview", "up", "verify", "refresh"]
NOW = ["preview", "verify", "refresh"]
"""The parts at the running version, before the first step."""
WHOLE = [*NOW, f"write {NEXT}", *STEP, f"write {BEFORE}", *STEP]
OLDER, SECOND = newest_patch(NEWEST_MINOR - 4), newest_patch(OLDEST_MINOR + 1)
RANGES = {minor: "1.{} to 1.{}".format(*facts.kubernetes) for minor, facts in MINORS.items()}
RESTARTED = "istiod, ingress gateway, egress gateway, sidecars"
REFUSAL = "a policy says no; nothing of this step was applied, the stack file says "


def upgraded(monkeypatch, world: World, to: str = BEFORE, *options: str) -> dict:
    """Return the command's report, by default with a yes."""
    install(world, monkeypatch)
    done = run_command("upgrade", "-s", STACK, "--to", to, "--json", *(options or ["--yes"]))
    if isinstance(done.exception, PowerCut):
        raise done.exception
    return json.loads(done.stdout)


def messages(report: dict, level: str = "error") -> list[str]:
    return [f"{finding['name']}: {finding['message']}" for finding in report["findings"] if finding["level"] == level]


@pytest.mark.parametrize(("world", "to", "calls"), [
    pytest.param({}, BEFORE, WHOLE, id="each minor version is a step of preview, up, verify and refresh"),
    pytest.param({}, START, NOW, id="a run that has nothing left to do changes nothing"),
    pytest.param({"written": NEXT}, BEFORE, [*STEP, f"write {BEFORE}", *STEP],
                 id="a step that somebody began by hand is taken to its end first"),
    pytest.param({"written": BEFORE, "may_skip": True}, BEFORE, STEP,
                 id="a step that leaves out a minor version, where that is allowed, is taken to its end too"),
    pytest.param({**dict.fromkeys(("written", "recorded", "running", "sidecars"), SHIPPED), "kubernetes": 29}, SECOND,
                 [*NOW, f"write {SECOND}", "preview", f"CRDs {SECOND}", "up", "verify", "refresh"],
                 id="CRDs are upgraded before the charts that do not carry them as templates"),
])  # fmt: skip
def test_a_finished_run_ends_at_the_version_and_says_which_file_to_commit(monkeypatch, world, to, calls):
    changed = World(**world)
    report = upgraded(monkeypatch, changed, to)
    assert (report["status"], changed.calls, changed.versions) == (0, calls, {to})
    commit = [message for message in messages(report, "ok") if "commit" in message]
    assert commit == [f"{STACK}: runs Istio {to}, as istio.version in Pulumi.{STACK}.yaml says: commit that file"]


@pytest.mark.parametrize("call", range(len(WHOLE)))
def test_after_a_power_cut_at_any_call_the_same_command_goes_on_to_the_end(monkeypatch, call):
    world = World(power_cut_at=call)
    with pytest.raises(PowerCut):
        upgraded(monkeypatch, world)
    world.power_cut_at = -1
    assert (upgraded(monkeypatch, world)["status"], world.versions) == (0, {BEFORE})
    assert world.calls.count("up") <= 1 + WHOLE.count("up")


@pytest.mark.parametrize("part", ["up", "verify", "refresh"])
def test_it_stops_at_the_first_problem_and_goes_on_when_that_is_mended(monkeypatch, part):
    problem = failed("see above") if part == "up" else error(part, CLUSTER, "is wrong", "mend it")
    world = World(written=NEXT, problems={part: problem})
    report = upgraded(monkeypatch, world)
    assert (report["status"], world.calls[-1], world.written) == (1, part, NEXT)
    assert "commit that file" not in json.dumps(report)
    world.problems = {}
    assert (upgraded(monkeypatch, world)["status"], world.versions) == (0, {BEFORE})


@pytest.mark.parametrize("option", ["--dry-run", "--plan"])
def test_a_plan_shows_each_step_and_changes_nothing(monkeypatch, option):
    world = World()
    report = upgraded(monkeypatch, world, BEFORE, option, "--yes")
    assert (report["status"], world.calls) == (0, [])
    first, second = report["findings"]
    assert (first["name"], second["name"]) == (NEXT, BEFORE)
    assert first["message"] == f"from {START}, restarts {RESTARTED}; CRDs: by the base chart"


def test_a_plan_names_every_step_that_is_stopped_and_what_stops_it(monkeypatch):
    report = upgraded(monkeypatch, World(kubernetes=KUBERNETES - 1), NEWEST, "--dry-run")
    stopped = [name for name in messages(report) if "stopped by kubernetes version" in name]
    assert [name.partition(":")[0] for name in stopped] == [BEFORE, NEWEST]
    assert report["status"] == 1


@pytest.mark.parametrize(("world", "to", "status", "message", "calls"), [
    pytest.param({"written": NEXT, "recorded": NEXT, "running": NEXT, "kubernetes": KUBERNETES - 1}, BEFORE, 1,
                 f"v1.{KUBERNETES - 1}.0: is too old for Istio {BEFORE}, which needs {RANGES[NEWEST_MINOR - 1]}", NOW,
                 id="a step that the preflight refuses is not begun"),
    pytest.param({"problems": {f"preview {NEXT}": failed("a policy says no")}}, BEFORE, 1, f"{REFUSAL}{START}",
                 [*NOW, f"write {NEXT}", "preview", f"write {START}"],
                 id="a preview or policy that refuses the step puts the stack file back"),
    pytest.param({"pending": {"urn::applied": "replace"}}, BEFORE, 1, "`up` would not only update: replace applied",
                 ["preview"], id="an up that would replace anything is not run"),
    pytest.param({"pending": {"urn::trading-quota": "update"}}, BEFORE, 1,
                 "has changes that are not applied yet: update trading-quota", ["preview"],
                 id="other changes of the stack file are refused before the first step"),
    pytest.param({"settings": {"trading": {"hours": ALWAYS}}}, BEFORE, 1, "trading goes on until", NOW,
                 id="in trading hours nothing that runs is touched"),
    pytest.param({}, OLDER, 1, f"istio.version: goes back from {START} to {OLDER}: Istio supports no downgrade", [],
                 id="a version older than the one that runs"),
    pytest.param({"running": "latest"}, BEFORE, 2, "no istiod of an exact version runs in namespace istio-system", [],
                 id="a mesh that is not installed"),
    *(pytest.param({}, version, 2, "", [], id=f"{version} is no version") for version in ("latest", "1.19.0")),
    *(pytest.param({}, version, 2, f"--to: '{version}' names no patch", [], id=f"{version} is a minor version")
      for version in (f"1.{NEWEST_MINOR}", f"v1.{NEWEST_MINOR}", f"1.{NEWEST_MINOR}.x")),
])  # fmt: skip
def test_what_stops_an_upgrade_is_named_and_nothing_more_is_called(monkeypatch, world, to, status, message, calls):
    stopped = World(**world)
    report = upgraded(monkeypatch, stopped, to)
    assert (report["status"], stopped.calls) == (status, calls)
    assert message in messages(report)[0]
    assert stopped.written == stopped.recorded


def test_a_locked_stack_stops_with_one_command_for_the_charts_of_all_steps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    origin: dict[str, Any] = {"version": START, "source": "https://charts.example", "sha256": sha256().hexdigest()}
    entries = tuple(LockedChart(chart=name, **origin) for name in ("base", "istiod", "gateway"))
    for entry in entries:
        charts_lock.keep_chart(entry, b"")
    charts_lock.write_lock(ChartLock(stacks={}), STACK, entries)
    world = World()
    report = upgraded(monkeypatch, world)
    assert (report["status"], world.calls) == (1, NOW)
    fixes = {finding["fix"].partition(", ")[0] for finding in report["findings"] if finding["level"] == "error"}
    assert fixes == {f"`python -m operations charts lock -s {STACK} --also {NEXT} --also {BEFORE}`"}


def test_a_person_sees_a_table_of_the_steps_and_what_stops_the_first_one_in_full(monkeypatch):
    install(World(kubernetes=KUBERNETES - 1), monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    done = run_command("upgrade", "-s", STACK, "--to", NEWEST, "--dry-run")
    rows = [line.split("  ") for line in done.stdout.splitlines()]
    cells = {row[0]: [cell.strip() for cell in row if cell.strip()] for row in rows}
    assert cells[NEXT][1:] == [RANGES[NEWEST_MINOR - 2], RESTARTED, "by the base chart", "nothing"]
    assert [cells[version][-1] for version in (BEFORE, NEWEST)] == ["kubernetes version"] * 2
    assert done.stdout.count("is too old for Istio") == 1
    assert f"-> upgrade Kubernetes to one from 1.{KUBERNETES} to " in done.stdout


def test_a_plan_that_nothing_stops_ends_with_one_line(monkeypatch):
    install(World(), monkeypatch)
    done = run_command("upgrade", "-s", STACK, "--to", NEXT, "--dry-run")
    assert done.stdout.splitlines()[-1] == f"stack {STACK}: no step of the upgrade is stopped"


def test_without_a_yes_the_steps_are_shown_and_none_is_begun(monkeypatch):
    world = World()
    install(world, monkeypatch)
    done = run_command("upgrade", "-s", STACK, "--to", BEFORE)
    assert (done.exit_code, world.calls) == (1, [])
    assert done.stdout.index(NEXT) < done.stdout.index(f"operations upgrade -s {STACK} --to {BEFORE} --yes")
    assert f"was not taken from {START} to {BEFORE}, for nobody agreed" in done.stdout


@pytest.mark.parametrize(("options", "agreed"), [(["--yes"], True), (["--json"], False)])
def test_at_the_running_version_the_restarts_of_workloads_need_the_yes(monkeypatch, options, agreed):
    consents = []
    world = World()
    monkeypatch.setattr(world, "refresh", lambda *given: consents.append(given[-1].is_given("?")) or [])
    assert upgraded(monkeypatch, world, START, *options)["status"] == 0
    assert consents == [agreed]
