"""Drift that reports itself: in an issue, in a file, and by a Job of the cluster; and the end of each."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from lab.cluster import node
from lab.cluster.kubectl import get, kubectl
from lab.cluster.machines import NODES
from lab.cluster.names import CHECKOUT
from lab.toolchain import image_archive, verify_image
from operations import drift_notice
from tests.support.fake_gh import FakeGh
from tests.support.project import STACK, STACK_FILE, Project, wait_for

# The image of 130 MB alone takes longer than what the suite has for it.
pytestmark = pytest.mark.long

DRIFT = CHECKOUT / "docs" / "drift"
NAMESPACE = "pi-mesh-drift"
ROLE = ("clusterrole", "istiod-clusterrole-istio-system")
RULE = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


@pytest.fixture
def drift(mesh: Project) -> Iterator[Callable[[], None]]:  # noqa: ARG001 - first the mesh
    """Add a rule to istiod's rights, and yield the function that takes it out again."""
    number = len(get(*ROLE)["rules"])
    kubectl("patch", *ROLE, "--type=json", f"--patch={json.dumps([{'op': 'add', 'path': '/rules/-', 'value': RULE}])}")

    def cure() -> None:
        if len(get(*ROLE)["rules"]) > number:
            removal = [{"op": "remove", "path": f"/rules/{number}"}]
            kubectl("patch", *ROLE, "--type=json", f"--patch={json.dumps(removal)}")

    yield cure
    cure()


@pytest.fixture
def run(mesh: Project, reader_kubeconfig: Path) -> Callable[..., str]:
    """Return `run(script, **variables)`: what a script says in the project's folder, with the reader's kubeconfig."""

    def shell(script: str, **variables: str) -> str:
        environment = {**mesh.environment, "KUBECONFIG": str(reader_kubeconfig), "STACK": STACK, **variables}
        command = ["bash", "-e", "-c", script]
        done = subprocess.run(command, cwd=mesh.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return shell


def test_the_workflow_opens_and_closes_one_issue(drift, run, mesh, tmp_path, figure):
    gh = FakeGh(tmp_path / "programs")
    gh.install(drift_notice.BOT)
    steps = yaml.safe_load((CHECKOUT / ".github" / "workflows" / "drift.yml").read_text())["jobs"]["verify"]["steps"]
    path = {"PATH": f"{gh.folder}:{mesh.environment['PATH']}", "GITHUB_ACTIONS": "true"}
    told = [run(steps[-1]["run"], **path)]
    assert "rules[" in gh.issues[0]["body"]
    drift()
    told.append(run(steps[-1]["run"], **path))
    assert [line.partition(":")[0] for line in told] == ["issue 1 was opened", "issue 1 was closed"]
    assert [issue["state"] for issue in gh.issues] == ["closed"]
    figure("; ".join(line.partition(":")[0] for line in told))


def test_the_timers_unit_writes_and_removes_its_file(drift, run, tmp_path, figure):
    unit = (DRIFT / "pi-mesh-drift.service").read_text()
    (command,) = re.findall(r"^ExecStart=/bin/sh -c '(.*)'$", unit, re.MULTILINE)
    file = tmp_path / "drift.txt"
    command = command.replace("pi-cluster", STACK).replace("/var/lib/pi-mesh/drift.txt", str(file))
    assert "was written" in run(command)
    assert "clusterrole" in file.read_text()
    drift()
    assert "was removed" in run(command)
    assert not file.exists()
    figure("written; removed")


@pytest.fixture
def cron_job(mesh: Project, tmp_path: Path) -> Iterator[None]:
    """Install the account, the settings and the CronJob of docs/drift, and its image on one node."""
    machine = NODES[0]
    account, (config, job) = (
        yaml.safe_load_all((DRIFT / f"{name}.yaml").read_text()) for name in ("rights", "cronjob")
    )
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    pod["nodeSelector"] = {"kubernetes.io/hostname": machine.name}
    container = pod["containers"][0]
    container["args"] = [argument.replace("pi-cluster", STACK) for argument in container["args"]]
    config["data"]["kubeconfig"] = config["data"]["kubeconfig"].replace("my-pis", "lab")
    image_archive.write(verify_image.image(container["image"]), tmp_path / "verify.tar")
    node.import_images(machine, [tmp_path / "verify.tar"])
    objects = {"apiVersion": "v1", "kind": "List", "items": [*account, config, job]}
    try:
        kubectl("apply", "-f", "-", stdin=json.dumps(objects))
        settings = f"--from-file={mesh.folder / STACK_FILE}"
        kubectl("create", "configmap", "settings", f"--namespace={NAMESPACE}", settings)
        yield
    finally:
        kubectl("delete", "-f", str(DRIFT / "rights.yaml"), "--ignore-not-found")


def finished(name: str) -> tuple[str, str]:
    """Run the CronJob's Job now, and return its condition and its log."""
    kubectl("create", "job", name, "--from=cronjob/verify", f"--namespace={NAMESPACE}")

    def conditions() -> set[str]:
        status = get("job", name, f"--namespace={NAMESPACE}")["status"]
        return {entry["type"] for entry in status.get("conditions", [])} & {"Complete", "Failed"}

    wait_for("the end of the Job", conditions)
    (condition,) = conditions()
    return condition, kubectl("logs", f"job/{name}", f"--namespace={NAMESPACE}")


@pytest.mark.usefixtures("cron_job")
def test_the_cron_jobs_pod_fails_while_something_is_wrong(drift, figure):
    condition, log = finished("wrong")
    assert condition == "Failed", log
    assert "rules[" in log
    (pod,) = get("pods", "--selector=job-name=wrong", f"--namespace={NAMESPACE}")["items"]
    said = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (said["exitCode"], "rules[" in said["message"]) == (1, True)
    drift()
    condition, log = finished("right")
    assert condition == "Complete", log
    figure("Failed, then Complete")
