"""A mesh with its owner's choices: a CA from a Secret, client certificates, autoscaling, digests, trading hours."""

import json
from collections.abc import Iterator

import pytest

from lab.calls import REFUSED, settled
from lab.cluster.kubectl import get, kubectl
from lab.cluster.machines import NODES
from lab.cluster.node import ctr
from lab.toolchain.istio_parts import ISTIO
from lab.workloads import CONTROL
from pi_mesh.certificates import pem
from pi_mesh.names import INGRESS
from pi_mesh.settings.namespaces import DAYS
from tests.live.traffic.outside import HOST, visit
from tests.support.authorities import make_ca, make_root, make_server
from tests.support.project import Project

ROOT, CLIENTS, STRANGERS, SERVERS = map(make_root, ("owner", "clients", "strangers", "servers"))
SIGNER = make_ca("the owner's intermediate", ROOT)
SERVER = make_server(HOST, signer=SERVERS)
SECRETS = {
    "own-authority": {
        "ca-cert.pem": SIGNER.pem,
        "ca-key.pem": SIGNER.key,
        "cert-chain.pem": SIGNER.pem + ROOT.pem,
        "root-cert.pem": ROOT.pem,
    },
    "door": {"tls.crt": SERVER.pem, "tls.key": SERVER.key, "ca.crt": CLIENTS.pem},
}
MORE = {"requests": {"cpu": "110m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}


def pinned(image: str) -> str:
    """Give each node's image the name by which kubelet looks for a pinned one, and return its digest."""
    name, digests = f"docker.io/istio/{image}", set()
    for node in NODES:
        rows = [line.split() for line in ctr(node, "--namespace=k8s.io", "images", "ls").splitlines()]
        (digest,) = {row[2] for row in rows if row and row[0] == f"{name}:{ISTIO}"}
        ctr(node, "--namespace=k8s.io", "images", "tag", "--force", f"{name}:{ISTIO}", f"{name}@{digest}")
        digests.add(digest)
    (digest,) = digests
    return digest


@pytest.fixture(scope="module")
def chosen(project: Project) -> Iterator[Project]:
    project.must_hold_nothing()
    settings = {
        "istio.adopt": True,
        "ca": {"source": "secret", "secret": "own-authority"},
        "images.digests": {image: pinned(image) for image in ("pilot", "proxyv2")},
        "ingress.autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 3},
        "traffic.gateways": {
            "door": {"hosts": [HOST], "protocol": "HTTPS", "tls": {"secret": "door", "mode": "MUTUAL"}}
        },
        "trading.hours": {"timeZone": "UTC", "opens": "00:00", "closes": "00:00", "days": list(DAYS)},
    }
    for path, value in settings.items():
        project.set(path, value)
    kubectl("create", "namespace", CONTROL)
    try:
        for name, files in SECRETS.items():
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": CONTROL}}
            kubectl("apply", "-f", "-", stdin=json.dumps({**secret, "stringData": files}))
        project.must_up()
        yield project
        project.must_hold_nothing()
    finally:
        kubectl("delete", "namespace", CONTROL)


@pytest.mark.usefixtures("chosen")
def test_the_mesh_trusts_the_root_of_the_owners_secret(figure):
    trusted = get("configmap", "istio-ca-root-cert", "-n", CONTROL)["data"]["root-cert.pem"]
    assert pem.certificates(trusted, "the mesh") == pem.certificates(ROOT.pem, "the owner")
    figure("the mesh's root is the Secret's")


@pytest.mark.usefixtures("chosen")
def test_a_mutual_listener_admits_the_clients_of_its_authority_alone(tmp_path, figure):
    (tmp_path / "roots.pem").write_text(SERVERS.pem)
    for name, signer in {"broker": CLIENTS, "stranger": STRANGERS}.items():
        holder = make_ca(name, signer, ca=False)
        (tmp_path / name).write_text(holder.pem + holder.key)

    def status(client: str = "") -> int:
        return visit("https", str(tmp_path / "roots.pem"), client=client and str(tmp_path / client)).status

    assert settled(lambda: status("broker"), 404) == 404  # admitted, to a gateway without a route
    assert [status("stranger"), status()] == [REFUSED, REFUSED]
    figure("answered with a certificate of the listener's authority; closed with a stranger's and without one")


def test_the_autoscaler_keeps_its_smallest_number_and_an_up_leaves_that_to_it(chosen, figure):
    def replicas() -> int:
        return get("deployment", INGRESS, "-n", CONTROL)["status"].get("readyReplicas", 0)

    assert settled(replicas, 2, seconds=90) == 2
    chosen.preview("--expect-no-changes").must()
    figure("2 of 2 to 3 pods; the next preview has no change")


@pytest.mark.usefixtures("chosen")
def test_the_nodes_run_the_images_of_the_pinned_digests(figure):
    containers = [one for pod in get("pods", "-n", CONTROL)["items"] for one in pod["spec"]["containers"]]
    images = {container["image"] for container in containers}
    assert {image.partition("@sha256:")[0] for image in images} == {
        f"docker.io/istio/{image}:{ISTIO}" for image in ("pilot", "proxyv2")
    }
    assert all("@sha256:" in image for image in images)
    figure("pilot and proxyv2, each by its digest")


def test_trading_hours_let_an_exception_through_and_refuse_a_restart(chosen, figure):
    chosen.set("traffic.legacy", {"old-feed": {"selector": {"app": "old-feed"}}})
    chosen.must_up()
    chosen.set("ingress.resources", MORE)
    refused = chosen.up()
    assert (refused.status != 0, "trading goes on until" in refused.line_with("trading hours")) == (True, True)
    figure("an exception from STRICT is applied; another size of a gateway is refused")
