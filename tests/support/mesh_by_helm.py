"""The mesh as a user of helm would install it: the stack lab's charts and values, one release after the other."""

import json
import os

from lab.cluster.environment import search_path, variables
from lab.cluster.kubectl import get, kubectl
from lab.cluster.names import CHECKOUT
from lab.cluster.shell import run
from pi_mesh import inventory
from pi_mesh.settings.stack_file import load_file
from pi_mesh.values.objects import peer_authentication

STACK_FILE = CHECKOUT / "Pulumi.lab.yaml"
NAMESPACE = "istio-system"


def is_installed() -> bool:
    """Whether some istiod runs already."""
    return bool(get("deployments", "--all-namespaces", "--selector=app=istiod")["items"])


def install() -> None:
    """Base, istiod, both gateways, and STRICT for the whole mesh."""
    settings = load_file(STACK_FILE)
    for release in inventory.of(settings).releases:
        package = str(CHECKOUT / release.package)
        flags = ("--create-namespace", "--wait", "--timeout=120s", "--values=-")
        helm("upgrade", "--install", release.name, package, *flags, stdin=json.dumps(release.values))
    kubectl("apply", "-f", "-", stdin=json.dumps(peer_authentication(settings)))


def remove() -> None:
    """All of it, the CRDs that helm keeps included."""
    for release in reversed(inventory.of(load_file(STACK_FILE)).releases):
        helm("uninstall", release.name, "--wait")
    kubectl("delete", "namespace", NAMESPACE)
    kubectl("delete", "crd", "--selector=app.kubernetes.io/part-of=istio")


def helm(*arguments: str, stdin: str | None = None) -> str:
    """helm on the lab, in the mesh's namespace."""
    environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}"}
    return run("helm", *arguments, f"--namespace={NAMESPACE}", stdin=stdin, env=environment)
