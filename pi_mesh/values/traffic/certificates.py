"""cert-manager's Certificate objects for the listeners of the ingress gateway."""

from collections import defaultdict
from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.gateways import IngressListener
from pi_mesh.values.objects import Object

API_VERSION = "cert-manager.io/v1"


def certificates(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield a Certificate for each Secret of a namespace's listeners, in the gateway's namespace.

    Listeners that share a Secret share its Certificate, which belongs to the namespace of the first. cert-manager
    renews its key too.
    """
    users: dict[str, list[IngressListener]] = defaultdict(list)
    for listener in settings.traffic.gateways.values():
        if listener.tls and listener.tls.issuer:
            users[listener.tls.secret].append(listener)
    for secret, listeners in users.items():
        first, *_ = listeners
        issuer = first.tls and first.tls.issuer
        if issuer is None or settings.namespace_of(first) != namespace.name:
            continue
        hosts = dict.fromkeys(host for listener in listeners for host in listener.hosts)
        yield {
            "apiVersion": API_VERSION,
            "kind": "Certificate",
            "metadata": {"name": secret, "namespace": settings.ingress_namespace},
            "spec": {
                "secretName": secret,
                "dnsNames": list(hosts),
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "issuerRef": {"group": "cert-manager.io", "kind": issuer.kind, "name": issuer.name},
            },
        }
