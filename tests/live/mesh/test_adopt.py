"""The adoption of a mesh that Helm installed, with the commands of docs/from-ansible.md."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.calls import settled, status
from lab.cluster.kubectl import get, staying_pods
from lab.workloads import CONTROL, TRADING, apply, delete, wait_for
from pi_mesh.names import ADOPTED_ANNOTATION
from pi_mesh.values.traffic import stages
from tests.live.traffic import cast
from tests.live.traffic.load import streams
from tests.live.traffic.shop import ALL, OBJECTS, SERVICE, VISITOR, WAYS
from tests.support.ansible_role import NAMES, OTHERS, POLICY
from tests.support.factories import make_settings
from tests.support.helm import helm
from tests.support.project import STACK, Project

PAGE = Path(__file__).parents[3] / "docs" / "from-ansible.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
MOVE, BACK = (block.replace("pi-cluster", STACK).splitlines() for block in BLOCKS)
AFTERMATH = 25
"""Seconds in which stopping pods drain after the `up`."""
MOMENTS = ("writing it into the stack file", "writing its state", "previewing the next `up`")
"""Messages of the command before each of its writes, and after the last."""
PERMISSIVE = {**POLICY, "spec": {"mtls": {"mode": "PERMISSIVE"}}}


def run(project: Project, line: str) -> str:
    """Run a line of the page, and return its output. Raises AssertionError where it fails."""
    more = ["--yes", "--skip-preview"] if line.startswith("pulumi up") else []
    return project.run(*line.split(), *more).must().output


def pods() -> dict[str, str]:
    """Return the UID of each pod of the mesh and of trading that is not about to end."""
    found = [*staying_pods(CONTROL), *staying_pods(TRADING)]
    return {pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in found}


def forecast(project: Project) -> set[str]:
    """Return the names of the pods whose restart the plan announces."""
    plan = json.loads(project.operation("adopt", "--json").must().output)
    rows = [row["message"] for row in plan["findings"] if row["id"] == "restarts" and row["kind"] == "deployment"]
    return {name for row in rows for name in row.partition("pods: ")[2].split(", ")}


def exported(project: Project) -> dict:
    return json.loads(project.pulumi("stack", "export").must().output)["deployment"]


def test_a_mesh_that_the_role_installed_is_adopted_and_restarts_the_pods_that_the_plan_named(installed):
    project = installed()
    project.set("trading.bounds", {"sidecar": False})
    plan, before = forecast(project), pods()
    adopted = project.operation("adopt", "--yes").must().output
    assert "0 to replace, 0 to delete" in adopted
    project.must_up()
    assert {name for uid, name in before.items() if uid not in pods()} == plan
    project.operation("verify").must()


@pytest.mark.long
def test_a_policy_that_differs_and_a_scope_that_is_new_are_applied_behind_the_new_istiod(installed):
    project = installed(policy=PERMISSIVE)
    project.operation("adopt", "--yes").must()
    project.must_up()
    assert get("peerauthentication", "default", f"--namespace={CONTROL}")["spec"] == {"mtls": {"mode": "STRICT"}}
    assert get("sidecars.networking.istio.io", "default", f"--namespace={TRADING}")


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Yield the shop behind the Ansible role's ingress gateway, with a foreign Gateway and VirtualService."""
    names = request.node.callspec.params["names"]
    settings = make_settings(traffic=cast.front_door(SERVICE), releases={"names": names})
    first, last = stages(settings)
    apply([*OBJECTS, *first, *last])
    yield
    delete([*OBJECTS, *first, *last])


@pytest.mark.long
@pytest.mark.parametrize("names", [NAMES, OTHERS], ids=["the role's names", "other names"])
def test_the_pages_commands_lose_no_request_and_change_the_pods_that_the_plan_named(names, installed, request, figure):
    project = installed(names)
    request.getfixturevalue("shop")
    wait_for(*ALL)
    url = f"http://{names['ingress']}.{CONTROL}"
    assert settled(lambda: status(VISITOR, url), 200) == 200
    plan, before = forecast(project), pods()
    with streams(**{**WAYS, "ingress": (VISITOR, url)}) as tallies:
        for line in MOVE:
            run(project, line)
        time.sleep(AFTERMATH)
    changed = {name for uid, name in before.items() if uid not in pods()}
    figure(f"{'; '.join(f'{way}: {tally}' for way, tally in tallies.items())}; {len(changed)} pods, as the plan said")
    assert {way: tally.failed for way, tally in tallies.items()} == {way: {} for way in tallies}
    assert changed == plan
    project.preview("--expect-no-changes").must()


@pytest.mark.long
def test_before_the_first_up_an_undo_leaves_the_exported_state_as_it_was(installed):
    project = installed()
    before = exported(project)
    for line in (*MOVE[:2], *BACK):
        run(project, line)
    assert exported(project) == before


@pytest.mark.long
def test_after_the_first_up_an_undo_lets_go_and_helm_has_the_way_back(installed):
    project = installed()
    values = json.loads(helm("get", "values", "istiod", "--output", "json"))
    for line in MOVE:
        run(project, line)
    running = pods()
    output = "".join(run(project, line) for line in BACK)
    assert pods() == running
    for name in (CONTROL, TRADING):
        assert ADOPTED_ANNOTATION not in get("namespace", name)["metadata"].get("annotations", {})
    project.destroy().must()
    assert staying_pods(CONTROL, "app=istiod")
    assert not get("resourcequota", f"--namespace={TRADING}")["items"]
    for line in dict.fromkeys(re.findall(r"`helm (rollback [^`]*) -n istio-system --wait`", output)):
        helm(*line.split(), "--wait")
    assert json.loads(helm("get", "values", "istiod", "--output", "json")) == values


@pytest.mark.long
def test_killed_anywhere_it_goes_on_when_it_is_run_again(installed):
    project = installed()
    command = ["python", "-u", "-m", "operations", "adopt", "--stack", STACK, "--yes"]
    where = {"cwd": project.folder, "env": project.environment, "stdout": subprocess.PIPE, "text": True}
    for moment in MOMENTS:
        with subprocess.Popen(command, **where) as adopting:
            assert any(moment in line and not adopting.send_signal(signal.SIGKILL) for line in adopting.stdout or ())
    project.operation("adopt", "--yes").must()
    shown = project.preview("--json").must().output
    steps = {step["op"] for step in json.loads(shown[shown.index("{") :])["steps"]}
    assert steps <= {"same", "update", "create", "read"}
    project.must_up()
    project.operation("verify").must()
