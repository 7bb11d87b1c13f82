"""The cluster's own cert-manager with a ClusterIssuer and its root, as their owner creates them."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster import node_images
from lab.cluster.kubectl import get, kubectl
from lab.toolchain import cert_manager_package
from lab.workloads import apply
from pi_mesh.certificates import pem
from pi_mesh.cluster.mesh_ca import read_signing_secret
from tests.live.vault.mesh import CONTEXT
from tests.support.helm import helm

HOME, API = "cert-manager", "cert-manager.io/v1"
ROOT, FIRST = "pi-root", "pi-self-signed"
LACKING = "webhook.replicaCount=0,cainjector.enabled=false,startupapicheck.enabled=false,prometheus.enabled=false"
"""Values for the lab, which has the controller alone."""
WEBHOOKS = ("validatingwebhookconfiguration", "mutatingwebhookconfiguration")


@contextmanager
def issuer() -> Iterator[pem.x509.Certificate]:
    """Create the ClusterIssuer for the block, and yield its root."""
    node_images.provide_cert_manager()
    chart = str(node_images.CERT_MANAGER_CHARTS / cert_manager_package.CHART)
    more = ("--namespace", HOME, "--create-namespace", "--wait", "--set", f"crds.enabled=true,{LACKING}")
    helm("upgrade", "--install", HOME, chart, *more)
    for kind in WEBHOOKS:
        kubectl("delete", kind, "--selector=app.kubernetes.io/instance=cert-manager", "--ignore-not-found")
    try:
        apply([{"apiVersion": API, "kind": "ClusterIssuer", "metadata": {"name": FIRST}, "spec": {"selfSigned": {}}}])
        yield use_root(ROOT)
    finally:
        kubectl("delete", "clusterissuer", ROOT, FIRST, "--ignore-not-found")
        helm("uninstall", HOME, "--namespace", HOME, "--wait")
        crds = [one["metadata"]["name"] for one in get("customresourcedefinitions")["items"]]
        kubectl("delete", "customresourcedefinition", *(name for name in crds if name.endswith("cert-manager.io")))
        kubectl("delete", "namespace", HOME)


def use_root(name: str) -> pem.x509.Certificate:
    """Create a root of this name, make the ClusterIssuer sign under it, and return it."""
    certificate = {
        "isCA": True,
        "commonName": f"{name} of the issuer",
        "secretName": name,
        "duration": "87600h",
        "privateKey": {"algorithm": "ECDSA", "size": 256},
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": FIRST},
    }
    apply(
        [{"apiVersion": API, "kind": "Certificate", "metadata": {"name": name, "namespace": HOME}, "spec": certificate}]
    )
    kubectl("wait", "--for=condition=Ready", f"certificate/{name}", f"--namespace={HOME}", "--timeout=60s")
    apply(
        [{"apiVersion": API, "kind": "ClusterIssuer", "metadata": {"name": ROOT}, "spec": {"ca": {"secretName": name}}}]
    )
    kubectl("wait", "--for=condition=Ready", f"clusterissuer/{ROOT}", "--timeout=60s")
    files = read_signing_secret(CONTEXT, HOME, name)
    assert files is not None
    return pem.certificates(files["root-cert.pem"], name)[0]
