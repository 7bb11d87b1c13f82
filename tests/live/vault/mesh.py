"""The stack lab with its CA in the lab's Vault, its workloads, and the certificates, roots and trust of its proxies."""

import base64
import contextlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import yaml
from cryptography import x509
from cryptography.x509 import Certificate

from lab.cluster import vault
from lab.cluster.kubectl import get
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.names import CONTEXT
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL, TRADING, Workload, service
from operations.istiod_certificates import IssuedCertificate, issuer
from pi_mesh.certificates import chains, pem
from pi_mesh.checks import root_trust
from pi_mesh.cluster.certificates_in_use import ProxyTrust
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.live.vault.server import Server
from tests.support import pods
from tests.support.project import STACK, STACK_FILE, Outcome, Project
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


MOUNT = "urn:pulumi:lab::pi-mesh::pi-mesh:vault:VaultCa$vault:index/mount:Mount::mesh-ca-mount"


class VaultMesh(Project):
    """A project that keeps all its output, so that tests can search it for secrets."""

    said: list[str]

    def begin(self, server: Server) -> None:
        """Switch Vault on and the gateways off: these tests look at certificates."""
        self.said = []
        self.run("pulumi", "stack", "select", "--create", STACK)
        self.give(server.token())
        vault = {"enabled": True, "address": server.address}
        self.change({"ingress.enabled": False, "egress.enabled": False, "vault": vault})

    def get(self, path: str, otherwise: object) -> Any:
        """Return a setting of the stack's file."""
        branch, last = path.rsplit(".", 1)
        content = yaml.safe_load((self.folder / STACK_FILE).read_text())["config"]
        return content.get(f"pi-mesh:{branch}", {}).get(last, otherwise)

    def give(self, token: str) -> None:
        """Set the token that the program gets."""
        self.more["VAULT_TOKEN"] = token

    def run(self, *command: str) -> Outcome:
        outcome = super().run(*command)
        self.said.append(outcome.output)
        return outcome

    def unprotect(self) -> None:
        """Remove the protection of the CA's mount, as its owner must before deleting it."""
        self.pulumi("state", "unprotect", MOUNT, "--yes").must()

    def end(self) -> None:
        """Destroy everything, the protected mount included."""
        self.pulumi("state", "unprotect", "--all", "--yes")
        self.destroy()


def issued() -> IssuedCertificate:
    """Return a certificate for the trading namespace's default account, signed by istiod now."""
    with issuer(CONTEXT, CONTROL, TRADING) as istiod:
        return istiod.issue()


def roots() -> str:
    """Return the roots that workloads trust, in PEM form."""
    return get("configmap", "istio-ca-root-cert", f"--namespace={CONTROL}")["data"]["root-cert.pem"]


def cacerts() -> dict[str, str]:
    """Return the content of the Secret `cacerts` in base64, as it is in the cluster."""
    return get("secret", "cacerts", f"--namespace={CONTROL}").get("data") or {}


def trusted_roots() -> pem.Certificates:
    """Return the roots that workloads trust."""
    return pem.certificates(roots(), "the mesh")


def istiod_pods() -> set[str]:
    return pods.names(CONTROL, "app=istiod")


def wait_for_issued(what: str, accepts: Callable[[IssuedCertificate], bool]) -> IssuedCertificate:
    """Return the first certificate that `accepts` says True of.

    A restarting istiod, or one with an unknown root, gives none.
    """
    certificates: list[IssuedCertificate] = []

    def issues() -> bool:
        with contextlib.suppress(ClusterUnreachable):
            certificates.append(issued())
            return accepts(certificates[-1])
        return False

    wait_until(what, issues, 240)
    return certificates[-1]


def wait_for_issuer(other_than: IssuedCertificate) -> IssuedCertificate:
    """Return the first certificate that another CA signed."""
    return wait_for_issued("istiod signs with another CA", lambda one: one.issuer != other_than.issuer)


def wait_for_roots(*expected: str) -> None:
    """Wait until istiod distributes exactly these roots."""
    certificates = {one for text in expected for one in pem.certificates(text, "expected")}
    wait_until("the roots are handed out", lambda: set(trusted_roots()) == certificates, 180)


def proxies() -> tuple[ProxyTrust, ...]:
    """Return the trust of every proxy of the local cluster."""
    return root_trust.read_root_use(CONTEXT, CONTROL).proxies


def table(*known: Certificate) -> list[str]:
    """Return a line for each proxy: the roots that it trusts, and the root of its own certificate."""
    return [
        f"{each.pod.rsplit('-', 2)[0]}: trusts {_titles(each.roots)}; holds one of {_root(each, known)}"
        for each in proxies()
    ]


def _root(proxy: ProxyTrust, known: tuple[Certificate, ...]) -> str:
    return _titles(
        root for root in known if proxy.chain and chains.leads_to_root(proxy.chain[0], root, proxy.chain[1:])
    )


def _titles(certificates: Iterable[Certificate]) -> str:
    return ", ".join(sorted(map(pem.title, certificates))) or "none"
