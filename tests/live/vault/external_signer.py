"""A mesh whose certificates Vault signs one by one, and its workloads."""

import base64
import json

from cryptography import x509

from lab.cluster import vault
from lab.cluster.kubectl import get
from lab.cluster.machines import CONTROL_PLANE
from lab.workloads import TRADING, Workload, service
from pi_mesh.certificates import pem
from tests.support.proxies import istioctl

CLIENT, SERVER = Workload("keyless-client"), Workload("keyless-server", labels={"app": "keyless-server"})
LATER, IN_BETWEEN = Workload("keyless-later"), Workload("keyless-in-between")
SERVICE = service("keyless-server", {"app": "keyless-server"}, http=8080)
URL = "http://keyless-server.trading"
CERT_MANAGER = {"charts": ".lab/cert-manager", "address": f"http://{CONTROL_PLANE.address}:{vault.PORT}"}
INTERNAL = {
    "vault.key": "internal",
    "vault.allowHttp": True,  # the lab's Vault has no TLS
    "vault.certManager": CERT_MANAGER,
}
"""Settings for a key that stays in Vault."""


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
