"""The IstioOperator file that is equivalent to our settings, for `istioctl install`."""

from pi_mesh.settings import Settings
from pi_mesh.settings.gateway import GatewaySettings
from pi_mesh.values import releases
from pi_mesh.values.gateway import service_type
from pi_mesh.values.placement import node_selector


def istio_operator(settings: Settings) -> dict[str, object]:
    """Return the IstioOperator (https://istio.io/latest/docs/reference/config/istio.operator.v1alpha1/)."""
    values = dict(releases.of(settings).istiod.values)
    mesh_config = values.pop("meshConfig")
    gateways = ((releases.INGRESS, settings.ingress), (releases.EGRESS, settings.egress))
    values["gateways"] = {name: {"autoscaleEnabled": one.autoscaling.enabled} for name, one in gateways}
    return {
        "apiVersion": "install.istio.io/v1alpha1",
        "kind": "IstioOperator",
        "spec": {
            "profile": "default",
            "hub": settings.images.hub,
            "tag": settings.istio.version,
            "namespace": settings.istio.namespace,
            "meshConfig": mesh_config,
            "values": values,
            "components": {
                "ingressGateways": [_gateway(settings, *gateways[0])],
                "egressGateways": [_gateway(settings, *gateways[1])],
            },
        },
    }


def _gateway(settings: Settings, name: str, gateway: GatewaySettings) -> dict[str, object]:
    return {
        "name": name,
        "enabled": gateway.enabled,
        "k8s": {
            "replicaCount": gateway.replicas,
            "resources": gateway.resources.to_kubernetes(),
            "nodeSelector": node_selector(settings),
            "service": {"type": service_type(gateway.service, load_balancers=False)},
        },
    }
