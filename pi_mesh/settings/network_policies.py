"""NetworkPolicies for the pods of the mesh, enforced by the cluster's network plugin where that can."""

from typing import Annotated

from pi_mesh.facts import OFF, Weaker, grows
from pi_mesh.model import Model, NamespaceName
from pi_mesh.settings.traffic.names import Address

MORE_CALLERS = "more callers may reach the pods of the mesh"


class NetworkPolicySettings(Model):
    """NetworkPolicies for istiod, the gateways, the stack's cert-manager and the namespaces with sidecars.

    They admit what the mesh itself needs (docs/configure.md).
    """

    enabled: Annotated[bool, Weaker(OFF, "pods may be called, and may call, past their sidecars")] = False
    """Create the NetworkPolicies. With `proxy.outboundTraffic: REGISTRY_ONLY` they also close every other way out of
    the namespaces with sidecars. They hold only if the cluster's network plugin enforces NetworkPolicies."""
    from_namespaces: Annotated[tuple[NamespaceName, ...], Weaker(grows, MORE_CALLERS)] = ()
    """Further namespaces whose pods may call the workloads and the egress gateway; those that a policy, or
    `allowNamespaces` of a default deny, names may call without it."""
    scraped_from: Annotated[tuple[NamespaceName, ...], Weaker(grows, "more pods may read the metrics")] = ()
    """Namespaces, besides istio.namespace, whose pods may scrape the metrics of istiod and the proxies, such as that of
    an operator's Prometheus."""
    also_from: Annotated[tuple[Address, ...], Weaker(grows, MORE_CALLERS)] = ()
    """Addresses and CIDR ranges outside the pods, such as the API server's, that may call every selected pod."""
    also_to: Annotated[tuple[Address, ...], Weaker(grows, "the pods may call more addresses")] = ()
    """Addresses and CIDR ranges outside the pods that workloads and the ingress gateway may call: a DNS server on the
    nodes, the API server, or a database."""
