"""The reader of the objects that the settings name or depend on, beside the snapshot's own."""

from pi_mesh.cluster import ca_issuer, ingress_certificates, routes, shared_objects
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

READERS = (ca_issuer.seen, shared_objects.seen, routes.seen, ingress_certificates.seen)


def seen(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with these objects, as far as the settings ask for them. Raises as `Client` does."""
    for reader in READERS:
        snapshot = reader(snapshot, settings)
    return snapshot
