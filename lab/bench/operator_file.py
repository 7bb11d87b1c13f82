"""The IstioOperator file that is equivalent to our settings, for `istioctl install`."""

from pi_mesh.inventory import Inventory, Kind
from pi_mesh.inventory.mesh_releases import gateways
from pi_mesh.values.helm_values import Values


def istio_operator(mesh: Inventory) -> dict[str, object]:
    """Return the IstioOperator (https://istio.io/latest/docs/reference/config/istio.operator.v1alpha1/)."""
    settings = mesh.settings
    values = dict(mesh.the(Kind.ISTIOD).values)
    mesh_config = values.pop("meshConfig")
    all_gateways = gateways(settings).values()
    values["gateways"] = {name: {"autoscaleEnabled": branch.autoscaling.enabled} for name, branch in all_gateways}
    installed = {release.setting: _gateway(release.name, release.values) for release in mesh.of_kind(Kind.GATEWAY)}
    components = {
        f"{setting}Gateways": [installed.get(setting, {"name": name, "enabled": False})]
        for setting, (name, _) in gateways(settings).items()
    }
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
            "components": components,
        },
    }


def _gateway(name: str, values: Values) -> dict[str, object]:
    service = values["service"]
    assert isinstance(service, dict)
    return {
        "name": name,
        "enabled": True,
        "k8s": {
            "replicaCount": values["replicaCount"],
            "resources": values["resources"],
            "nodeSelector": values["nodeSelector"],
            "service": {"type": service["type"]},
        },
    }
