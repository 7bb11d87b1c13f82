"""The certificate that a workload's pod shows to a caller, and the callers that it admits."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.cluster import enter
from lab.cluster.kubectl import get, staying_pods
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.names import CHECKOUT
from lab.workloads import SELF, TRADING, Workload
from tests.live.traffic.handshake import Seen

ROOTS = ("istio-ca-root-cert", "root-cert.pem")
"""The ConfigMap that istiod writes into every namespace, and its key."""


def root_certificates() -> str:
    """Return the roots that every workload of the mesh trusts, in PEM form."""
    name, key = ROOTS
    return get("configmap", name, "-n", TRADING)["data"][key]


def address_of(workload: Workload) -> str:
    """Return the address of a pod of the workload."""
    return staying_pods(workload.namespace, f"{SELF}={workload.name}")[0]["status"]["podIP"]


def shake(server: Workload, roots: Path, client: Path | None = None) -> Seen:
    """Shake hands with the server's pod from the control plane's network, which has no sidecar."""
    python = ("env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-m", "tests.live.traffic.handshake")
    files = [str(file) for file in (roots, client) if file]
    command = enter.network(CONTROL_PLANE, *python, address_of(server), "8080", *files)
    return Seen(**json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def certificate_serial(server: Workload) -> str:
    """Return the serial number of the certificate that the server shows now."""
    with TemporaryDirectory() as folder:
        roots = Path(folder) / ROOTS[1]
        roots.write_text(root_certificates())
        return shake(server, roots).serial
