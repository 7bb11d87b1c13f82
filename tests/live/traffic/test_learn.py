"""Rules from a mesh at work: policies and hosts with which a default deny and REGISTRY_ONLY refuse only strangers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lab.calls import REFUSED, command, settled, status
from lab.cluster.kubectl import kubectl
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.waiting import wait_until
from lab.toolchain.images import FORTIO
from lab.workloads import ROOM, Workload
from tests.live.traffic import broker, cast
from tests.live.traffic.outside import host_of, name_of
from tests.support.authorities import make_ca, make_server
from tests.support.objects import present
from tests.support.project import Project

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("workloads")]

DENY, POLICIES, EXTERNAL = "traffic.authorization.defaultDeny", "traffic.authorization.policies", "traffic.external"
BANK = Workload("bank", namespace=cast.OUTSIDE, sidecar=False, ports=(80,))
WEEKLY, ACCOUNT = "weekly", {"name": "weekly", "namespace": cast.ARGOCD}
REPORT = {
    "name": "report",
    "image": FORTIO,
    "args": ["load", "-quiet", "-qps=0", "-c=1", "-n=2", f"{cast.APPLICATION_URL}/report"],
    "resources": ROOM,
}
POD = {"serviceAccountName": WEEKLY, "restartPolicy": "Never", "containers": [REPORT]}
JOB = {"spec": {"backoffLimit": 0, "template": {"spec": POD}}}
CRON_JOB = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": ACCOUNT,
    "spec": {"schedule": "0 3 * * 1", "jobTemplate": JOB},
}
OBJECTS = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": ACCOUNT}, CRON_JOB]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[None]:
    """Run a bank for HTTP and a broker for TLS outside the mesh, and have the weekly job in the cluster."""
    root = make_ca("broker's CA")
    own = make_server(name_of(CONTROL_PLANE), signer=root)
    for name, text in ((broker.CERTIFICATE, own.pem), (broker.KEY, own.key), (broker.CLIENTS, root.pem)):
        (tmp_path / name).write_text(text)
    with broker.serving(CONTROL_PLANE, 443, tmp_path), present(OBJECTS, BANK):
        yield


@pytest.fixture
def audited(mesh: Project) -> Iterator[Project]:
    """Yield the mesh with both audits; afterwards the shipped mesh is back, and nothing is remembered."""
    mesh.change({DENY: {"audit": True}, "proxy.egressAudit": True})
    mesh.must_up()
    yield mesh
    kubectl("delete", "configmap", "pi-mesh-learned", "--namespace=istio-system", "--ignore-not-found")
    mesh.must_hold_the_shipped_mesh()


def run_weekly(run: str) -> int:
    """Run the weekly job once and return how many of its two requests were answered with 200."""
    job = f"job/{WEEKLY}-{run}"
    kubectl("create", "job", job.removeprefix("job/"), f"--from=cronjob/{WEEKLY}", f"--namespace={cast.ARGOCD}")
    kubectl("wait", "--for=condition=Complete", job, f"--namespace={cast.ARGOCD}", "--timeout=90s")
    log = kubectl("logs", job, "--container=report", f"--namespace={cast.ARGOCD}")
    return 2 if "Code 200 : 2" in log else 0


def reached(url: str) -> bool:
    """Return True if the host answers, or ends the connection after the handshake, as it lacks a certificate."""
    curl = command(cast.CLIENT, "curl", "-k", "-timeout=10s", url)
    ran = subprocess.run(curl, capture_output=True, text=True, check=False)
    return "HTTP/1.1 200" in ran.stderr or "Read error" in ran.stderr


def learned(project: Project, what: str) -> dict:
    """Return a proposal's settings as a person would add them."""
    report = project.operation("learn", what, "--json").must().report
    settings = yaml.safe_load(report["proposal"])["pi-mesh:traffic"]
    return settings["external"] if what == "egress" else settings["authorization"]["policies"]


@pytest.mark.usefixtures("served")
def test_what_was_learned_lets_a_default_deny_and_registry_only_refuse_strangers_alone(audited, figure):
    api = f"https://{CONTROL_PLANE.address}:6443/version"
    hosts = [f"http://{host_of(BANK)}/", f"https://{name_of(CONTROL_PLANE)}/", api]
    for _ in range(2):
        assert settled(lambda: status(cast.DEPLOYER, f"{cast.APPLICATION_URL}/orders"), 200) == 200
        wait_until("three hosts outside", lambda: all(map(reached, hosts)), 60)
    assert run_weekly("29382720") == 2

    # Envoy writes its log every ten seconds.
    def remembered() -> bool:
        kept = audited.operation("learn", "remember", "--yes", "--json").must()
        return len(learned(audited, "egress")) == 3 and kept.findings[0]["number"] < 5000

    wait_until("the log in the memory", remembered, 60)
    policies, external = learned(audited, "policies"), learned(audited, "egress")
    callers = {caller for policy in policies.values() for rule in policy["rules"] for caller in rule["principals"]}
    assert callers == {f"cluster.local/ns/argocd/sa/{name}" for name in ("deployer", WEEKLY)}
    assert {entry.get("protocol", "TLS") for entry in external.values()} == {"HTTP", "TLS", "TCP"}

    audited.change({POLICIES: policies, EXTERNAL: external})
    audited.change({DENY: {"enabled": True}, "proxy.outboundTraffic": "REGISTRY_ONLY"})
    audited.must_up()
    refused = settled(lambda: status(cast.PROMETHEUS, cast.APPLICATION_URL), 403)
    stranger = settled(lambda: status(cast.CLIENT, f"http://{host_of(cast.OUTSIDER)}:8080/"), REFUSED)
    answered = [status(cast.DEPLOYER, f"{cast.APPLICATION_URL}/orders") for _ in range(5)]
    assert (answered, run_weekly("29392800"), [*map(reached, hosts)]) == ([200] * 5, 2, [True] * 3)
    assert (refused, stranger) == (403, REFUSED)
    rows = audited.operation("learn", "policies", "--diff", "--json").must().findings
    figure(f"{'; '.join(finding['message'] for finding in rows)}; a stranger {refused}, an unknown host no answer")
