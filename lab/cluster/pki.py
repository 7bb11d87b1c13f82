"""Where the lab's keys and certificates are."""

from pathlib import Path

from lab.cluster.names import LAB

FOLDER = LAB / "pki"
AUTHORITY = "ca"
ADMIN = "admin"


def certificate_file(name: str) -> Path:
    """Where the certificate called `name` is."""
    return FOLDER / f"{name}.crt"


def key_file(name: str) -> Path:
    """Where its private key is; only root reads it."""
    return FOLDER / f"{name}.key"


def kubeconfig_file(name: str) -> Path:
    """Where the kubeconfig with that certificate is, for one of the lab's programs."""
    return FOLDER / f"{name}.kubeconfig"
