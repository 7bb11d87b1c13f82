"""The Service of a gateway: its ports, the address that it asks for, and who may use it."""

from collections.abc import Mapping

from pi_mesh.settings import Settings
from pi_mesh.settings.gateway import GatewayService, GatewaySettings
from pi_mesh.settings.traffic.gateways import CHART_PORTS, service_ports
from pi_mesh.tree_diff import value_at
from pi_mesh.values.helm_values import Values
from pi_mesh.values.objects import given

ADDRESS_ANNOTATIONS = {
    "MetalLB": "metallb.io/loadBalancerIPs",
    "Cilium": "lbipam.cilium.io/ips",
    "kube-vip": "kube-vip.io/loadbalancerIPs",
}
"""Annotation by which a Service asks each provider for an address.

Sources: metallb v0.16.1 website/content/usage/_index.md, https://docs.cilium.io/en/stable/network/lb-ipam/,
https://kube-vip.io/docs/usage/kubernetes-services/
"""


def service_values(settings: Settings, release: str, gateway: GatewaySettings, addressed: bool) -> Values:
    """Return the chart's value `service`; the arguments are those of `pi_mesh.values.gateway.helm_values`."""
    own, kind = gateway.service, service_type(gateway.service, addressed)
    values: Values = {"type": kind}
    ports = port_numbers(settings, release)
    # A list can only be replaced whole; without a reason it stays the chart's own.
    if own.node_ports or (ports != CHART_PORTS and not given_ports(gateway)):
        values["ports"] = [_port(name, number, own) for name, number in ports.items()]
    if own.external_traffic_policy and kind != "ClusterIP":
        values["externalTrafficPolicy"] = own.external_traffic_policy
    return {**values, **_address(own)} if kind == "LoadBalancer" else values


def service_type(service: GatewayService, addressed: bool) -> str:
    """Return the type of the Kubernetes Service; `auto` avoids waiting for an address that no load balancer gives."""
    if service.type != "auto":
        return service.type
    return "LoadBalancer" if addressed else "NodePort"


def port_numbers(settings: Settings, release: str) -> dict[str, int]:
    """Return the typed ports of a gateway's Service by name: only the ingress gateway's follow `traffic.gateways`."""
    is_ingress = release == settings.releases.names.ingress
    return service_ports(settings.traffic.gateways.values()) if is_ingress else CHART_PORTS


def given_ports(gateway: GatewaySettings, field: str = "port") -> set[int]:
    """Return the ports, or the pods' ports, by which the extra values replace the whole list; empty if they don't."""
    ports = given_service(gateway).get("ports")
    numbers = (port.get(field) for port in ports if isinstance(port, Mapping)) if isinstance(ports, list) else ()
    return {number for number in numbers if isinstance(number, int)}


def reached_ports(settings: Settings, release: str, gateway: GatewaySettings) -> set[int]:
    """Return the ports that a gateway's Service has, without the one for its health."""
    return (given_ports(gateway) or {*port_numbers(settings, release).values()}) - {CHART_PORTS["status-port"]}


def given_service(gateway: GatewaySettings) -> Mapping[str, object]:
    return service_of(gateway.values)


def service_of(values: Mapping[str, object]) -> Mapping[str, object]:
    """Return the part about the Service of a chart's values; empty if they have none."""
    service = values.get("service")
    return service if isinstance(service, Mapping) else {}


def traffic_policy(gateway: GatewaySettings) -> str:
    """Return the Service's policy for traffic from outside, whoever gives it."""
    return gateway.service.external_traffic_policy or str(given_service(gateway).get("externalTrafficPolicy", ""))


def topology(settings: Settings) -> Mapping[str, object]:
    """Return the gateway's topology, from its settings or from the mesh config of the extra values."""
    extra, ingress = value_at(settings.istio.values, "meshConfig.defaultConfig.gatewayTopology"), settings.ingress
    extra = extra if isinstance(extra, Mapping) else {}
    proxies = ingress.trusted_proxies or extra.get("numTrustedProxies")
    spoken = {"proxyProtocol": {}} if ingress.proxy_protocol or "proxyProtocol" in extra else {}
    return {**given(numTrustedProxies=proxies or None), **spoken}


def _port(name: str, number: int, service: GatewayService) -> Values:
    fixed = {"nodePort": service.node_ports[name]} if name in service.node_ports else {}
    return {"name": name, "protocol": "TCP", "port": number, "targetPort": number, **fixed}


def _address(service: GatewayService) -> Values:
    annotation = ADDRESS_ANNOTATIONS.get(service.address_by)
    return given(
        loadBalancerIP=None if annotation else service.address,
        annotations=annotation and {annotation: service.address},
        loadBalancerClass=service.load_balancer_class,
        loadBalancerSourceRanges=[*service.source_ranges],
    )
