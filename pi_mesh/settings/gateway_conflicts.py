"""Conflicts between the settings of the gateways, their listeners and Istio's version."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pi_mesh.catalog.istio import facts_of, gateway_chart
from pi_mesh.settings.traffic.gateways import CHART_PORTS, service_ports

if TYPE_CHECKING:
    from pi_mesh.settings.tree import Settings


def conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each setting of a gateway's Service that its chart or another gateway rules out."""
    branches = {"ingress": settings.ingress, "egress": settings.egress}
    enabled = {key: branch.service for key, branch in branches.items() if branch.enabled}
    ports = {"ingress": service_ports(settings.traffic.gateways.values()), "egress": CHART_PORTS}
    for key, service in enabled.items():
        if unknown := sorted({*service.node_ports} - {*ports[key]}):
            first, *_ = unknown
            yield f"{key}.service.nodePorts has {first}; its Service has {', '.join(ports[key])}"
        chart = gateway_chart(settings.istio.version)
        if service.load_balancer_class and not facts_of(chart).gateways_have_a_class:
            yield (
                f"{key}.service.loadBalancerClass needs Istio 1.26 or newer; the gateway chart of "
                f"{settings.istio.version} ignores it"
            )
    if len(enabled) == len(branches):
        ingress, egress = (service.node_ports for service in enabled.values())
        for port in sorted({*ingress.values()} & {*egress.values()}):
            yield f"ingress.service.nodePorts and egress.service.nodePorts both have {port}; they must differ"
