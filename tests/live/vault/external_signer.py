"""A mesh whose certificates Vault signs one by one, and its workloads."""

import base64
import json
from dataclasses import dataclass

from cryptography import x509

from lab.cluster import vault
from lab.cluster.kubectl import get
from lab.cluster.machines import CONTROL_PLANE
from lab.workloads import Workload, manifests, service
from pi_mesh.certificates import pem
from tests.live.traffic.load import Tally
from tests.live.vault.mesh import TRADING, VaultMesh
from tests.support.proxy import istioctl

CLIENT, SERVER = Workload("keyless-client"), Workload("keyless-server", labels={"app": "keyless-server"})
LATER, IN_BETWEEN = Workload("keyless-later"), Workload("keyless-in-between")
OBJECTS = [*manifests(CLIENT), *manifests(SERVER), service("keyless-server", {"app": "keyless-server"}, http=8080)]
URL = "http://keyless-server.trading"
INTERNAL = {
    "key": "internal",
    "allowHttp": True,  # the lab's Vault has no TLS
    "certManager": {
        "charts": ".lab/cert-manager",
        "address": f"http://{CONTROL_PLANE.address}:{vault.PORT}",
    },
}
"""Settings below `vault` for a key that stays in Vault."""


@dataclass(frozen=True)
class ChangedOver:
    """The change of a running mesh from an exported key to one in Vault, as a client saw it."""

    tally: Tally
    pods: set[str]
    """Pods of the workloads before the change."""
    trusted: str
    """Roots (PEM) before the change."""


def switch(vault_mesh: VaultMesh, changes: dict[str, object]) -> None:
    """Write settings below `vault` for the next `up`."""
    for name, value in changes.items():
        vault_mesh.set(f"vault.{name}", value)


def workload_pods() -> set[str]:
    pods = get("pods", f"--namespace={TRADING}", f"--selector=fortio in ({CLIENT.name}, {SERVER.name})")["items"]
    return {pod["metadata"]["name"] for pod in pods}


def restarts(namespace: str) -> int:
    """Return the restarts of all containers in a namespace."""
    pods = get("pods", f"--namespace={namespace}")["items"]
    return sum(one["restartCount"] for pod in pods for one in pod["status"].get("containerStatuses", []))


def certificate_of(workload: Workload) -> pem.Certificates:
    """Return the certificate that a workload's proxy serves."""
    (pod,) = get("pods", f"--namespace={TRADING}", f"--selector=fortio={workload.name}")["items"]
    name = f"{pod['metadata']['name']}.{TRADING}"
    secrets = json.loads(istioctl("proxy-config", "secret", name, "--output=json"))["dynamicActiveSecrets"]
    served = next(one["secret"]["tlsCertificate"] for one in secrets if one["name"] == "default")
    return pem.certificates(base64.b64decode(served["certificateChain"]["inlineBytes"]).decode(), "the proxy")


def identity(certificate: x509.Certificate) -> list[str]:
    """Return the SPIFFE names in a certificate."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def secrets_with_a_key() -> list[str]:
    """Return, as NAMESPACE/NAME, each Secret in the cluster that holds a private key in PEM form."""
    return [
        f"{secret['metadata']['namespace']}/{secret['metadata']['name']}"
        for secret in get("secrets", "--all-namespaces")["items"]
        if any(b"PRIVATE KEY" in base64.b64decode(value) for value in (secret.get("data") or {}).values())
    ]
