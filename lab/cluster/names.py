"""The names of this checkout's lab and of its files.

The names carry a hash of the lab's folder, so that two labs on one machine never meet, and so that what a killed lab
left behind is found again even when its files are gone.
"""

import os
from hashlib import sha256
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = CHECKOUT / os.environ.get("PI_MESH_LAB", ".lab")
"""Folder of the lab. A checkout has one; tests that run side by side have one for each of their processes."""
KUBECONFIG = LAB / "kubeconfig"
CONTEXT = "lab"
IDENTITY = f"pi-lab-{sha256(str(LAB.parent if LAB.name == '.lab' else LAB).encode()).hexdigest()[:8]}"

PKI = LAB / "pki"
AUTHORITY = "ca"
ADMIN = "admin"


def certificate_file(name: str) -> Path:
    """Return the file of the certificate called `name`."""
    return PKI / f"{name}.crt"


def key_file(name: str) -> Path:
    """Return the file of that certificate's private key; only root reads it."""
    return PKI / f"{name}.key"


def kubeconfig_file(name: str) -> Path:
    """Return the kubeconfig with that certificate, for one of the lab's programs."""
    return PKI / f"{name}.kubeconfig"
