"""The commands on a running mesh: `report`, `dashboard`, `rehearse`, `images` and `diff`."""

import base64
import json
import signal
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster import faults, node
from lab.cluster.environment import PASSPHRASE_TEXT
from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.machines import NODES
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until
from lab.toolchain.istio_parts import ISTIO
from lab.toolchain.packaging import HUB
from lab.workloads import CONTROL, TRADING, apply
from operations.report.redaction import SHORTEST_LINE
from tests.support.commands import jobs_left, nodes_with_errors, rehearsed, seconds_until_nothing_is_left
from tests.support.objects import patched
from tests.support.project import STACK, Project, kill_session

PASSWORD, OF_THIS_SHELL = "made-up-registry-password", "made-up-access-token"
TOKEN = f"ghp_{'MadeUp' * 6}"
WEB_TOKEN = "eyJhbGciOiJub25l.eyJzdWIiOiJtYWRlLXVw.bWFkZS11cC1tYWRlLXVw"
NEEDED = {"preflight.json", "verify.json", "proxies.json", "budget.json", "pods.json", "events.json", "versions.json"}
NO_SECRET = ("namespace", "username")


def of_control(kind: str, **more: object) -> dict:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "planted", "namespace": CONTROL}, **more}


@pytest.fixture
def planted(mesh: Project) -> Iterator[None]:
    """Put secrets into a Secret, an event, istiod's log and the command's shell."""
    login = json.dumps({"auths": {"registry.example.com": {"username": "robot", "password": PASSWORD}}})
    secret = of_control("Secret", type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": login})
    about = {"kind": "Namespace", "name": CONTROL, "namespace": CONTROL}
    said = f"pulling with {PASSWORD}, {WEB_TOKEN} and {OF_THIS_SHELL}"
    event = of_control("Event", involvedObject=about, reason="Planted", message=said, type="Warning")
    apply([secret, event])
    invalid = of_control(
        "VirtualService", spec={"hosts": [TOKEN], "http": [{"route": [{"destination": {"host": "x"}}]}]}
    )
    with pytest.raises(LabError, match="MadeUp"):
        apply([{**invalid, "apiVersion": "networking.istio.io/v1"}])
    with mesh.with_variables(PULUMI_ACCESS_TOKEN=OF_THIS_SHELL):
        yield
    kubectl("delete", "secret,event", "planted", f"--namespace={CONTROL}")


def secrets_of_the_lab() -> set[str]:
    """Return the planted secrets, the passphrase, the kubeconfig's key, and what is in the mesh's Secrets."""
    user = json.loads(kubectl("config", "view", "--raw", "-o", "json"))["users"][0]["user"]
    secrets = {PASSPHRASE_TEXT, PASSWORD, OF_THIS_SHELL, TOKEN, WEB_TOKEN}
    secrets |= {value for key, value in user.items() if key in ("token", "client-key-data")}
    for namespace in (CONTROL, TRADING):
        for secret in get("secrets", f"--namespace={namespace}")["items"]:
            for key, packed in (secret.get("data") or {}).items():
                text = base64.b64decode(packed).decode(errors="ignore")
                if key not in NO_SECRET:
                    secrets |= {packed, text, *(line for line in text.splitlines() if len(line) >= SHORTEST_LINE)}
    return {text for text in secrets if text and not text.startswith("-----")}


def read(archive: Path) -> dict[str, str]:
    """Return the text of each file."""
    with tarfile.open(archive) as tar:
        files = {name.partition("/")[2]: tar.extractfile(name) for name in tar.getnames()}
        return {name: file.read().decode() for name, file in files.items() if file}


@pytest.mark.usefixtures("planted")
def test_it_holds_what_a_bug_report_needs_and_no_secret_of_the_lab(mesh, tmp_path, figure):
    assert TOKEN in kubectl("logs", "deployment/istiod", f"--namespace={CONTROL}")
    secrets = secrets_of_the_lab()
    # A proxy may take half a minute to come back to an istiod that another test restarted.
    wait_until("proxies that are all connected", lambda: mesh.operation("proxies").status == 0, 120)
    mesh.operation("report", "--output", str(tmp_path / "a.tar.gz")).must()
    files, size = read(tmp_path / "a.tar.gz"), (tmp_path / "a.tar.gz").stat().st_size
    assert files.keys() >= NEEDED
    assert "Planted" in files["events.json"]
    for container in ("istiod", "istio-ingressgateway", "istio-egressgateway"):
        assert any(name.startswith(f"logs/{CONTROL}/{container}-") for name in files)
    asked = ("preflight", "verify", "proxies", "budget")
    assert [json.loads(files[f"{name}.json"])["status"] for name in asked] == [0, 0, 0, 0]
    leaked = {(name, secret[:9]) for secret in secrets for name, text in files.items() if secret in text}
    assert leaked == set()
    assert size < 1_000_000
    unpacked = sum(map(len, files.values()))
    figure(f"{len(files)} files, {unpacked // 1024} KiB, packed {size // 1024} KiB; none of {len(secrets)} secrets")


@pytest.fixture(params=["istiod", "envoy"])
def console(request) -> tuple[str, ...]:
    if request.param == "istiod":
        return ("istiod",)
    (gateway,) = staying_pods("istio-system", "app=istio-ingressgateway")
    return ("envoy", f"--pod=istio-system/{gateway['metadata']['name']}")


def test_the_port_of_a_console_is_open_until_ctrl_c(mesh, console, figure):
    command = ["python", "-m", "operations", "dashboard", *console, "-s", STACK, "--json"]
    with subprocess.Popen(command, cwd=mesh.folder, env=mesh.environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        address = json.loads(running.stdout.readline())["address"]
        page = {"istiod": "metrics", "envoy": "stats"}[console[0]]
        with urllib.request.urlopen(f"{address}{page}", timeout=10) as answer:
            text = answer.read().decode()
        running.send_signal(signal.SIGINT)
    assert {"istiod": "pilot_xds", "envoy": "server.live"}[console[0]] in text
    assert running.returncode == 0
    figure(f"/{page}: {len(text)} bytes")


ODD = "pi-2"


def test_a_node_on_which_envoy_gets_no_memory_is_named_and_the_others_are_well(mesh: Project, figure):
    """The node's containers have few addresses, so that tcmalloc says what it says on a 39-bit kernel."""
    started = time.monotonic()
    with faults.little_address_space(ODD):
        status, found = rehearsed(mesh)
    seconds = time.monotonic() - started
    assert (status, nodes_with_errors(found)) == (1, {ODD})
    envoy = found[ODD, "envoy"]
    assert "MmapAligned() failed" in envoy["message"]
    assert "48-bit addresses" in envoy["fix"]
    for name in ("pi-1", "pi-3"):
        known = {id: one["number"] for (place, id), one in found.items() if place == name and one["level"] == "ok"}
        assert known["memory cgroup"] == 256 * 2**20
        assert {"envoy", "packet redirection", "clock"} <= known.keys()
    assert jobs_left() == 0
    figure(f"named after {seconds:.0f} s with two other nodes: {envoy['message']}")


@pytest.mark.long
def test_two_minutes_after_a_kill_nothing_of_a_rehearsal_is_left(mesh: Project, figure):
    run = mesh.start_operation("rehearse")
    wait_until("a Job for each node", lambda: jobs_left() == len(NODES), seconds=60)
    kill_session(run)
    assert jobs_left() == len(NODES)
    figure(f"three Jobs and their pods were gone {seconds_until_nothing_is_left():.0f} s after kill -9")


COMING, IMAGES = "1.29.0", ("--namespace=k8s.io", "images")
"""A version that no node of the lab has, and the start of containerd's command."""


@pytest.fixture
def coming() -> Iterator[None]:
    """Give the nodes' images the tag of another version too, which comes as fast as from a registry beside them."""
    names = [f"{HUB}/pilot", f"{HUB}/proxyv2"]
    for machine in NODES:
        for name in names:
            node.ctr(machine, *IMAGES, "tag", "--force", f"{name}:{ISTIO}", f"{name}:{COMING}")
    yield
    for machine in NODES:
        node.ctr(machine, *IMAGES, "rm", *(f"{name}:{COMING}" for name in names))


@pytest.mark.usefixtures("coming")
def test_the_nodes_have_the_images_of_the_pods_and_one_after_the_other_gets_those_of_a_version_to_come(mesh, figure):
    checked = mesh.operation("images", "check", "--json").must().findings
    running = {part["image"] for pod in staying_pods(CONTROL) for part in pod["spec"]["containers"]}
    assert running <= {finding["name"] for finding in checked if finding["level"] == "ok"}
    started = time.monotonic()
    pulled = mesh.operation("images", "pull", "--to", COMING).must()
    seconds = time.monotonic() - started
    assert [machine.name for machine in NODES if f"image: node {machine.name}: " not in pulled.output] == []
    assert jobs_left() == 0
    figure(f"{len(running)} images on {len(NODES)} nodes; pull: {seconds:.0f} s: {pulled.output.splitlines()[-1]}")


def test_diff_names_a_field_that_the_settings_change_and_one_that_a_hand_did(mesh: Project, figure):
    surge = {"spec": {"strategy": {"rollingUpdate": {"maxSurge": "50%"}}}}
    with patched("deployment", "istiod", CONTROL, lambda _: surge):
        mesh.set("proxy.outboundTraffic", "REGISTRY_ONLY")
        try:
            changes = json.loads(mesh.operation("diff", "--json").must().output.splitlines()[-1])["changes"]
        finally:
            mesh.reset()
    fields = {(row["object"], field["path"]): field for row in changes for field in row["fields"]}
    by_hand = fields.pop((f"Deployment {CONTROL}/istiod", "spec.strategy.rollingUpdate.maxSurge"))
    assert (by_hand["live"], by_hand["target"], by_hand["manual"]) == ("50%", "25%", True)
    assert {row["object"] for row in changes} == {
        *(f"ConfigMap {CONTROL}/{name}" for name in ("istio", "values", "pi-mesh-applied")),
        f"Deployment {CONTROL}/istiod",
    }
    assert "+  mode: REGISTRY_ONLY" in fields[f"ConfigMap {CONTROL}/istio", "data.mesh"]["change"]
    figure("; ".join(f"{name}, {path}" for name, path in sorted(fields)))
