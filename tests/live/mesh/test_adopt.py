"""The adoption of a mesh that Helm installed, with the commands of docs/from-ansible.md, and the obstacles to it."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from lab.calls import settled, status
from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.toolchain.charts import chart_dir
from lab.workloads import CONTROL, TRADING, apply, delete, wait_for
from operations.repair import processes
from pi_mesh.names import ADOPTED_ANNOTATION
from pi_mesh.values.traffic import stages
from tests.live.traffic import cast
from tests.live.traffic.load import must_lose_nothing, streams
from tests.live.traffic.shop import ALL, OBJECTS, SERVICE, VISITOR, WAYS
from tests.live.versions import LAB
from tests.support import ansible_role, kubeconfigs, pods
from tests.support.ansible_role import NAMES, OTHERS, POLICY
from tests.support.factories import make_settings
from tests.support.helm import helm
from tests.support.project import STACK, STACK_FILE, Project

PAGE = Path(__file__).parents[3] / "docs" / "from-ansible.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
MOVE, BACK = (block.replace("pi-cluster", STACK).splitlines() for block in BLOCKS)
AFTERMATH = 25  # seconds in which stopping pods drain after the `up`
MOMENTS = ("writing it into the stack file", "writing its state", "previewing the next `up`")
"""Messages of the command before each of its writes, and after the last."""
PERMISSIVE = {**POLICY, "spec": {"mtls": {"mode": "PERMISSIVE"}}}
LABELS = {"istio": "front-door", "app": "doors", "team": "edge"}
"""Labels of a gateway other than those that its chart gives: its Deployment selects its pods by the first two."""
LAST = "sh.helm.release.v1.istiod.v1"  # the secret in which Helm keeps the one revision of istiod


@pytest.fixture
def installed(nothing: Project) -> Iterator[Callable[..., Project]]:
    """Yield `installed(names, policy, labels)`: install the role's mesh under these names, unknown to the stack."""
    called: dict[str, str] = {}

    def install(
        names: Mapping[str, str] = NAMES, policy: Mapping[str, object] = POLICY, labels: Mapping[str, str] = {}
    ) -> Project:
        called.update(names)
        ansible_role.install(names, policy, labels)
        return nothing

    yield install
    nothing.operation("repair", "--yes")
    nothing.operation("adopt", "--undo", "--yes")
    nothing.destroy()
    ansible_role.remove(called)


def run(project: Project, line: str) -> str:
    """Run a line of the page, and return its output. Raises AssertionError where it fails."""
    more = ["--yes", "--skip-preview"] if line.startswith("pulumi up") else []
    return project.run(*line.split(), *more).must().output


def mesh_pods() -> dict[str, str]:
    return pods.uids(CONTROL, TRADING)


def replaced_since(before: Mapping[str, str]) -> set[str]:
    """Return the names of the pods that were there before and are no more."""
    now = mesh_pods()
    return {name for uid, name in before.items() if uid not in now}


def forecast(project: Project) -> set[str]:
    """Return the names of the pods whose restart the plan announces."""
    plan = json.loads(project.operation("adopt", "--json").must().output)
    rows = [row["message"] for row in plan["findings"] if row["id"] == "restarts" and row["kind"] == "deployment"]
    return {name for row in rows for name in row.partition("pods: ")[2].split(", ")}


def test_a_mesh_that_the_role_installed_is_refused_what_cannot_change_and_restarts_the_pods_of_the_plan(installed):
    project = installed(labels=LABELS)
    project.set("trading.bounds", {"sidecar": False})
    project.set("ingress.labels", {"istio": "other"})
    refusal = project.operation("adopt", "--yes").refused("deployment istio-system/istio-ingressgateway: is refused")
    assert "spec.selector: field is immutable (spec.selector.matchLabels.istio 'front-door' becomes 'other')" in refusal
    project.set("ingress.labels", {})
    plan, before = forecast(project), mesh_pods()
    assert "0 to replace, 0 to delete" in project.operation("adopt", "--yes").must().output
    project.must_up()
    assert replaced_since(before) == plan
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
    names, labels = (request.node.callspec.params[key] for key in ("names", "labels"))
    settings = make_settings(
        traffic=cast.front_door(SERVICE), releases={"names": names}, ingress={"labels": dict(labels)}
    )
    first, last = stages(settings)
    apply([*OBJECTS, *first, *last])
    yield
    delete([*OBJECTS, *first, *last])


