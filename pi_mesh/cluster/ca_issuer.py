"""cert-manager's Issuer and Certificate of the mesh's CA in the cluster."""

from dataclasses import replace
from datetime import UTC, datetime

from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.cluster.cert_manager import SigningIssuer, certificate_path, issuer_path, not_ready
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings


def seen(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with the Issuer of `ca.issuer`, if the settings name one. Raises as `Client` does."""
    wanted, namespace = settings.ca.issuer, settings.istio.namespace
    if wanted is None:
        return snapshot
    with Client(settings.cluster.context) as client:
        issuer = client.get(issuer_path(namespace, wanted.name, wanted.kind))
        signed = client.get(f"/api/v1/namespaces/{namespace}/secrets/{CERTIFICATE}")
    kind = next(iter((issuer or {}).get("spec", {})), "")
    return replace(snapshot, issuer=SigningIssuer(kind, not_ready(issuer), signed is not None))


def is_signed(context: str, namespace: str) -> bool:
    """Return True if cert-manager has signed the Certificate as it is now, and not only an earlier version."""
    with Client(context) as client:
        certificate = client.get(certificate_path(namespace))
    if certificate is None or not_ready(certificate):
        return False
    conditions = {one["type"]: one for one in certificate["status"]["conditions"]}
    issuing = conditions.get("Issuing", {}).get("status") == "True"
    return not issuing and conditions["Ready"].get("observedGeneration") == certificate["metadata"]["generation"]


def renew(context: str, namespace: str) -> int:
    """Have cert-manager sign a new key, as `cmctl renew` does, and return the revision before.

    Raises ClusterUnreachable, also if there is no Certificate.
    """
    path = certificate_path(namespace)
    with Client(context) as client:
        certificate = client.get(path)
        if certificate is None:
            raise ClusterUnreachable(f"Certificate {namespace}/{CERTIFICATE} is not there; `pulumi up` makes it")
        metadata, status = certificate["metadata"], certificate.get("status", {})
        others = [one for one in status.get("conditions") or [] if one["type"] != "Issuing"]
        asked = {"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "by rotate-ca"}
        asked |= {"observedGeneration": metadata["generation"], "lastTransitionTime": f"{datetime.now(UTC):%FT%TZ}"}
        version = {"resourceVersion": metadata["resourceVersion"]}
        client.patch(f"{path}/status", {"metadata": version, "status": {"conditions": [*others, asked]}})
    return status.get("revision", 0)


def revision(context: str, namespace: str) -> int:
    """Return how often cert-manager has had the Certificate signed."""
    with Client(context) as client:
        certificate = client.get(certificate_path(namespace))
    return (certificate or {}).get("status", {}).get("revision", 0)
