"""The stack lab with its CA in the lab's Vault."""

import contextlib
from collections.abc import Callable
from typing import Any

import yaml

from lab.cluster.kubectl import get
from lab.cluster.waiting import wait_until
from operations.istiod_certificates import IssuedCertificate, issuer
from pi_mesh.certificates import pem
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.live.vault.server import Server
from tests.support.project import STACK, STACK_FILE, Outcome, Project

MOUNT = "urn:pulumi:lab::pi-mesh::pi-mesh:vault:VaultCa$vault:index/mount:Mount::mesh-ca-mount"
CONTEXT, CONTROL, TRADING = "lab", "istio-system", "trading"


class VaultMesh(Project):
    """A project that keeps all its output, so that tests can search it for secrets."""

    said: list[str]

    def begin(self, server: Server) -> None:
        """Switch Vault on and the gateways off: these tests look at certificates."""
        self.said = []
        self.run("pulumi", "stack", "select", "--create", STACK)
        self.give(server.token())
        self.set("ingress.enabled", False)
        self.set("egress.enabled", False)
        self.set("vault", {"enabled": True, "address": server.address})

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


def istiod_pods() -> set[str]:
    return {pod["metadata"]["name"] for pod in get("pods", "--selector=app=istiod", f"--namespace={CONTROL}")["items"]}


def wait_for_issued(what: str, wanted: Callable[[IssuedCertificate], bool]) -> IssuedCertificate:
    """Return the first certificate that `wanted` accepts.

    A restarting istiod, or one with an unknown root, gives none.
    """
    found: list[IssuedCertificate] = []

    def seen() -> bool:
        with contextlib.suppress(ClusterUnreachable):
            found.append(issued())
            return wanted(found[-1])
        return False

    wait_until(what, seen, 240)
    return found[-1]


def wait_for_issuer(other_than: IssuedCertificate) -> IssuedCertificate:
    """Return the first certificate that another CA signed."""
    return wait_for_issued("istiod signs with another CA", lambda one: one.issuer != other_than.issuer)


def wait_for_roots(*expected: str) -> None:
    """Wait until istiod distributes exactly these roots."""
    wanted = {one for text in expected for one in pem.certificates(text, "expected")}
    wait_until("the roots are handed out", lambda: set(pem.certificates(roots(), "the mesh")) == wanted, 180)