@pytest.mark.long
@pytest.mark.parametrize(
    ("names", "labels"), [(NAMES, {}), (OTHERS, LABELS)], ids=["the role's names", "other names and labels"]
)
def test_the_pages_commands_lose_no_request_and_change_the_pods_that_the_plan_named(
    names, labels, installed, request, figure
):
    project = installed(names, labels=labels)
    request.getfixturevalue("shop")
    wait_for(*ALL)
    url = f"http://{names['ingress']}.{CONTROL}"
    assert settled(lambda: status(VISITOR, url), 200) == 200
    plan, before = forecast(project), mesh_pods()
    with streams(**{**WAYS, "ingress": (VISITOR, url)}) as tallies:
        for line in MOVE:
            run(project, line)
        time.sleep(AFTERMATH)
    changed = replaced_since(before)
    figure(f"{must_lose_nothing(tallies)}; {len(changed)} pods, as the plan said")
    assert changed == plan
    project.must_be_unchanged()


@pytest.mark.long
def test_before_the_first_up_an_undo_leaves_the_exported_state_as_it_was(installed):
    project = installed()
    before = project.state()
    for line in (*MOVE[:2], *BACK):
        run(project, line)
    assert project.state() == before


@pytest.mark.long
def test_after_the_first_up_an_undo_lets_go_and_helm_has_the_way_back(installed):
    project = installed()
    values = json.loads(helm("get", "values", "istiod", "--output", "json"))
    for line in MOVE:
        run(project, line)
    running = mesh_pods()
    output = "".join(run(project, line) for line in BACK)
    assert mesh_pods() == running
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
    assert {step["op"] for step in project.steps()} <= {"same", "update", "create", "read"}
    project.must_up()
    project.operation("verify").must()


@contextmanager
def pending(_: Project) -> Iterator[None]:
    """Leave istiod's release as a killed `helm upgrade` does."""
    label = ("label", "secret", LAST, f"--namespace={CONTROL}", "--overwrite")
    kubectl(*label, "status=pending-upgrade")
    try:
        yield
    finally:
        kubectl(*label, "status=deployed")


@contextmanager
def second_istiod(_: Project) -> Iterator[None]:
    """Install a second control plane, of a revision, as a canary upgrade does."""
    chart = str(chart_dir() / f"istiod-{LAB}.tgz")
    helm("install", "istiod-canary", chart, "--set=revision=canary,pilot.replicaCount=0,pilot.autoscaleEnabled=false")
    try:
        yield
    finally:
        helm("uninstall", "istiod-canary", "--wait")


@contextmanager
def locked(project: Project) -> Iterator[None]:
    """Lock the stack as a run on another machine does."""
    folder = processes.lock_folder(project.environment["PULUMI_BACKEND_URL"], STACK)
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / f"{uuid4()}.json"
    held = {"pid": 1, "username": "op", "hostname": "elsewhere", "timestamp": "2026-11-25T10:00:00Z"}
    lock.write_text(json.dumps(held))
    try:
        yield
    finally:
        lock.unlink()


@contextmanager
def no_secrets(project: Project) -> Iterator[None]:
    """Take the kubeconfig of an account that may not list secrets."""
    with kubeconfigs.reader(project.folder) as file, project.with_variables(KUBECONFIG=str(file)):
        yield


IN_THE_WAY: dict[str, Callable[[Project], AbstractContextManager[None]]] = {
    "release istio-system/istiod: is pending-upgrade: a Helm command is still running, or was killed": pending,
    "istio-system/istiod, istio-system/istiod-canary are 2 control planes, and a stack manages only one": second_istiod,
    "stack lab: is locked from another machine (op@elsewhere, process 1": locked,
    "may not list Secrets, in which Helm keeps its releases: the releases are unknown": no_secrets,
}


def written(project: Project) -> tuple[dict, str]:
    """Return what an adoption writes: the exported state and the stack file."""
    return project.state(), (project.folder / STACK_FILE).read_text()


@pytest.mark.long
def test_each_obstacle_is_one_line_and_leaves_everything_as_it_was_and_half_a_state_is_completed(installed):
    project = installed()
    before = written(project)
    for line, obstacle in IN_THE_WAY.items():
        with obstacle(project):
            refused = project.operation("adopt", "--yes")
        assert refused.status == 1, refused.output
        assert line in refused.output
        assert sum(row.startswith("  x ") for row in refused.output.splitlines()) == 1
        assert written(project) == before
    project.operation("adopt", "--yes").must()
    (urn,) = (urn for urn, _ in project.resources() if urn.endswith("::istiod-release"))
    project.pulumi("state", "delete", urn, "--target-dependents", "--yes").must()
    completed = project.operation("adopt", "--yes").must().output
    assert f"release istio-system/istiod: istiod {LAB}, revision 1, is adopted as istiod" in completed
    assert "release istio-system/istio-base" not in completed
    assert "0 to replace, 0 to delete" in completed
