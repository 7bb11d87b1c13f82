"""The names of this checkout's lab and of its files.

The names carry a hash of the checkout's path, so that two checkouts on one machine never meet, and so that
what a killed lab left behind is found again even when its files are gone.
"""

from hashlib import sha256
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = CHECKOUT / ".lab"
KUBECONFIG = LAB / "kubeconfig"
CONTEXT = "lab"
IDENTITY = f"pi-lab-{sha256(str(CHECKOUT).encode()).hexdigest()[:8]}"

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
