"""What the checks need of cert-manager's own objects."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SigningIssuer:
    """cert-manager's Issuer that signs the mesh's CA."""

    type: str
    """Such as "ca" or "selfSigned"."""
    problem: str = ""
    """Why it is not ready; empty when it is."""
    has_signed: bool = False
    """True where the CA has been signed, so that the mesh can go on without the Issuer."""


def not_ready(item: dict | None) -> str:
    """Return why an object of cert-manager is not ready; empty when it is."""
    if item is None:
        return "is not there"
    conditions = item.get("status", {}).get("conditions") or []
    ready = next((one for one in conditions if one["type"] == "Ready"), {})
    return "" if ready.get("status") == "True" else ready.get("message") or "cert-manager has not looked at it"
