"""A cert-manager that is the cluster's own, and a ClusterIssuer with a root in it, as their owner makes them."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster import cert_manager_controller
from lab.cluster.kubectl import get, kubectl
from lab.toolchain import cert_manager_package
from lab.workloads import apply
from pi_mesh.certificates import pem
from pi_mesh.cluster.signing_secret import read
from tests.live.vault.mesh import CONTEXT
from tests.support.helm import helm

HOME, API = "cert-manager", "cert-manager.io/v1"
ROOT, FIRST = "pi-root", "pi-self-signed"
LACKING = "webhook.replicaCount=0,cainjector.enabled=false,startupapicheck.enabled=false,prometheus.enabled=false"
"""The lab has the controller alone."""
WEBHOOKS = ("validatingwebhookconfiguration", "mutatingwebhookconfiguration")


@contextmanager
def issuer() -> Iterator[pem.x509.Certificate]:
    """The root of the ClusterIssuer, which is there inside."""
    cert_manager_controller.provide()
    chart = str(cert_manager_controller.CHARTS / cert_manager_package.CHART)
    more = ("--namespace", HOME, "--create-namespace", "--wait", "--set", f"crds.enabled=true,{LACKING}")
    helm("upgrade", "--install", HOME, chart, *more)
    for kind in WEBHOOKS:
        kubectl("delete", kind, "--selector=app.kubernetes.io/instance=cert-manager", "--ignore-not-found")
    try:
        apply(_objects())
        kubectl("wait", "--for=condition=Ready", f"clusterissuer/{ROOT}", "--timeout=60s")
        files = read(CONTEXT, HOME, ROOT)
        assert files is not None
        yield pem.certificates(files["root-cert.pem"], ROOT)[0]
    finally:
        kubectl("delete", "clusterissuer", ROOT, FIRST, "--ignore-not-found")
        helm("uninstall", HOME, "--namespace", HOME, "--wait")
        crds = [one["metadata"]["name"] for one in get("customresourcedefinitions")["items"]]
        kubectl("delete", "customresourcedefinition", *(name for name in crds if name.endswith("cert-manager.io")))
        kubectl("delete", "namespace", HOME)


def _objects() -> Iterator[dict]:
    yield {"apiVersion": API, "kind": "ClusterIssuer", "metadata": {"name": FIRST}, "spec": {"selfSigned": {}}}
    certificate = {
        "isCA": True,
        "commonName": "Root of the issuer",
        "secretName": ROOT,
        "duration": "87600h",
        "privateKey": {"algorithm": "ECDSA", "size": 256},
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": FIRST},
    }
    metadata = {"name": ROOT, "namespace": HOME}
    yield {"apiVersion": API, "kind": "Certificate", "metadata": metadata, "spec": certificate}
    yield {"apiVersion": API, "kind": "ClusterIssuer", "metadata": {"name": ROOT}, "spec": {"ca": {"secretName": ROOT}}}
