"""The file `.lab/env`: variables with which plain `pulumi`, `kubectl`, `helm`, `istioctl` and `vault` use the lab."""

import os
import shlex

from lab.cluster import binaries
from lab.cluster.names import CHECKOUT, KUBECONFIG, LAB

FILE = LAB / "env"
CHARTS = LAB / "charts"  # Pulumi.lab.yaml names it as the charts' source
STATE = LAB / "state"
CACHES = LAB / "caches"  # of kubectl and helm, which would keep them in the user's home
PULUMI_HOME = LAB / "pulumi"
PASSPHRASE = LAB / "passphrase"
PASSPHRASE_TEXT = "the lab keeps no secrets"
"""Passphrase of every lab: it is the same on all machines, so that the salt in Pulumi.lab.yaml fits."""


def variables() -> dict[str, str]:
    """Return the variables without PATH."""
    return {
        "KUBECONFIG": str(KUBECONFIG),
        "KUBECACHEDIR": str(CACHES / "kubectl"),
        **{f"HELM_{kind}_HOME": str(CACHES / "helm") for kind in ("CACHE", "CONFIG", "DATA")},
        "PULUMI_HOME": str(PULUMI_HOME),
        "PULUMI_BACKEND_URL": f"file://{STATE}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(PASSPHRASE),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def write(**more: str) -> None:
    """Write the file with these further variables, the state's folder and the passphrase. Only root reads the file."""
    STATE.mkdir(parents=True, exist_ok=True)
    PASSPHRASE.write_text(PASSPHRASE_TEXT)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in {**variables(), **more}.items()]
    lines.append(f"export PATH={shlex.quote(search_path())}:$PATH")
    FILE.touch(mode=0o600)
    FILE.write_text("\n".join(lines) + "\n")


def search_path() -> str:
    """Return the folders that stand first in PATH: the lab's programs and the checkout's Python."""
    return os.pathsep.join((str(binaries.FOLDER), str(CHECKOUT / ".venv" / "bin")))
